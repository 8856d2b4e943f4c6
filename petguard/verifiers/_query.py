"""The numbers behind a claim about noisy answers: bounds on its epsilon, and the noise that it would need."""

import math
from collections.abc import Callable
from functools import partial

from petguard.claims import DpQuery, Release
from petguard.model import Json
from petguard.verifiers import _composition, _pld, _remedies, _second_opinion
from petguard.verifiers._composition import Bounds
from petguard.verifiers._second_opinion import Opinion

_POINTS = _pld.COARSE // 16  # of the grid that finds a remedy; its bound is sound, and hardly looser


def bounds(said: DpQuery, noise: float, contributions: float) -> Bounds:
    """Lower and upper epsilon with this noise, at the claim's delta."""
    made = releases(said, noise, contributions, said.count or 1)
    return (0.0, math.inf) if made is None else _composition.settle(made, said.epsilon or 0.0, said.delta)


def releases(said: DpQuery, noise: float, contributions: float, count: int) -> tuple[Release, ...] | None:
    """What is released about one unit; None where its numbers are too large to write down."""
    if said.mechanism is None or contributions * count > 1e15 or not math.isfinite(noise):
        return None
    if said.mechanism == "randomized_response":
        return (Release(mechanism=said.mechanism, p=noise, count=int(contributions) * count),)
    moved = (said.sensitivity or 1.0) * contributions
    if not math.isfinite(moved):
        return None
    return (Release(mechanism=said.mechanism, scale=noise, sensitivity=moved, count=count),)


def opinion(said: DpQuery, noise: float, contributions: float, high: float) -> Opinion | None:
    """What dp-accounting says about an epsilon of about `high`, where it can say something."""
    made = releases(said, noise, contributions, said.count or 1)
    if made is None or not said.delta:
        return None
    if said.mechanism == "gaussian":
        [release] = made
        return _second_opinion.gaussian(noise / release.sensitivity, release.count, said.delta)
    return _second_opinion.composed(made, said.delta, high)


def remedy(said: DpQuery, noise: float, contributions: float, target: float, delta: float | None) -> Json:
    """The smallest noise that meets the target, and how many answers meet it with the present noise."""

    def meets(noise: float, count: int) -> bool:
        made = releases(said, noise, contributions, count)
        return made is not None and _composition.bounds(made, delta, _POINTS)[1] <= target

    count = said.count or 1
    found = _more_noise(said, noise, lambda noise: meets(noise, count))
    if not found:
        return {}
    fewer = _remedies.largest_count(count, lambda fewer: meets(noise, fewer)) if count > 1 else 0
    or_fewer = {"or_count": fewer} if fewer else {}
    return {**found, **or_fewer, "epsilon": target, **({"delta": delta} if delta else {})}


def _more_noise(said: DpQuery, noise: float, meets: Callable[[float], bool]) -> Json:
    field = {"gaussian": "sigma", "randomized_response": "p"}.get(said.mechanism or "", "scale")
    with_factor = partial(_less_truth, noise) if field == "p" else noise.__mul__
    factor = _remedies.smallest_factor(lambda factor: meets(with_factor(factor)))
    if factor is None:
        return {}
    if field == "p":
        truth = with_factor(factor)
        towards = math.floor(truth * 1e4) / 1e4 if truth > 0.5 else math.ceil(truth * 1e4) / 1e4
        return {"p": towards} if meets(towards) else {}
    smallest = _remedies.rounded_up(noise * factor, meets)
    return {} if smallest is None else {field: smallest}


def _less_truth(truth: float, factor: float) -> float:
    """The chance of telling the truth at which epsilon is divided by `factor`; who always does so is given 30 first."""
    odds = math.log(truth) - math.log1p(-truth) if truth < 1 else 30.0
    return 1 / (1 + math.exp(min(-odds / factor, 700.0)))
