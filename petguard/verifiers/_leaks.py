"""What a synthetic table gives away about the private one that it was made from: copied rows and copied values.

A value counts as leaked when it stands verbatim in the synthetic file and exactly once in the private column. By chance
that happens too where the values lie close together, so numbers and dates are held against the density of their
range: a leak is only what exceeds chance with high confidence. Text has no such range; there the domain is private
unless it is declared public, and one that both files could take from a list (names, towns) has to be declared.
"""

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from scipy.special import betaincinv

from petguard.verifiers._released import Batch, Row, Table

_RISK = 1e-6  # the chance of calling a column that was drawn evenly from its range a leak
_FEWEST = 5  # leaked values that make a leak
_CARDINALITY = 0.5  # distinct values a row, from which on a column tells people apart
_FEWEST_DISTINCT = 50
_NUMBER = re.compile(r"[-+]?\d{1,15}(?:\.(\d{1,9}))?")
_BLANK = frozenset({"", " "})
_SHORTEST_TEXT = 4
_OFTEN = 5  # rows a value from which on what always stands beside it follows from it
_LOOKED_AT = 5000  # values that tell the range of a column


@dataclass(frozen=True)
class Leak:
    """A column of which private values were copied: how many distinct ones, of how many, and how many by chance."""

    column: str
    leaked: int
    of: int  # values of the synthetic column
    by_chance: float | None  # expected, where the column has a range
    examples: tuple[str, ...]


@dataclass(frozen=True)
class Copies:
    """Rows of the synthetic file that stand in the private one, and exactly once there.

    `people` are the different ones among them, of `unique` rows that stand once in the private file.
    """

    rows: int
    of: int
    people: int
    unique: int
    by_chance: float  # expected if the columns that do not follow from others were independent
    first_row: int  # counted from 1 below the header


class Comparison:
    """The private file counted once, by column and by row, and the synthetic one held against it once."""

    def __init__(self, private: Table, synthetic: Table, columns: Sequence[str]) -> None:
        self._columns = tuple(columns)
        self._private: list[list[str]] = [[] for _ in columns]
        self._rows: Counter[Row] = Counter()
        for batch in private.batches(columns):
            self._rows.update(zip(*batch, strict=True))
            for held, values in zip(self._private, batch, strict=True):
                held.extend(values)
        self._unique = [_own_values(values) for values in self._private]
        self._hits: list[Counter[str]] = [Counter() for _ in columns]
        self._copied: list[tuple[int, Row]] = []
        self._made = 0
        for batch in synthetic.batches(columns):
            self._compare(batch)

    def _compare(self, batch: Batch) -> None:
        for hits, unique, values in zip(self._hits, self._unique, batch, strict=True):
            hits.update(filter(unique.__contains__, values))
        copied = (number for number, row in enumerate(zip(*batch, strict=True), 1) if self._rows.get(row) == 1)
        self._copied += [(self._made + number, tuple(values[number - 1] for values in batch)) for number in copied]
        self._made += len(batch[0])

    def support_leak(self, column: str) -> Leak | None:
        """Private values of a high-cardinality column that stand verbatim in the synthetic one; None if not shown."""
        at = self._columns.index(column)
        hits, distinct = self._hits[at], sorted(self._hits[at])
        if len(distinct) < _FEWEST:
            return None
        chance = _chance(self._private[at], len(self._unique[at]))
        if chance is None:
            told = [value for value in distinct if len(value) >= _SHORTEST_TEXT]
            return Leak(column, len(told), self._made, None, tuple(told[:3])) if len(told) >= _FEWEST else None
        if _at_least(hits.total(), self._made) <= chance:
            return None
        return Leak(column, len(distinct), self._made, chance * self._made, tuple(distinct[:3]))

    def copies(self) -> Copies:
        """Whole rows that were taken over, with what chance would give by the private file's own frequencies."""
        people = {row for _, row in self._copied}
        shares = {at: Counter(self._private[at]) for at in self._free_columns()} if people else {}
        total = self._rows.total()
        expected = sum(
            self._made * math.prod(counter[row[at]] / total for at, counter in shares.items()) for row in people
        )
        unique = sum(count == 1 for count in self._rows.values())
        first = self._copied[0][0] if self._copied else 0
        return Copies(len(self._copied), self._made, len(people), unique, expected, first)

    def _free_columns(self) -> list[int]:
        """The columns that do not follow from another one, as a town from its postcode: these say nothing more.

        Only from a column whose values come again and again; in one of mostly different ones all else follows.
        """
        distinct = [len(frozenset(values)) for values in self._private]
        free: list[int] = []
        for at in sorted(range(len(distinct)), key=distinct.__getitem__, reverse=True):
            may_tell = (each for each in free if distinct[each] * _OFTEN <= len(self._private[each]))
            if not any(_follows(self._private[each], self._private[at]) for each in may_tell):
                free.append(at)
        return free


def _follows(told: Sequence[str], values: Sequence[str]) -> bool:
    """Whether the one column tells the other; the first rows say no for most."""
    return all(
        len(set(zip(told[:rows], values[:rows], strict=True))) == len(set(told[:rows])) for rows in (1_000, len(told))
    )


def _own_values(values: Sequence[str]) -> frozenset[str]:
    """The values that only one row has, of a column of mostly different ones; nothing of another column."""
    distinct = frozenset(values)
    if len(distinct) < max(_FEWEST_DISTINCT, _CARDINALITY * len(values)):
        return frozenset()
    if len(distinct) == len(values):
        return distinct - _BLANK
    return frozenset([value for value, count in Counter(values).items() if count == 1]) - _BLANK


def _at_least(hits: int, of: int) -> float:
    """Clopper-Pearson's lower bound on the share of hits."""
    return 0.0 if hits == 0 else float(betaincinv(hits, of - hits + 1, _RISK))


def _chance(values: Sequence[str], unique: int) -> float | None:
    """The share of evenly drawn values of the range that hit a unique one; None for text, which has no range.

    Doubled, and counted over the middle of the values: real columns are denser in some places than in others.
    """
    steps = _steps(values[:: 1 + len(values) // _LOOKED_AT])
    if steps is None:
        return None
    low, high = np.quantile(steps, (0.05, 0.95))
    inside = 0.9 * unique
    return min(1.0, 2 * inside / max(1.0, float(high - low) + 1))


def _steps(values: Sequence[str]) -> "np.ndarray[tuple[int], np.dtype[np.float64]] | None":
    """Numbers in units of their last decimal place, dates in days; None where neither fits all but a few."""
    shown = [value.strip() for value in values if value.strip()]
    found = [_NUMBER.fullmatch(value) for value in shown]
    if shown and sum(each is not None for each in found) >= 0.99 * len(shown):
        places = max((len(each[1] or "") for each in found if each is not None), default=0)
        numbers = [float(each[0]) * 10**places for each in found if each is not None]
        return np.array(numbers, dtype=np.float64)
    days = [day for value in shown if (day := _day(value)) is not None]
    return np.array(days, dtype=np.float64) if shown and len(days) >= 0.99 * len(shown) else None


def _day(value: str) -> int | None:
    try:
        return date.fromisoformat(value[:10]).toordinal()
    except ValueError:
        return None
