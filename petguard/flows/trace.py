"""Walks back from where data leaves to where it is personal, and decides which of the places on the way is the source.

The same data bears names in many places: `row["email"]` here, a parameter `email` there. Only the first of them is a
source, the others are steps; a name counts when nothing that arrives there brings the same data.
"""

import re
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from petguard import taxonomy
from petguard.flows.graph import Graph, Node
from petguard.flows.summary import WHEN_ASKED, Source
from petguard.flows.values import INNER

_SAFE = 1  # the bit of what a safeguard lets through: whatever it was, its new name is no source

_PLAIN = frozenset({"string", "null", "undefined"})
_CONSTANTS = re.compile(r"(?:Enum|Choices|Flag)$")  # bases of classes whose fields are names and hold no data


@dataclass(frozen=True)
class End:
    """A place that data leaves by: the nodes that arrive there, and the id under which the report knows it."""

    id: str
    path: str
    site: int
    arriving: tuple[Node, ...]


@dataclass
class Trace:
    """The part of the graph from sources to ends: for each node what it comes from and where it goes."""

    after: dict[Node, list[Node]] = field(default_factory=lambda: defaultdict(list))
    before: dict[Node, list[Node]] = field(default_factory=dict)
    ends: dict[Node, list[End]] = field(default_factory=lambda: defaultdict(list))
    sources: dict[Node, tuple[str, ...]] = field(default_factory=dict)  # with their categories
    open: tuple[Node, ...] = ()  # what was not looked behind any more

    def source_of(self, starts: Iterable[Node]) -> Node | None:
        """The nearest source that arrives at one of these nodes."""
        seen = dict.fromkeys(starts)
        queue = deque(seen)
        while queue:
            node = queue.popleft()
            if node in self.sources:
                return node
            for each in self.before.get(node, ()):
                if each not in seen:
                    seen[each] = None
                    queue.append(each)
        return None

    def unfinished(self) -> list[End]:
        """The ends at which more may arrive than was found."""
        doubtful = _reached(self.open, self.after)
        return [end for node, ends in self.ends.items() if node in doubtful for end in ends]

    def live(self) -> set[Node]:
        """The nodes that data passes from a source."""
        return _reached(self.sources, self.after)


def trace(graph: Graph, ends: Iterable[End], kinds: "Kinds") -> Trace:
    """Everything that may arrive at the ends, with the sources among it."""
    found = Trace()
    queue: deque[Node] = deque()
    for end in ends:
        for node in end.arriving:
            found.ends[node].append(end)
            if node not in found.before:
                found.before[node] = []
                queue.append(node)
    while queue and not graph.work.is_spent:
        node = queue.popleft()
        found.before[node] = list(dict.fromkeys(graph.before(node)))
        graph.work.spend(len(found.before[node]))
        for each in found.before[node]:
            found.after[each].append(node)
            if each not in found.before:
                found.before[each] = []
                queue.append(each)
    found.open = tuple(queue)
    found.sources = _sources(graph, found, kinds)
    return found


@dataclass
class Kinds:
    """Which categories the objects of each class hold, found out once."""

    graph: Graph
    _known: dict[tuple[str, str, str], tuple[str, ...]] = field(default_factory=dict)

    def of(self, path: str, source: Source, part: str) -> tuple[str, ...]:
        """The categories of a source; none for an object that holds nothing personal, or of a class nobody knows."""
        if source.kind == "name":
            return source.says
        if source.kind == "file":
            return ()
        names = (name for name in source.says)
        return next((kinds for name in names if (kinds := self._of_type(path, name, part))), ())

    def _of_type(self, path: str, name: str, part: str) -> tuple[str, ...]:
        key = path, name, part
        if key not in self._known:
            self._known[key] = ()
            self._known[key] = self._found(path, name, part)
        return self._known[key]

    def _found(self, path: str, name: str, part: str) -> tuple[str, ...]:
        found: set[str] = set()
        for one in self.graph.symbols.typed(path, name):
            if one.kind != "object":
                continue
            family = list(self.graph.symbols.ancestry(one.path, one.name))
            if any(known is None and _CONSTANTS.search(owner) for _, owner, known in family):
                continue
            for where, owner, known in family:
                if known is not None:
                    found |= self._fields(where, owner, known.fields, part)
                    found |= self._computed(where, f"{owner}.{part.partition(INNER)[0]}")
        return tuple(sorted(found))

    def _computed(self, path: str, name: str) -> set[str]:
        """What a property of a class puts together."""
        function = self.graph.summaries[path].functions.get(name)
        if function is None or not function.reads_as_field:
            return set()
        inside = self.graph.returns.of(path, name, "").inside
        nodes = [node for node in inside if node[0] == "s"]
        sources = [(node, self.graph.summaries[str(node[1])].sources[int(node[2])]) for node in nodes]
        return {each for node, source in sources for each in self.of(str(node[1]), source, str(node[3]))}

    def _fields(self, path: str, owner: str, fields: Mapping[str, tuple[str, ...]], part: str) -> set[str]:
        found: set[str] = set()
        outer, _, inner = part.partition(INNER)
        for name, types in fields.items():
            if (part and name != outer) or (not part and types[:1] == (WHEN_ASKED,)):
                continue
            named = taxonomy.explain(owner.rpartition(".")[2], name)
            if inner and (_is_text(types) or any(self.graph.symbols.typed(path, each) for each in types)):
                named = None  # a text has no parts, and of an object only the part counts that is read
            told = self.graph.told.of([owner.rpartition(".")[2]], name)
            if told is not None:
                found.update(told.categories)
            if named is not None:
                found.add(named.category)
            for each in types if part or not named else ():
                if each[:1].isupper():
                    found.update(self._of_type(path, each, inner))
        return found


