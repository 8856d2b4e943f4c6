"""Verifies t-closeness (Li et al. 2007): in every class the sensitive values are distributed within t of the table's.

The distance is the earth mover's: over the order of the values where all are numbers, else equal between any two.
"""

from typing import TYPE_CHECKING

from petguard.model import Claim, Verdict
from petguard.verifiers import Bench, Verifier, _anonymity

if TYPE_CHECKING:
    from petguard.verifiers._classes import Classes


def _judge(claim: Claim, bench: Bench) -> Verdict:
    from petguard.verifiers import _classes  # noqa: PLC0415 - numpy is slow to import

    method = "largest earth mover's distance of a class to the whole file"
    measure = _anonymity.Measure(
        "t", _classes.farthest, more_is_better=False, method=method, room=_classes.distance_room,
        doubt="too close, or only some of the values are numbers, whose order would bring classes nearer",
        assumed=_distance,
    )  # fmt: skip
    return _anonymity.judge(claim, bench, measure, needs_sensitive=True)


def _distance(found: "Classes", column: str) -> tuple[str, ...]:
    """Which of the two distances was taken; numbers that are codes have no order, and are farther apart."""
    from petguard.verifiers import _classes  # noqa: PLC0415 - numpy is slow to import

    if _classes.is_ordered(found):
        return (f"the values of {column} are amounts, so that near ones are alike; codes would be farther apart",)
    return (f"any two values of {column} are equally far apart",)


VERIFIER = Verifier("t_closeness", _judge)
