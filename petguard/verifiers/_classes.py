"""Equivalence classes of a released table, and what they give: k, l and t.

A class holds the rows that agree in every quasi-identifier. Sweeney (2002) calls a table k-anonymous when each class
has at least k rows; Machanavajjhala et al. (2007) l-diverse when each holds at least l values of the sensitive column;
Li et al. (2007) t-close when in each the sensitive values are distributed within t of the whole table, by the earth
mover's distance (ordered for numbers, equal for everything else).
"""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from petguard.verifiers._released import Table, shown

_MISSING = frozenset({"nan", "null", "none", "na", "n/a", "?"})
_SUPPRESSED = frozenset({"*", "**", "***", "*****"})

Whole = NDArray[np.int64]
Floats = NDArray[np.float64]


class _Codes(dict[str, int]):
    """Numbers values in the order in which they are met, at the speed of a lookup."""

    def __missing__(self, value: str) -> int:
        code = self[value] = len(self)
        return code


@dataclass(frozen=True, eq=False)
class Classes:
    """The distinct combinations of quasi-identifiers, and how often each occurs with each sensitive value.

    `keys` holds one row of codes for each class, whose meaning `meanings` has for each column. `pair_class`,
    `pair_value` and `pair_count` are parallel: one entry for each combination of a class and a value.
    """

    columns: tuple[str, ...]
    keys: Whole
    meanings: tuple[tuple[str, ...], ...]
    values: tuple[str, ...]
    pair_class: Whole
    pair_value: Whole
    pair_count: Whole
    first_row: Whole  # of each class, counted from 1 below the header

    @cached_property
    def sizes(self) -> Whole:
        """Rows in each class."""
        sizes: Whole = np.bincount(self.pair_class, weights=self.pair_count, minlength=len(self.keys)).astype(np.int64)
        return sizes

    @property
    def rows(self) -> int:
        """Rows of the table."""
        return int(self.pair_count.sum())

    @cached_property
    def suppressed(self) -> NDArray[np.bool_]:
        """Which classes have nothing but suppression marks: their rows tell no quasi-identifier at all."""
        if not self.columns:
            return np.zeros(len(self.keys), dtype=np.bool_)
        marks = [np.array([value in _SUPPRESSED for value in each], dtype=np.bool_) for each in self.meanings]
        hidden: NDArray[np.bool_] = np.all([marked[self.keys[:, at]] for at, marked in enumerate(marks)], axis=0)
        return hidden

    def key(self, at: int) -> dict[str, str]:
        """The quasi-identifiers of a class, as they may be shown."""
        cells = [meaning[code] for meaning, code in zip(self.meanings, self.keys[at].tolist(), strict=True)]
        return dict(zip(self.columns, map(shown, self.columns, cells), strict=True))

    def coarsest(self) -> str:
        """The quasi-identifier without which the fewest classes remain; of several the first."""

        def left(column: str) -> int:
            at = self.columns.index(column)
            sizes = [len(each) for number, each in enumerate(self.meanings) if number != at]
            return len(_grouped(np.delete(self.keys, at, axis=1), sizes)[0])

        return min(self.columns, key=left)

    def without(self, column: str) -> "Classes":
        """The classes when a quasi-identifier is left out: the most that generalising it can do."""
        at = self.columns.index(column)
        kept = np.delete(self.keys, at, axis=1)
        meanings = self.meanings[:at] + self.meanings[at + 1 :]
        first, into = _grouped(kept, [len(each) for each in meanings])
        pairs, counts = _counted(into[self.pair_class], self.pair_value, len(self.values), self.pair_count)
        earliest = np.full(len(first), np.iinfo(np.int64).max)
        np.minimum.at(earliest, into, self.first_row)
        return Classes(
            self.columns[:at] + self.columns[at + 1 :], kept[first], meanings, self.values, *pairs, counts, earliest
        )


