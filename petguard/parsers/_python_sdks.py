"""Calls of AI packages that no detector knows by name: the table of all languages says what they usually mean."""

import ast
from collections.abc import Iterator

from petguard import catalog
from petguard.catalog import Package
from petguard.model import Node, Trait
from petguard.parsers import _assets
from petguard.parsers._code import sdks
from petguard.parsers._code.sdks import Use
from petguard.parsers._positions import is_name, named
from petguard.parsers._python_file import File, text, whole_text
from petguard.parsers._python_project import Project
from petguard.parsers._services import Service, routed, service_at


def sdk_calls(file: File, project: Project) -> Iterator[Node]:
    """Services, models and data sets that calls of AI packages mean, also through a module that hands them on."""
    seen = {id(found.call) for found in file.found}
    for call in file.module.calls.values():
        dotted = project.imported(file.module, call.func) if id(call) not in seen else None
        package = catalog.module(dotted) if dotted else None
        if dotted and package is not None and package.role != "pet":
            yield from _meant(file, call, package, _path(package, dotted))


def _path(package: Package, dotted: str) -> str:
    """The names from the package to what is called."""
    module = max((name for name in package.modules if f"{dotted}.".startswith(f"{name}.")), key=len)
    return dotted[len(module) + 1 :] or module.rpartition(".")[2]


def _meant(file: File, call: ast.Call, package: Package, path: str) -> Iterator[Node]:
    last = path.rpartition(".")[2]
    use = sdks.use(package, path, new=last[:1].isupper() and not last.isupper())
    if use is None or use.kind in ("other", "agent"):
        return
    here, name = file.at(call), _model(file, call, use)
    if use.kind == "dataset":
        yield from [_assets.dataset(name, here)] if name and is_name(name) else []
    elif use.kind == "load":
        traits = (Trait.LOCAL, Trait.MUTABLE_REFERENCE)
        yield from [_assets.model(name, here, traits=traits)] if name and is_name(name) else []
    elif package.role in ("sdk", "framework"):
        yield from _client(file, call, package, path, use)


def _model(file: File, call: ast.Call, use: Use) -> str | None:
    plain = use.model is not None and use.model < len(call.args)
    return whole_text(file.module, call.args[use.model or 0]) if plain else None


def _client(file: File, call: ast.Call, package: Package, path: str, use: Use) -> Iterator[Node]:
    """Who answers: what the address says, the router's prefix, and otherwise the package's own provider."""
    here, name = file.at(call), _model(file, call, use)
    given = {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg}
    name = name or next((whole_text(file.module, value) for key, value in given.items() if key == "model"), None)
    found = named("model", name, ["llm", package.name]) if name else None
    service = _service(file, given, package, path, use)
    if use.kind == "routed" and name:
        service = routed(name)
    if service is not None and (service.provider or service.endpoint):
        yield service.node(here)
    if found is not None:
        node = found.node(here)
        yield node if node.provider or service is None else node.model_copy(update={"provider": service.provider})


def _service(file: File, given: dict[str, ast.expr], package: Package, path: str, use: Use) -> Service | None:
    address = next((value for key, value in given.items() if sdks.is_address(key)), None)
    if address is not None and not (isinstance(address, ast.Constant) and address.value is None):
        return service_at(text(file.module, address) or "")
    own = use.provider or sdks.cloud(path) or package.provider or sdks.maker(f"{package.name}.{path}")
    return Service(own) if own else None
