"""Privacy-loss distributions on a grid: sound upper and lower bounds on epsilon after many compositions.

A pair of output distributions P and Q is cut into cells. For an upper bound every cell is replaced by the two grid
points around it, with the same mass under P and under Q (which only helps the attacker); for a lower bound every cell
becomes one outcome (post-processing) whose loss is rounded down. Releases of different kinds share one grid step. Their
distributions are tilted towards the tail that decides at this delta, so that rounding errors stay small against delta
itself, and composed by multiplying powers of their Fourier transforms.

The Python package dp-accounting does the same with other trade-offs; the tests compare the two. Its optimistic
estimate counts the truncated tail as infinite loss, so it is no strict lower bound; that is why it is not used here.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]

# What the chosen cells may lose at the far ends, as a share of delta; callers cut their tails accordingly.
TAIL_SHARE = 1e-6
COARSE, FINE = 2**18, 2**20  # how many grid points the composed distribution gets, at first and when refined
_COARSER = 16  # how many times fewer points the direction that leaks less gets at first,
_FEWEST = 2**14  # and the least that can show that it does
_CHERNOFF = 30.0  # e^-30: the tilted mass that may lie outside the window
_SLIP = 1e-12  # what rounding may move the loss of one composition, as a share of 1 and of the losses' span
_TILT = 1e-6  # how exactly the tilt is sought, relative
_NOTHING = 1e-30  # a power of a coefficient below this is taken for 0
_FFT = 2e-15  # what one transform or one power may add to a coefficient of size 1


@dataclass(frozen=True, eq=False)
class Grid:
    """Mass under P at the losses `offset + (start + i) * step`."""

    mass: Floats
    start: int
    step: float
    offset: float = 0.0

    @property
    def losses(self) -> Floats:
        """The loss at each grid point."""
        return self.offset + (self.start + _count(len(self.mass))) * self.step


Discretise = Callable[[float], Grid]


@dataclass(frozen=True, eq=False)
class Part:
    """One kind of release: how it looks on a grid of a given step, how far its losses spread, and how often it is made.

    What its tails leave out may weigh at most TAIL_SHARE of delta, over all parts and times together.
    """

    discretise: Discretise
    span: float
    times: int


Upper = Callable[[int], tuple[float, float]]  # an upper bound and its step, found with that many grid points
_Fitted = Sequence[tuple[Grid, int]]  # grids of one step, and how often each is composed


def split_up(mass: Floats, loss: Floats, cell: Whole, step: float, doubt: Floats | float = 0.0) -> Grid:
    """Move each cell to the grid points `cell` and `cell + 1`; `loss` is the logarithm of its P-mass over its Q-mass.

    Every outcome in a cell must have its loss between the two points. `doubt` is the numerical error of `loss`.
    """
    inside = np.clip(loss - cell * step, 0.0, step)
    share = np.clip((-np.expm1(-inside) + doubt) / -math.expm1(-step), 0.0, 1.0)
    start = int(cell.min())
    size = int(cell.max()) - start + 2
    up: Floats = np.bincount(cell - start + 1, weights=mass * share, minlength=size).astype(np.float64)
    down: Floats = np.bincount(cell - start, weights=mass * (1 - share), minlength=size).astype(np.float64)
    return Grid(up + down, start, step)


def round_down(mass: Floats, loss: Floats, step: float, *, kept: float = 0.0) -> Grid:
    """Move each outcome to the next lower point of a grid whose offset is chosen to lose little.

    Offsets are tried so that losses at or just below `kept`, modulo the step, stay where they are.
    """
    offsets = [kept % step - step * share for share in (0.5, 0.25, 0.1, 0.03, 0.01, 0.003, 0.001)]
    offsets += [float(kept % step - 1e-12 * (1 + abs(kept)))] if kept else []
    offset = min(offsets, key=lambda at: _dot(mass, np.mod(loss - at, step)))
    index = np.floor((loss - offset) / step).astype(np.int64)
    start = int(index.min())
    return Grid(np.bincount(index - start, weights=mass).astype(np.float64), start, step, offset)


def _count(size: int) -> Floats:
    return np.arange(size, dtype=np.float64)


def _dot(left: Floats, right: Floats) -> float:
    """A sum of products without BLAS, whose threads fight each other on a busy machine."""
    return float(np.sum(left * right))


def upper_epsilon(discretise: Discretise, span: float, times: int, delta: float, points: int) -> tuple[float, float]:
    """An epsilon that surely holds after `times` compositions, and the grid step used; inf where none was found."""
    return upper([Part(discretise, span, times)], delta, points)


def lower_epsilon(discretise: Discretise, span: float, times: int, delta: float, points: int) -> tuple[float, float]:
    """An epsilon that surely does not hold after `times` compositions, or 0, and the grid step used."""
    return lower([Part(discretise, span, times)], delta, points)


def upper(parts: Sequence[Part], delta: float, points: int) -> tuple[float, float]:
    """An epsilon that surely holds after all parts, and the grid step used; every discretiser has to be pessimistic."""
    fitted, tilt, half = _fit(parts, delta, points)
    sum_ = _compose(fitted, tilt, half, points)
    target = math.log(delta) + math.log1p(-2 * TAIL_SHARE) - sum_.blur
    return sum_.upper(target) + _slip(parts), fitted[0][0].step


def lower(parts: Sequence[Part], delta: float, points: int) -> tuple[float, float]:
    """An epsilon that surely does not hold after all parts, or 0, and the grid step; discretisers are optimistic."""
    fitted, tilt, half = _fit(parts, delta, points)
    sum_ = _compose(fitted, tilt, half, points)
    target = math.log(delta) - math.log1p(-2 * TAIL_SHARE) + sum_.blur
    return max(0.0, sum_.lower(target) - _slip(parts)), fitted[0][0].step


def worse(usual: Upper, other: Upper, points: int) -> tuple[float, float]:
    """The larger of two upper bounds, the first of which mostly is; a coarse grid is enough to show that."""
    found, fewer = usual(points), min(points, max(points // _COARSER, _FEWEST))
    against = other(fewer)
    return max(found, other(points) if against[0] > found[0] and fewer < points else against)


def _slip(parts: Sequence[Part]) -> float:
    return sum(_SLIP * (1 + part.span) * part.times for part in parts)


def _fit(parts: Sequence[Part], delta: float, points: int) -> tuple[_Fitted, float, float]:
    """The grids of a step with which the composition fills the window, the tilt that fits delta, and half the width."""
    span = max(part.span for part in parts)
    step = span / 4096
    for _ in range(6):
        fitted = [(part.discretise(step), part.times) for part in parts]
        tilt = _tilt(fitted, delta)
        half = _half_width(fitted, tilt)
        wanted = max(2.1 * half / points, span / (2 * points), 1e-12)
        if 0.7 * step <= wanted <= step:
            break
        step = 1.05 * wanted
    return fitted, tilt, half


def _tilt(fitted: _Fitted, delta: float) -> float:
    """The exponent at which Chernoff's bound on the composed tail equals delta; any value is sound."""
    rough = [(*_coarsened(grid), times) for grid, times in fitted]
    wanted = -math.log(delta)
    spread = max(float(np.ptp(losses)) for losses, _, _ in rough) or fitted[0][0].step
    low, high = 1e-9 / spread, 1e9 / spread
    while high > low * (1 + _TILT):
        middle = math.sqrt(low * high)
        found = [(times, *_rate(losses, mass, middle)) for losses, mass, times in rough]
        spread_out = sum(times * rate for times, rate, _ in found) < wanted and any(away for _, _, away in found)
        low, high = (middle, high) if spread_out else (low, middle)
    return low


