"""Verifies k-anonymity (Sweeney 2002): every combination of quasi-identifiers occurs at least k times in the file."""

from petguard.model import Claim, Verdict
from petguard.verifiers import Bench, Verifier, _anonymity


def _judge(claim: Claim, bench: Bench) -> Verdict:
    from petguard.verifiers import _classes  # noqa: PLC0415 - numpy is slow to import

    measure = _anonymity.Measure("k", _classes.smallest, more_is_better=True, method="smallest class of the whole file")
    return _anonymity.judge(claim, bench, measure, needs_sensitive=False)


VERIFIER = Verifier("k_anonymity", _judge)