def classes(table: Table, quasi_identifiers: Sequence[str], sensitive: str | None = None) -> Classes:
    """Read the whole table once. Without a sensitive column every row has the same value."""
    columns = table.need((*quasi_identifiers, *([sensitive] if sensitive is not None else ())))
    codes = [_Codes() for _ in columns]
    coded: list[list[Whole]] = [[] for _ in columns]
    for batch in table.batches(columns):
        for values, known, parts in zip(batch, codes, coded, strict=True):
            parts.append(np.fromiter(map(known.__getitem__, values), np.int64, len(values)))
    whole = [np.concatenate(parts) if parts else np.zeros(0, np.int64) for parts in coded]
    width = len(quasi_identifiers)
    meanings = tuple(tuple(known) for known in codes)
    keys = np.stack(whole[:width], axis=1)
    first, into = _grouped(keys, [len(each) for each in meanings[:width]])
    value = whole[width] if sensitive is not None else np.zeros(len(keys), np.int64)
    values = meanings[width] if sensitive is not None else ("",)
    pairs, counts = _counted(into, value, len(values), np.ones(len(keys), np.int64))
    return Classes(tuple(quasi_identifiers), keys[first], meanings[:width], values, *pairs, counts, first + 1)


def _grouped(keys: Whole, sizes: Sequence[int]) -> tuple[Whole, Whole]:
    """The first row of each distinct key, and the number of its class for every row; columns are joined one by one."""
    joined = np.zeros(len(keys), dtype=np.int64)
    spread = 1
    for at, size in enumerate(sizes):
        if spread * max(1, size) >= 2**62:  # number the combinations so far anew, so that the next column fits
            _, joined = np.unique(joined, return_inverse=True)
            spread = len(keys) + 1
        joined = joined * max(1, size) + keys[:, at]
        spread *= max(1, size)
    _, first, into = np.unique(joined, return_index=True, return_inverse=True)
    return first.astype(np.int64), into.astype(np.int64)


