"""Verifies distinct l-diversity (Machanavajjhala et al. 2007): every class holds at least l sensitive values."""

from petguard.model import Claim, Verdict
from petguard.verifiers import Bench, Verifier, _anonymity


def _judge(claim: Claim, bench: Bench) -> Verdict:
    from petguard.verifiers import _classes  # noqa: PLC0415 - numpy is slow to import

    method = "fewest distinct sensitive values in a class of the whole file"
    measure = _anonymity.Measure("l", _classes.least_diverse, more_is_better=True, method=method)
    return _anonymity.judge(claim, bench, measure, needs_sensitive=True)


VERIFIER = Verifier("l_diversity", _judge)
