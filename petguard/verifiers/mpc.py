"""Verifies secure multi-party computation: whether the protocol's published model covers what is claimed."""

from petguard import protocols
from petguard.claims import Mpc
from petguard.model import Claim, Verdict
from petguard.verifiers import Bench, Verifier, _computation


def _judge(claim: Claim, _bench: Bench) -> Verdict:
    said = claim.statement
    assert isinstance(said, Mpc)
    row = protocols.computation(said.framework, said.protocol) if said.protocol else None
    return _computation.judge(claim, said, row)


VERIFIER = Verifier("mpc", _judge)
