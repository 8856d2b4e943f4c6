"""How much work following the data of a tree may be: counted in steps and never in seconds, so that two runs are equal.

A step is one value that is looked behind, one call that is looked through for what it passes, or one reference that is
resolved. Trees that people write need a handful of steps for each of their calls; what needs many more is a hub through
which everything passes everything, and would not end in reasonable time.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from petguard.flows.summary import Summary

_ANY_TREE = 1_000_000  # steps that the smallest tree has
_EACH_CALL = 20  # more for each call in it, so that the work grows no faster than the tree


@dataclass
class Budget:
    """The steps that are left for one question about a tree."""

    left: int

    @property
    def is_spent(self) -> bool:
        """Whether the rest of the question stays open."""
        return self.left <= 0

    def spend(self, steps: int = 1) -> None:
        """Note work that was done."""
        self.left -= steps


def of_tree(summaries: Mapping[str, Summary]) -> Budget:
    """The work that a tree of this size is worth."""
    return Budget(_ANY_TREE + _EACH_CALL * sum(len(each.sites) for each in summaries.values()))
