"""The numbers behind a DP-SGD claim: the run that it describes, bounds on its epsilon, and the noise it would need."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from petguard.claims import DpSgd, Release
from petguard.model import Budget, Json
from petguard.verifiers import _composition, _dp, _gaussian, _pld, _second_opinion
from petguard.verifiers._second_opinion import Opinion

_MOST = 10**15
_LARGEST_NOISE = 10_000.0  # a remedy above this is no advice


@dataclass(frozen=True)
class Run:
    """A training run; each pair is the smallest and the largest value that the claim allows."""

    noise: float
    rate: tuple[float, float]
    batches: tuple[int, int]  # per epoch
    unused: float  # the chance that an example is in no batch of an epoch, if the incomplete batch is dropped
    epochs: tuple[int, float]
    steps: tuple[int, float]
    sampling: str | None  # full: every example is in every step, whatever the claim says
    contributions: tuple[int, float] = (1, 1)  # how many examples a protected unit has; inf where nothing bounds it
    replaced: bool = False  # neighbours differ in a unit that is replaced, which moves the sum twice as far

    @property
    def moved(self) -> float:
        """How many clipping norms a unit moves the sum of gradients at most."""
        return self.contributions[1] * (2 if self.replaced else 1)


@dataclass(frozen=True)
class Bounds:
    low: float
    high: float
    step: float  # of the grid below the lower bound; 0 for a closed form


def read(said: DpSgd) -> Run:
    """Where rounding matters, the fewest steps serve the lower bound and the most the upper one."""
    rates = [said.sample_rate] if said.sample_rate is not None else []
    batches = [count for rate in rates for count in _per_epoch(1, rate)]
    unused = 0.0
    if said.batch_size is not None and said.dataset_size is not None:
        cut = _per_epoch(said.dataset_size, said.batch_size)
        rates += [min(1.0, said.batch_size / said.dataset_size), *(1 / count for count in cut)]
        batches += cut
    unused = max(0.0, 1 - min(batches) * min(1.0, *rates))
    few, many = min(batches), max(batches)
    steps = [float(said.steps)] * 2 if said.steps is not None else []
    epochs = [math.floor(steps[0] / many), math.ceil(steps[0] / few)] if steps else []
    if said.epochs is not None:
        epochs += [math.floor(said.epochs), math.ceil(said.epochs)]
        steps += [float(math.floor(min(said.epochs * few, 1e300))), float(math.ceil(min(said.epochs * many, 1e300)))]
    return Run(
        noise=said.noise_multiplier or 0.0, rate=(min(rates), max(rates)), batches=(few, many), unused=unused,
        epochs=(min(*epochs, _MOST), float(max(epochs))), steps=(max(1, min(int(min(steps)), _MOST)), max(1.0, *steps)),
        sampling="full" if min(rates) == 1 else said.sampling,
        contributions=_dp.contributions(said), replaced=said.neighbours == "replace",
    )  # fmt: skip


def _per_epoch(total: float, size: float) -> list[int]:
    """Batches per epoch without and with the incomplete one; at least one."""
    if isinstance(total, int) and isinstance(size, int):
        return [max(1, total // size), max(1, -(-total // size))]
    ratio = min(total / size, 1e300)
    return [max(1, math.floor(ratio * (1 - 1e-12))), max(1, math.ceil(ratio * (1 + 1e-12)))]


def low(run: Run, delta: float, points: int) -> tuple[float, float]:
    """An epsilon that surely does not hold, and the grid step.

    Batches of fixed size are drawn anew in each step, which the example's part in the sum cannot tell from Poisson
    batches, or once, which looks like shuffling; they get the smaller number, and so does unknown sampling. Replacing
    an example by one without a gradient is a way of replacing it.
    """
    if run.sampling == "full":
        moved = run.contributions[0] * (2 if run.replaced else 1)
        return _gaussian.every_step(run.noise / moved, run.steps[0], delta)[0], 0.0
    if run.sampling == "poisson":
        return _poisson_low(run, delta, points)
    if run.sampling == "shuffle":
        return shuffle_low(run, delta, points), 0.0
    return min(_poisson_low(run, delta, points), (shuffle_low(run, delta, points), 0.0))


def _high(run: Run, delta: float, points: int) -> float:
    """An epsilon that surely holds; with fixed or unknown batches the example may be in every step."""
    if run.sampling == "poisson":
        return poisson_high(run, delta, points)
    return _gaussian.every_step(run.noise / run.moved, exposed(run), delta)[1]


def exposed(run: Run) -> float:
    """In how many releases an example takes part at most, if the batches are no Poisson samples."""
    return run.epochs[1] if run.sampling == "shuffle" else run.steps[1]


def _poisson_low(run: Run, delta: float, points: int) -> tuple[float, float]:
    rate = any_of(run.contributions[0], run.rate[0])
    if run.noise == 0:
        seen = rate == 1 or -math.expm1(run.steps[0] * math.log1p(-rate)) > delta
        return (math.inf if seen else 0.0), 0.0
    return _gaussian.poisson_lower(run.noise, rate, run.steps[0], delta, points)


def any_of(examples: float, rate: float) -> float:
    """The chance that at least one of some examples is in a Poisson sample."""
    return rate if examples == 1 or rate == 1 else min(1.0, -math.expm1(examples * math.log1p(-rate)))


def poisson_high(run: Run, delta: float, points: int = _pld.COARSE) -> float:
    """An epsilon that holds if every batch is a Poisson sample.

    A batch that holds any example of a user counts as if it held all of them, which leaks more (mixtures of Gaussians,
    Choquette-Choo et al. 2024).
    """
    rate, noise = any_of(run.contributions[1], run.rate[1]), run.noise / run.moved
    if not run.replaced or rate == 1 or noise == 0 or run.steps[1] > _MOST:
        return _gaussian.poisson_upper(noise, rate, run.steps[1], delta, points)[0]
    release = Release(mechanism="gaussian", scale=noise, rate=rate, sampling="fixed", count=int(run.steps[1]))
    return _composition.bounds([release], delta, points)[1]


def shuffle_low(run: Run, delta: float, points: int = _pld.COARSE) -> float:
    """An epsilon that does not hold if the data is shuffled into batches, complete ones only or not."""
    if run.noise == 0:
        return math.inf if run.epochs[0] >= 1 and 1 - run.unused > delta else 0.0
    kept = _gaussian.shuffle_lower(run.noise, run.batches[1], 0.0, run.epochs[0], delta, points)
    dropped = _gaussian.shuffle_lower(run.noise, run.batches[0], run.unused, run.epochs[0], delta, points)
    return min(kept, dropped)


def enclose(run: Run, delta: float, points: int = _pld.COARSE) -> Bounds:
    """Sound bounds on epsilon under the run's own sampling."""
    high = _high(run, delta, points)
    below, step = low(run, delta, points)
    return Bounds(below, high, step)