def _counted(owner: Whole, value: Whole, values: int, weight: Whole) -> tuple[tuple[Whole, Whole], Whole]:
    """Each distinct pair of a class and a value, and how many rows it has."""
    size = max(1, values)
    pairs, into = np.unique(owner * size + value, return_inverse=True)
    counts: Whole = np.bincount(into, weights=weight, minlength=len(pairs)).astype(np.int64)
    return (pairs // size, pairs % size), counts


def smallest(found: Classes) -> tuple[int, int]:
    """The size of the smallest class, and which it is; suppressed rows are left out."""
    sizes = np.where(found.suppressed, np.iinfo(np.int64).max, found.sizes)
    at = int(np.argmin(sizes))
    return int(min(sizes[at], found.rows)), at


def least_diverse(found: Classes) -> tuple[int, int]:
    """The smallest number of distinct values, and the class that has it; without suppressed rows."""
    distinct = np.bincount(found.pair_class, minlength=len(found.keys))
    at = int(np.argmin(np.where(found.suppressed, np.iinfo(np.int64).max, distinct)))
    return int(distinct[at]), at


def farthest(found: Classes) -> tuple[float, int]:
    """The largest earth mover's distance, 0 to 1, and the class that has it; without suppressed rows."""
    numbers = _numbers(found.values)
    distances = _equal_distances(found) if numbers is None else _ordered_distances(found, numbers)
    at = int(np.argmax(np.where(found.suppressed, -1.0, distances)))
    return float(distances[at]), at


def is_ordered(found: Classes) -> bool:
    """Whether every sensitive value is a number, so that the distance is the ordered one."""
    return _numbers(found.values) is not None


def _numbers(values: Iterable[str]) -> Floats | None:
    try:
        numbers = np.array([float(value) for value in values], dtype=np.float64)
    except ValueError:
        return None
    return numbers if bool(np.isfinite(numbers).all()) else None


def _shares(found: Classes) -> tuple[Floats, Floats]:
    """Of each pair its share of its class, and of each value its share of the table."""
    own = found.pair_count / found.sizes[found.pair_class]
    whole = np.bincount(found.pair_value, weights=found.pair_count, minlength=len(found.values)) / found.rows
    return own, whole


def _equal_distances(found: Classes) -> Floats:
    """Total variation: a value that a class lacks counts with its whole share, so only the pairs are looked at."""
    own, whole = _shares(found)
    more = np.maximum(own - whole[found.pair_value], 0.0)
    distances: Floats = np.bincount(found.pair_class, weights=more, minlength=len(found.keys)).astype(np.float64)
    return distances


def _ordered_distances(found: Classes, numbers: Floats) -> Floats:
    """The mean gap between the two cumulative distributions over the ordered values.

    Between two values of a class its own distribution stands still and the table's grows, so that the sum over the
    stretch follows from prefix sums, cut where the table's passes the class's.
    """
    order = np.argsort(numbers, kind="stable")
    rank = np.empty(len(numbers), dtype=np.int64)
    steps = np.concatenate(([0], np.cumsum(np.diff(numbers[order]) > 0)))
    rank[order] = steps
    ends = int(steps[-1]) + 1
    if ends == 1:
        return np.zeros(len(found.keys))
    whole = np.bincount(rank[found.pair_value], weights=found.pair_count, minlength=ends)
    below = np.cumsum(whole) / found.rows
    below[-1] = 1.0
    total = np.concatenate(([0.0], np.cumsum(below)))
    return _gaps(found, rank, below, total) / (ends - 1)


def _gaps(found: Classes, rank: Whole, below: Floats, total: Floats) -> Floats:
    """The sum of |own - whole| over all ranks, for each class."""
    ends = len(below)
    at = np.lexsort((rank[found.pair_value], found.pair_class))
    owner, place = found.pair_class[at], rank[found.pair_value][at]
    running = np.cumsum(found.pair_count[at])
    starts = np.flatnonzero(np.r_[True, owner[1:] != owner[:-1]])
    before = np.repeat(
        np.r_[0, running[starts[1:] - 1]] if len(starts) > 1 else [0], np.diff(np.r_[starts, len(owner)])
    )
    height = (running - before) / found.sizes[owner]
    until = np.r_[place[1:], ends]
    until[np.r_[starts[1:] - 1, len(owner) - 1]] = ends
    cut = np.clip(np.searchsorted(below, height, side="right"), place, until)
    under = height * (cut - place) - (total[cut] - total[place])
    over = (total[until] - total[cut]) - height * (until - cut)
    stretch = np.bincount(owner, weights=under + over, minlength=len(found.keys))
    lead = np.bincount(owner[starts], weights=total[place[starts]], minlength=len(found.keys))
    gaps: Floats = np.maximum(stretch + lead, 0.0)
    return gaps


def distance_room(found: Classes) -> tuple[float, float]:
    """How far a distance may be off: what rounding moves prefix sums over so many values by.

    Where all values but missing ones are numbers, the equal distance stands for an ordered one, which is never larger.
    """
    moved = 1e-14 * (len(found.values) + 8)
    known = [value for value in found.values if folded(value)]
    partly = len(known) < len(found.values) and _numbers(known) is not None and bool(known)
    return (1.0 if partly else moved, moved)


def diversity_room(found: Classes) -> tuple[float, float]:
    """By how many values the least diverse class has fewer when spellings of one value count once."""
    spelled: dict[str, int] = {}
    same = np.array([spelled.setdefault(folded(value), len(spelled)) for value in found.values], dtype=np.int64)
    if len(spelled) == len(found.values):
        return (0.0, 0.0)
    pairs = np.unique(np.stack([found.pair_class, same[found.pair_value]], axis=1), axis=0)
    distinct = np.bincount(pairs[:, 0], minlength=len(found.keys))
    fewest = int(np.min(np.where(found.suppressed, np.iinfo(np.int64).max, distinct)))
    return (float(max(0, least_diverse(found)[0] - fewest)), 0.0)


def folded(value: str) -> str:
    """A value without what people spell differently; the empty text for a missing one."""
    plain = "".join(unicodedata.normalize("NFKC", value).casefold().split())
    return "" if plain in _MISSING else plain
