"""Verifies claims about one noisy answer, given once or many times: whether its noise gives the stated epsilon.

The numbers are judged first, by closed forms where there are any. Then the sampler: continuous noise made in floating
point by numpy, random or torch does not have the epsilon of its formula, so such a claim is never verified by its
numbers; for numpy's Laplace noise an exact replay of the sampler is a witness against it. Where no implementation is
stated the numbers decide, and the verdict lists the sampler as an assumption: the claim is then about the mechanism.
Where a library that survives this attack makes its own noise from epsilon, its documented calibration is the argument;
what one contribution can change is then what the library was told.
"""

import math
from typing import TYPE_CHECKING

from petguard.claims import DpQuery, Release
from petguard.model import Budget, Claim, Json, Outcome, Reason, Verdict
from petguard.verifiers import Bench, Verifier, _dp
from petguard.verifiers._dp import Enclosure

if TYPE_CHECKING:
    from petguard.verifiers._floats import Leak

_SURVIVES = ("opendp", "google", "diffprivlib")
_CLOSED = "closed form"
_SAFE: Json = {"implementation": " or ".join(_SURVIVES)}
_NAMES = {
    "laplace": "Laplace noise",
    "gaussian": "Gaussian noise",
    "discrete_laplace": "discrete Laplace noise",
    "randomized_response": "randomised response",
}


def _judge(claim: Claim, bench: Bench) -> Verdict:
    budget = bench.budget
    said = claim.statement
    assert isinstance(said, DpQuery)
    missing = _missing(claim, said)
    if missing:
        return _dp.cannot_judge(claim, missing)
    found = _calibrated(said) if _is_calibrated(said) else _enclosed(said)
    if said.epsilon is None:
        return _dp.show(claim, found, ["epsilon"], said.delta)
    if said.unit == "user" and said.contributions is None and found.low <= said.epsilon:
        return _dp.cannot_judge(claim, ["contributions"], "a user-level claim needs the most one user contributes")
    verdict = _dp.decide(claim, found, said.epsilon, said.delta, _remedy(said, said.epsilon, budget, found))
    return _sampled(said, said.epsilon, _weighed(said, said.epsilon, verdict, found))


def _weighed(said: DpQuery, epsilon: float, verdict: Verdict, found: Enclosure) -> Verdict:
    """With a second opinion, where more than a closed form for a finite epsilon stands behind the verdict."""
    least, most = _dp.contributions(said)
    if found.method == _CLOSED or _is_calibrated(said) or math.inf in (found.low, found.high):
        return verdict
    from petguard.verifiers import _query, _second_opinion  # noqa: PLC0415 - numpy is slow to import

    opinion = _query.opinion(said, min(_noises(said)), most, found.high) if least == most else None
    return _second_opinion.weigh(verdict, found.low, found.high, epsilon, opinion)


def _is_calibrated(said: DpQuery) -> bool:
    """Whether the noise follows from epsilon inside a library."""
    return said.implementation in _SURVIVES and said.epsilon is not None and not _noises(said)


def _noises(said: DpQuery) -> list[float]:
    """The stated noise; two numbers where scale and sigma say different things of Gaussian noise."""
    stated = {
        "randomized_response": [said.p],
        "gaussian": [said.sigma, said.scale],
    }.get(said.mechanism or "", [said.scale])
    return [noise for noise in stated if noise is not None]


def _missing(claim: Claim, said: DpQuery) -> list[str]:
    if said.mechanism is None:
        return ["mechanism"]
    missing = []
    if not _noises(said) and not _is_calibrated(said):
        missing.append({"randomized_response": "p", "gaussian": "sigma or scale"}.get(said.mechanism, "scale"))
    if said.sensitivity is None and said.mechanism != "randomized_response" and not _is_calibrated(said):
        missing.append("sensitivity")
    if said.delta is None and (said.mechanism == "gaussian" or "delta" in claim.unresolved):
        missing.append("delta")
    names = ("count", "unit", "contributions", "implementation", "rounding", "neighbours")
    return [*missing, *_dp.dynamic(claim, names)]


