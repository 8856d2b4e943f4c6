"""What a file in the common form uses of AI, in any language."""

from collections.abc import Iterator

from petguard.model import Node
from petguard.parsers import _assets
from petguard.parsers._code.addresses import addresses
from petguard.parsers._code.calls import calls
from petguard.parsers._code.findings import Findings
from petguard.parsers._code.form import Code
from petguard.parsers._code.keys import keys
from petguard.parsers._code.models import constants, in_addresses, models, of_workers
from petguard.parsers._code.project import Project


def detect(project: Project, code: Code) -> list[Node]:
    """The inventory rows of a file, in the order of the text."""
    found = Findings(code)
    found.add(*_packages(project, code), *addresses(project, code))
    used = {package.name: package for _, package in project.packages(code)}
    used |= {package.name: package for _, package in project.opened(code)}
    calls(project, found, used.values())
    speaks_of_ai = bool(used or found.nodes)
    in_addresses(project, found)
    of_workers(found)
    models(project, found, speaks_of_ai=speaks_of_ai)
    found.add(*constants(project, code, speaks_of_ai=speaks_of_ai), *keys(code))
    return sorted(found.nodes.values(), key=_reading_order)


def _reading_order(node: Node) -> tuple[int, int, str]:
    return node.locations[0].line, node.locations[0].column, node.id


def _packages(project: Project, code: Code) -> Iterator[Node]:
    for imported, package in project.packages(code):
        yield _assets.imported(package, code.at(imported.start))
    for loaded in code.loaded:
        package_ = project.package(code, loaded.module)
        if package_ is not None:
            yield _assets.imported(package_, code.at(loaded.start))
