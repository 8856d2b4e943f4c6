"""Searches in a graph that no longer changes: what is reached from where, around some nodes, and by which shortest way.

Rules ask the same again and again, for each category and each rule: a search is kept for the next one who asks.
"""

from collections import OrderedDict
from collections.abc import Collection, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass

_START, _AVOIDED = -1, -2
_KEPT = 2_000_000  # nodes in all searches that are kept, about 70 bytes each
_Asked = tuple[frozenset[str], frozenset[str], bool, bool]


@dataclass(frozen=True, slots=True, eq=False)
class Reach:
    """What one search reached, its starts included."""

    names: Sequence[str]
    numbers: Mapping[str, int]
    before: Mapping[int, int]

    def __contains__(self, key: str) -> bool:
        """Whether a node of the graph was reached."""
        return self.numbers[key] in self.before

    def among(self, keys: Set[str]) -> list[str]:
        """Those of the given nodes that were reached, in order; looks through whichever are fewer."""
        if len(self.before) < len(keys):
            return sorted(name for number in self.before if (name := self.names[number]) in keys)
        return sorted(key for key in keys if self.numbers[key] in self.before)

    def trail(self, key: str) -> list[str]:
        """The way back from a node to where the search began."""
        return [self.names[each] for each in self._back(self.numbers[key])]

    def _back(self, number: int) -> Iterator[int]:
        while number != _START:
            yield number
            number = self.before[number]


class Ways:
    """The edges of a graph. Whoever gets to one of its `ends` stays there; a search may also stop at its `doors`."""

    def __init__(
        self, edges: Mapping[str, Sequence[str]], ends: Collection[str], doors: Collection[str] = frozenset()
    ) -> None:
        self._names = sorted(edges)
        self._numbers = {name: number for number, name in enumerate(self._names)}
        self._onward = [[self._numbers[target] for target in edges[name]] for name in self._names]
        self._back: list[list[int]] = [[] for _ in self._names]
        for source, targets in enumerate(self._onward):
            for target in targets:
                self._back[target].append(source)
        self._ends = frozenset(self._numbers[end] for end in ends)
        self._doors = frozenset(self._numbers[door] for door in doors)
        self._kept: OrderedDict[_Asked, Reach] = OrderedDict()
        self._size = 0

    def reach(
        self,
        starts: Collection[str],
        avoiding: Collection[str] = frozenset(),
        *,
        backwards: bool = False,
        to_doors: bool = False,
    ) -> Reach:
        """Breadth-first search from all starts at once. A start counts as reached even if it is to be avoided.

        With `to_doors` a door is reached and not passed.
        """
        key = frozenset(starts), frozenset(avoiding), backwards, to_doors
        known = self._kept.get(key)
        if known is not None:
            self._kept.move_to_end(key)
            return known
        found = Reach(self._names, self._numbers, self._search(*key))
        self._keep(key, found)
        return found

    def _search(
        self, starts: frozenset[str], avoiding: frozenset[str], backwards: bool, to_doors: bool
    ) -> dict[int, int]:
        beside = self._back if backwards else self._onward
        ends = self._ends | self._doors if to_doors else self._ends
        queue = sorted(self._numbers[start] for start in starts)
        avoided = [self._numbers[each] for each in avoiding]
        before = dict.fromkeys(avoided, _AVOIDED) | dict.fromkeys(queue, _START)
        for here in queue:  # grows while it is read
            if here in ends and before[here] != _START:
                continue
            for there in beside[here]:
                if there not in before:
                    before[there] = here
                    queue.append(there)
        for each in avoided:
            if before[each] == _AVOIDED:
                del before[each]
        return before

    def _keep(self, key: _Asked, found: Reach) -> None:
        self._kept[key] = found
        self._size += len(found.before)
        while self._size > _KEPT and len(self._kept) > 1:
            _, oldest = self._kept.popitem(last=False)
            self._size -= len(oldest.before)
