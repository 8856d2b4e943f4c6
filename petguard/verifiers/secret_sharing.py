"""Verifies secret sharing: how many shares may come together, by the scheme's published model.

Shamir's scheme hides a secret from any t of n parties; computing on the shares needs t < n/2 against parties that only
look, and t < n/3 against parties that cheat (Ben-Or, Goldwasser and Wigderson 1988).
"""

from petguard import protocols
from petguard.claims import Mpc
from petguard.model import Claim, Verdict
from petguard.verifiers import Bench, Verifier, _computation


def _judge(claim: Claim, _bench: Bench) -> Verdict:
    said = claim.statement
    assert isinstance(said, Mpc)
    row = protocols.sharing(said.framework, said.protocol) if said.protocol else None
    return _computation.judge(claim, said, row)


VERIFIER = Verifier("secret_sharing", _judge)