def _enclosed(said: DpQuery) -> Enclosure:
    from petguard.verifiers import _query  # noqa: PLC0415 - numpy is slow to import

    least, most = _dp.contributions(said)
    return Enclosure(
        low=_query.bounds(said, max(_noises(said)), least)[0], high=_query.bounds(said, min(_noises(said)), most)[1],
        setting=_setting(said), method=_method(said), assumptions=_assumptions(said),
    )  # fmt: skip


def _calibrated(said: DpQuery) -> Enclosure:
    """Epsilon as the library was given it, times what is said to happen more often than the library may know.

    diffprivlib's `Gaussian` uses the classic formula, which it refuses above epsilon 1; it is recomputed below. Its
    `GaussianAnalytic` and the other libraries calibrate exactly or to the safe side.
    """
    epsilon, times = said.epsilon or math.inf, _dp.contributions(said)[1] * (said.count or 1)
    # diffprivlib's noise for a delta is that of a slightly larger epsilon alone, which is what adds up.
    each = epsilon - math.log1p(-(said.delta or 0.0)) if times > 1 else epsilon
    high = each * times if said.mechanism != "gaussian" or times == 1 else math.inf
    if said.mechanism == "gaussian" and said.implementation == "diffprivlib" and epsilon <= 1:
        from petguard.verifiers import _gaussian  # noqa: PLC0415 - scipy is slow to import

        delta = said.delta or 0.0
        high = max(high, _gaussian.every_step(math.sqrt(2 * math.log(1.25 / delta)) / epsilon, 1, delta)[1])
    calibrated = f"{said.implementation} calibrates its noise exactly as it documents"
    told = "what the library is told about bounds and sensitivity is true of one contribution"
    return Enclosure(
        low=0.0, high=high, setting=f"{_setting(said)} calibrated by {said.implementation}",
        method="the library's documented calibration", assumptions=(calibrated, told, *_assumptions(said)),
    )  # fmt: skip


def _setting(said: DpQuery) -> str:
    noises = _noises(said)
    name = "p" if said.mechanism == "randomized_response" else "sigma" if said.mechanism == "gaussian" else "scale"
    noise = f" with {name} {' or '.join(dict.fromkeys(map(_dp.number, noises)))}" if noises else ""
    moved = f" for sensitivity {_dp.number(said.sensitivity)}" if said.sensitivity and noises else ""
    times = f", {said.count} times" if said.count and said.count > 1 else ""
    users = f", {said.contributions} contributions per user" if _dp.contributions(said)[1] > 1 else ""
    return f"{_NAMES[said.mechanism or 'laplace']}{noise}{moved}{times}{users}"


def _method(said: DpQuery) -> str:
    if said.mechanism == "gaussian":
        return "the exact curve of Balle and Wang"
    times = (said.count or 1) * (_dp.contributions(said)[1] if said.mechanism == "randomized_response" else 1)
    return (
        "closed form" if times == 1 or not said.delta else "privacy-loss distribution of all answers, both directions"
    )


def _assumptions(said: DpQuery) -> tuple[str, ...]:
    moved = "replaced" if said.neighbours == "replace" else "added or removed"
    unit = "user with all contributions" if said.unit == "user" else "contribution"
    lines = [f"privacy of one {unit}; the sensitivity is how far one contribution that is {moved} moves the answer"]
    if said.mechanism == "randomized_response":
        lines = [f"privacy of one {unit}; each is one of two answers, the true one with probability p"]
    if said.mechanism == "discrete_laplace":
        lines.append("the answer is a whole number")
    if said.implementation is None:
        lines.append("the implementation is not stated: a sampler that survives floating point is assumed")
    if said.implementation in _SURVIVES:
        lines.append(f"{said.implementation} draws its noise without the floating-point flaw of textbook samplers")
    return (*lines, "nothing else is released about the same people")


