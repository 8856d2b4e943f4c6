"""An upper bound on epsilon when a sampled client is swapped for another one, or batches have a fixed size.

Both come to the same. With probability `rate` the client is in the round, and its update moves the sum by at most
twice the clip against whatever stands in its place: another update of its own, that of the client who is drawn
instead, or nothing. For any order alpha >= 1 the hockey-stick divergence of one round is then at most that of
(1 - rate) N(0) + rate N(2) against N(0), in both directions (advanced joint convexity, Balle, Barthe and Gaboardi
2018). The pair of distributions that has exactly this divergence for losses above 0, and its mirror image below,
dominates the round, and so its composition dominates all rounds (Zhu, Dong and Wang 2022).
"""

import math
from functools import cache

import numpy as np
from scipy import special

from petguard.verifiers import _pld
from petguard.verifiers._pld import Floats

_NOISES = (1e-2, 1e5)
_RATES = (1e-9, 0.9999)
_STEPS = 10**9
_TINY = 1e-290  # masses below this have lost their digits


@cache
def upper(noise: float, rate: float, steps: int, delta: float, points: int) -> float:
    """An epsilon that holds for `steps` rounds; `noise` is in units of the clip, and infinity where it is no use."""
    noise = noise / 2
    if not (_NOISES[0] <= noise <= _NOISES[1] and _RATES[0] <= rate <= _RATES[1] and steps <= _STEPS):
        return math.inf
    reach = math.sqrt(2 * (math.log(steps) - math.log(delta) - math.log(_pld.TAIL_SHARE)))
    farthest = float(np.logaddexp(math.log1p(-rate), math.log(rate) + (0.5 + reach * noise) / noise**2))
    return _pld.upper_epsilon(lambda step: _round(noise, rate, farthest, step), 2 * farthest, steps, delta, points)[0]


def _round(noise: float, rate: float, farthest: float, step: float) -> _pld.Grid:
    """One round, pessimistic; the far tail on the high side is left out, because it counts against delta."""
    marks = np.arange(0, math.ceil(farthest / step) + 1, dtype=np.int64)
    at: Floats = marks.astype(np.float64) * step
    edges = _where(at, noise, rate)
    without = _bands(edges / noise)
    present = (1 - rate) * without + rate * _bands((edges - 1) / noise)
    cell = marks[:-1]
    loss, least = _log_ratio(present, without, at[1:]), -_log_ratio(present, without, at[:-1])
    width = np.maximum(np.diff(edges) / noise, 1e-15)
    doubt = 4e-14 + (2e-15 + 1e-15 * (1 + np.abs(edges[1:])) / noise) / width
    rest = (1 - rate) * math.erf(1 / (2 * math.sqrt(2) * noise))  # the two halves leave this much for loss 0
    lowest = -int(marks[-1])
    ends = np.array([rest, float(special.ndtr(-edges[-1] / noise))])
    return _pld.split_up(
        np.concatenate((present, without, ends)),
        np.concatenate((loss, least, np.array([0.0, lowest * step]))),
        np.concatenate((cell, -cell - 1, np.array([0, lowest]))),
        step,
        np.concatenate((doubt, doubt, np.zeros(2))),
    )


def _where(losses: Floats, noise: float, rate: float) -> Floats:
    """The outcome at which each loss, 0 or more, occurs."""
    with np.errstate(over="ignore"):
        ratio = np.where(losses > 500, losses - math.log(rate), np.log1p(np.expm1(losses) / rate))
    places: Floats = 0.5 + noise**2 * ratio
    return places


def _bands(edges: Floats) -> Floats:
    """Standard normal mass between neighbouring edges, each difference taken in the smaller tail."""
    below, above = special.ndtr(edges), special.ndtr(-edges)
    bands: Floats = np.where(edges[:-1] > 0, above[:-1] - above[1:], below[1:] - below[:-1])
    return bands


def _log_ratio(top: Floats, bottom: Floats, otherwise: Floats) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio: Floats = np.where((top > _TINY) & (bottom > _TINY), np.log(top) - np.log(bottom), otherwise)
    return ratio
