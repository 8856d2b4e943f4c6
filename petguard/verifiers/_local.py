"""The numbers behind local DP: bounds on epsilon for each protocol, and the parameter that would meet a target.

Every function takes what one person sends in all, `times` messages about the same value.
"""

import math

from petguard.claims import LocalDp
from petguard.verifiers import _events, _gaussian, _search

Bounds = tuple[float, float]

_ROOM = 1e-12
_NINE_DIGITS = 1e-9  # a delta that follows from a rounded threshold is compared to nine digits
_MOST_COUNTS = 20_000


def pair(said: LocalDp, p: float) -> tuple[float, float, float]:
    """The chances of the two outcomes that tell two values apart, and of all others, with truth kept at `p`."""
    if said.protocol == "randomized_response":
        size = said.domain_size or 2
        return p, (1 - p) / (size - 1), (1 - p) * (size - 2) / (size - 1)
    m, s = said.m or 1, said.s or 1
    # A set holds the hash of one value and not that of the other.
    own = p * ((m - s) / (m - 1))
    other = (1 - p) * (s / (m - 1))
    return own, other, p * ((s - 1) / (m - 1)) + (1 - p) * ((m - 1 - s) / (m - 1))


def answers(said: LocalDp, p: float, times: int, delta: float | None) -> Bounds:
    """Epsilon of randomised response or of sketches; without delta, of the pure guarantee."""
    win, lose, rest = pair(said, p)
    if delta is not None:
        return _events.answers(win, lose, rest, times, delta)
    if win <= 0 or lose <= 0:
        return math.inf, math.inf
    whole = abs(math.log(win) - math.log(lose)) * times
    room = 4e-16 * times * (1 + abs(math.log(win)) + abs(math.log(lose)))  # four roundings
    return max(0.0, whole - room), whole + room


def kept(said: LocalDp, epsilon: float) -> float:
    """The largest chance to keep the truth, in millionths, at which one message meets epsilon."""
    others = (said.domain_size or 2) - 1.0
    if said.protocol != "randomized_response":
        others = ((said.m or 2) - (said.s or 1)) / (said.s or 1)
    return math.floor(1e6 / (1 + others * math.exp(-epsilon))) / 1e6


def classic_sigma(sensitivity: float, epsilon: float, delta: float) -> float:
    """The textbook standard deviation, sensitivity sqrt(2 log(1.25 / delta)) / epsilon; proved for epsilon below 1."""
    return sensitivity * (math.sqrt(2 * math.log(1.25 / delta)) / epsilon)


def gaussian(sigma: float, clip: float, neighbours: str | None, times: int, delta: float) -> Bounds:
    """Epsilon of a clipped update with Gaussian noise: it moves by the clip when taken away, by twice that at most.

    A local guarantee is about any two updates of one person. Where the claim does not say which neighbours it means,
    the lower bound is for an update against none, and the upper one for any two.
    """
    least = 2 if neighbours == "replace" else 1
    most = 1 if neighbours == "add_remove" else 2
    low, high = (_gaussian.every_step(sigma / (clip * by), times, delta) for by in (least, most))
    return low[0], high[1]


def smallest_sigma(clip: float, neighbours: str | None, times: int, delta: float, epsilon: float) -> float | None:
    """The smallest standard deviation that meets epsilon, rounded up to a thousandth of the clip."""
    thousandths = _search.smallest(
        lambda at: gaussian(at / 1000 * clip, clip, neighbours, times, delta)[1] <= epsilon, 10**9
    )
    return None if thousandths is None else thousandths / 1000 * clip


def thresholded(scale: float, threshold: float, times: int, delta: float) -> Bounds:
    """Epsilon of releasing a value whose count plus Laplace noise reaches the threshold (Korolova et al. 2009).

    A value that only one person has is released with a chance that delta has to cover; for all others the chance
    changes by a factor of exp(1 / scale) at most.
    """
    delta = min(delta * (1 + _NINE_DIGITS), 1 - 1e-15)
    alone = above(threshold - 1, scale)
    if alone > delta:
        return math.inf, math.inf
    counts, complete = _counts(scale, threshold, delta)
    exact = max(_told(count, scale, threshold, delta) for count in counts)
    most = _events.pure(max(1 / scale, -math.log1p(-alone)), times, None)
    if times > 1:
        return exact * (1 - _ROOM), most if alone * times <= delta else math.inf
    # Where nobody's release has a chance above delta, its absence is worth -log(1 - delta) at most.
    tight = max(exact, -math.log1p(-delta)) * (1 + _ROOM)
    return exact * (1 - _ROOM), min(most, tight) if complete else most


def above(distance: float, scale: float) -> float:
    """The chance that Laplace noise reaches `distance`."""
    return math.exp(-distance / scale) / 2 if distance >= 0 else 1 - math.exp(distance / scale) / 2


def _counts(scale: float, threshold: float, delta: float) -> tuple[range, bool]:
    """The counts whose release is neither rarer than delta nor as certain, and whether all of these are there."""
    far = scale * -math.log(delta) + 2
    first, last = (min(max(1.0, at), 1e15) for at in (threshold - far, threshold + far))
    counts = range(math.floor(first), math.ceil(last) + 1)
    if len(counts) <= _MOST_COUNTS:
        return counts, True
    near = math.floor(min(max(threshold, 1.0), 1e15))
    return range(max(1, near - _MOST_COUNTS // 2), near + 2), False


def _told(count: int, scale: float, threshold: float, delta: float) -> float:
    """The epsilon that one count against the next shows at delta, by its release or by its absence."""
    few, more = above(threshold - count, scale), above(threshold - count - 1, scale)
    absent, rarer = above(count - threshold, scale), above(count + 1 - threshold, scale)
    return max(math.log((p - delta) / q) if p > delta and q > 0 else 0.0 for p, q in ((more, few), (absent, rarer)))


def smallest_threshold(scale: float, delta: float) -> float:
    """The smallest threshold at which somebody's own value stays hidden but for delta, rounded up to thousandths."""
    return math.ceil((1 + scale * max(0.0, -math.log(2 * delta))) * 1000) / 1000
