"""Turns what was traced into nodes and edges of the system graph: sources, steps, safeguards and where data ends."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from petguard.flows.form import Place, line_and_column
from petguard.flows.graph import KINDS, Graph
from petguard.flows.graph import Node as Value
from petguard.flows.summary import Site, Source
from petguard.flows.trace import Trace
from petguard.model import Edge, EdgeKind, Location, Node, NodeKind, Origin, Trait

Locate = Callable[[str, int, int], Location]  # path, line and byte column


@dataclass
class Facts:
    """What is added to the system graph."""

    nodes: dict[str, Node] = field(default_factory=dict)
    edges: list[Edge] = field(default_factory=list)


@dataclass
class Emitter:
    """Writes one trace down. `locate` gives a place its evidence."""

    graph: Graph
    trace: Trace
    locate: Locate
    facts: Facts = field(default_factory=Facts)
    _ids: dict[Value, str] = field(default_factory=dict)

    def emit(self) -> Facts:
        """The live part of the trace; an end that nothing reaches adds nothing."""
        live = self.trace.live()
        for node in sorted(live, key=repr):
            here = self._node(node)
            for each in self.trace.after.get(node, ()):
                if each in live:
                    self._edge(here, self._node(each), each)
            for end in self.trace.ends.get(node, ()):
                self._edge(here, end.id, ("a", end.path, end.site, "", ""))
        return self.facts

    def _edge(self, start: str, end: str, at: Value) -> None:
        """An edge; where the call is made only with consent, through the check of it."""
        place = self._place(at)
        for guard in self._guards(at):
            self._add(guard)
            self._join(start, guard.id, place)
            start = guard.id
        self._join(start, end, place)

    def _join(self, start: str, end: str, place: Location) -> None:
        if start != end:
            self.facts.edges.append(
                Edge(kind=EdgeKind.FLOWS_TO, source=start, target=end, origin=Origin.DETECTED, location=place)
            )

    def _guards(self, at: Value) -> Iterator[Node]:
        if at[0] != "a":
            return
        path, site = str(at[1]), self.graph.site(str(at[1]), int(at[2]))
        for guard in site.guards:
            line, column = line_and_column(site.at)
            yield Node(
                id=f"protection:{path}:{line}:{column}:{guard}",
                kind=NodeKind.PROTECTION,
                name=guard,
                technique="consent",
                origin=Origin.DETECTED,
                locations=(self._at(path, site.at),),
                details={"evidence": "named"},
            )

    def _add(self, node: Node) -> str:
        self.facts.nodes.setdefault(node.id, node)
        return node.id

    def _at(self, path: str, at: Place) -> Location:
        return self.locate(path, *line_and_column(at))

    def _place(self, node: Value) -> Location:
        """Where a step is taken."""
        kind, path = node[0], str(node[1])
        summary = self.graph.summaries[path]
        if kind in ("a", "c", "k", "o"):
            return self._at(path, summary.sites[int(node[2])].at)
        if kind == "s":
            return self._at(path, summary.sources[int(node[2])].at)
        if kind == "p":
            return self._at(path, summary.functions[str(node[2])].at)
        known = summary.classes.get(str(node[2])) if kind == "f" else None
        return self._at(path, known.at) if known else self.locate(path, 1, 1)

    def _node(self, node: Value) -> str:
        if node not in self._ids:
            self._ids[node] = self._made(node)
        return self._ids[node]

    def _made(self, node: Value) -> str:
        kind = node[0]
        if kind == "s" and node in self.trace.sources:
            return self._add(self._source(node))
        if kind == "k":
            return self._add(self._safeguard(node))
        return self._add(self._step(node))

    def _source(self, node: Value) -> Node:
        path, source = str(node[1]), self.graph.summaries[str(node[1])].sources[int(node[2])]
        if source.kind == "file":
            return Node(
                id=f"data:file/{source.says[0].removeprefix('./')}",
                kind=NodeKind.DATA,
                name=source.says[0],
                origin=Origin.DETECTED,
                locations=(self._at(path, source.at),),
                details={"path": source.says[0]},
            )
        part = f".{node[3]}" if node[3] and source.kind == "object" else ""
        return Node(
            id=f"data:{path}:{source.function}:{source.label}{part}",
            kind=NodeKind.DATA,
            name=f"{source.label}{part}",
            origin=Origin.DETECTED,
            locations=(self._at(path, source.at),),
            categories=self.trace.sources[node],
            details={
                "because": source.because or self._because(source, str(node[3])),
                **({"whole": True} if source.kind == "object" and not node[3] else {}),
            },
        )

    def _because(self, source: Source, part: str) -> str:
        """Why an object counts: by what it is, and of a part that only a declaration tells of, by that."""
        said = self.graph.told.of(source.says, part)
        return f"it is a {' or '.join(source.says)}{f', and {said.because}' if said is not None else ''}"

    def _safeguard(self, node: Value) -> Node:
        path, number = str(node[1]), int(node[2])
        site, guard = self.graph.site(path, number), self.graph.safeguards[path, number]
        entities = {"entities": guard.entities} if guard.entities else {}
        return Node(
            id=f"protection:{path}:{_span(site)}{self._behalf(node)}",
            kind=NodeKind.PROTECTION,
            name=site.name,
            technique=guard.technique,
            origin=Origin.DETECTED,
            locations=(self._at(path, site.at),),
            details={"evidence": guard.evidence, **entities},
        )

    def _step(self, node: Value) -> Node:
        idle = self.graph.idle.get((str(node[1]), int(node[2]))) if node[0] == "c" else None
        return Node(
            id=self._step_id(node),
            kind=NodeKind.CODE,
            name=f"{self._step_name(node)}{' (gives back what it got)' if idle else ''}",
            origin=Origin.DETECTED,
            locations=(self._place(node),),
            traits=(Trait.NO_EFFECT,) if idle else (),
        )

    def _step_id(self, node: Value) -> str:
        kind, path = node[0], str(node[1])
        if kind in ("a", "c", "o"):
            rest = "/".join(str(each) for each in node[3:] if each)
            where = _span(self.graph.site(path, int(node[2])))
            return f"{_STEPS[str(kind)]}:{path}:{where}{f'#{rest}' if rest else ''}"
        if kind == "p":
            return f"parameter:{path}:{node[2]}:{'.'.join(str(each) for each in node[3:] if each)}"
        if kind == "s":
            function = self.graph.summaries[path].sources[int(node[2])].function
            return f"value:{path}:{function}:{self._step_name(node)}{self._behalf(node)}"
        return f"{_STEPS[str(kind)]}:{path}:{'.'.join(str(each) for each in node[2:] if each)}"

    def _behalf(self, node: Value) -> str:
        """For a node that stands for what it is on behalf of one call, that call: the data of two do not mix in it."""
        path, site, *_ = node[KINDS[str(node[0])] :] or ("", 0)
        return f"@{path}:{_span(self.graph.site(str(path), int(site)))}" if path else ""

    def _step_name(self, node: Value) -> str:
        kind, path = node[0], str(node[1])
        summary = self.graph.summaries[path]
        if kind in ("a", "c", "o"):
            return summary.sites[int(node[2])].name
        if kind == "s":
            return summary.sources[int(node[2])].label
        if kind == "p":
            return f"{node[2]}({'.'.join(str(each) for each in node[3:] if each)})"
        if kind == "u":
            return f"one of {len(summary.bundles[int(node[2])])} values"
        return ".".join(str(each) for each in node[2:] if each)


def called(path: str, site: Site, locate: Locate) -> Node:
    """A call that data leaves by, as a node: the same one for everybody who names that place."""
    line, column = line_and_column(site.at)
    return Node(
        id=f"call:{path}:{line}:{column}",
        kind=NodeKind.CODE,
        name=site.name,
        origin=Origin.DETECTED,
        locations=(locate(path, line, column),),
        details={"function": site.function},
    )


def _span(site: Site) -> str:
    """Where a call begins and ends: `a().b()` are two that begin at the same place."""
    return ":".join(str(each) for each in (*line_and_column(site.at), *line_and_column(site.end)))


_STEPS = {"u": "one-of", "a": "pass", "c": "result", "o": "filled", "f": "attribute", "g": "variable"}
