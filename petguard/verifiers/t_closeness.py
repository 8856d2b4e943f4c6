"""Verifies t-closeness (Li et al. 2007): in every class the sensitive values are distributed within t of the table's.

The distance is the earth mover's: over the order of the values where all are numbers, else equal between any two.
"""

from petguard.model import Claim, Verdict
from petguard.verifiers import Bench, Verifier, _anonymity


def _judge(claim: Claim, bench: Bench) -> Verdict:
    from petguard.verifiers import _classes  # noqa: PLC0415 - numpy is slow to import

    method = "largest earth mover's distance of a class to the whole file"
    measure = _anonymity.Measure(
        "t", _classes.farthest, more_is_better=False, method=method, rounding=_classes.rounding
    )
    return _anonymity.judge(claim, bench, measure, needs_sensitive=True)


VERIFIER = Verifier("t_closeness", _judge)
