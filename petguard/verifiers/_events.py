"""Bounds on epsilon from the events that tell two inputs apart best: exact where the likelihood ratio is monotone.

If every outcome can be put in an order in which the ratio of its two probabilities only falls, the best event for any
epsilon is "one of the first outcomes" (Neyman and Pearson). Then epsilon at delta is the largest log((P - delta) / Q)
over these events, P and Q being their chances under the two inputs. No grid is needed, and a lower bound holds for
any events at all.
"""

import math
from functools import cache

import numpy as np
from numpy.typing import NDArray

from petguard.verifiers import _search

Floats = NDArray[np.float64]

MOST_TIMES = 4096  # compositions counted outcome by outcome; a bound from below for fewer holds for more
_LARGEST_N = 10**10  # coins; above this the likely sums no longer fit into memory
_LARGEST_MOVE = 10**6
_TAIL_SHARE = 1e-6  # what sums too unlikely to be looked at may weigh, as a share of delta
_FLOOR = 1e-300  # probabilities below this have lost their digits


def enclose(
    likely: Floats, unlikely: Floats, delta: float, error: float, *, lost: float = 0.0, short: float = 0.0
) -> tuple[float, float]:
    """Lower and upper epsilon at delta, from the chance of each event under one input and under the other.

    `error` is the relative error of all chances, `lost` what `likely` may be too small by, and `short` what `unlikely`
    may be too small by, both absolute. An event that is impossible under one input makes epsilon infinite.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        surely = np.log(np.maximum(likely * (1 - error) - delta, 0.0)) - np.log(unlikely * (1 + error) + short)
        perhaps = np.log(np.maximum(likely * (1 + error) + lost - delta, 0.0)) - np.log(unlikely * (1 - error))
    return _largest(surely) * (1 - 1e-12), _largest(perhaps) * (1 + 1e-12)


def _largest(epsilons: Floats) -> float:
    """The largest of them and of 0; an event of chance 0 under both inputs tells nothing."""
    return max(0.0, float(np.max(np.nan_to_num(epsilons, nan=-np.inf, posinf=np.inf, neginf=-np.inf))))


@cache
def answers(win: float, lose: float, rest: float, times: int, delta: float) -> tuple[float, float]:
    """Epsilon of answering `times` times by a pair of distributions that differ in two outcomes only, swapped.

    One outcome has the chance `win` under one input and `lose` under the other, a second one the reverse, and all
    others, together `rest`, are equally likely. Randomised response and sketches of hashes are of this kind.
    """
    win, lose = max(win, lose), min(win, lose)
    if lose == 0:
        told = 1.0 if win == 1 else -math.expm1(times * math.log1p(-win))
        return (math.inf, math.inf) if told > delta else (0.0, math.inf)
    each = math.log(win / lose)
    counted = min(times, MOST_TIMES)
    chance = _sums(np.array([lose, rest, win]), counted)
    likely, unlikely = np.cumsum(chance[::-1]), np.cumsum(chance)
    error = 1e-13 + 1.6e-14 * counted
    low, high = enclose(likely, unlikely, delta, error, lost=_FLOOR, short=_FLOOR)
    return low, min(high, pure(each, times, delta)) if counted == times else pure(each, times, delta)


def _sums(chance: Floats, times: int) -> Floats:
    """The distribution of a sum of `times` equal outcomes, by doubling; all terms are positive, so no digits cancel."""
    if times == 1:
        return chance
    half = _sums(chance, times // 2)
    both: Floats = np.convolve(half, half)
    return np.convolve(both, chance) if times % 2 else both


def pure(each: float, times: int, delta: float | None) -> float:
    """An epsilon that holds for `times` releases of epsilon `each` and delta 0 (Dwork, Rothblum and Vadhan 2010).

    The mean of the privacy loss is that of randomised response (Kairouz, Oh and Viswanath 2015). The sum is given to
    fourteen digits: more are not known of the decimal numbers that it is made of.
    """
    added_up = float(f"{times * each:.14g}")
    if delta is None or not math.isfinite(added_up):
        return added_up
    advanced = added_up * math.tanh(each / 2) + each * math.sqrt(2 * times * -math.log(delta))
    return min(added_up, advanced * (1 + 1e-12))


@cache
def coins(n: int, move: int, delta: float) -> tuple[float, float]:
    """Epsilon of a whole number plus the heads of `n` fair coins, when one person moves the number by `move`.

    The binomial distribution is log-concave, so the ratio falls and a smaller move costs less; it is symmetric, so
    moving up and down cost the same.
    """
    if n > _LARGEST_N:
        return 0.0, math.inf
    if move > _LARGEST_MOVE:
        return coins(n, _LARGEST_MOVE, delta)[0], math.inf
    lost = delta * _TAIL_SHARE + _FLOOR
    far = math.sqrt(n / 2 * (math.log(2) - math.log(delta) - math.log(_TAIL_SHARE)))  # Hoeffding
    first, last = max(0, math.floor(n / 2 - far) - move), min(n, math.ceil(n / 2 + far))
    chance = _heads(n, first, last)
    up_to = np.cumsum(chance, dtype=np.longdouble).astype(np.float64)
    # Fewer heads than `first` weigh less than a geometric series.
    fewer = float(chance[0]) * first / (n - 2 * first + 1) if first else 0.0
    moved: Floats = np.concatenate((np.zeros(min(move, len(up_to))), up_to[: max(0, len(up_to) - move)]))
    short = fewer + (_FLOOR if n > 900 else 0.0)
    return enclose(up_to, moved, delta, 1e-11 + 2 * lost, lost=lost + fewer, short=short)


def _heads(n: int, first: int, last: int) -> Floats:
    """The chance of each number of heads; the ends are far enough out that the chances add up to 1."""
    count = np.arange(first + 1, last + 1, dtype=np.float64)
    rise = np.log1p((n - 2 * count + 1) / count)
    log_chance = np.concatenate(([0.0], np.cumsum(rise, dtype=np.longdouble)))
    chance = np.exp(log_chance - log_chance.max()).astype(np.float64)
    shares: Floats = chance / chance.sum()
    return shares


def fewest_coins(move: int, delta: float, epsilon: float) -> int | None:
    """The smallest `n` whose upper bound meets epsilon; None where it is out of reach. More coins only add noise."""
    if move > _LARGEST_MOVE:
        return None
    return _search.smallest(lambda n: coins(n, move, delta)[1] <= epsilon, _LARGEST_N // 100)
