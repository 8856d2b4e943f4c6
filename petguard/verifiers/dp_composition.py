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
    plain = least == most == 1 and _from_above(said) == said.releases
    opinion = _second_opinion.composed(said.releases, said.delta, found.high) if plain else None
    return _second_opinion.weigh(verdict, found.low, found.high, said.epsilon, opinion)


def _missing(claim: Claim, said: DpComposition) -> list[str]:
    missing = [] if said.releases else ["releases"]
    if said.delta is None and (_needs_delta(said) or "delta" in claim.unresolved):
        missing.append("delta")
    return [*missing, *_dp.dynamic(claim, ("unit", "contributions", "neighbours"))]


def _needs_delta(said: DpComposition) -> bool:
    return any(release.mechanism == "gaussian" for release in said.releases)


def _from_above(said: DpComposition) -> tuple[Release, ...]:
    """The releases as they leak at most.

    Where a unit leaves a sample of a fixed size, another one stands in its place, up to twice as far away as a unit
    moves that is added or removed. A replaced unit of a Poisson sample leaks no more than one of a fixed size.
    """
    replaced = said.neighbours == "replace"
    return tuple(
        release.model_copy(update={"sampling": "fixed"} if replaced else {"sensitivity": 2 * release.sensitivity})
        if release.rate < 1 and (release.sampling == "fixed") != replaced
        else release
        for release in said.releases
    )


def _enclosed(said: DpComposition) -> Enclosure:
    from petguard.verifiers import _composition  # noqa: PLC0415 - numpy is slow to import

    least, most = _dp.contributions(said)
    below = _composition.for_user(said.releases, least, upper=False)
    above = _composition.for_user(_from_above(said), most, upper=True)
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
        lines.append("samples of a fixed size are drawn anew each time; another unit stands in for one that is removed")
    if said.neighbours == "replace" and any(release.rate < 1 for release in said.releases):
        lines.append("a unit that is in a sample moves the answer no further than the sensitivity from where it is not")
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
    return {"noise_factor": rounded, "epsilon": target, **({"delta": delta} if delta else {})}


def _for_remedy(said: DpComposition) -> tuple[Release, ...] | None:
    from petguard.verifiers import _composition  # noqa: PLC0415 - numpy is slow to import

    return _composition.for_user(_from_above(said), _dp.contributions(said)[1], upper=True)


def _grown(releases: tuple[Release, ...], factor: float) -> tuple[Release, ...] | None:
    """All scales multiplied; randomised response has none, so it stays."""
    grown = [
        release if release.scale is None else release.model_copy(update={"scale": release.scale * factor})
        for release in releases
    ]
    return tuple(grown) if all(math.isfinite(release.scale or 0.0) for release in grown) else None


def _spends(claim: Claim) -> tuple[Release, ...] | None:
    """The releases, where the number of contributions is known and a bound from above is one from below too."""
    from petguard.verifiers import _composition  # noqa: PLC0415 - numpy is slow to import

    said = claim.statement
    assert isinstance(said, DpComposition)
    least, most = _dp.contributions(said)
    if _missing(claim, said) or least != most or _from_above(said) != said.releases:
        return None
    return _composition.for_user(said.releases, most, upper=True)


VERIFIER = Verifier("dp_composition", _judge, _spends)
