"""What two releases about the same people tell together: the intersection attack of Ganta et al. (2008).

Somebody who is known by the quasi-identifiers that both files share is in one group of rows of each, and has a
sensitive value that is in both groups. Where fewer values are left than promised, the second release broke the first.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from petguard.verifiers._classes import folded
from petguard.verifiers._released import Row, Table


@dataclass(frozen=True)
class Left:
    """The group with the fewest sensitive values in both files: its quasi-identifiers, and how many are left."""

    shared: tuple[str, ...]
    group: Row
    values: int


def fewest_left(one: Table, other: Table, quasi_identifiers: Sequence[str], sensitive: str) -> Left | None:
    """The group that the two files narrow down most; None where they cannot be laid side by side.

    That is where they share no quasi-identifier, no such column, or no group with a common value. A group without any
    is nobody who is in both files, and is left out. Spellings of one value count as one.
    """
    shared = tuple(name for name in quasi_identifiers if name in one.columns and name in other.columns)
    if not shared or sensitive not in other.columns:
        return None
    ours, theirs = _groups(one, shared, sensitive), _groups(other, shared, sensitive)
    left = {group: len(values & theirs[group]) for group, values in ours.items() if group in theirs}
    narrowed = {group: count for group, count in left.items() if count}
    if not narrowed:
        return None
    group = min(narrowed, key=lambda each: (narrowed[each], each))
    return Left(shared, group, narrowed[group])


def _groups(table: Table, columns: Sequence[str], sensitive: str) -> dict[Row, set[str]]:
    found: dict[Row, set[str]] = defaultdict(set)
    for batch in table.batches((*table.need(columns), sensitive)):
        for *group, value in zip(*batch, strict=True):
            found[tuple(group)].add(folded(value))
    return found
