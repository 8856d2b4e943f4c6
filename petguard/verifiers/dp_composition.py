"""Verifies claims about several releases together: whether all noise on the same people adds up to the stated epsilon.

Equal releases are composed once, mixed ones by their privacy-loss distributions on one grid; the sum of the single
epsilons is a bound too, and the smaller one counts. The numerics stand in `_composition`, imported on first use.
"""

import math

from petguard.claims import DpComposition, Release
from petguard.model import Budget, Claim, Json, Verdict
from petguard.verifiers import Bench, Verifier, _dp
from petguard.verifiers._dp import Enclosure

_PURE = "sum of the single epsilons (basic composition)"
_MIXED = "privacy-loss distribution of all releases, both directions"


def _judge(claim: Claim, bench: Bench) -> Verdict:
    budget = bench.budget
    said = claim.statement
    assert isinstance(said, DpComposition)
    missing = _missing(claim, said)
    if missing:
        return _dp.cannot_judge(claim, missing)
    found = _enclosed(said)
    if said.epsilon is None:
        return _dp.show(claim, found, ["epsilon"], said.delta)
    if said.unit == "user" and said.contributions is None and found.low <= said.epsilon:
        return _dp.cannot_judge(claim, ["contributions"], "a user-level claim needs the most one user contributes")
    verdict = _dp.decide(claim, found, said.epsilon, said.delta, _remedy(said, said.epsilon, budget, found))
    if not said.delta or math.inf in (found.low, found.high):
        return verdict
    from petguard.verifiers import _second_opinion  # noqa: PLC0415 - scipy is slow to import

    least, most = _dp.contributions(said)
    opinion = _second_opinion.composed(said.releases, said.delta, found.high) if least == most == 1 else None
    return _second_opinion.weigh(verdict, found.low, found.high, said.epsilon, opinion)


def _missing(claim: Claim, said: DpComposition) -> list[str]:
    missing = [] if said.releases else ["releases"]
    if said.delta is None and (_needs_delta(said) or "delta" in claim.unresolved):
        missing.append("delta")
    dynamic = ("unit", "contributions", "neighbours")
    return missing + [name for name in dynamic if getattr(said, name) is None and name in claim.unresolved]


def _needs_delta(said: DpComposition) -> bool:
    return any(release.mechanism == "gaussian" for release in said.releases)


def _enclosed(said: DpComposition) -> Enclosure:
    from petguard.verifiers import _composition  # noqa: PLC0415 - numpy is slow to import

    least, most = _dp.contributions(said)
    below = _composition.for_user(said.releases, least, upper=False)
    above = _composition.for_user(said.releases, most, upper=True)
    low, high = (
        (0.0, math.inf) if releases is None else _composition.settle(releases, said.epsilon or 0.0, said.delta)
        for releases in (below, above)
    )
    return Enclosure(
        low=low[0], high=high[1], setting=_setting(said), method=_MIXED if said.delta else _PURE,
        assumptions=_assumptions(said),
    )  # fmt: skip


def _setting(said: DpComposition) -> str:
    count = sum(release.count for release in said.releases)
    users = f", {said.contributions} contributions per user" if _dp.contributions(said)[1] > 1 else ""
    return f"{count} release{'s' if count > 1 else ''} ({', '.join(map(_in_words, said.releases))}){users}"


def _in_words(release: Release) -> str:
    noise = f"p {_dp.number(release.p or 0)}" if release.scale is None else f"scale {_dp.number(release.scale)}"
    moved = "" if release.sensitivity == 1 else f" for sensitivity {_dp.number(release.sensitivity)}"
    sample = "" if release.rate == 1 else f" on a sample of rate {_dp.number(release.rate)}"
    return f"{release.count} times {release.mechanism.replace('_', ' ')} {noise}{moved}{sample}"


def _assumptions(said: DpComposition) -> tuple[str, ...]:
    moved = "replaced" if said.neighbours == "replace" else "added or removed"
    unit = "user with all contributions" if said.unit == "user" else "contribution"
    lines = [
        f"privacy of one {unit}; a sensitivity is how far one contribution that is {moved} moves an answer",
        "these are all releases about the same people; each may depend on the ones before",
        "the noise of every release is fresh, and its sampler survives floating point",
    ]
    if any(release.rate < 1 and release.sampling == "fixed" for release in said.releases):
        lines.append("samples of a fixed size are drawn anew each time; neighbours differ in one unit that is replaced")
    return tuple(lines)


def _remedy(said: DpComposition, epsilon: float, budget: Budget, found: Enclosure) -> Json:
    """By how much all noise has to grow, to meet the claim and the budget."""
    target, delta = _dp.target(epsilon, said.delta, budget)
    above = _for_remedy(said)
    if (found.high <= target and delta == said.delta) or above is None:
        return {}
    from petguard.verifiers import _composition, _pld, _remedies  # noqa: PLC0415 - numpy is slow to import

    def meets(factor: float) -> bool:
        grown = _grown(above, factor)
        return grown is not None and _composition.bounds(grown, delta, _pld.COARSE // 16)[1] <= target

    factor = _remedies.smallest_factor(meets)
    rounded = factor and _remedies.rounded_up(factor, meets)
    if not rounded:
        return {}
    return {"noise_times": rounded, "epsilon": target, **({"delta": delta} if delta else {})}


def _for_remedy(said: DpComposition) -> tuple[Release, ...] | None:
    from petguard.verifiers import _composition  # noqa: PLC0415 - numpy is slow to import

    return _composition.for_user(said.releases, _dp.contributions(said)[1], upper=True)


def _grown(releases: tuple[Release, ...], factor: float) -> tuple[Release, ...] | None:
    """All scales multiplied; randomised response has none, so it stays."""
    grown = [
        release if release.scale is None else release.model_copy(update={"scale": release.scale * factor})
        for release in releases
    ]
    return tuple(grown) if all(math.isfinite(release.scale or 0.0) for release in grown) else None


def _spends(claim: Claim) -> tuple[Release, ...] | None:
    """The releases, where the number of contributions is known."""
    from petguard.verifiers import _composition  # noqa: PLC0415 - numpy is slow to import

    said = claim.statement
    assert isinstance(said, DpComposition)
    least, most = _dp.contributions(said)
    releases = (
        None if _missing(claim, said) or least != most else _composition.for_user(said.releases, most, upper=True)
    )
    return None if releases is None else tuple(releases)


VERIFIER = Verifier("dp_composition", _judge, _spends)
