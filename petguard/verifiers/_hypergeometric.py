"""Bounds on epsilon for DPCA-PSI's dummies, whose overlap in a key column is Hypergeometric(2 tau, tau, tau).

The chance of an overlap of k is C(tau, k) C(tau, tau - k) / C(2 tau, tau). One person moves the overlap by one. The
distribution is symmetric, so moving it up or down gives the same privacy-loss distribution.
"""

import math
from functools import cache

import numpy as np

from petguard.verifiers import _pld
from petguard.verifiers._pld import Floats

LARGEST_TAU = 10**10  # above this the distribution no longer fits into memory
LARGEST_TIMES = 10**8
FEWER_TIMES = 10**4  # a lower bound for fewer compositions holds for more, and its grid is finer
POINTS = (_pld.COARSE // 2, _pld.FINE)


@cache
def bounds(tau: int, times: int, delta: float, points: int) -> tuple[float, float]:
    """Lower and upper epsilon of `times` columns with `tau` dummies each; (0, inf) where nothing can be said."""
    if tau == 0:
        return math.inf, math.inf
    if tau > LARGEST_TAU:
        return 0.0, math.inf
    if times > LARGEST_TIMES:
        return bounds(tau, FEWER_TIMES, delta, points)[0], math.inf
    mass, loss, certain = _outcomes(tau, times, delta)
    left = delta + math.expm1(times * math.log1p(-certain))
    doubt = 1e-11 * delta if certain else 0.0
    if left + doubt <= 0:
        return math.inf, math.inf
    span = float(np.ptp(loss)) or 1.0
    lower, _ = _pld.lower_epsilon(
        lambda step: _pld.round_down(mass, loss - 1e-11, step), span, times, left + doubt, points
    )
    upper = math.inf
    if left > doubt:
        upper, _ = _pld.upper_epsilon(lambda step: _up(mass, loss, step), span, times, left - doubt, points)
    fewer = bounds(tau, FEWER_TIMES, delta, points)[0] if times > FEWER_TIMES else 0.0
    return max(lower, fewer), upper


def _up(mass: Floats, loss: Floats, step: float) -> _pld.Grid:
    return _pld.split_up(mass, loss, np.floor(loss / step).astype(np.int64), step, doubt=1e-11)


def _outcomes(tau: int, times: int, delta: float) -> tuple[Floats, Floats, float]:
    """Probability and loss of each overlap, and the probability that the overlap gives one of the two inputs away.

    Overlaps so far from tau / 2 that all of them together, over all columns, weigh less than the share of delta that
    the grid may lose (Hoeffding) are left out.
    """
    far = math.sqrt(tau / 2 * (math.log(2 * times) - math.log(delta) - math.log(_pld.TAIL_SHARE)))
    first = max(0, math.floor(tau / 2 - far))
    overlap = np.arange(first, tau - first + 1, dtype=np.float64)
    rise = 2 * np.log1p((tau - 2 * overlap[1:] + 1) / overlap[1:])
    log_mass = np.concatenate(([0.0], np.cumsum(rise, dtype=np.longdouble)))
    mass = np.exp(log_mass - log_mass[len(log_mass) // 2]).astype(np.float64)
    mass /= mass.sum()
    certain = float(mass[0]) if first == 0 else 0.0
    return mass[1:], rise, certain


def smallest_tau(times: int, delta: float, epsilon: float) -> int | None:
    """The smallest number of dummies whose upper bound is at most `epsilon`; None where there is none in reach."""
    low, high = 0, 16
    while bounds(high, times, delta, POINTS[0])[1] > epsilon:
        low, high = high, high * 2
        if high > LARGEST_TAU // 100:
            return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle, times, delta, epsilon) else (middle, high)
    return high


def enough(tau: int, times: int, delta: float, epsilon: float) -> bool:
    """Whether `tau` dummies surely meet epsilon; the finer grid is computed only when the coarser cannot tell."""
    for points in POINTS:
        lower, upper = bounds(tau, times, delta, points)
        if upper <= epsilon:
            return True
        if lower > epsilon:
            return False
    return False
