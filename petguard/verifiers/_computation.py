"""Judges a claim about a protocol for computing together by the protocol's published model."""

from dataclasses import dataclass
from typing import Any

from petguard.claims import Mpc
from petguard.model import Claim, Json, Outcome, Reason, Verdict, unverifiable
from petguard.protocols import STRENGTH, Computation

METHOD = "the protocol's published model (rules/pets/protocols.yaml)"
_FOLLOWED = (
    "the software implements the published protocol without mistakes",
    "each party runs on a machine of its own, under an administration of its own",
    "what the result itself tells about the inputs is not protected",
)


@dataclass(frozen=True)
class _Case:
    """A claim with the row of its protocol."""

    claim: Claim
    said: Mpc
    row: Computation

    def verdict(self, outcome: Outcome, text: str, **more: Any) -> Verdict:
        """A verdict on the claim that names where its model is published."""
        named = f"{self.said.protocol} ({self.row.source})"
        return Verdict(claim=self.claim.id, outcome=outcome, explanation=f"{named}: {text}", method=METHOD, **more)

    def refuted(self, text: str, **shown: Any) -> Verdict:
        """A refutation whose witness is the protocol's row."""
        row: Json = {
            "protocol": self.row.names[0], "adversary": self.row.adversary, "corrupted": self.row.corrupted,
            "source": self.row.source, **shown,
        }  # fmt: skip
        return self.verdict(Outcome.REFUTED, text, witness=row)

    def open(self, reason: Reason, text: str) -> Verdict:
        """A verdict that leaves the claim open."""
        return self.verdict(Outcome.UNVERIFIABLE, text, reason=reason, assumptions=self.row.assumes)


def judge(claim: Claim, said: Mpc, row: Computation | None) -> Verdict:
    """Refuted where the model does not cover what is claimed, verified where it covers all of it."""
    if said.protocol is None:
        return unverifiable(claim, _reason(claim, "protocol"), f"not stated: protocol{_why(claim, 'protocol')}")
    if row is None:
        named = f"{said.framework} {said.protocol}" if said.framework else said.protocol
        return unverifiable(claim, Reason.UNKNOWN_TECHNIQUE, f"no published model of {named} is known here")
    case = _Case(claim, said, row)
    return (
        _insecure(case) or _against(case) or _too_many(case) or _too_weak(case) or _incomplete(case) or _covered(case)
    )


def _insecure(case: _Case) -> Verdict | None:
    if case.row.adversary != "none":
        return None
    return case.refuted(case.row.why or "it protects nothing")


def _against(case: _Case) -> Verdict | None:
    """Whether the claimed adversary is stronger than the one that the protocol withstands."""
    wanted, given = case.said.adversary, case.row.adversary
    if wanted is None or STRENGTH.index(wanted) <= STRENGTH.index(given):
        return None
    text = f"it is secure against {_words(given)} parties, claimed {_words(wanted)} ones"
    if case.row.is_family and given != "none":
        return case.open(Reason.MISSING_PARAMETER, f"not stated: framework; by this name {text}")
    return case.refuted(text, claimed=wanted)


def _words(adversary: str) -> str:
    return adversary.replace("_", "-")


def _too_many(case: _Case) -> Verdict | None:
    """Whether more parties may work together than the protocol withstands."""
    parties, threshold = case.said.parties, case.said.threshold
    if parties is None or not case.row.takes(parties):
        return None
    most = case.row.most_corrupted(parties)
    if threshold is not None and threshold > most:
        text = f"of {parties} parties at most {most} may work together, claimed {threshold}"
        if case.row.depends(threshold, parties):
            other = "shares that are only stored, or other protocols of this name, withstand more"
            return case.open(Reason.GAP, f"{text}; {other}")
        return case.refuted(text, parties=parties, threshold=threshold, threshold_at_most=most)
    return None


def _too_weak(case: _Case) -> Verdict | None:
    """A forged message passes with a chance of one in the size of the field, so no check is better than that."""
    wanted, bits = case.said.statistical_security, case.said.field_bits
    if wanted is None or bits is None or case.row.adversary == "semi_honest" or wanted <= bits:
        return None
    text = f"a check modulo {bits} bits fails with a chance of 2^-{bits}, claimed {wanted} bits"
    if case.row.security is not None:  # it repeats its checks, or lifts them to a larger ring
        return case.open(Reason.GAP, f"{text}, unless the protocol repeats it")
    return case.refuted(text, field_bits=bits, statistical_security=wanted)


def _incomplete(case: _Case) -> Verdict | None:
    """What is missing, or does not fit the protocol, for a claim that is not refuted."""
    said, row = case.said, case.row
    if said.adversary is None:
        text = f"not stated: adversary; it is secure against {_words(row.adversary)} parties"
        return case.open(_reason(case.claim, "adversary"), text + _why(case.claim, "adversary"))
    if said.parties is not None and not row.takes(said.parties):
        return case.open(Reason.GAP, f"it is not made for {said.parties} parties")
    if said.threshold is not None and said.parties is None:
        return case.open(_reason(case.claim, "parties"), f"not stated: parties{_why(case.claim, 'parties')}")
    if row.corrupted == "threshold" and said.threshold is None:
        return case.open(_reason(case.claim, "threshold"), f"not stated: threshold{_why(case.claim, 'threshold')}")
    return None


def _covered(case: _Case) -> Verdict:
    said, row = case.said, case.row
    text = f"it is secure against {_words(row.adversary)} parties"
    if said.parties is not None:
        most = said.threshold if row.corrupted == "threshold" else row.most_corrupted(said.parties)
        text += f", {most} of {said.parties} of whom may work together"
    return case.verdict(Outcome.VERIFIED, text, assumptions=(*row.assumes, *_FOLLOWED, *_set(said, row)))


def _set(said: Mpc, row: Computation) -> tuple[str, ...]:
    wanted = said.statistical_security
    if wanted is None or row.adversary == "semi_honest":
        return ()
    if row.security is None or wanted > row.security:
        return (f"the software is really run with {wanted} bits of statistical security",)
    return (f"nobody lowers the statistical security from its default of {row.security} bits",)


def _reason(claim: Claim, field: str) -> Reason:
    return Reason.DYNAMIC_VALUE if field in claim.unresolved else Reason.MISSING_PARAMETER


def _why(claim: Claim, field: str) -> str:
    return f" ({claim.unresolved[field]})" if field in claim.unresolved else ""
