"""What stands under which name in Python code: models, data sets, addresses and keys, told by their position."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from petguard import catalog, secrets
from petguard.model import Node, Origin
from petguard.parsers._code.addresses import called_at, is_spoken_of
from petguard.parsers._credentials import credential, from_variable
from petguard.parsers._positions import Named, named
from petguard.parsers._python_file import Facts, File, text, whole_text
from petguard.parsers._python_syntax import last_name
from petguard.parsers._services import UNRESOLVED, routed

_SHORTEST_KEY = 16  # what tests give for one, such as "deadbeef", is shorter than any provider's
_FEW = 3  # names of models in a list that are all in use
_DEFAULTS = re.compile(r"(?i)default|fallback|preferred|enabled|selected")
_MOST = 40  # names around a place that are looked at


@dataclass(frozen=True)
class Place:
    """An expression, the name that it is given to, and the names that stand around it."""

    name: str
    value: ast.expr
    company: tuple[str, ...] = ()
    call: ast.Call | None = None
    of_library: bool = False  # an attribute of an AI library itself: `openai.api_key`


def by_position(file: File, facts: Facts) -> Iterator[Node]:
    """Everything that its position tells, in the order of the file."""
    found = sorted(places(file), key=lambda each: (each.value.lineno, each.value.col_offset))
    asked = {id(found.call) for found in [*facts.calls, *file.of("ai_client", "model_load")]}
    for place in found:
        yield from _key(file, place)
        if place.call is None or id(place.call) not in asked:
            yield from _named(file, place)
        yield from _address(file, place)


def places(file: File) -> Iterator[Place]:
    """Every place of a file where a name is given a value."""
    whose = ("llm",) if file.libraries else ()
    for node in ast.walk(file.module.tree):
        if isinstance(node, ast.Call):
            yield from _arguments(file, node)
        elif isinstance(node, ast.Dict):
            pairs = zip(node.keys, node.values, strict=True)
            keyed = [(str(key.value), value) for key, value in pairs if isinstance(key, ast.Constant)]
            yield from _together(keyed, ())
        elif isinstance(node, ast.arguments):
            yield from _together(list(_defaults(node)), whose)
        else:
            blocks = (getattr(node, part, None) for part in ("body", "orelse", "finalbody"))
            for block in (each for each in blocks if isinstance(each, list)):
                yield from _in_block(file, block, whose)


def _in_block(file: File, block: list[ast.stmt], whose: tuple[str, ...]) -> Iterator[Place]:
    """The assignments that stand together in one block; a field of a model or form has its `default`."""
    assigned = [(target, _default(value)) for statement in block for target, value in _assigned(statement)]
    for place, (target, _) in zip(_together([(_target(t), v) for t, v in assigned], whose), assigned, strict=True):
        owner = target.value if isinstance(target, ast.Attribute) else None
        yield replace(place, of_library=isinstance(owner, ast.Name) and owner.id in file.libraries)


def _together(pairs: list[tuple[str, ast.expr]], whose: tuple[str, ...]) -> Iterator[Place]:
    company = (*dict.fromkeys(name for name, _ in pairs[:_MOST]), *whose)
    yield from (Place(name, value, company) for name, value in pairs)


def _arguments(file: File, call: ast.Call) -> Iterator[Place]:
    """The keyword arguments; of `add_argument("--model", default="x")` and the like, the option they belong to."""
    package = catalog.module(file.module.dotted(call.func) or "")
    whose = ("llm",) if package in file.libraries.values() and package else ()
    given = {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg}
    company = (*given, *whose)
    option = next((each.value for each in call.args if isinstance(each, ast.Constant)), None)
    for name, value in given.items():
        is_default = name == "default" and isinstance(option, str)
        yield Place(option.lstrip("-") if is_default and isinstance(option, str) else name, value, company, call)


def _default(value: ast.expr) -> ast.expr:
    given = value.keywords if isinstance(value, ast.Call) else []
    return next((keyword.value for keyword in given if keyword.arg == "default"), value)


def _assigned(statement: ast.stmt) -> Iterator[tuple[ast.expr, ast.expr]]:
    if isinstance(statement, ast.Assign):
        yield from ((target, statement.value) for target in statement.targets)
    elif isinstance(statement, ast.AnnAssign) and statement.value is not None:
        yield statement.target, statement.value


def _target(node: ast.expr) -> str:
    """The name that is assigned to: of `os.environ["KEY"]` and `config["key"]` the key."""
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
        return str(node.slice.value)
    return last_name(node)


def _defaults(arguments: ast.arguments) -> Iterator[tuple[str, ast.expr]]:
    late = [*arguments.posonlyargs, *arguments.args]
    late = late[len(late) - len(arguments.defaults) :]
    yield from ((each.arg, default) for each, default in zip(late, arguments.defaults, strict=True))
    with_default = zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    yield from ((each.arg, default) for each, default in with_default if default is not None)


def keys_of(file: File) -> Iterator[Node]:
    """Names of environment variables that hold AI keys, and keys whose shape gives their issuer away."""
    for constant in ast.walk(file.module.tree):
        if not isinstance(constant, ast.Constant) or not isinstance(constant.value, str):
            continue
        value = constant.value
        literals = [each for each in secrets.find(value) if catalog.provider(each[0]) is not None]
        if not literals and catalog.provider_by_env(value) is None:
            continue  # most texts: to mask the line of each takes longer than all else
        here = file.at(constant)
        variable = from_variable(value, here, literal=False)
        found = [variable] if variable else []
        found += [
            credential(f"{file.path}:{here.line}", f"{issuer} {masked}", here, provider=issuer, literal=True)
            for issuer, masked in literals
        ]
        yield from (node.model_copy(update={"origin": Origin.DETECTED}) for node in found)


def _key(file: File, place: Place) -> Iterator[Node]:
    """A literal without the shape of any issuer's keys, where an AI key is given: to a client, or under its name."""
    value = place.value.value if isinstance(place.value, ast.Constant) else None
    if not isinstance(value, str) or len(value) < _SHORTEST_KEY or secrets.find(value):
        return
    provider = catalog.provider_by_env(place.name)
    to_client = place.call is not None and any(found.call is place.call for found in file.of("ai_client"))
    if not (provider or to_client or place.of_library) or not secrets.names_secret(place.name):
        return
    if secrets.looks_secret(value, name=place.name):
        here, masked = file.at(place.value), secrets.mask(value)
        shown = here.model_copy(update={"evidence": here.evidence.replace(value, masked)})
        known = provider.id if provider else None
        key = credential(f"{file.path}:{here.line}", f"{place.name} {masked}", shown, provider=known, literal=True)
        yield key.model_copy(update={"origin": Origin.DETECTED})


