"""How data moves inside Python functions: from its source, through protections, to a place that it goes to."""

import ast
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from petguard import taxonomy
from petguard.model import EdgeKind, Node, NodeKind, Origin
from petguard.parsers._python_file import Facts, File, Found, edge
from petguard.parsers._python_rules import DATA, INTO_PROTECTION, INTO_SINK, PARAMETER, SEPARATOR
from petguard.parsers._python_syntax import Position, parsed, same, spelled
from petguard.semgrep import Match


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
    expression = parsed(owner)
    categories = taxonomy.classify(*_words(expression), name.strip("\"'"))
    if not categories:
        return None
    function = file.module.function_at(match.start)
    read_from = spelled(expression) if expression is not None else "…"
    label = name if owner == function.rpartition(".")[2] else f"{read_from}.{name}"
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
