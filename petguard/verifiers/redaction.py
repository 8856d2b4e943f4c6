"""Judges claims that personal data is taken out of texts: by a guardrail's configuration, and by trying a redactor.

A configuration can refute, never verify. A redactor that is run, with `--probe`, is verified or refuted at the stated
rate of leaks on one named corpus: a statistical statement, not one about every text.
"""

from typing import TYPE_CHECKING, Any

from petguard import secrets
from petguard.artefacts import Undecided
from petguard.claims import Redaction
from petguard.model import Claim, Outcome, Reason, Verdict, unverifiable
from petguard.verifiers import Bench, Verifier

if TYPE_CHECKING:
    from petguard.verifiers._redactor import Leak, Measured

_NOT_RUN = "a probe is declared and was not run; petguard verify --probe runs it"
_METHOD = "a seeded corpus through the redactor, Clopper-Pearson bounds for all kinds of data together at 95 %"
_SHOWN = 3


def _judge(claim: Claim, bench: Bench) -> Verdict:
    from petguard.verifiers import _guardrails  # noqa: PLC0415 - few claims need it

    said = claim.statement
    assert isinstance(said, Redaction)
    if said.probe is None and said.config is None:
        raise Undecided(Reason.MISSING_PARAMETER, "not stated: probe (module:function) or config (of a guardrail)")
    by_file = _guardrails.judge(claim, said, bench) if said.config is not None else None
    if by_file is not None and (by_file.outcome is Outcome.REFUTED or said.probe is None):
        return by_file
    if not bench.probe:
        raise Undecided(Reason.NOT_SUFFICIENT, _NOT_RUN)
    return _tried(claim, said, bench)


def _tried(claim: Claim, said: Redaction, bench: Bench) -> Verdict:
    from petguard.verifiers import _redactor  # noqa: PLC0415 - few claims need it

    found = _redactor.measure(said, bench)
    told = f"{said.probe} on {found.corpus}: {', '.join(map(_rate, found.leaks))}"
    common: dict[str, Any] = {
        "claim": claim.id, "method": _METHOD, "assumptions": _assumptions(found),
        "interval": (max(leak.low for leak in found.leaks), max(leak.high for leak in found.leaks)),
    }  # fmt: skip
    if found.takes_nothing:
        words = f"{said.probe} takes nothing out of {found.corpus}"
        return Verdict(outcome=Outcome.REFUTED, explanation=words, witness=_witness(found.leaks, found), **common)
    if said.max_leak is None:
        bare = unverifiable(claim, Reason.MISSING_PARAMETER, f"not stated: max_leak; {told}")
        return bare.model_copy(update=common)
    return _against(claim, said.max_leak, found, told, common)


def _against(claim: Claim, most: float, found: "Measured", told: str, common: dict[str, Any]) -> Verdict:
    """The measured bounds held against the stated rate."""
    over = [leak for leak in found.leaks if leak.low > most]
    if over:
        witness = _witness(over, found)
        return Verdict(
            outcome=Outcome.REFUTED, explanation=f"{told}; claimed at most {most:g}", witness=witness, **common
        )
    if not found.unknown and all(leak.high <= most for leak in found.leaks):
        words = f"{told}: at most {most:g} at 95 % on this corpus, which is no proof for other texts"
        return Verdict(outcome=Outcome.VERIFIED, explanation=words, **common)
    absent = f"; the corpus holds no {', '.join(found.unknown)}" if found.unknown else ""
    bare = unverifiable(claim, Reason.NOT_SUFFICIENT, f"{told}; too near {most:g} for so many texts{absent}")
    return bare.model_copy(update=common)


def _rate(leak: "Leak") -> str:
    return f"{leak.kind} {len(leak.leaked):,} of {leak.of:,} leaked [{leak.low:.2g}, {leak.high:.2g}]"


def _witness(leaks: "list[Leak] | tuple[Leak, ...]", found: "Measured") -> dict[str, Any]:
    return {
        "corpus": found.corpus,
        "isolation": found.isolation,
        "leaked": {leak.kind: [secrets.mask_personal(value) for value in leak.leaked[:_SHOWN]] for leak in leaks},
    }


def _assumptions(found: "Measured") -> tuple[str, ...]:
    return (
        f"the rates are of {found.corpus}; other texts, languages and forms may leak more",
        "a value has leaked when it stands in the output, whatever case, spaces and signs; parts of it do not count",
        f"the redactor ran {found.isolation}, with whatever models and settings are installed here",
    )


VERIFIER = Verifier("redaction", _judge)
