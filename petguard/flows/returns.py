"""What a function gives back, told by what it was given: so that a call's result comes from that call's own arguments.

A helper that many call would otherwise let the data of one caller come out at all others. Functions that call each
other are worked off until nothing new is found.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from petguard.flows.graph import Graph, Node
    from petguard.flows.links import Caller

Key = tuple[str, str, str]  # path, function, and the part of its result
_MANY = 4000  # nodes that are looked at for one function
_DEEP = 6  # names that are given to what already has one


@dataclass(frozen=True)
class Held:
    """A safeguard, or a name that means personal data, inside the function, and what went into it."""

    node: "Node"
    through: frozenset[tuple[str, str]]
    inside: frozenset["Node"]


@dataclass(frozen=True)
class Outcome:
    """Parameters (with the part) that reach the result, what else does, and what does so under another name."""

    through: frozenset[tuple[str, str]] = frozenset()
    inside: frozenset["Node"] = frozenset()
    held: frozenset[Held] = frozenset()


@dataclass
class _Found:
    through: set[tuple[str, str]] = field(default_factory=set)
    inside: set["Node"] = field(default_factory=set)
    held: dict["Node", Held] = field(default_factory=dict)

    def hold(self, each: Held) -> None:
        """Note what went in there, beside what is known to."""
        known = self.held.get(each.node, each)
        self.held[each.node] = Held(each.node, known.through | each.through, known.inside | each.inside)


@dataclass
class Returns:
    """The outcomes of the functions of a graph, found when they are asked for."""

    graph: "Graph"
    overgrown: set[tuple[str, str]] = field(default_factory=set)  # functions that were too large to be looked through
    _known: dict[Key, Outcome] = field(default_factory=dict)
    _asking: dict[Key, set[Key]] = field(default_factory=lambda: defaultdict(set))
    _pending: dict[Key, None] = field(default_factory=dict)  # each once, however many ask for it
    _open: list["Node"] = field(default_factory=list)  # what is being looked behind

    def of(self, path: str, function: str, part: str) -> Outcome:
        """What decides the result of a function."""
        key = path, function, part
        if key not in self._known:
            self._known[key] = Outcome()
            self._pending[key] = None
            self._settle()
        return self._known[key]

    def _settle(self) -> None:
        while self._pending:
            key = next(iter(self._pending))
            del self._pending[key]
            outcome = self._explored(key)
            if outcome != self._known[key]:
                self._known[key] = outcome
                self._pending |= dict.fromkeys(sorted(self._asking[key]))

    def _peek(self, key: Key, asking: Key) -> Outcome:
        """The outcome as far as it is known; who asks is looked at again when there is more."""
        self._asking[key].add(asking)
        if key not in self._known:
            self._known[key] = Outcome()
            self._pending[key] = None
        return self._known[key]

    def _explored(self, key: Key) -> Outcome:
        path, function, part = key
        found = self._behind(key, self.graph.given_back(path, function, part))
        return Outcome(frozenset(found.through), frozenset(found.inside), frozenset(found.held.values()))

    def _behind(self, key: Key, starts: Iterable["Node"]) -> _Found:
        found, seen = _Found(), dict.fromkeys(starts)
        pending = list(seen)
        while pending:
            if len(seen) > _MANY:
                self.overgrown.add(key[:2])
                break
            for each in self._step(key, pending.pop(), found):
                if each not in seen:
                    seen[each] = None
                    pending.append(each)
        return found

    def _step(self, key: Key, node: "Node", found: _Found) -> Iterator["Node"]:
        """What is right behind a node inside of the function; what lies outside of it is noted."""
        path, function, _ = key
        kind = node[0]
        if kind == "p" and node[1:3] == (path, function):
            found.through.add((str(node[3]), str(node[4])))
        elif kind == "c":
            yield from self._call(key, node, found)
        elif kind == "o":
            for caller, its in self.graph.fillers(node):
                yield from self._entered(key, caller, its, found)
        elif kind in ("a", "u"):
            yield from self.graph.before(node)
        elif kind == "k" or (kind == "s" and self.graph.renames(node, path)):
            if kind == "s" and (self._is_deep or self.graph.is_parameter(node, path, function)):
                yield from self.graph.before(node)
            else:
                self._hold(key, node, found)
        else:
            found.inside.add(node)

    @property
    def _is_deep(self) -> bool:
        """Whether so many names were given on the way that a further one only hands on what came."""
        return len(self._open) >= _DEEP

    def _hold(self, key: Key, node: "Node", found: _Found) -> None:
        inner = self._inner(key, node, self.graph.before(node))
        if inner is None:
            return
        if inner.through or node[0] == "k":
            found.hold(Held(node, frozenset(inner.through), frozenset(inner.inside)))
        else:
            found.inside.add(node)  # the same for whoever calls
        for each in inner.held.values():
            found.hold(each)

    def _inner(self, key: Key, node: "Node", starts: Iterable["Node"]) -> _Found | None:
        """What went into something on the way; None where that is being looked at already."""
        if node in self._open:
            return None
        if len(self._open) == _DEEP:
            return _Found(inside={self.graph.plain(node)})
        self._open.append(node)
        try:
            return self._behind(key, starts)
        finally:
            self._open.pop()

    def _call(self, key: Key, node: "Node", found: _Found) -> Iterator["Node"]:
        for caller, path, function, part in self.graph.runs(node):
            yield from self._entered(key, caller, (path, function, part), found)
        yield from self.graph.beside_functions(node)

    def _entered(self, key: Key, caller: "Caller", its: Key, found: _Found) -> Iterator["Node"]:
        """What comes out of another function that is called on the way."""
        outcome = self._peek(its, key)
        yield from self.graph.arriving(caller, its[0], its[1], outcome.through)
        found.inside |= outcome.inside
        for each in outcome.held:
            if self._is_deep and each.node[0] == "s":
                yield from self.graph.arriving(caller, its[0], its[1], each.through)
                found.inside |= each.inside
                continue
            at = *each.node, caller.path, caller.site
            inner = self._inner(key, at, self.graph.arriving(caller, its[0], its[1], each.through))
            if inner is not None:
                found.hold(Held(each.node, frozenset(inner.through), each.inside | inner.inside))
                for other in inner.held.values():
                    found.hold(other)


def entered(returns: Returns, caller: "Caller", key: Key) -> Iterator["Node"]:
    """What the result of one call comes from: its own arguments, and what the function takes from elsewhere."""
    path, function, _ = key
    outcome = returns.of(*key)
    yield from returns.graph.arriving(caller, path, function, outcome.through)
    yield from sorted(outcome.inside, key=repr)
    for each in outcome.held:
        yield (*each.node, caller.path, caller.site, caller.callback, caller.shift, *key)


def went_in(returns: Returns, held: "Node", caller: "Caller", key: Key) -> Iterator["Node"]:
    """What went into a safeguard or a name inside of a function, on behalf of one call."""
    for each in returns.of(*key).held:
        if each.node == held:
            yield from returns.graph.arriving(caller, key[0], key[1], each.through)
            yield from sorted(each.inside, key=repr)
