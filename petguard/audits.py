"""Audits claims by the probes declared for them, when the user asks for it: an audit can refute, never verify."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from petguard import probes
from petguard.model import Claim, Outcome, Reason, Verdict, unverifiable
from petguard.probes import Ran

SAMPLES = 200_000  # outputs of each of the two neighbouring data sets
_NOT_RUN = "a probe is declared and was not run; petguard verify --probe runs it"


def audited(
    claims: Iterable[Claim], verdicts: Iterable[Verdict], folder: Path, *, run: bool, samples: int = SAMPLES
) -> tuple[Verdict, ...]:
    """The verdicts, in their order, in the light of the probes; without `run` each says that its probe was not run."""
    declared = {claim.id: claim for claim in claims if _probe(claim) is not None}
    return tuple(
        _audited(declared[verdict.claim], verdict, folder, run=run, alike=len(declared), samples=samples)
        if verdict.claim in declared
        else verdict
        for verdict in verdicts
    )


def _probe(claim: Claim) -> str | None:
    """The probe of a claim about differential privacy; those of other techniques are run by their verifiers."""
    probe: str | None = getattr(claim.statement, "probe", None)
    return probe if probe and "epsilon" in type(claim.statement).model_fields else None


def _audited(claim: Claim, verdict: Verdict, folder: Path, *, run: bool, alike: int, samples: int) -> Verdict:
    if not run:
        return _noted(verdict, _NOT_RUN)
    first, second = (probes.run(folder, _probe(claim) or "", (side, samples)) for side in (0, 1))
    failed = next((each.failure for each in (first, second) if each.failure is not None), None)
    if failed is not None:
        return _without(claim, verdict, f"the probe {_probe(claim)} gave nothing to audit: {failed}")
    return _weighed(claim, verdict, first, second, alike)


def _weighed(claim: Claim, verdict: Verdict, first: Ran, second: Ran, alike: int) -> Verdict:
    from petguard.verifiers import _audit  # noqa: PLC0415 - scipy is slow to import

    delta = float(getattr(claim.statement, "delta", None) or 0.0)
    try:
        found = _audit.lower_bound(first.outputs, second.outputs, delta, alike=alike)
    except (ValueError, TypeError, OverflowError) as error:
        return _without(claim, verdict, f"the outputs of {_probe(claim)} cannot be audited: {error}")
    claimed: float | None = getattr(claim.statement, "epsilon", None)
    how = f"an audit of {found.samples:,} outputs each of {_probe(claim)}, run {first.isolation}"
    shown = f"{how}, shows at {found.confidence:.0%} confidence epsilon at least {found.epsilon:.4g} by {found.event}"
    if claimed is None or found.epsilon <= claimed:
        return _without(claim, verdict, f"{shown}; an audit that refutes nothing proves nothing")
    if verdict.outcome is Outcome.REFUTED:
        return _noted(verdict, shown)
    witness: Mapping[str, float | int | str] = {
        "epsilon_at_least": found.epsilon, "confidence": found.confidence, "delta": delta, "event": found.event,
        "samples": found.samples, "probes": alike, "isolation": first.isolation, "hash_seed": 0,
    }  # fmt: skip
    return Verdict(
        claim=claim.id, outcome=Outcome.REFUTED, explanation=f"{shown}, claimed {claimed:g}", witness=witness,
        method="black-box audit, event chosen on one half, bounded on the other (Clopper-Pearson)",
        interval=(found.epsilon, None), assumptions=verdict.assumptions, remedy=verdict.remedy,
    )  # fmt: skip


def _noted(verdict: Verdict, note: str) -> Verdict:
    return verdict.model_copy(update={"assumptions": (*verdict.assumptions, note)})


def _without(claim: Claim, verdict: Verdict, note: str) -> Verdict:
    """A verdict by numbers stands; where there is none, the audit is no substitute."""
    if verdict.outcome is not Outcome.UNVERIFIABLE:
        return _noted(verdict, note)
    bare = unverifiable(claim, Reason.NOT_SUFFICIENT, f"{verdict.explanation}; {note}", method=verdict.method)
    return bare.model_copy(update={"interval": verdict.interval, "assumptions": verdict.assumptions})
