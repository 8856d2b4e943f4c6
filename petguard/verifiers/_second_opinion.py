"""A second opinion on epsilon from dp-accounting, a library that shares no code with `_pld` and its neighbours.

Its pessimistic estimate is an upper bound and its optimistic one a lower bound, so neither may contradict our own
enclosure. A disagreement means that one of the two programs is wrong, and then nothing is verified or refuted.
"""

import math
from dataclasses import dataclass
from functools import cache, reduce
from importlib.metadata import version
from typing import Any

from petguard.claims import Release
from petguard.model import Outcome, Reason, Verdict
from petguard.verifiers import _dp, _gaussian, _hypergeometric, _pld

# Ranges in which the library answers within half a second.
_NOISES = (0.3, 100.0)
_RATES = (1e-5, 0.9999)
_MOST_STEPS = 10**5
_LARGEST_TAU = 20_000
_MOST_COLUMNS = 1000
_EPSILONS = (1e-3, 500.0)
_MOST_RELEASES = 5000
_MOST_KINDS = 8
_MOST_LEVELS = 10**4
# The library's grid steps for mixed releases: the least and the most, and how many steps of all releases together make
# up epsilon. Its cost is in steps. Below, rounding costs half a step of each release; above, straight lines between the
# grid's points cost the square of a step, but not for randomised response.
_INTERVALS = (1e-4, 1e-2)
_PER_EPSILON = {"below": 4, "above": 1.25, "above in steps": 20}
_COARSER = 8  # the library's grid step, in steps of our own grid


@dataclass(frozen=True)
class Opinion:
    """What dp-accounting says: the true epsilon is at least `low` and at most `high`."""

    low: float
    high: float


def weigh(verdict: Verdict, low: float, high: float, claimed: float, opinion: Opinion | None) -> Verdict:
    """The verdict with the second opinion named in its method; a gap if it contradicts our bounds or they cross."""
    if verdict.outcome is Outcome.UNVERIFIABLE:
        return verdict
    if opinion is None and low <= high:
        silent = "no second opinion was taken, because dp-accounting does not cover this case"
        return verdict.model_copy(update={"method": f"{verdict.method}; {silent}"})
    theirs = opinion or Opinion(0.0, math.inf)
    library, method = f"dp-accounting {version('dp-accounting')}", f"own {verdict.method}"
    says = f"{_dp.at_least(theirs.low)}, {_dp.at_most(theirs.high)}"
    if low <= theirs.high and theirs.low <= high and low <= high:
        alone = theirs.high <= claimed if verdict.outcome is Outcome.VERIFIED else theirs.low > claimed
        how = "confirmed" if alone else "not contradicted"
        return verdict.model_copy(update={"method": f"{method}, {how} by {library} ({says})"})
    ours = f"{_dp.at_least(low)}, {_dp.at_most(high)}"
    why = f"two accountants disagree: petguard finds {ours}; {library} finds {says}; report this claim"
    return Verdict(
        claim=verdict.claim, outcome=Outcome.UNVERIFIABLE, reason=Reason.GAP, explanation=why,
        method=f"{method}, contradicted by {library}", assumptions=verdict.assumptions,
    )  # fmt: skip


def _library() -> Any:
    from dp_accounting.pld import (  # type: ignore[import-untyped]  # noqa: PLC0415 - slow, ships no types
        privacy_loss_distribution,
    )

    return privacy_loss_distribution


def _opinion(optimistic: Any, pessimistic: Any, delta: float, off: float) -> Opinion | None:
    """The library's two distributions read at delta, moved by `off`; None where its exponentials overflow."""
    try:
        return Opinion(optimistic.get_epsilon_for_delta(delta + off), pessimistic.get_epsilon_for_delta(delta - off))
    except OverflowError:
        return None


def _noise_of_its_sums(steps: float) -> float:
    """How far the library's delta may be off in either direction, absolute.

    It composes by one untilted FFT in double precision, about ten roundings of 1e-15 per step, and counts a truncated
    tail of 1e-15 as infinite loss also in the optimistic estimate.
    """
    return 1e-14 * (steps + 100)


@cache
def poisson(noise: float, rate: float, steps: float, delta: float) -> Opinion | None:
    """Epsilon of Poisson-sampled Gaussian noise; None outside the ordinary ranges."""
    if rate == 1:
        return gaussian(noise, steps, delta)
    ordinary = _NOISES[0] <= noise <= _NOISES[1] and _RATES[0] <= rate <= _RATES[1] and steps <= _MOST_STEPS
    off = _noise_of_its_sums(steps)
    if not ordinary or off > delta / 10:
        return None
    high, step = _gaussian.poisson_upper(noise, rate, steps, delta, _pld.COARSE)
    if step == 0 or not _EPSILONS[0] <= high <= _EPSILONS[1]:
        return None
    library = _library()

    pessimistic, optimistic = (
        library.from_gaussian_mechanism(
            noise,
            pessimistic_estimate=pessimistic,
            value_discretization_interval=_COARSER * step,
            sampling_prob=rate,
            use_connect_dots=pessimistic,
        ).self_compose(int(steps))
        for pessimistic in (True, False)
    )
    return _opinion(optimistic, pessimistic, delta, off)


