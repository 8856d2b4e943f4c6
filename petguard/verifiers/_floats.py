"""The floating-point attack on Laplace noise (Mironov 2012), as an exact replay of numpy's sampler.

numpy turns one uniform number with 53 bits into noise by a logarithm and adds it to the answer. Many floating-point
numbers can then come out of one answer only. Whether a number can come out of a given answer is found by going back to
the uniform numbers that might lead there and replaying the sampler with each, bit for bit.
"""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from random import Random

_DRAWS = 2000
_SEED = 20120  # any number; the replay has to be the same every time
_DOUBT = 0.05  # shared by the two Clopper-Pearson bounds
_GRID = 2.0**-53  # between two uniform numbers
_STRENGTHS = (1e-6, 20.0)  # sensitivity over scale for which few uniform numbers have to be tried
_SIZES = (1e-100, 1e100)


@dataclass(frozen=True)
class Leak:
    """What the replay shows: how many of `draws` answers to each question only the second data set can give."""

    epsilon: float  # a lower bound, 0 where the attack shows nothing
    draws: int = _DRAWS
    first: int = 0
    second: int = 0


@cache
def replay(scale: float, sensitivity: float, delta: float, rounding: float | None) -> Leak:
    """A lower bound on epsilon of numpy's Laplace noise on the answers 0 and `sensitivity`, at 95 % confidence.

    `rounding` is the multiple to which a published answer is rounded. The event is that an output cannot come from the
    answer 0.
    """
    if not (_STRENGTHS[0] <= sensitivity / scale <= _STRENGTHS[1] and _SIZES[0] <= scale <= _SIZES[1]):
        return Leak(0.0)
    sampler = _Sampler(scale, rounding or 0.0)
    draw = Random(_SEED)  # noqa: S311 - a replay
    first, second = (
        sum(not sampler.reaches(output, 0.0) for output in sampler.outputs(answer, draw))
        for answer in (0.0, sensitivity)
    )
    shown, most = _at_least(second, _DRAWS) - delta, 1 - _at_least(_DRAWS - first, _DRAWS)
    return Leak(max(0.0, math.log(shown / most)) if shown > 0 else 0.0, _DRAWS, first, second)


@dataclass(frozen=True)
class _Sampler:
    scale: float
    rounding: float

    def outputs(self, answer: float, draw: Random) -> Iterator[float]:
        """Noisy answers, as numpy makes them."""
        for _ in range(_DRAWS):
            yield self._noisy(answer, draw.random() or 0.5)

    def reaches(self, output: float, answer: float) -> bool:
        """Whether any uniform number near the one that real arithmetic asks for gives exactly this output."""
        return any(self._noisy(answer, uniform) == output for uniform in self._candidates(output, answer))

    def _noisy(self, answer: float, uniform: float) -> float:
        # numpy/random/src/distributions/distributions.c, random_laplace; math.log because it uses the C library's
        if uniform >= 0.5:
            noisy = answer - self.scale * math.log(2.0 - uniform - uniform)
        else:
            noisy = answer + self.scale * math.log(uniform + uniform)
        return round(noisy / self.rounding) * self.rounding if self.rounding else noisy

    def _candidates(self, output: float, answer: float) -> Iterable[float]:
        away = (output - answer) / self.scale
        tail = math.exp(-abs(away)) / 2
        middle = round((tail if away < 0 else 1 - tail) / _GRID)
        width = 16 + 4 * math.ceil(abs(output / self.scale) + abs(away))
        return (place * _GRID for place in range(max(1, middle - width), min(2**53, middle + width + 1)))


def _at_least(hits: int, draws: int) -> float:
    """Clopper and Pearson's lower bound on a probability."""
    from scipy import special  # noqa: PLC0415 - slow to import

    return float(special.betaincinv(hits, draws - hits + 1, _DOUBT / 2)) if hits else 0.0
