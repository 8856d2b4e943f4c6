"""How personal data moves through a Python function: from its source, through protections, to a call that sends it."""

import ast
from collections.abc import Callable, Iterable, Sequence

from petguard import taxonomy
from petguard.model import EdgeKind, Node, NodeKind, Origin
from petguard.parsers._python_file import Facts, File, Found, edge
from petguard.parsers._python_module import Position
from petguard.parsers._python_rules import FROM_DATA, FROM_PROTECTION, INTO_PROTECTION, SEPARATOR, protection_of
from petguard.semgrep import Match

_SOURCE = "python.personal-data"


def flows(file: File, sinks: Sequence[Found], facts: Facts) -> None:
    """Note the edges between personal data, protections and the given sinks."""
    protections = file.of("protection")
    for match in file.matches:
        if match.rule == FROM_DATA:
            _data_edge(file, match, sinks, file.call_id, facts)
        elif match.rule == INTO_PROTECTION:
            _data_edge(file, match, protections, lambda found: _protection(file, found, facts), facts)
        elif match.rule.startswith(FROM_PROTECTION):
            _protection_edge(file, match, sinks, protections, facts)


def _enclosing(match: Match, calls: Iterable[Found]) -> Found | None:
    """The innermost of the calls around a match."""
    around = [found for found in calls if found.match.contains(match)]
    return max(around, key=lambda found: found.match.start, default=None)


def _data_edge(
    file: File, match: Match, targets: Sequence[Found], target_id: Callable[[Found], str], facts: Facts
) -> None:
    found = _enclosing(match, targets)
    source = _data(file, match, facts) if found else None
    if found is not None and source is not None:
        facts.edges.append(edge(EdgeKind.FLOWS_TO, source, target_id(found), file.location(match.start)))


def _data(file: File, match: Match, facts: Facts) -> str | None:
    """The personal data that a taint match starts from; None when the taxonomy says that it is none."""
    name, _, owner = match.message.partition(SEPARATOR)
    categories = taxonomy.classify(*_words(owner), name.strip("\"'"))
    if not categories:
        return None
    function = file.module.function_at(match.start)
    position = _source_position(file, match, function)
    label = name if owner == function.rpartition(".")[2] else f"{owner}.{name}"
    node = Node(
        id=f"data:{file.path}:{function}:{label}",
        kind=NodeKind.DATA,
        name=label[:120],
        origin=Origin.DETECTED,
        locations=(file.location(position),),
        categories=categories,
    )
    facts.nodes.append(node)
    return node.id


def _words(owner: str) -> tuple[str, ...]:
    """The names in the expression that the data is read from; of a call or subscript only what it is read from."""
    try:
        tree = ast.parse(owner.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ()
    names = (
        node.attr if isinstance(node, ast.Attribute) else node.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute | ast.Name)
    )
    return tuple(names)


def _source_position(file: File, match: Match, function: str) -> Position:
    """Where the data is read: the nearest match of the source rule before the sink, in the same function."""
    places = [
        each.start
        for each in file.matches
        if each.rule == _SOURCE and each.message == match.message and file.module.function_at(each.start) == function
    ]
    before = [place for place in places if place <= match.end]
    return max(before, default=min(places, default=match.start))


def _protection(file: File, found: Found, facts: Facts) -> str:
    line, column = found.match.start
    node = Node(
        id=f"protection:{file.path}:{line}:{column}",
        kind=NodeKind.PROTECTION,
        name=ast.unparse(found.call.func),
        origin=Origin.DETECTED,
        locations=(file.location(found.match.start),),
        technique=found.detector.technique,
    )
    facts.nodes.append(node)
    return node.id


def _protection_edge(
    file: File, match: Match, sinks: Sequence[Found], protections: Sequence[Found], facts: Facts
) -> None:
    """Join the protection that the match says the data comes from with the sink that it reaches."""
    sink = _enclosing(match, sinks)
    if sink is None:
        return
    function, kind = file.module.function_at(match.start), protection_of(match.rule).id
    for found in protections:
        same_place = found.detector.id == kind and file.module.function_at(found.match.start) == function
        if same_place and _arguments(found.call) == _parsed_arguments(match.message):
            here = file.location(match.start)
            facts.edges.append(edge(EdgeKind.FLOWS_TO, _protection(file, found, facts), file.call_id(sink), here))


def _arguments(call: ast.Call) -> str:
    return ast.unparse(ast.Call(func=ast.Name("f"), args=call.args, keywords=call.keywords))


def _parsed_arguments(text: str) -> str:
    """The arguments of a call as semgrep quotes them, in the same spelling as `_arguments`."""
    try:
        parsed = ast.parse(f"f({text})", mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ""
    return _arguments(parsed) if isinstance(parsed, ast.Call) else ""