def _sampled(said: DpQuery, epsilon: float, verdict: Verdict) -> Verdict:
    """The verdict in the light of the sampler; noise on a two-valued answer has no digits that could leak."""
    safe = said.implementation is None or said.implementation in _SURVIVES
    if safe or said.mechanism == "randomized_response" or verdict.outcome is Outcome.REFUTED:
        return verdict
    if said.implementation == "numpy" and said.mechanism == "laplace":
        from petguard.verifiers import _floats  # noqa: PLC0415 - only for this

        leak = _floats.replay(_noises(said)[0], said.sensitivity or 1.0, said.delta or 0.0, said.rounding)
        if leak.epsilon > epsilon:
            return _leaks(said, leak, epsilon, verdict)
    return _unproven(said, verdict)


def _leaks(said: DpQuery, leak: "Leak", epsilon: float, verdict: Verdict) -> Verdict:
    answer = _dp.number(said.sensitivity or 1.0)
    why = (
        f"numpy's floating-point Laplace noise gives {_dp.at_least(leak.epsilon, epsilon)} at 95 % confidence, claimed"
        f" {_dp.number(epsilon)}: of {leak.draws} outputs replayed on the answer {answer}, {leak.second} cannot come"
        f" from the answer 0, and {leak.first} of {leak.draws} on the answer 0"
    )
    witness: Json = {
        "epsilon_at_least": leak.epsilon, "confidence": 0.95, "answers": f"0 and {answer}", "replays": leak.draws,
        "impossible_on_0": leak.first, f"impossible_on_0_from_{answer}": leak.second,
    }  # fmt: skip
    return verdict.model_copy(
        update={
            "outcome": Outcome.REFUTED, "reason": None, "explanation": why, "witness": witness,
            "method": "exact replay of numpy's sampler (Mironov 2012), Clopper-Pearson bounds",
            "interval": (leak.epsilon, None), "remedy": {**verdict.remedy, **_SAFE},
        }
    )  # fmt: skip


def _unproven(said: DpQuery, verdict: Verdict) -> Verdict:
    """Numbers that would verify the mechanism, but not this sampler."""
    if verdict.outcome is not Outcome.VERIFIED:
        return verdict
    hidden = f", although answers are rounded to {_dp.number(said.rounding)}" if said.rounding else ""
    why = (
        f"{verdict.explanation} in real numbers, but no bound is known for {said.implementation}'s floating-point"
        f" sampler{hidden}"
    )
    update = {"outcome": Outcome.UNVERIFIABLE, "reason": Reason.NOT_SUFFICIENT, "explanation": why}
    return verdict.model_copy(update={**update, "remedy": {**verdict.remedy, **_SAFE}})


def _remedy(said: DpQuery, epsilon: float, budget: Budget, found: Enclosure) -> Json:
    """The smallest noise and, of several answers, the largest number that meet the claim and the budget."""
    from petguard.verifiers import _query  # noqa: PLC0415 - numpy is slow to import

    target, delta = _dp.target(epsilon, said.delta, budget)
    if found.high <= target and delta == said.delta:
        return {}
    if _is_calibrated(said):
        return {"epsilon": target}
    return _query.remedy(said, min(_noises(said)), _dp.contributions(said)[1], target, delta)


def _spends(claim: Claim) -> tuple[Release, ...] | None:
    """The releases, where one noise and one number of contributions are known."""
    said = claim.statement
    assert isinstance(said, DpQuery)
    least, most = _dp.contributions(said)
    if _missing(claim, said) or _is_calibrated(said) or len(set(_noises(said))) != 1 or least != most:
        return None
    from petguard.verifiers import _query  # noqa: PLC0415 - numpy is slow to import

    return _query.releases(said, _noises(said)[0], most, said.count or 1)


VERIFIER = Verifier("dp_query", _judge, _spends)
