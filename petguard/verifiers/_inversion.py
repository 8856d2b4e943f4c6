"""Tries candidates until the digests are found, the candidates are used up, or the budget is spent.

The budget is a number of hashes, so that two runs do the same, and a time, so that a slow machine stops as well. What
was tried is kept, because a search that finds nothing says only that.
"""

import math
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import product, starmap

from petguard.verifiers import Allowance
from petguard.verifiers._digests import Recipe
from petguard.verifiers._spaces import Space

SECONDS = 5.0
HASHES = 10_000_000
_SHOWN = 12  # spaces that are told
_BY_CHANCE = 1e-6  # the most that so many hits may have of being nothing but chance


@dataclass(frozen=True)
class Hit:
    """A value that was recovered: where it came from, and how it is hashed."""

    value: bytes
    source: str
    recipe: str


@dataclass
class Search:
    """One search for what stands behind `targets`, digests of `kept` bytes."""

    targets: frozenset[bytes]
    kept: int
    allowance: Allowance
    most_seconds: float = SECONDS
    most_hashes: int = HASHES
    part: float = 1.0  # of the budget that may be used up so far, so that what comes later has a chance
    tried: int = 0
    found: dict[bytes, Hit] = field(default_factory=dict)
    _progress: dict[str, dict[str, tuple[int, int]]] = field(default_factory=lambda: defaultdict(dict))
    _started: float = field(default_factory=time.perf_counter)

    @property
    def seconds(self) -> float:
        """The time since the search began."""
        return time.perf_counter() - self._started

    @property
    def over(self) -> bool:
        """Whether there is nothing left to find, or nothing left of the budget: of this search or of the whole run."""
        limit = self.part * min(self.most_seconds, self.allowance.seconds)
        spent = self.tried >= self.part * self.most_hashes or self.seconds >= limit
        return spent or len(self.found) == len(self.targets)

    def close(self) -> None:
        """Take the time off what the run has."""
        self.allowance.seconds = max(0.0, self.allowance.seconds - self.seconds)

    def through(self, spaces: Iterable[Space], recipes: Sequence[Recipe]) -> bool:
        """Try spaces in each of these ways; whether what was found is more than chance."""
        for recipe, space in product(recipes, spaces):
            if self.over:  # already making the first block of each takes long where there are many
                self._progress[space.name].setdefault(recipe.name, (0, space.size))
            else:
                self._one(space, recipe)
        return self.is_sure

    def _one(self, space: Space, recipe: Recipe) -> None:
        tried = 0
        for stem, ends in space.blocks():
            if self.over:
                break
            for end in recipe.hits(stem, ends, self.targets):
                self.found.setdefault(recipe.of(stem + end), Hit(stem + end, space.name, recipe.name))
            tried += len(ends)
            self.tried += len(ends)
        else:
            tried = space.size
        self._progress[space.name][recipe.name] = (min(tried, space.size), space.size)

    @property
    def is_sure(self) -> bool:
        """Whether the hits are more than chance: for a whole digest one is enough, for few bytes it is not.

        The number of accidental hits is at most Poisson, of which P(X >= k) <= m^k / k! for the mean m.
        """
        expected = self.tried * len(self.targets) / 2.0 ** (8 * self.kept)
        hits = len(self.found)
        return hits > 0 and hits * math.log(max(expected, 1e-300)) - math.lgamma(hits + 1) < math.log(_BY_CHANCE)

    def told(self) -> str:
        """How far it came, space by space."""
        lines = list(starmap(_told, self._progress.items()))
        more = f" and {len(lines) - _SHOWN:,} more" if len(lines) > _SHOWN else ""
        within = f"{self.tried:,} candidates within {max(1, round(self.seconds))} s"
        return f"{within} (budget {self.most_hashes:,} or {self.most_seconds:g} s): {', '.join(lines[:_SHOWN])}{more}"


def _told(space: str, ways: dict[str, tuple[int, int]]) -> str:
    whole = [name for name, (tried, size) in ways.items() if tried >= size]
    begun = [f"{name} {tried / size:.2g} of it" for name, (tried, size) in ways.items() if 0 < tried < size]
    parts = [f"complete by {_few(whole)}"] if whole else []
    parts += [f"begun by {_few(begun)}"] if begun else []
    return f"{space} {' and '.join(parts) or 'not reached'}"


def _few(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1:,} other ways"
