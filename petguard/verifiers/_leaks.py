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

from petguard.verifiers._released import Table

_RISK = 1e-6  # the chance of calling a column that was drawn evenly from its range a leak
_FEWEST = 5  # leaked values that make a leak
_CARDINALITY = 0.5  # distinct values a row, from which on a column tells people apart
_FEWEST_DISTINCT = 50
_NUMBER = re.compile(r"[-+]?\d{1,15}(?:\.(\d{1,9}))?")
_SHORTEST_TEXT = 4


@dataclass(frozen=True)
class Leak:
    """A column of which private values were copied: how many distinct ones, of how many, and how many by chance."""

    column: str
    leaked: int
    of: int  # values of the synthetic column
    by_chance: float | None  # expected, where the column has a range
    examples: tuple[str, ...]


def support_leak(private: Table, synthetic: Table, column: str) -> Leak | None:
    """Whether private values of a high-cardinality column stand verbatim in the synthetic one; None if not shown."""
    own = Counter(value for (values,) in private.batches([column]) for value in values)
    rows = own.total()
    if len(own) < max(_FEWEST_DISTINCT, _CARDINALITY * rows):
        return None
    unique = {value for value, count in own.items() if count == 1 and value.strip()}
    made = [value for (values,) in synthetic.batches([column]) for value in values]
    hits = [value for value in made if value in unique]
    distinct = sorted(set(hits))
    if len(distinct) < _FEWEST:
        return None
    chance = _chance(list(own), len(unique))
    if chance is None:
        told = [value for value in distinct if len(value) >= _SHORTEST_TEXT]
        return Leak(column, len(told), len(made), None, tuple(told[:3])) if len(told) >= _FEWEST else None
    if _at_least(len(hits), len(made)) <= chance:
        return None
    return Leak(column, len(distinct), len(made), chance * len(made), tuple(distinct[:3]))


def _at_least(hits: int, of: int) -> float:
    """Clopper-Pearson's lower bound on the share of hits."""
    return 0.0 if hits == 0 else float(betaincinv(hits, of - hits + 1, _RISK))


def _chance(values: Sequence[str], unique: int) -> float | None:
    """The share of evenly drawn values of the range that hit a unique one; None for text, which has no range.

    Doubled, and counted over the middle of the values: real columns are denser in some places than in others.
    """
    steps = _steps(values)
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


@dataclass(frozen=True)
class Copies:
    """Rows of the synthetic file that stand in the private one, and exactly once there.

    `people` are the different ones among them, of `unique` rows that stand once in the private file.
    """

    rows: int
    of: int
    people: int
    unique: int
    by_chance: float  # expected if the columns were independent
    first_row: int  # counted from 1 below the header


def copied_rows(private: Table, synthetic: Table, columns: Sequence[str]) -> Copies:
    """Whole rows that were taken over, with what chance would give by the private file's own frequencies."""
    own: Counter[tuple[str, ...]] = Counter()
    shares: list[Counter[str]] = [Counter() for _ in columns]
    for batch in private.batches(columns):
        own.update(zip(*batch, strict=True))
        for counter, values in zip(shares, batch, strict=True):
            counter.update(values)
    total = own.total()
    hits: list[tuple[int, tuple[str, ...]]] = []
    number = 0
    for batch in synthetic.batches(columns):
        for row in zip(*batch, strict=True):
            number += 1
            if own.get(row) == 1:
                hits.append((number, row))
    people = {row for _, row in hits}
    expected = sum(
        number * math.prod(counter[cell] / total for counter, cell in zip(shares, row, strict=True)) for row in people
    )
    unique = sum(count == 1 for count in own.values())
    return Copies(len(hits), number, len(people), unique, expected, hits[0][0] if hits else 0)