def _named(file: File, place: Place) -> Iterator[Node]:
    """The model or data set that stands there; a name is looked at where it gets its value.

    A router's prefix also says who answers.
    """
    for value in _choices(place):
        text_ = None if isinstance(value, ast.Name | ast.Attribute) else whole_text(file.module, value)
        found = named(place.name, text_, place.company) if text_ else None
        if found is not None:
            yield _with_sure_provider(found, text_ or "").node(file.at(value), origin=Origin.DETECTED)
            service = routed(text_ or "")
            if service.provider == found.provider and service.provider and service.model != text_:
                yield service.node(file.at(value))


def _choices(place: Place) -> list[ast.expr]:
    """The values that a place may have; a long list is one of what is supported, unless it holds the defaults."""
    value = place.value
    if isinstance(value, ast.IfExp):
        return [value.body, value.orelse]
    if isinstance(value, ast.BoolOp):
        return value.values
    if isinstance(value, ast.List | ast.Tuple):
        return value.elts if len(value.elts) <= (_MOST if _DEFAULTS.search(place.name) else _FEW) else []
    return [value]


def _with_sure_provider(found: Named, written: str) -> Named:
    """LiteLLM's `openai/` also means any server that speaks OpenAI's protocol."""
    compatible = written.startswith("openai/") and catalog.provider_by_model(found.name) is None
    return Named(found.asset, found.name, None, found.unlisted) if compatible else found


def _address(file: File, place: Place) -> Iterator[Node]:
    """The service at an address that is kept to be called; not one in a link, a list or a comparison."""
    value = place.value
    if isinstance(value, ast.Name | ast.Attribute) or is_spoken_of(place.name):
        return
    url = text(file.module, value) if isinstance(value, ast.Constant | ast.JoinedStr | ast.Call | ast.BinOp) else None
    service = called_at(url) if url and "://" in url[:8] else None
    if service is not None and not service.id.endswith(UNRESOLVED):
        yield service.node(file.at(value))
