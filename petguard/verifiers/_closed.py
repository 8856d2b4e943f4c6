"""Closed forms: epsilon at delta of one release by a mechanism that has a finite epsilon even at delta 0.

They follow from the hockey-stick divergence of the two output distributions that are farthest apart. For Laplace noise
these are one shift by the whole L1 sensitivity: for log-concave noise the divergence is quasi-convex in the shift
(Prekopa), so its maximum over an L1 ball lies in a corner.
"""

import math
from collections.abc import Iterable
from fractions import Fraction


def quotient(sensitivity: float, scale: float) -> float:
    """The float next to the quotient of the two numbers as they are written, so that 0.03 / 0.3 is 0.1."""
    return 0.0 if scale == math.inf else _nearest(_written(sensitivity) / _written(scale))


def total(strengths: Iterable[tuple[float, int]]) -> float:
    """The float next to the sum of all strengths as they are written, each taken so many times."""
    strengths = list(strengths)
    if any(strength == math.inf for strength, _ in strengths):
        return math.inf
    return _nearest(sum((_written(strength) * times for strength, times in strengths), Fraction()))


def _written(value: float) -> Fraction:
    return Fraction(repr(float(value)))


def _nearest(exact: Fraction) -> float:
    try:
        return float(exact)
    except OverflowError:
        return math.inf


def laplace(strength: float, delta: float) -> float:
    """Laplace noise; `strength` is sensitivity over scale. From delta = 1 - exp((epsilon - strength) / 2)."""
    return max(0.0, strength + 2 * math.log1p(-delta))


def randomized_response(strength: float, delta: float) -> float:
    """A truthful answer with probability p, else the opposite; `strength` is |ln(p / (1 - p))|.

    No mechanism with the same epsilon at delta 0 has a larger one at any delta (Kairouz et al. 2015).
    """
    if strength == math.inf:
        return math.inf
    left = 1 - delta * (1 + math.exp(-strength))
    return max(0.0, strength + math.log(left)) if left > 0 else 0.0


def odds(truth: float) -> float:
    """The strength of randomised response that tells the truth with probability `truth`."""
    return abs(math.log(truth) - math.log1p(-truth)) if truth < 1 else math.inf


def discrete_laplace(strength: float, levels: int, delta: float) -> float:
    """Two-sided geometric noise on whole numbers that differ by `levels`; `strength` is levels over scale.

    The attacker asks whether the answer is at most some m; the m that shows most is next to a stationary point.
    """
    alpha = math.exp(-strength / levels)
    best = (math.log1p(-delta) - math.log(2) + math.log1p(alpha)) * (levels / -strength) - 1
    best = min(max(best, 0.0), levels - 1.0)
    return max(0.0, *(_at_most(m, strength, levels, delta) for m in (math.floor(best), math.ceil(best))))


def _at_most(m: int, strength: float, levels: int, delta: float) -> float:
    """ln((P(X <= m) - delta) / P(X <= m - levels)) for two-sided geometric X."""
    unit = strength / levels
    own = 1 - math.exp(-unit * (m + 1)) / (1 + math.exp(-unit)) - delta
    return math.log(own) + math.log1p(math.exp(-unit)) + unit * (levels - m) if own > 0 else 0.0
