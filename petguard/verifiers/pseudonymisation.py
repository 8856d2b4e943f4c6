"""Refutes claims that a column holds pseudonyms: clear values, hashes that can be inverted, tables that map them back.

An attack that finds nothing proves nothing, so such a claim is never verified here; what was tried is told.
"""

from typing import TYPE_CHECKING

from petguard.artefacts import Undecided
from petguard.claims import Pseudonymisation
from petguard.model import Claim, Outcome, Reason, Verdict, unverifiable
from petguard.verifiers import Bench, Verifier

if TYPE_CHECKING:
    from petguard.verifiers._pseudonyms import Breach, Pseudonyms

_METHOD = "clear values, digests recomputed within a budget, tables that lead back, keys beside the data, order"
_LEFT = "the same value always has the same pseudonym, so records can be linked and frequent values guessed"


def _judge(claim: Claim, bench: Bench) -> Verdict:
    from petguard.verifiers import _in_clear, _inverted, _keyed, _mapped, _pseudonyms  # noqa: PLC0415 - few claims need them

    said = claim.statement
    assert isinstance(said, Pseudonymisation)
    missing = [name for name in ("artefact", "column") if getattr(said, name) is None]
    if missing:
        raise Undecided(Reason.MISSING_PARAMETER, f"not stated: {', '.join(missing)}")
    column = _pseudonyms.read(bench.files, said.artefact or "", said.column or "")
    tried: list[str] = []
    for attack in (_in_clear.attack, _inverted.attack, _mapped.table_beside, _keyed.attack, _mapped.order):
        breach, note = attack(column, said, bench)
        if breach is not None:
            return _refuted(claim, column, breach)
        tried += [note] if note else []
    why = f"{column.words}: no value was recovered, which does not show that none can be; {'; '.join(tried)}"
    left = {"assumptions": (_LEFT, *column.assumptions)}
    return unverifiable(claim, Reason.NOT_SUFFICIENT, why, method=_METHOD).model_copy(update=left)


def _refuted(claim: Claim, column: "Pseudonyms", breach: "Breach") -> Verdict:
    return Verdict(
        claim=claim.id, outcome=Outcome.REFUTED, explanation=breach.words, witness=dict(breach.witness),
        method=_METHOD, assumptions=column.assumptions,
    )  # fmt: skip


VERIFIER = Verifier("pseudonymisation", _judge)