@cache
def gaussian(noise: float, steps: float, delta: float) -> Opinion | None:
    """Epsilon of Gaussian noise without sampling; None outside the ordinary ranges."""
    if noise == 0 or not _EPSILONS[0] <= _gaussian.every_step(noise, steps, delta)[1] <= _EPSILONS[1] or delta < 1e-12:
        return None
    from dp_accounting import gaussian_mechanism  # type: ignore[import-untyped]  # noqa: PLC0415 - slow, ships no types

    tolerance = 1e-9
    epsilon = gaussian_mechanism.get_epsilon_gaussian(noise / math.sqrt(steps), delta, tol=tolerance)
    return Opinion(epsilon - tolerance, epsilon + tolerance)


@cache
def composed(releases: tuple[Release, ...], delta: float, high: float) -> Opinion | None:
    """Epsilon of mixed releases, about `high`; None outside the ordinary ranges."""
    times = sum(release.count for release in releases)
    off = _noise_of_its_sums(times)
    ordinary = 0 < times <= _MOST_RELEASES and len(releases) <= _MOST_KINDS and all(map(_is_ordinary, releases))
    if not ordinary or off > delta / 10 or not _EPSILONS[0] <= high <= _EPSILONS[1]:
        return None
    in_steps = any(release.mechanism == "randomized_response" for release in releases)
    pessimistic, optimistic = (
        _together(releases, high / times / _PER_EPSILON[side], upper=side != "below")
        for side in ("above in steps" if in_steps else "above", "below")
    )
    return _opinion(optimistic, pessimistic, delta, off)


def _together(releases: tuple[Release, ...], step: float, *, upper: bool) -> Any:
    step = min(max(step, _INTERVALS[0]), _INTERVALS[1])
    every = [_distribution(each, step, upper=upper) for each in releases]
    return reduce(lambda one, other: one.compose(other), every)


def _is_ordinary(release: Release) -> bool:
    if release.mechanism == "randomized_response":
        return 1e-6 <= (release.p or 0.0) <= 1 - 1e-6
    strength = release.sensitivity / (release.scale or math.inf)
    whole = release.sensitivity.is_integer() and release.sensitivity <= _MOST_LEVELS
    sampled = release.rate == 1 or (release.sampling == "poisson" and _RATES[0] <= release.rate <= _RATES[1])
    return 1e-3 <= strength <= 10 and (whole or release.mechanism != "discrete_laplace") and sampled


def _distribution(release: Release, step: float, *, upper: bool) -> Any:
    """The library's privacy-loss distribution of one kind of release, all times."""
    grid = {"pessimistic_estimate": upper, "value_discretization_interval": step}
    dots = {**grid, "use_connect_dots": upper}
    library, scale, moved = _library(), release.scale or 1.0, release.sensitivity
    if release.mechanism == "laplace":
        once = library.from_laplace_mechanism(scale, sensitivity=moved, **dots)
    elif release.mechanism == "gaussian":
        once = library.from_gaussian_mechanism(scale, sensitivity=moved, sampling_prob=release.rate, **dots)
    elif release.mechanism == "discrete_laplace":
        once = library.from_discrete_laplace_mechanism(1 / scale, sensitivity=int(moved), **dots)
    else:
        lie = 1 - max(release.p or 0.0, 1 - (release.p or 0.0))
        once = library.from_randomized_response(2 * lie, 2, **grid)
    return once.self_compose(release.count)


@cache
def hypergeometric(tau: int, times: int, delta: float) -> Opinion | None:
    """Epsilon of the overlap of dummies in `times` columns; None outside the ordinary ranges."""
    off = _noise_of_its_sums(times)
    if tau > _LARGEST_TAU or times > _MOST_COLUMNS or off > delta / 10:
        return None
    high = _hypergeometric.bounds(tau, times, delta, _hypergeometric.POINTS[0])[1]
    if not _EPSILONS[0] <= high <= _EPSILONS[1]:
        return None
    library = _library()

    overlap = _log_overlaps(tau)
    pessimistic, optimistic = (
        library.from_two_probability_mass_functions(
            {count + 1: chance for count, chance in overlap.items()},
            overlap,
            pessimistic_estimate=pessimistic,
            value_discretization_interval=high / (100 * times),  # rounding adds at most a hundredth of epsilon
            log_mass_truncation_bound=-50,
        ).self_compose(times)
        for pessimistic in (True, False)
    )
    return _opinion(optimistic, pessimistic, delta, off)


def _log_overlaps(tau: int) -> dict[int, float]:
    """The logarithm of the probability of each overlap, from factorials, unlike in `_hypergeometric`."""
    factorial = [math.lgamma(count + 1) for count in range(tau + 1)]
    whole = math.lgamma(2 * tau + 1) - 2 * factorial[tau]
    return {k: 2 * (factorial[tau] - factorial[k] - factorial[tau - k]) - whole for k in range(tau + 1)}
