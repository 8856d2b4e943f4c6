"""Bounds on epsilon for Gaussian noise: all examples in every step, Poisson batches, and shuffled batches.

Noise is in units of the clipping norm, so one example moves the sum of gradients by at most 1. Every function returns
sound numbers for any argument: 0 is always a lower bound, infinity always an upper one.
"""

import math
from functools import cache, partial

import numpy as np
from scipy import special

from petguard.verifiers import _pld, _sampled
from petguard.verifiers._pld import Floats

_ROOM = 1e-9  # what rounding may move a closed form, relative
_NOISES = (1e-3, 1e5)  # the noise multipliers, the sample rates and
_RATES = (1e-9, 0.9999)  # (closer to 1, the smallest loss, log(1 - rate), loses its digits)
_STEPS = 10**9  # the number of steps for which grids are worth computing
_FEWER_EPOCHS = 10**6  # a lower bound for fewer epochs holds for more
_MAXIMA = 40_000  # cells for the largest coordinate of a shuffled epoch


@cache
def every_step(noise: float, steps: float, delta: float) -> tuple[float, float]:
    """Lower and upper epsilon of `steps` Gaussian releases, by the exact curve of Balle and Wang (2018)."""
    shift = math.sqrt(steps) / noise if noise > 0 else math.inf
    if not math.isfinite(shift * (shift / 2)):
        return (0.0 if steps == 0 else math.inf, math.inf)
    low, high = _solve(shift, delta, -1e-14), _solve(shift, delta, 1e-14)
    cancelled = 1e-15 * shift * shift
    return max(0.0, low * (1 - _ROOM) - cancelled), high * (1 + _ROOM) + (cancelled if high > 0 else 0.0)


def _solve(shift: float, delta: float, error: float) -> float:
    """The epsilon at which the curve meets delta; `error` widens it to either side.

    The unknown is how far the decision threshold lies in the tail, because epsilon itself loses its digits.
    """
    if math.erf(shift / math.sqrt(8)) * (1 + error) <= delta:
        return 0.0
    low, high = -shift / 2, 40.0 + shift
    while high - low > 1e-13 * max(1.0, abs(high)):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        low, high = (middle, high) if _log_curve(middle, shift, error) > math.log(delta) else (low, middle)
    return max(0.0, shift * (shift / 2 + (high if error > 0 else low)))


def _log_curve(tail: float, shift: float, error: float) -> float:
    """Log delta at epsilon = shift * (shift / 2 + tail), without cancellation between its two terms."""
    root = math.sqrt(2)
    mills = math.sqrt(math.pi / 2) * float(special.erfcx((tail + shift) / root))
    log_density = -tail * tail / 2 - math.log(2 * math.pi) / 2
    if tail > 0:
        own = math.sqrt(math.pi / 2) * float(special.erfcx(tail / root))
        gap = own - mills + error * own
        return log_density + math.log(gap) if gap > 0 else -math.inf
    own = float(special.ndtr(-tail))
    gap = own - math.exp(log_density) * mills + error * own
    return math.log(gap) if gap > 0 else -math.inf


@cache
def poisson_upper(noise: float, rate: float, steps: float, delta: float, points: int) -> tuple[float, float]:
    """An epsilon that holds for Poisson batches, and the grid step it was found on (0 for a closed form)."""
    if _seen(rate, steps) <= delta * (1 - _ROOM):
        return 0.0, 0.0
    plain = every_step(noise, steps, delta)[1]
    if not _fits_grid(noise, rate, steps):
        return plain, 0.0
    steps = int(steps)
    far = _sampled.reach(delta, steps)
    spread = _sampled.span(noise, rate, far)

    def direction(points: int, *, added: bool) -> tuple[float, float]:
        discretise = partial(_sampled.up, noise, rate, far, added=added)
        return _pld.upper_epsilon(discretise, spread, steps, delta, points)

    best, step = _pld.worse(partial(direction, added=False), partial(direction, added=True), points)
    return (best, step) if best <= plain else (plain, 0.0)