def settle(run: Run, epsilon: float, delta: float) -> Bounds:
    """Bounds that tell whether `epsilon` holds; refined once where the first grid leaves it in between."""
    found = enclose(run, delta)
    if found.low <= epsilon < found.high:
        return enclose(run, delta, _pld.FINE)
    return found


def second_opinion(run: Run, delta: float, *, verified: bool) -> Opinion | None:
    """dp-accounting on the side that decides; it has nothing to say about shuffled batches from below."""
    if run.contributions != (1, 1) or run.replaced:
        return None
    if run.sampling == "poisson" or (run.sampling != "shuffle" and not verified):
        return _second_opinion.poisson(run.noise, run.rate[verified], run.steps[verified], delta)
    if not verified:
        return None
    return _second_opinion.gaussian(run.noise, exposed(run), delta)


def remedy(run: Run, epsilon: float, delta: float, budget: Budget, found: Bounds) -> Json:
    """The smallest noise that meets the claim if it is refuted, and the budget if there is one.

    Batches of fixed or unknown kind would need a hundredfold noise, so there the advice is Poisson batches as well.
    """
    refuted = found.low > epsilon and found.high > epsilon
    strict = min(delta, budget.delta or delta)
    limit = budget.epsilon or math.inf
    reached = found.high if strict == delta else _high(run, strict, _pld.COARSE)
    if not refuted and reached <= limit:
        return {}
    target = min(epsilon if refuted else math.inf, limit)
    if run.noise > _LARGEST_NOISE:
        return {}
    switch = {} if run.sampling in ("poisson", "shuffle", "full") else {"sampling": "poisson"}
    run = replace(run, sampling=run.sampling if not switch else "poisson")
    noise = _smallest_noise(run.noise, lambda at, points: _high(replace(run, noise=at), strict, points) <= target)
    if noise is None:
        return {}
    high = _high(replace(run, noise=noise), strict, _pld.COARSE)
    return {**switch, "noise_multiplier": noise, "epsilon": high, "delta": strict}


def _smallest_noise(present: float, meets: Callable[[float, int], bool]) -> float | None:
    """The smallest noise above `present` that meets the target, half a per cent exact, rounded up to thousandths."""
    rough = _pld.COARSE // 16
    least, most = math.floor(present * 1000), math.floor(present * 1000) + 1
    while not meets(most / 1000, rough):
        least, most = most, most * 2
        if most > _LARGEST_NOISE * 1000:
            return None
    while most - least > max(1, most // 200):
        middle = (least + most) // 2
        least, most = (least, middle) if meets(middle / 1000, rough) else (middle, most)
    return next((at / 1000 for at in range(most, most + 3) if meets(at / 1000, _pld.COARSE)), None)
