"""The history that a DP-SGD accountant kept: bounds on its epsilon, and where it contradicts what is stated."""

import math
from dataclasses import replace

from petguard.claims import DpSgd, LedgerStep, Release
from petguard.model import Budget, Json
from petguard.verifiers import _composition, _gaussian, _pld, _remedies, _second_opinion, _training
from petguard.verifiers._second_opinion import Opinion
from petguard.verifiers._training import Bounds, Run

_EQUAL = 1e-6  # relative: how closely stated numbers have to agree with recorded ones


def lines(said: DpSgd) -> tuple[Run, ...]:
    """One run for each line, or the one stated where there is no ledger.

    One of several lines may start in the middle of an epoch and end in another.
    """
    if not said.ledger:
        return (_training.read(said),)
    runs = [_training.read(_alone(said, line)) for line in said.ledger]
    if len(runs) == 1:
        return tuple(runs)
    return tuple(replace(run, epochs=(max(0, run.epochs[0] - 1), run.epochs[1] + 1)) for run in runs)


def _alone(said: DpSgd, line: LedgerStep) -> DpSgd:
    return DpSgd(
        noise_multiplier=line.noise_multiplier, sample_rate=line.sample_rate, steps=line.steps,
        sampling=said.sampling, unit=said.unit, contributions=said.contributions, neighbours=said.neighbours,
    )  # fmt: skip


def settle(runs: tuple[Run, ...], epsilon: float, delta: float) -> Bounds:
    """Bounds that tell whether `epsilon` holds; refined once where the first grid leaves it in between."""
    found = enclose(runs, delta)
    return enclose(runs, delta, _pld.FINE) if found.low <= epsilon < found.high else found


def enclose(runs: tuple[Run, ...], delta: float, points: int = _pld.COARSE) -> Bounds:
    """Sound bounds on all lines together. What one line leaks alone is a lower bound for any kind of batches."""
    if len(runs) == 1:
        return _training.enclose(runs[0], delta, points)
    return Bounds(_low(runs, delta, points), _high(runs, delta, points), 0.0)


def _low(runs: tuple[Run, ...], delta: float, points: int) -> float:
    alone = max(_training.low(run, delta, points)[0] for run in runs)
    if _is_open(runs) or not _composes(runs):
        return alone
    return max(alone, _composition.least([_release(run, upper=False) for run in runs], delta, points))


def _high(runs: tuple[Run, ...], delta: float, points: int) -> float:
    if _is_open(runs):
        return math.inf
    if _composes(runs):
        return _composition.most([_release(run, upper=True) for run in runs], delta, points)
    shift = math.hypot(*(run.moved / run.noise * math.sqrt(_training.exposed(run)) for run in runs))
    return _gaussian.every_step(1 / shift, 1, delta)[1]


def _is_open(runs: tuple[Run, ...]) -> bool:
    """Whether nothing bounds epsilon from above."""
    return any(run.noise == 0 for run in runs) or math.isinf(runs[0].moved)


def _composes(runs: tuple[Run, ...]) -> bool:
    return all(run.sampling in ("poisson", "full") for run in runs)


def _release(run: Run, *, upper: bool) -> Release:
    rate = _training.any_of(run.contributions[upper], run.rate[0])
    whole = rate == 1
    moved = run.moved if upper else run.contributions[0] * (2 if run.replaced else 1) if whole else 1.0
    return Release(
        mechanism="gaussian", scale=run.noise, sensitivity=moved, rate=rate, count=int(run.steps[0]),
        sampling="fixed" if upper and run.replaced and not whole else "poisson",
    )  # fmt: skip


def releases(runs: tuple[Run, ...]) -> tuple[Release, ...] | None:
    """All lines as releases that compose with others; None where a bound from one side would not be one from both."""
    exact = all(
        run.sampling in ("poisson", "full") and run.moved == 1 and run.noise > 0 and not run.replaced
        and run.rate[0] == run.rate[1] and run.steps[0] == run.steps[1]
        for run in runs
    )  # fmt: skip
    return tuple(_release(run, upper=True) for run in runs) if exact else None


def opinion(runs: tuple[Run, ...], found: Bounds, delta: float, *, verified: bool) -> Opinion | None:
    """What dp-accounting says, where it can say something."""
    if len(runs) == 1:
        return _training.second_opinion(runs[0], delta, verified=verified)
    covered = _composes(runs) and all(run.moved == 1 and run.noise for run in runs)
    return (
        _second_opinion.composed(tuple(_release(run, upper=True) for run in runs), delta, found.high)
        if covered
        else None
    )


def remedy(runs: tuple[Run, ...], epsilon: float, delta: float, budget: Budget, found: Bounds) -> Json:
    """The noise multiplier, or for several lines the factor for all of them, that meets the claim and the budget."""
    if len(runs) == 1:
        return _training.remedy(runs[0], epsilon, delta, budget, found)
    strict = min(delta, budget.delta or delta)
    target = min(epsilon if found.low > epsilon else math.inf, budget.epsilon or math.inf)

    def meets(factor: float) -> bool:
        louder = tuple(replace(run, noise=min(run.noise * factor, 1e300)) for run in runs)
        return _high(louder, strict, _pld.COARSE // 16) <= target

    if target == math.inf or meets(1.0):
        return {}
    factor = _remedies.smallest_factor(meets)
    rounded = factor and _remedies.rounded_up(factor, meets)
    return {"noise_factor": rounded, "epsilon": target, "delta": strict} if rounded else {}


def contradictions(said: DpSgd) -> dict[str, tuple[float, float]]:
    """Stated and recorded value of each number that the ledger shows to be worse for privacy than it is stated."""
    noise, rate = min(line.noise_multiplier for line in said.ledger), max(line.sample_rate for line in said.ledger)
    steps = sum(line.steps for line in said.ledger)
    stated = {"steps": float(said.steps or math.inf), "sample_rate": said.sample_rate or 1.0}
    if said.batch_size and said.dataset_size:
        run = _training.read(said if said.steps or said.epochs else said.model_copy(update={"epochs": 1e15}))
        stated = {"steps": run.steps[1], "sample_rate": run.rate[1]}
    recorded = {"steps": float(steps), "sample_rate": rate}
    found = {name: (stated[name], recorded[name]) for name in stated if recorded[name] > stated[name] * (1 + _EQUAL)}
    if said.noise_multiplier is not None and noise < said.noise_multiplier * (1 - _EQUAL):
        found["noise_multiplier"] = (said.noise_multiplier, noise)
    return found
