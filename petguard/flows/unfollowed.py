"""What was not followed to its end, as gaps: few of them, each with where it begins, how much it is and what to do."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TypeVar

from petguard.flows.form import line_and_column
from petguard.flows.graph import Graph
from petguard.flows.resolve import LOOKED_AT
from petguard.flows.trace import End, Trace
from petguard.model import Gap, State

Each = TypeVar("Each")
Key = TypeVar("Key")
Call = tuple[str, int]  # the path of its file, and its number there
_NAMES = 20  # that have a gap of their own
_APART = "follow its parts by themselves, in scans of their folders"


def unfinished(graph: Graph, ends: Iterable[End]) -> Iterator[Gap]:
    """The calls that data leaves by and that more may arrive at: one gap for each file of them."""
    calls = dict.fromkeys((end.path, end.site) for end in ends)
    for path, inside in _grouped(calls, lambda call: call[0]).items():
        detail = (
            f"the work for this tree was used up before all that may arrive at {_and_more(graph, inside)} was known: "
            f"more is passed through a few functions than can be followed; {_APART}"
        )
        yield _at_call(graph, (path, inside[0][1]), detail)


def shortened(graph: Graph, calls: Iterable[Call]) -> Iterator[Gap]:
    """Calls that mean more than is looked at: a gap for each name that is called most, and one for all others."""
    by_name = _grouped(sorted(set(calls)), lambda call: graph.site(*call).name.rpartition(".")[2])
    groups = sorted(by_name.values(), key=len, reverse=True)
    rest = [call for group in groups[_NAMES:] for call in group]
    for inside in (*groups[:_NAMES], *([rest] if rest else ())):
        detail = (
            f"more may be called by {_and_more(graph, inside)} than the {LOOKED_AT} meanings that are looked at; "
            "look at the others yourself, or type what it is called on more narrowly"
        )
        yield _at_call(graph, inside[0], detail)


def passed_by(graph: Graph, found: Trace) -> list[Call]:
    """The calls that mean more than is looked at and whose result may reach a place that data leaves by."""
    asked = {(str(node[1]), int(node[2])) for node in found.before if node[0] in ("c", "o")}
    return sorted((asked & graph.links.short) - graph.answers - graph.safeguards.keys())


def overgrown(graph: Graph) -> Iterator[Gap]:
    """The functions that were not looked through: one gap for each file."""
    for path, inside in _grouped(sorted(graph.returns.overgrown), lambda each: each[0]).items():
        function = inside[0][1]
        line, _ = line_and_column(graph.summaries[path].functions[function].at)
        others = f", as do {len(inside) - 1} other functions here" if len(inside) > 1 else ""
        yield _gap(path, f"{function} gives back more values than are looked through{others}", line)


def unlinked(graph: Graph) -> Iterator[Gap]:
    """What was not resolved: classes with too many bases, and all that was left when the work was used up."""
    for path, inside in _grouped(sorted(graph.symbols.deep), lambda each: each[0]).items():
        name = inside[0][1]
        line, _ = line_and_column(graph.summaries[path].classes[name].at)
        others = f", as do {len(inside) - 1} other classes here" if len(inside) > 1 else ""
        yield _gap(path, f"{name} has more bases than are looked through{others}", line)
    if graph.symbols.work.is_spent:
        calls = sorted(graph.links.short)
        detail = f"the work for this tree was used up before it was known what {_and_more(graph, calls)} mean; {_APART}"
        yield _at_call(graph, calls[0], detail)


def _grouped(found: Iterable[Each], by: Callable[[Each], Key]) -> Mapping[Key, list[Each]]:
    groups: dict[Key, list[Each]] = defaultdict(list)
    for each in found:
        groups[by(each)].append(each)
    return groups


def _and_more(graph: Graph, calls: list[Call]) -> str:
    name, others = graph.site(*calls[0]).name, len(calls) - 1
    return f"{name} and {others} other call{'s' if others > 1 else ''}" if others else name


def _at_call(graph: Graph, call: Call, detail: str) -> Gap:
    line, _ = line_and_column(graph.site(*call).at)
    return _gap(call[0], detail, line)


def _gap(path: str, detail: str, line: int) -> Gap:
    return Gap(path=path, state=State.PARTIAL, reason="unresolved", detail=detail, line=line)