def _is_text(types: tuple[str, ...]) -> bool:
    return any(each.lower() == "string" for each in types) and all(each.lower() in _PLAIN for each in types)


def _sources(graph: Graph, found: Trace, kinds: Kinds) -> dict[Node, tuple[str, ...]]:
    possible = _possible(graph, found, kinds)
    sure = {node: says for node, says in possible.items() if not found.before[node]}
    guards = {node: graph.safeguards[str(node[1]), int(node[2])] for node in found.before if node[0] == "k"}
    takes = {node: guard.entities for node, guard in guards.items()}
    bits = _Bits(each for says in (*possible.values(), *takes.values()) for each in says)
    safe: dict[Node, tuple[str, ...]] = dict.fromkeys(guards, ())
    brought = _Brought(found, takes, bits)
    brought.spread(safe | sure)
    # Roots first: what no other name on the way could cover.
    everything = _Brought(found, takes, bits)
    everything.spread(safe | possible)
    roots = {node: says for node, says in possible.items() if node not in sure and not everything.covers(node, says)}
    brought.spread(roots)
    chosen = sure | roots
    for node in sorted(possible.keys() - chosen.keys(), key=repr):
        if not brought.covers(node, possible[node]):
            chosen[node] = possible[node]
            brought.spread({node: possible[node]})
    return chosen


def _possible(graph: Graph, found: Trace, kinds: Kinds) -> dict[Node, tuple[str, ...]]:
    possible: dict[Node, tuple[str, ...]] = {}
    for node in found.before:
        if node[0] == "s":
            path, source = str(node[1]), graph.summaries[str(node[1])].sources[int(node[2])]
            says = kinds.of(path, source, str(node[3]))
            if (says or source.kind == "file") and not _is_of_a_module(graph, path, source):
                possible[node] = says
    return possible


def _is_of_a_module(graph: Graph, path: str, source: Source) -> bool:
    """Whether a name is read from a module of the tree: then it is that module's variable, a template or a function."""
    return any(
        atom[0] == "i" and atom[3] and graph.symbols.is_module(path, str(atom[1]), str(atom[2])) for atom in source.over
    )


class _Bits:
    """Sets of categories as numbers, a bit for each: they are joined millions of times."""

    def __init__(self, categories: Iterable[str]) -> None:
        self._bits = {each: 2 << index for index, each in enumerate(dict.fromkeys(categories))}
        self._near = {each: self._related(each) for each in self._bits}

    def _related(self, category: str) -> int:
        related = (one for one in self._bits if taxonomy.covers(one, category) or taxonomy.covers(category, one))
        return self.of(related)

    def of(self, categories: Iterable[str]) -> int:
        """A set of categories."""
        return sum(self._bits[each] for each in set(categories))

    def brings(self, arriving: int, categories: Iterable[str]) -> bool:
        """Whether for each category there is one that covers it, or that it covers."""
        return all(arriving & self._near[each] for each in categories)


@dataclass
class _Brought:
    """Which categories arrive at each node, from sources before it."""

    found: Trace
    takes: Mapping[Node, tuple[str, ...]]  # the safeguards, with what those take out that know only some data
    bits: _Bits
    arriving: dict[Node, int] = field(default_factory=lambda: defaultdict(int))
    itself: dict[Node, int] = field(default_factory=dict)

    def spread(self, sources: Mapping[Node, tuple[str, ...]]) -> None:
        """Let the categories of more sources run on."""
        waiting = {node: self.bits.of(says) for node, says in sources.items()}
        self.itself |= waiting
        queue = deque(waiting)
        while queue:
            node = queue.popleft()
            brings = self._behind(node, waiting.pop(node))
            for each in self.found.after.get(node, ()):
                new = brings & ~self.arriving[each]
                if new:
                    self.arriving[each] |= new
                    if each not in waiting:
                        queue.append(each)
                    waiting[each] = waiting.get(each, 0) | new

    def _behind(self, node: Node, brings: int) -> int:
        """What of the data that arrives at a node leaves it."""
        if node not in self.takes:
            return brings
        return brings | self.bits.of(self.takes[node]) if self.takes[node] else _SAFE

    def covers(self, node: Node, says: tuple[str, ...]) -> bool:
        """Whether what arrives brings all of these categories on every way, or comes out of a safeguard."""
        before = self.found.before[node]
        if before and all(self._is_safe(each) for each in before):
            return True
        return bool(says) and self._covered(node, says)

    def _is_safe(self, node: Node) -> bool:
        return bool(self.arriving[node] & _SAFE) or (node in self.takes and not self.takes[node])

    def _covered(self, node: Node, says: tuple[str, ...]) -> bool:
        way = None
        for way in self._ways(node):
            if not self._brings(way, says):
                return False
        return way is not None

    def _ways(self, node: Node) -> Iterator[Node]:
        """The calls that pass a parameter on, each a way of its own; elsewhere what is right before."""
        for each in self.found.before[node]:
            if each == node:
                continue
            passed = self.found.before[each] if each[0] == "p" else ()
            if passed:
                yield from (way for way in passed if way != node)
            else:
                yield each

    def _brings(self, node: Node, says: tuple[str, ...]) -> bool:
        return self.bits.brings(self.arriving[node] | self.itself.get(node, 0), says)


def _reached(starts: Iterable[Node], after: Mapping[Node, list[Node]]) -> set[Node]:
    seen = set(starts)
    queue = deque(seen)
    while queue:
        for each in after.get(queue.popleft(), ()):
            if each not in seen:
                seen.add(each)
                queue.append(each)
    return seen
