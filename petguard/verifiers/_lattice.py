"""How hard the lattice problem behind homomorphic encryption is: an estimate of the cheapest known attack.

The attack is the primal one: the secret of a learning-with-errors instance is the shortest vector of a lattice, which
BKZ with block size beta finds when sqrt(beta)·s <= delta^(2·beta-d-1)·Vol^(1/d) (the condition of Alkim et al. 2016,
examined by Albrecht et al. 2017). Small secrets are scaled up to the size of the errors (Bai and Galbraith 2014).
One call costs 2^(0.292·beta + 16.4) by sieving (Becker et al. 2016), and BKZ makes 8·d of them.
"""

import math
from dataclasses import dataclass

MODEL = "primal uSVP, 2016 condition, Bai-Galbraith scaling, cost 2^(0.292 beta + 16.4 + log2(8 d))"
TOLERANCE = 4.0  # bits by which published estimators of the same attack differ
_ERROR = 8 / math.sqrt(2 * math.pi)  # the standard's standard deviation of an error
_TERNARY = math.sqrt(2 / 3)  # standard deviation of a coefficient that is -1, 0 or 1
_SMALLEST = 60  # block size below which the root Hermite factor's formula does not hold


@dataclass(frozen=True)
class Estimate:
    """The cheapest attack found: its cost in bits, the block size and the dimension of the lattice."""

    bits: float
    block_size: int
    dimension: float


def estimate(degree: int, log_q: float, *, ternary: bool = True) -> Estimate:
    """The cost of the attack on a secret of `degree` coefficients modulo 2^`log_q`, with at most 2·degree samples.

    A ternary secret can also be guessed, which only matters for degrees that nobody would use.
    """
    # A uniform secret is as hard as one that is drawn like the errors (normal form), which needs no scaling.
    scale = math.log2(_ERROR / _TERNARY) if ternary else 0.0
    low, high = _SMALLEST, 20 * degree + _SMALLEST
    while low < high:
        middle = (low + high) // 2
        if _succeeds(middle, degree, log_q, scale):
            high = middle
        else:
            low = middle + 1
    dimension = _dimension(low, degree, log_q, scale)
    cost = 0.292 * low + 16.4 + math.log2(8 * dimension)
    guessing = degree * math.log2(3) if ternary else math.inf
    return Estimate(min(cost, guessing), low, dimension)


def _root_hermite(block_size: int) -> float:
    """log2 of the root Hermite factor that BKZ of this block size reaches (Chen 2013)."""
    inner = (math.pi * block_size) ** (1 / block_size) * block_size / (2 * math.pi * math.e)
    return math.log2(inner) / (2 * (block_size - 1))


def _succeeds(block_size: int, degree: int, log_q: float, scale: float) -> bool:
    d = _dimension(block_size, degree, log_q, scale)
    volume = (d - degree - 1) * log_q + degree * scale
    reached = (2 * block_size - d - 1) * _root_hermite(block_size) + volume / d
    return 0.5 * math.log2(block_size) + math.log2(_ERROR) <= reached


def _dimension(block_size: int, degree: int, log_q: float, scale: float) -> float:
    """The dimension (secret, samples and one) that makes the attack cheapest, where the derivative is zero."""
    best = math.sqrt(max((degree + 1) * log_q - degree * scale, 0.0) / _root_hermite(block_size))
    return min(max(best, degree + 2.0), 3.0 * degree + 1)