@cache
def poisson_lower(noise: float, rate: float, steps: int, delta: float, points: int) -> tuple[float, float]:
    """An epsilon that does not hold for Poisson batches (removing one example), and the grid step (0: closed form)."""
    if rate == 1:
        return every_step(noise, steps, delta)[0], 0.0
    plain = _sum_test(noise, rate, steps, delta)
    rate = min(rate, _RATES[1])  # a smaller rate can only leak less
    if not _fits_grid(noise, rate, steps):
        return plain, 0.0
    far = _sampled.reach(delta, steps)
    found = _pld.lower_epsilon(
        lambda step: _sampled.down(noise, rate, far, step), _sampled.span(noise, rate, far), steps, delta, points
    )
    return max(found, (plain, 0.0))


def _seen(rate: float, steps: float) -> float:
    """The chance that an example is in any batch at all: no difference in the output is larger."""
    return 1.0 if rate == 1 else -math.expm1(steps * math.log1p(-rate))


def _fits_grid(noise: float, rate: float, steps: float) -> bool:
    return _NOISES[0] <= noise <= _NOISES[1] and _RATES[0] <= rate <= _RATES[1] and steps <= _STEPS


def _sum_test(noise: float, rate: float, steps: int, delta: float) -> float:
    """A lower bound for any size: the attacker looks only at the sum of all steps.

    The example is in at least `count` batches with probability at least `chance`; the median of a binomial is at
    least the floor of its mean.
    """
    scale = max(noise * math.sqrt(steps), 1e-300)
    usual = math.floor(steps * rate * (1 - 1e-12))
    thresholds = np.linspace(-8, 8, 321)
    best = 0.0
    for chance, count in ((0.5, usual), (_seen(rate, steps), 1)):
        seen = chance * special.ndtr(thresholds) * (1 - 1e-12) - delta
        shift = min(count / scale, 1e150)
        with np.errstate(divide="ignore", invalid="ignore"):
            gain = np.log(np.maximum(seen, 0.0)) - special.log_ndtr(thresholds - shift)
        best = max(best, float(np.max(gain)) * (1 - _ROOM))
    return best


@cache
def shuffle_lower(noise: float, batches: int, unused: float, epochs: int, delta: float, points: int) -> float:
    """An epsilon that does not hold when the data is shuffled into batches each epoch (Chua et al. 2024).

    Worst-case gradients put the example into one of `batches` coordinates; the attacker looks at the largest one of
    each epoch. `unused` is the chance that the example falls into an incomplete batch that is dropped.
    """
    if noise > _NOISES[1] or epochs < 1:
        return 0.0
    noise = max(noise, _NOISES[0])  # less noise can only leak more
    epochs = min(epochs, _FEWER_EPOCHS)
    far = _sampled.reach(delta, epochs)
    edges = np.concatenate(([-np.inf], np.linspace(-far * noise, 2 + far * noise, _MAXIMA), [np.inf]))
    present, absent = (_largest(edges, noise, at, batches) for at in (2.0, 1.0))
    if unused:
        nowhere = _largest(edges, noise, 0.0, batches)
        present, absent = ((1 - unused) * some + unused * nowhere for some in (present, absent))
    present, absent = present[present > 0], absent[present > 0]
    loss = np.log(present) - np.log(np.maximum(absent, 1e-300)) - 1e-9
    spread = float(np.ptp(loss)) or 1.0
    return _pld.lower_epsilon(lambda step: _pld.round_down(present, loss, step), spread, epochs, delta, points)[0]


def _largest(edges: Floats, noise: float, at: float, batches: int) -> Floats:
    """Mass of the largest of `batches` coordinates, one of them with mean `at`, between the edges."""
    log_below = special.log_ndtr((edges - at) / noise)
    if batches > 1:
        log_below = log_below + (batches - 1) * special.log_ndtr(edges / noise)
    mass: Floats = np.where(
        log_below[:-1] > -0.5, np.expm1(log_below[1:]) - np.expm1(log_below[:-1]), np.diff(np.exp(log_below))
    )
    return np.maximum(mass, 0.0)
