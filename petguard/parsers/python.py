"""Python code: AI SDKs and calls, models, credentials, personal data on its way to AI, and DP claims.

semgrep says where something stands; the syntax tree of the same file says which values are certain.
"""

import ast
import re
from collections.abc import Iterable, Iterator, Sequence

from petguard import catalog, model, secrets
from petguard.collect import Candidate, Input, Interest
from petguard.model import Gap, Node, Origin
from petguard.parsers import Parser, _assets
from petguard.parsers._credentials import credential, from_variable
from petguard.parsers._python_agents import Agents
from petguard.parsers._python_calls import ai_clients, model_loads, unsafe_loads
from petguard.parsers._python_claims import claims
from petguard.parsers._python_file import Facts, File, whole_text
from petguard.parsers._python_project import Project
from petguard.parsers._python_syntax import last_name, spelled
from petguard.parsers._services import routed
from petguard.semgrep import Program

_SHEBANG = re.compile(rb"\A#![^\n]*\bpython[0-9.]*\b")
_MODEL_NAMES = re.compile(r"(?:^|_)(?:model|llm|engine|deployment)(?:_name|_id)?$", re.IGNORECASE)
_IMPORTERS = frozenset({"importlib.import_module", "import_module", "__import__"})
_SHORTEST_KEY = 16  # what tests give for one, such as "deadbeef", is shorter than any provider's


def _interest(candidate: Candidate) -> Interest:
    """Python by name or shebang, and text.

    Every such file is kept, because a file without any AI in it may call a function of another file that has.
    """
    if candidate.suffix not in {".py", ".pyw"} and not _SHEBANG.match(candidate.data):
        return Interest.NONE
    return Interest.NONE if b"\0" in candidate.data[:4096] else Interest.READ


def _parse(inputs: Sequence[Input], program: Program) -> Iterator[model.Facts | Gap]:
    project = Project({item.path: item for item in inputs}, program)
    project.search()
    project.follow()
    for path, file in project.files.items():
        yield from _read(file, project.facts[path], project)
    yield from project.gaps


def _read(file: File, facts: Facts, project: Project) -> Iterator[model.Facts | Gap]:
    facts.nodes += [
        *_packages(file, project),
        *_credentials(file),
        *_keys_by_name(file),
        *_models_by_position(file, facts),
    ]
    ai_clients(file, project.clients, facts)
    model_loads(file, facts)
    unsafe_loads(file, facts)
    Agents(file, project, facts).find()
    stated = []
    for result in claims(file):
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
    """The AI and PET packages that a file imports, except modules of the scanned tree that only bear their name."""
    for name, statement in _imports(file.module.tree):
        package = catalog.module(name)
        if package is not None and not project.holds(name.partition(".")[0], file.path):
            yield _assets.imported(package, file.at(statement))


def _strings(tree: ast.Module) -> Iterable[ast.Constant]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str))


def _credentials(file: File) -> Iterator[Node]:
    """Names of environment variables that hold AI keys, and keys that stand in the code."""
    for constant in _strings(file.module.tree):
        here, value = file.at(constant), str(constant.value)
        named = from_variable(value, here, literal=False)
        found = [named] if named else []
        found += [
            credential(f"{file.path}:{here.line}", f"{issuer} {masked}", here, provider=issuer, literal=True)
            for issuer, masked in secrets.find(value)
            if catalog.provider(issuer) is not None
        ]
        yield from (node.model_copy(update={"origin": Origin.DETECTED}) for node in found)


def _keys_by_name(file: File) -> Iterator[Node]:
    """Literals without the shape of any issuer's keys, where an AI key is given: to a client, or under its name."""
    to_clients = {id(keyword.value) for found in file.of("ai_client") for keyword in found.call.keywords}
    for name, value in _positions(file.module.tree):
        text = value.value if isinstance(value, ast.Constant) else None
        provider = catalog.provider_by_env(name)
        if not isinstance(text, str) or len(text) < _SHORTEST_KEY or secrets.find(text):
            continue
        if not secrets.names_secret(name):
            continue
        if (provider or id(value) in to_clients or _is_of_a_library(file, name)) and secrets.looks_secret(
            text, name=name
        ):
            here = file.at(value)
            place = here.model_copy(update={"evidence": here.evidence.replace(text, secrets.mask(text))})
            key = credential(
                f"{file.path}:{here.line}",
                f"{name} {secrets.mask(text)}",
                place,
                provider=provider.id if provider else None,
                literal=True,
            )
            yield key.model_copy(update={"origin": Origin.DETECTED})


def _is_of_a_library(file: File, name: str) -> bool:
    """`openai.api_key = ...` of a file that imports openai."""
    return name == "api_key" and any(
        isinstance(node, ast.Attribute)
        and node.attr == name
        and isinstance(node.ctx, ast.Store)
        and isinstance(node.value, ast.Name)
        and node.value.id in file.libraries
        for node in ast.walk(file.module.tree)
    )


def _models_by_position(file: File, facts: Facts) -> Iterator[Node]:
    """Well-known model names that stand where a model is chosen: a variable, a parameter or a key called `model`."""
    calls = [found.call for found in [*facts.calls, *file.of("ai_client")]]
    known = {id(keyword.value) for call in calls for keyword in call.keywords}
    for name, value in _positions(file.module.tree):
        text = whole_text(file.module, value) if isinstance(value, ast.Constant) and id(value) not in known else None
        if text is None or not _MODEL_NAMES.search(name):
            continue
        service = routed(text)
        if service.provider is not None and service.model and " " not in text:
            # LiteLLM's `openai/` also means any server that speaks OpenAI's protocol.
            compatible = service.provider == "openai" and catalog.provider_by_model(service.model) is None
            yield _assets.model(service.model, file.at(value), provider=None if compatible else service.provider)


def _positions(tree: ast.Module) -> Iterator[tuple[str, ast.expr]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            yield from ((_target(target), node.value) for target in node.targets)
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            yield last_name(node.target), node.value
        elif isinstance(node, ast.Call):
            yield from ((each.arg, each.value) for each in node.keywords if each.arg)
        elif isinstance(node, ast.Dict):
            pairs = zip(node.keys, node.values, strict=True)
            yield from ((str(key.value), value) for key, value in pairs if isinstance(key, ast.Constant))
        elif isinstance(node, ast.arguments):
            yield from _defaults(node)


def _target(node: ast.expr) -> str:
    """The name that is assigned to: of `os.environ["KEY"]` and `config["key"]` the key."""
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
        return str(node.slice.value)
    return last_name(node)


def _defaults(arguments: ast.arguments) -> Iterator[tuple[str, ast.expr]]:
    late = [*arguments.posonlyargs, *arguments.args]
    late = late[len(late) - len(arguments.defaults) :]
    yield from ((each.arg, default) for each, default in zip(late, arguments.defaults, strict=True))
    named = zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    yield from ((each.arg, default) for each, default in named if default is not None)


PARSER = Parser(name="python", interest=_interest, parse=_parse)
