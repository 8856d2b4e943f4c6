"""How the privacy loss of one release looks on a grid, for each mechanism, rounded against or for the attacker.

A release is reduced to a `Kind`, which says only what decides its loss, so that equal releases are computed once. All
are dominated by the pair of outputs on two neighbouring data sets that is discretised here, so bounds on their
composition are bounds on the composition of the releases, chosen adaptively or not (Zhu, Dong and Wang 2022).
"""

import math
from dataclasses import dataclass
from functools import cache, partial

import numpy as np

from petguard.verifiers import _closed, _pld, _sampled
from petguard.verifiers._pld import Floats, Grid, Part

_EPSILONS = (1e-9, 1e3)  # the strengths for which grids are worth computing
_SHIFTS = (1e-5, 1e3)  # the same for Gaussian noise
_RATES = (1e-9, 0.9999)
_MOST_LEVELS = 10**6


@dataclass(frozen=True, order=True)
class Kind:
    """One kind of release.

    `mechanism` is one of `claims.Mechanism`, or `pure` where no more is known than epsilon at delta 0; `strength` is
    that epsilon, or for Gaussian noise sensitivity over standard deviation. `levels` is the
    sensitivity of a whole-numbered answer, `rate` the chance that a unit is in the sample, of everybody alone or of a
    fixed size (`fixed`: neighbours differ in one unit that is replaced, by another or by nothing).
    """

    mechanism: str
    strength: float
    levels: int = 1
    rate: float = 1.0
    fixed: bool = False

    @property
    def pure(self) -> bool:
        """Whether epsilon is finite at delta 0."""
        return self.mechanism != "gaussian"


def stronger(kind: Kind) -> Kind | None:
    """The least kind that leaks at least as much and fits a grid; None where there is none."""
    low, high = _EPSILONS if kind.pure else _SHIFTS
    if kind.strength > high or kind.levels > _MOST_LEVELS:
        return None
    rate = 1.0 if kind.rate > _RATES[1] else max(kind.rate, _RATES[0])
    return Kind(kind.mechanism, max(kind.strength, low), kind.levels, rate, kind.fixed and rate < 1)


def weaker(kind: Kind) -> Kind | None:
    """The largest kind that leaks at most as much and fits a grid; None where nothing is left.

    A sample of a fixed size leaks at least what a Poisson sample does, because the unit may be replaced by nothing.
    """
    low, high = _EPSILONS if kind.pure else _SHIFTS
    if kind.mechanism == "pure" or kind.strength < low or kind.rate < _RATES[0] or kind.levels > _MOST_LEVELS:
        return None
    rate = kind.rate if kind.rate == 1 else min(kind.rate, _RATES[1])
    levels = kind.levels if kind.strength <= high else 1
    return Kind(kind.mechanism, min(kind.strength, high), levels, rate)


def closed(kind: Kind, delta: float) -> float:
    """Epsilon of one release by a pure kind, exact up to rounding."""
    if kind.mechanism == "laplace":
        return _closed.laplace(kind.strength, delta)
    if kind.mechanism == "discrete_laplace":
        return _closed.discrete_laplace(kind.strength, kind.levels, delta)
    return _closed.randomized_response(kind.strength, delta)


def pessimistic(kind: Kind, times: int, reach: float, *, added: bool) -> Part:
    """For an upper bound. Where the direction matters, a unit is `added` or removed."""
    if kind.pure:
        return Part(partial(_up, kind), 2 * kind.strength, times)
    noise = 1 / kind.strength
    if kind.fixed:
        return Part(
            partial(_sampled.replaced_up, noise, kind.rate, reach), 2 * _sampled.span(noise, kind.rate, reach), times
        )
    side = partial(_sampled.up, noise, kind.rate, reach, added=added)
    return Part(side, _sampled.span(noise, kind.rate, reach), times)


def optimistic(kind: Kind, times: int, reach: float) -> Part:
    """For a lower bound, where a unit is removed."""
    if kind.pure:
        return Part(partial(_down, kind), 2 * kind.strength, times)
    noise = 1 / kind.strength
    side = partial(_sampled.down, noise, kind.rate, reach)
    return Part(side, _sampled.span(noise, kind.rate, reach), times)


def _up(kind: Kind, step: float) -> Grid:
    mass, loss = _outcomes(kind, step, 0.0)
    return _pld.split_up(mass, loss, np.floor(loss / step).astype(np.int64), step, doubt=1e-15 * (1 + kind.strength))


def _down(kind: Kind, step: float) -> Grid:
    mass, loss = _outcomes(kind, step, (kind.strength - step / 2) % step)
    return _pld.round_down(mass, loss - 1e-15 * (1 + kind.strength), step, kept=kind.strength)


def _outcomes(kind: Kind, step: float, offset: float) -> tuple[Floats, Floats]:
    """Probability and loss of each outcome; continuous ones are cut at `offset` and every `step` from there."""
    if kind.mechanism == "laplace":
        return _laplace(kind.strength, step, offset)
    if kind.mechanism == "discrete_laplace":
        return _discrete_laplace(kind.strength, kind.levels)
    return _two_answers(kind.strength)


def _laplace(strength: float, step: float, offset: float) -> tuple[Floats, Floats]:
    """Noise beyond either of the two centres has the losses `strength` and minus `strength`; between them it falls.

    A cell between the losses a and b holds equal masses but for the factor e^((a + b) / 2), its loss.
    """
    marks = offset + step * np.arange(
        math.floor((-strength - offset) / step), math.ceil((strength - offset) / step) + 1
    )
    edges = np.concatenate(([-strength], marks[(marks > -strength) & (marks < strength)], [strength]))
    below = np.exp((edges[1:] - strength) / 2) / 2
    inside = below * -np.expm1(-np.diff(edges) / 2)
    mass = np.concatenate(([math.exp(-strength) / 2], inside, [0.5]))
    return mass, np.concatenate(([-strength], (edges[1:] + edges[:-1]) / 2, [strength]))


@cache
def _discrete_laplace(strength: float, levels: int) -> tuple[Floats, Floats]:
    unit = strength / levels
    places = np.arange(levels + 1, dtype=np.float64)
    mass = np.exp(-unit * places) * -math.expm1(-unit) / (1 + math.exp(-unit))
    mass[0] = 1 / (1 + math.exp(-unit))
    mass[-1] = math.exp(-strength) / (1 + math.exp(-unit))
    return mass, strength - 2 * unit * places


def _two_answers(strength: float) -> tuple[Floats, Floats]:
    truth = 1 / (1 + math.exp(-strength))
    return np.array([truth, math.exp(-strength) * truth]), np.array([strength, -strength])
