"""Hazards that the numbers of a claim show by themselves, whatever file they were read from."""

from collections.abc import Iterable, Iterator

from petguard.hazards import Hazard
from petguard.model import Claim, Danger, Facts


def endangered(facts: Iterable[Facts]) -> tuple[Facts, ...]:
    """The facts, with the hazards that the numbers of each claim show standing beside it."""
    return tuple(
        part.model_copy(update={"claims": tuple(_endangered(claim) for claim in part.claims)}) for part in facts
    )


def _endangered(claim: Claim) -> Claim:
    found = tuple(Danger(hazard=hazard, location=claim.location, detail=detail) for hazard, detail in _shown_by(claim))
    new = tuple(each for each in found if each.hazard not in {known.hazard for known in claim.dangers})
    return claim.model_copy(update={"dangers": (*claim.dangers, *new)}) if new else claim


def _shown_by(claim: Claim) -> Iterator[tuple[Hazard, str]]:
    delta, people = _number(claim, "delta"), _number(claim, "dataset_size") or _number(claim, "clients_total")
    if delta is not None and people is not None and delta * people >= 1:
        text = f"delta {delta:g} is at least 1/{people:g}: it allows to publish somebody's whole record"
        yield Hazard.DELTA_TOO_LARGE, text
    clip, made_for = _number(claim, "clipping_norm"), _number(claim, "sensitivity")
    if clip is not None and made_for is not None and made_for < clip:
        text = f"the noise is made for a sensitivity of {made_for:g}, and one contribution may be as long as {clip:g}"
        yield Hazard.SENSITIVITY_TOO_SMALL, text
    runs, allowed = _number(claim, "runs"), _number(claim, "maximum_queries")
    if runs is not None and allowed is not None and runs > allowed:
        yield Hazard.MORE_RUNS_THAN_QUERIES, f"it is run {runs:g} times, and maximum_queries allows {allowed:g}"


def _number(claim: Claim, field: str) -> float | None:
    value = getattr(claim.statement, field, None)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
