"""How data moves inside Python functions: from its source, through protections, to a place that it goes to."""

import ast
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from petguard import taxonomy
from petguard.model import EdgeKind, Node, NodeKind, Origin
from petguard.parsers._python_file import Facts, File, Found, edge
from petguard.parsers._python_rules import DATA, INTO_PROTECTION, INTO_SINK, PARAMETER, SEPARATOR
from petguard.parsers._python_syntax import Position, parsed, same, span, spelled
from petguard.semgrep import Match

_UNBOUND = "$OBJECT"  # what semgrep writes for a variable, which is read from no object


@dataclass(frozen=True)
class Sink:
    """A piece of code into which data may go, and the node that stands for it."""

    start: Position
    end: Position
    node: str


def flows(file: File, matches: Iterable[Match], sinks: Sequence[Sink], facts: Facts) -> None:
    """Note the edges that the taint matches show between data, parameters, protections and the given sinks."""
    protections = file.of("protection")
    doors = [Sink(found.match.start, found.match.end, _protection_id(file, found)) for found in protections]
    for match in matches:
        start, _, end = match.rule.rpartition(".")
        target = _enclosing(match, doors if end == INTO_PROTECTION else sinks)
        if target is None:
            continue
        if start in _SOURCES:
            _join(file, match, _SOURCES[start](file, match, facts), target, facts)
        elif end == INTO_SINK:
            for found in _results(file, match, start, protections):
                _join(file, match, _protection_id(file, found), target, facts)
    facts.nodes += [_protection(file, found) for found in protections]


def _enclosing(match: Match, sinks: Iterable[Sink]) -> Sink | None:
    """The innermost sink around a match."""
    around = [sink for sink in sinks if sink.start <= match.start and match.end <= sink.end]
    return max(around, key=lambda sink: sink.start, default=None)


def _join(file: File, match: Match, source: str | None, target: Sink, facts: Facts) -> None:
    if source is not None:
        facts.edges.append(edge(EdgeKind.FLOWS_TO, source, target.node, file.location(match.start)))


def _data(file: File, match: Match, facts: Facts) -> str | None:
    """The personal data that a taint match starts from; None when the taxonomy says that it is none."""
    name, _, owner = match.message.partition(SEPARATOR)
    expression, categories = parsed(owner), _categories(match.message)
    function = file.module.function_at(match.start)
    if not categories or (owner == _UNBOUND and not _says_more_than_its_value(file, name, function)):
        return None
    read_from = spelled(expression) if expression is not None else "…"
    is_plain = owner in (function.rpartition(".")[2], _UNBOUND)
    label = name if is_plain else f"{read_from}.{name}"
    node = Node(
        id=f"data:{file.path}:{function}:{label}",
        kind=NodeKind.DATA,
        name=label,
        origin=Origin.DETECTED,
        locations=(file.location(_source_position(file, match, function)),),
        categories=categories,
    )
    facts.nodes.append(node)
    return node.id


def _says_more_than_its_value(file: File, name: str, function: str) -> bool:
    """Whether a variable has to be taken at its name.

    A constant is nobody's data, the result of a protection is the protection's business, and where personal data is
    read into the variable, that place has been found already.
    """
    scopes = [scope for scope in file.module.scopes.values() if scope.name == function]
    values = [value for scope in scopes for value in scope.bound.get(name, []) if value is not None]
    protected = {id(found.call) for found in file.of("protection")}
    return any(
        not isinstance(value, ast.Constant) and id(value) not in protected and not _reads_personal_data(file, value)
        for value in values
    )


def _reads_personal_data(file: File, value: ast.expr) -> bool:
    start, end = span(value)
    return any(
        start <= place < end and not message.endswith(_UNBOUND) and bool(_categories(message))
        for (message, _), places in file.sources.items()
        for place in places
    )


def _categories(message: str) -> tuple[str, ...]:
    """What the taxonomy makes of the name and the object that a match of the source rule tells."""
    name, _, owner = message.partition(SEPARATOR)
    return taxonomy.classify(*_words(parsed(owner)), name.strip("\"'"))


def _words(owner: ast.expr | None) -> tuple[str, ...]:
    """The names in the expression that the data is read from."""
    named = (node for node in ast.walk(owner) if isinstance(node, ast.Attribute | ast.Name)) if owner else ()
    return tuple(node.attr if isinstance(node, ast.Attribute) else node.id for node in named)


def _source_position(file: File, match: Match, function: str) -> Position:
    """Where the data is read: the nearest match of the source rule before the sink, in the same function."""
    places = file.sources.get((match.message, function), [])
    before = [place for place in places if place <= match.end]
    return max(before, default=min(places, default=match.start))


def parameter_id(path: str, function: str, name: str) -> str:
    """The id of the node for a function's parameter."""
    return f"parameter:{path}:{function}:{name}"


def _parameter(file: File, match: Match, facts: Facts) -> str | None:
    """The parameter that a taint match starts from."""
    name, function = match.message.partition(SEPARATOR)[0], file.module.function_at(match.start)
    definition = file.module.definitions.get(function)
    if definition is None or name in {"self", "cls"}:
        return None
    node = Node(
        id=parameter_id(file.path, function, name),
        kind=NodeKind.CODE,
        name=f"{function}({name})",
        origin=Origin.DETECTED,
        locations=(file.at(definition),),
    )
    facts.nodes.append(node)
    return node.id


_SOURCES: dict[str, Callable[[File, Match, Facts], str | None]] = {DATA: _data, PARAMETER: _parameter}


def _protection_id(file: File, found: Found) -> str:
    line, column = found.match.start
    return f"protection:{file.path}:{line}:{column}"


def _protection(file: File, found: Found) -> Node:
    return Node(
        id=_protection_id(file, found),
        kind=NodeKind.PROTECTION,
        name=spelled(found.call.func),
        origin=Origin.DETECTED,
        locations=(file.location(found.match.start),),
        technique=found.detector.technique,
    )


def _results(file: File, match: Match, kind: str, protections: Iterable[Found]) -> list[Found]:
    """The protections whose result the match follows: same kind, same function, same arguments."""
    quoted = parsed(f"f({match.message})")
    if not isinstance(quoted, ast.Call):
        return []
    function = file.module.function_at(match.start)
    return [
        found
        for found in protections
        if found.detector.id == kind
        and file.module.function_at(found.match.start) == function
        and same(_arguments(found.call), _arguments(quoted))
    ]


def _arguments(call: ast.Call) -> ast.Call:
    return ast.Call(func=ast.Name("f"), args=call.args, keywords=call.keywords)