def _coarsened(grid: Grid) -> tuple[Floats, Floats]:
    """Losses and mass in at most 4096 bins."""
    bins = max(1, len(grid.mass) // 4096)
    mass = np.pad(grid.mass, (0, -len(grid.mass) % bins)).reshape(-1, bins).sum(axis=1)
    losses = grid.losses[::bins] + 0.5 * grid.step * (bins - 1)
    return losses[mass > 0], mass[mass > 0]


def _rate(losses: Floats, mass: Floats, tilt: float) -> tuple[float, bool]:
    """Minus the logarithm of Chernoff's bound at the tilted mean, and whether the largest loss has not taken all."""
    log_weight = tilt * losses + np.log(mass)
    peak = float(log_weight.max())
    weight = np.exp(log_weight - peak)
    total = float(weight.sum())
    return tilt * _dot(weight, losses) / total - peak - math.log(total), float(weight[-1]) < 0.999 * total


def _tilted(grid: Grid, tilt: float) -> tuple[Floats, float]:
    """The tilted distribution and the logarithm of its normaliser."""
    with np.errstate(divide="ignore"):
        log_weight = tilt * grid.losses + np.log(grid.mass)
    peak = float(log_weight.max())
    weight = np.exp(log_weight - peak)
    total = float(weight.sum())
    return weight / total, peak + math.log(total)


def _half_width(fitted: _Fitted, tilt: float) -> float:
    """How far the composed tilted loss strays from its mean, but for e^-30 of its mass (Chernoff, both sides)."""
    parts = [(*_centred(grid, tilt), times) for grid, times in fitted]
    variance = sum(times * _dot(weight, away * away) for weight, away, times in parts) + 1e-300
    farthest = max(1e-300, *(float(np.abs(away).max()) for _, away, _ in parts))
    best = math.inf
    with np.errstate(over="ignore", invalid="ignore"):
        for share in (1.0, 0.5, 0.25, 0.1, 0.03):
            slope = share * min(math.sqrt(2 * _CHERNOFF / variance), 500 / farthest)
            both = (
                sum(times * _growth(weight, away, sign * slope) for weight, away, times in parts) for sign in (1, -1)
            )
            best = min(best, (_CHERNOFF + max(both)) / slope)
    return max(best, 2 * fitted[0][0].step)


def _centred(grid: Grid, tilt: float) -> tuple[Floats, Floats]:
    weight, _ = _tilted(grid, tilt)
    return weight, grid.losses - _dot(weight, grid.losses)


def _growth(weight: Floats, away: Floats, slope: float) -> float:
    """The cumulant of a centred loss; at least 0."""
    return math.log1p(max(_dot(weight, np.expm1(slope * away) - slope * away), 0.0))


@dataclass(frozen=True, eq=False)
class _Sum:
    """The composed loss: tilted mass per loss, with the numbers needed to undo the tilt."""

    mass: Floats
    losses: Floats
    tilt: float
    log_scale: float  # logarithm of the composed normaliser
    error: float  # bound on the total error of `mass`, window and rounding included
    blur: float  # relative error allowed on delta

    def upper(self, target: float) -> float:
        """The smallest epsilon whose log delta is surely at most `target`."""
        if self._log_delta(0.0, self.error) <= target:
            return 0.0
        high = max(float(self.losses[-1]), 0.0)
        if self._log_delta(high, self.error) > target:
            return max(high, (self.log_scale + math.log(self.error) - target) / self.tilt)
        return self._between(0.0, high, target, self.error)[1]

    def lower(self, target: float) -> float:
        """The largest epsilon whose log delta is surely above `target`; delta is known best where the tilt aims."""
        mean = _dot(self.mass, self.losses)
        deviation = math.sqrt(_dot(self.mass, (self.losses - mean) ** 2))
        marks = (max(0.0, mean + away * deviation / 2) for away in range(16, -17, -1))
        above = next((mark for mark in marks if self._log_delta(mark, -self.error) > target), None)
        if above is None:
            return 0.0
        return self._between(above, above + deviation / 2, target, -self.error)[0]

    def _between(self, low: float, high: float, target: float, error: float) -> tuple[float, float]:
        """A bracket of the crossing: regula falsi, which halves the weight of an end that stays twice (Illinois)."""
        over, under = (self._log_delta(end, error) - target for end in (low, high))
        last = 0
        while high - low > 1e-9 * high:
            share = over / (over - under) if math.isfinite(over - under) and over > under else 0.5
            edge = 0.45e-9 * high  # one step of this size from an end that has met the crossing closes the bracket
            middle = min(max(low + share * (high - low), low + edge), high - edge)
            found = self._log_delta(middle, error) - target
            if found > 0:
                low, over, under, last = middle, found, under / 2 if last > 0 else under, 1
            else:
                high, under, over, last = middle, found, over / 2 if last < 0 else over, -1
        return low, high

    def _log_delta(self, epsilon: float, error: float) -> float:
        first = int(np.searchsorted(self.losses, epsilon, side="right"))
        over = self.losses[first:] - epsilon
        kept = _dot(self.mass[first:], np.exp(-self.tilt * over) * -np.expm1(-over)) + error
        return self.log_scale - self.tilt * epsilon + math.log(kept) if kept > 0 else -math.inf


def _compose(fitted: _Fitted, tilt: float, half: float, points: int) -> _Sum:
    step = fitted[0][0].step
    spectra, mean, base, log_scale, exponents = [], 0.0, 0.0, 0.0, 0.0
    for grid, times in fitted:
        weight, log_norm = _tilted(grid, tilt)
        centre = round(_dot(weight, _count(len(weight))))
        places = np.mod(np.arange(len(weight)) - centre, points)
        spectra.append((np.fft.rfft(np.bincount(places, weights=weight, minlength=points)), times))
        mean += times * _dot(weight, _count(len(weight)) - centre)
        base += times * (grid.offset + (grid.start + centre) * step)
        log_scale += times * log_norm
        exponents += times * (40 + abs(log_norm) + tilt * float(np.abs(grid.losses).max()))
    logs = [(np.log(np.clip(np.abs(spectrum), 1e-300, 1.0)), times) for spectrum, times in spectra]
    whole = sum((times * log for log, times in logs), np.zeros(points // 2 + 1))
    composed = np.fft.irfft(_product(spectra, whole), points)
    first = math.floor(mean) - points // 2
    mass = np.clip(np.roll(composed, -(first % points)), 0.0, None)
    outside = 2 * math.exp(-_CHERNOFF) if half <= (points // 2 - 1) * step else 1.0
    return _Sum(
        mass=mass,
        losses=base + (first + _count(points)) * step,
        tilt=tilt,
        log_scale=log_scale,
        error=2 * outside + _rounding(logs, whole, composed),
        blur=1e-9 + 1e-15 * exponents,
    )


def _product(spectra: Sequence[tuple[NDArray[np.complex128], int]], whole: Floats) -> NDArray[np.complex128]:
    """The product of all powers, where it is not next to nothing; `whole` is the logarithm of its size."""
    product = np.zeros(len(whole), dtype=np.complex128)
    seen = np.flatnonzero(whole > math.log(_NOTHING))
    product[seen] = 1.0
    for spectrum, times in spectra:
        product[seen] *= spectrum[seen] ** float(times) if times > 1 else spectrum[seen]
    return product


def _rounding(logs: Sequence[tuple[Floats, int]], whole: Floats, composed: Floats) -> float:
    """The error of the whole composed mass that the transforms and the powers may cause (Parseval, Cauchy-Schwarz).

    An error in one coefficient of one part grows by the number of times and shrinks by all other factors. What
    `_product` leaves out adds at most its size once for each coefficient and point.
    """
    grown = sum((times * np.exp(whole - log) for log, times in logs), np.zeros(len(whole)))
    power = math.sqrt(2 * float(np.sum(grown**2)))
    back = 5 * math.sqrt(len(composed) * _dot(composed, composed))
    return _FFT * (len(logs) * power + back) + _NOTHING * len(composed)
