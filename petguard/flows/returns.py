"""What a function gives back, told by what it was given: so that a call's result comes from that call's own arguments.

A helper that many call would otherwise let the data of one caller come out at all others. Functions that call each
other are worked off until nothing new is found.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from petguard.flows.graph import Graph, Node
    from petguard.flows.links import Caller

Key = tuple[str, str, str]  # path, function, and the part of its result
_MANY = 4000  # nodes that are looked at for one function
_AT_ONCE = 100  # values of another function that are taken over in one step
_MANY_HELD = 300  # safeguards and names on the way in one function


@dataclass(frozen=True)
class Held:
    """A safeguard, or a name that means personal data, inside the function, and what went into it directly.

    `behind` are others of its kind that what went in has passed before.
    """

    node: "Node"
    through: frozenset[tuple[str, str]]
    inside: frozenset["Node"]
    behind: frozenset["Node"] = frozenset()

    @cached_property
    def before(self) -> tuple[tuple["Node", ...], tuple["Node", ...]]:
        """What is inside and what is behind, each in its order."""
        return _ordered(self.inside), _ordered(self.behind)


@dataclass(frozen=True)
class Outcome:
    """Parameters (with the part) that reach the result, what else does, and what does so under another name.

    Of all that is `held`, only the nodes in `last` are right before the result.
    """

    through: frozenset[tuple[str, str]] = frozenset()
    inside: frozenset["Node"] = frozenset()
    held: Mapping["Node", Held] = field(default_factory=dict)
    last: frozenset["Node"] = frozenset()

    @cached_property
    def before(self) -> tuple[tuple["Node", ...], tuple["Node", ...]]:
        """What is inside and what is right before the result, each in its order."""
        return _ordered(self.inside), _ordered(self.last)


@dataclass(frozen=True)
class _Stop:
    """A place where looking back ends for the moment: a safeguard or name, here or in what is called."""

    node: "Node"
    caller: "Caller | None" = None
    its: Key = ("", "", "")


@dataclass
class _Found:
    """What lies between a place and the next stops before it."""

    through: set[tuple[str, str]] = field(default_factory=set)
    inside: set["Node"] = field(default_factory=set)
    stops: set[_Stop] = field(default_factory=set)
    entered: set[Key] = field(default_factory=set)  # the functions whose values are in it already


@dataclass
class Returns:
    """The outcomes of the functions of a graph, found when they are asked for."""

    graph: "Graph"
    overgrown: set[tuple[str, str]] = field(default_factory=set)  # functions that were too large to be looked through
    _known: dict[Key, Outcome] = field(default_factory=dict)
    _asking: dict[Key, set[Key]] = field(default_factory=lambda: defaultdict(set))
    _pending: dict[Key, None] = field(default_factory=dict)  # the latest last, each once

    def of(self, path: str, function: str, part: str) -> Outcome:
        """What decides the result of a function."""
        key = path, function, part
        if key not in self._known:
            self._known[key] = Outcome()
            self._pending[key] = None
            self._settle()
        return self._known[key]

    def _settle(self) -> None:
        """Work off what is pending, the latest first: what a function calls before the function itself."""
        while self._pending:
            if self.graph.work.is_spent:
                self.overgrown |= {key[:2] for key in self._pending}
                self._pending.clear()
                break
            key, _ = self._pending.popitem()
            before = len(self._pending)
            outcome = self._explored(key)
            called = list(self._pending)[before:]
            if called:
                for each in called:
                    del self._pending[each]
                self._pending |= dict.fromkeys([key, *called])
            elif outcome != self._known[key]:
                self._known[key] = outcome
                self._pending |= dict.fromkeys(sorted(self._asking[key] - self._pending.keys()))

    def _peek(self, key: Key, asking: Key) -> Outcome:
        """The outcome as far as it is known; who asks is looked at again when there is more."""
        self._asking[key].add(asking)
        if key not in self._known:
            self._known[key] = Outcome()
            self._pending[key] = None
        return self._known[key]

    def _explored(self, key: Key) -> Outcome:
        """Look back from the result to the stops before it, and from each of them on."""
        path, function, part = key
        whole = self._behind(key, self.graph.given_back(path, function, part))
        known: dict[_Stop, _Found] = {}
        pending = sorted(whole.stops, key=repr)
        while pending:
            stop = pending.pop()
            if stop in known:
                continue
            if len(known) == _MANY_HELD:
                self.overgrown.add(key[:2])
                break
            known[stop] = self._before(key, stop)
            pending += sorted(known[stop].stops, key=repr)
        _let_alone(whole, known)
        return Outcome(frozenset(whole.through), frozenset(whole.inside), _held(known), _nodes(whole.stops))

    def _before(self, key: Key, stop: _Stop) -> _Found:
        """What lies before a stop."""
        if stop.caller is None:
            return self._behind(key, self.graph.before(stop.node))
        path, function, _ = stop.its
        each = self._peek(stop.its, key).held.get(stop.node)
        if each is None:
            return _Found()
        found = self._behind(key, self.graph.arriving(stop.caller, path, function, each.through))
        found.inside |= each.inside
        found.stops |= {_Stop(node, stop.caller, stop.its) for node in each.behind}
        return found

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
        self.graph.work.spend()
        path, function, _ = key
        kind = node[0]
        if kind == "p" and node[1:3] == (path, function):
            found.through.add((str(node[3]), str(node[4])))
        elif kind == "c":
            for caller, *its in self.graph.runs(node):
                yield from self._entered(key, caller, (its[0], its[1], its[2]), found)
            yield from self.graph.beside_functions(node)
        elif kind == "o":
            for caller, whose in self.graph.fillers(node):
                yield from self._entered(key, caller, whose, found)
        elif kind in ("a", "u") or (kind == "s" and self.graph.is_parameter(node, path, function)):
            yield from self.graph.before(node)
        elif kind == "k" or (kind == "s" and self.graph.renames(node, path)):
            found.stops.add(_Stop(node))
        else:
            found.inside.add(node)

    def _entered(self, key: Key, caller: "Caller", its: Key, found: _Found) -> Iterator["Node"]:
        """What comes out of another function that is called on the way."""
        outcome = self._peek(its, key)
        yield from self.graph.arriving(caller, its[0], its[1], outcome.through)
        if its not in found.entered:
            found.entered.add(its)
            found.inside |= outcome.inside
            self.graph.work.spend(len(outcome.inside) // _AT_ONCE)
        found.stops |= {_Stop(node, caller, its) for node in outcome.last}


def _let_alone(whole: _Found, known: dict[_Stop, _Found]) -> None:
    """A name for what no caller brings is the same whoever calls: a node like any other inside of the function."""
    while alone := {stop for stop, found in known.items() if _is_alone(stop, found)}:
        for stop in alone:
            del known[stop]
        for found in (whole, *known.values()):
            found.inside |= {stop.node for stop in found.stops & alone}
            found.stops -= alone


def _is_alone(stop: _Stop, found: _Found) -> bool:
    return stop.caller is None and stop.node[0] == "s" and not found.through and not found.stops


def _held(known: dict[_Stop, _Found]) -> Mapping["Node", Held]:
    """What went into each node, whichever call it belongs to."""
    merged: dict[Node, Held] = {}
    for stop, found in known.items():
        one = merged.get(stop.node, Held(stop.node, frozenset(), frozenset()))
        behind = one.behind | _nodes(found.stops)
        merged[stop.node] = Held(stop.node, one.through | found.through, one.inside | found.inside, behind)
    return merged


def _nodes(stops: Iterable[_Stop]) -> frozenset["Node"]:
    return frozenset(stop.node for stop in stops)


def entered(returns: Returns, caller: "Caller", key: Key) -> Iterator["Node"]:
    """What the result of one call comes from: its own arguments, and what the function takes from elsewhere."""
    path, function, _ = key
    outcome = returns.of(*key)
    inside, last = outcome.before
    yield from returns.graph.arriving(caller, path, function, outcome.through)
    yield from inside
    yield from _for_one_call(last, caller, key)


def went_in(returns: Returns, held: "Node", caller: "Caller", key: Key) -> Iterator["Node"]:
    """What went into a safeguard or a name inside of a function, on behalf of one call."""
    each = returns.of(*key).held.get(held)
    if each is not None:
        inside, behind = each.before
        yield from returns.graph.arriving(caller, key[0], key[1], each.through)
        yield from inside
        yield from _for_one_call(behind, caller, key)


def _ordered(nodes: Iterable["Node"]) -> tuple["Node", ...]:
    return tuple(sorted(nodes, key=repr))


def _for_one_call(nodes: Iterable["Node"], caller: "Caller", key: Key) -> Iterator["Node"]:
    for node in nodes:
        yield (*node, caller.path, caller.site, caller.callback, caller.shift, *key)
