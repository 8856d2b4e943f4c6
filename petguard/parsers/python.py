"""Python code, notebooks too: AI SDKs and calls, models, credentials, personal data on its way to AI, and DP claims.

semgrep says where something stands; the syntax tree of the same file says which values are certain.
"""

import ast
import re
from collections.abc import Iterator, Sequence

from petguard import catalog, model
from petguard.collect import Candidate, Input, Interest
from petguard.flows.told import NOTHING_TOLD, Told
from petguard.model import Gap, Node
from petguard.parsers import Parser, _assets
from petguard.parsers._notebook import SUFFIX, Notebooks
from petguard.parsers._python_agents import Agents
from petguard.parsers._python_calls import ai_clients, model_loads, unsafe_loads
from petguard.parsers._python_claims import claims
from petguard.parsers._python_file import Facts, File
from petguard.parsers._python_flows import followed
from petguard.parsers._python_positions import by_position, keys_of
from petguard.parsers._python_project import Project
from petguard.parsers._python_sdks import sdk_calls
from petguard.parsers._python_syntax import spelled
from petguard.semgrep import Program

_SHEBANG = re.compile(rb"\A#![^\n]*\bpython[0-9.]*\b")
_IMPORTERS = frozenset({"importlib.import_module", "import_module", "__import__"})


def _interest(candidate: Candidate) -> Interest:
    """Python by name or shebang, and text; notebooks, whatever their language.

    Every such file is kept, because a file without any AI in it may call a function of another file that has.
    """
    if candidate.suffix == SUFFIX:
        return Interest.READ if candidate.data.strip() else Interest.NONE
    if candidate.suffix not in {".py", ".pyw"} and not _SHEBANG.match(candidate.data):
        return Interest.NONE
    return Interest.NONE if candidate.is_binary and not candidate.told else Interest.READ


def _parse(inputs: Sequence[Input], program: Program, told: Told = NOTHING_TOLD) -> Iterator[model.Facts | Gap]:
    notebooks = Notebooks(inputs)
    yield from notebooks.beside()
    yield from (notebooks.home(found) for found in _modules(notebooks.python, program, told))


def _modules(inputs: Sequence[Input], program: Program, told: Told) -> Iterator[model.Facts | Gap]:
    project = Project({item.path: item for item in inputs}, program)
    project.search()
    for path, file in project.files.items():
        yield from _read(file, project.facts[path], project)
    yield from followed(project, told)
    yield from project.gaps


def _read(file: File, facts: Facts, project: Project) -> Iterator[model.Facts | Gap]:
    facts.nodes += [
        *_packages(file, project),
        *keys_of(file),
        *by_position(file, facts),
        *sdk_calls(file, project),
    ]
    ai_clients(file, project.clients, facts)
    model_loads(file, facts)
    unsafe_loads(file, facts)
    Agents(file, project, facts).find()
    stated = []
    for result in claims(file, lambda name: project.holds(name, file.path)):
        if isinstance(result, Gap):
            yield result
        else:
            claim, pet = result
            stated.append(claim)
            facts.nodes.append(pet)
    yield model.Facts(nodes=tuple(facts.nodes), edges=tuple(facts.edges), claims=tuple(stated))


def _imports(tree: ast.Module) -> Iterator[tuple[str, ast.stmt | ast.expr]]:
    """Every module that is imported, also by name at run time."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            yield from ((f"{node.module}.{alias.name}", node) for alias in node.names)
        elif isinstance(node, ast.Call) and spelled(node.func) in _IMPORTERS:
            names = [each.value for each in node.args[:1] if isinstance(each, ast.Constant)]
            yield from ((name, node) for name in names if isinstance(name, str))


def _packages(file: File, project: Project) -> Iterator[Node]:
    """The AI and PET packages that a file imports, except modules of the scanned tree that only bear their name.

    Where several packages share a module's name, what is called in it tells which of them it is.
    """
    called = ((file.module.dotted(call.func), call) for call in file.module.calls.values())
    for name, statement in [*_imports(file.module.tree), *((name, call) for name, call in called if name)]:
        package = catalog.module(name)
        if package is not None and not project.holds(name.partition(".")[0], file.path):
            yield _assets.imported(package, file.at(statement))


PARSER = Parser(name="python", interest=_interest, parse=_parse, knowing=_parse)
