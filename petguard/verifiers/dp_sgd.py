"""Verifies DP-SGD claims: whether the noise, the batches and the number of steps give the stated epsilon.

The true epsilon is enclosed from both sides under the sampling that is really used. Poisson accounting is never
applied to shuffled batches: there the upper bound is one full Gaussian release per epoch, and the lower bound is the
attack of Chua et al. (2024) on shuffled batches. The numerics stand in `_gaussian` and `_pld`, imported on first use.
"""

import math
from typing import TYPE_CHECKING

from petguard.claims import DpSgd
from petguard.model import Budget, Claim, Json, Outcome, Reason, Verdict
from petguard.verifiers import Bench, Verifier, _dp

if TYPE_CHECKING:
    from petguard.verifiers._training import Bounds, Run

_LOOK = 1e-5  # the delta at which epsilon is shown when neither delta nor the size of the data is stated

_ZEROED = (
    "neighbouring data sets differ in one example that is zeroed out, so that no other example changes its batch; "
    "removing or replacing an example also moves or changes another gradient and is not covered"
)
_COMMON = (
    "gradients are clipped per example, before the noise is added, and the noise multiplier is in units of that clip",
    "privacy of one training example, over this run alone",
    "the noise is fresh in every step and drawn by a generator nobody can predict; floating-point effects are left out",
)
_SAMPLING = {
    "poisson": (
        "each example joins each batch independently with the sample rate (Poisson sampling)",
        "neighbouring data sets differ in one example added or removed; replacing one is a stronger notion",
    ),
    "shuffle": (
        "every example is in at most one batch per epoch, so an epoch is one Gaussian release (parallel composition)",
        _ZEROED,
        "the lower bound refutes the guarantee (worst-case gradients known to the attacker), not this training set",
    ),
    "fixed_without_replacement": (
        "batches have a fixed size, drawn anew in each step or once; no amplification by sampling is granted",
        _ZEROED,
    ),
    None: ("the claim does not say how batches are drawn, so an example may be in every step", _ZEROED),
}
_METHOD = {
    "poisson": "privacy-loss distribution of the Poisson-sampled Gaussian, both directions",
    "shuffle": "one Gaussian per epoch from above, shuffled batches (Chua et al. 2024) from below",
    "fixed_without_replacement": "one Gaussian per step from above, batches drawn anew or once from below",
    None: "one Gaussian per step from above, the smaller of Poisson and shuffled accounting from below",
}


def _judge(claim: Claim, bench: Bench) -> Verdict:
    budget = bench.budget
    said = claim.statement
    assert isinstance(said, DpSgd)
    if said.unit == "user":
        why = "the steps describe example-level training; a user-level claim needs the examples per user and their clip"
        return _dp.cannot_judge(claim, ("examples per user",), why)
    missing = _missing(claim, said)
    if said.noise_multiplier == 0 and said.epsilon is not None and (missing or said.delta is None):
        return _no_noise(claim, said)
    if missing:
        return _dp.cannot_judge(claim, missing)
    if said.epsilon is None or said.delta is None:
        return _nothing_claimed(claim, said)
    return _decide(claim, said, said.epsilon, said.delta, budget)


def _missing(claim: Claim, said: DpSgd) -> list[str]:
    missing = [] if said.noise_multiplier is not None else ["noise_multiplier"]
    if said.sample_rate is None:
        size, total = said.batch_size is not None, said.dataset_size is not None
        lacking = {
            (False, False): "sample_rate, or batch_size and dataset_size",
            (True, False): "dataset_size",
            (False, True): "batch_size",
        }
        missing += [lacking[size, total]] if (size, total) in lacking else []
    if said.steps is None and said.epochs is None:
        missing.append("steps or epochs")
    return missing + [name for name in ("unit",) if said.unit is None and name in claim.unresolved]


def _decide(claim: Claim, said: DpSgd, epsilon: float, delta: float, budget: Budget) -> Verdict:
    from petguard.verifiers import _second_opinion, _training  # noqa: PLC0415 - scipy is slow to import

    run = _training.read(said)
    found = _training.settle(run, epsilon, delta)
    outcome, reason, text = _compared(claim, run, found, epsilon, delta)
    first = Verdict(
        claim=claim.id, outcome=outcome, reason=reason, explanation=text, method=_METHOD[run.sampling],
        interval=_dp.interval(found.low, found.high), assumptions=_assumptions(claim),
        witness=_witness(run, found, delta) if outcome is Outcome.REFUTED else {},
        remedy=_training.remedy(run, epsilon, delta, budget, found),
    )  # fmt: skip
    if outcome is Outcome.UNVERIFIABLE:
        return first
    opinion = _training.second_opinion(run, delta, verified=outcome is Outcome.VERIFIED)
    return _second_opinion.weigh(first, found.low, found.high, epsilon, opinion)


def _compared(
    claim: Claim, run: "Run", found: "Bounds", epsilon: float, delta: float
) -> tuple[Outcome, Reason | None, str]:
    """What the enclosure says about the claimed epsilon, and one sentence with the numbers."""
    setting, claimed = _setting(run), f"at delta {_dp.number(delta)}, claimed {_dp.number(epsilon)}"
    if found.high <= epsilon:
        return Outcome.VERIFIED, None, f"{setting} gives {_dp.at_most(found.high, epsilon)} {claimed}"
    if found.low > epsilon:
        text = f"{setting} gives {_dp.at_least(found.low, epsilon)} {claimed}"
        return Outcome.REFUTED, None, text + _if_poisson(run, epsilon, delta)
    if run.sampling is None:
        return Outcome.UNVERIFIABLE, *_sampling_unknown(claim, run, found, epsilon, delta)
    text = f"{setting} gives {_dp.at_least(found.low)} and {_dp.at_most(found.high)} {claimed}, which lies between"
    return Outcome.UNVERIFIABLE, Reason.GAP, text


def _setting(run: "Run") -> str:
    if run.sampling == "shuffle":
        counts, kind = run.epochs, "epochs of shuffled batches"
    else:
        counts = run.steps
        kind = {"poisson": "steps with Poisson batches", None: "steps"}.get(
            run.sampling, "steps with batches of fixed size"
        )
    return f"noise multiplier {_dp.number(run.noise)} over {' to '.join(dict.fromkeys(map(_dp.number, counts)))} {kind}"


def _if_poisson(run: "Run", epsilon: float, delta: float) -> str:
    """For a refuted claim that would hold for Poisson batches: the usual mistake behind it."""
    from petguard.verifiers import _training  # noqa: PLC0415 - scipy is slow to import

    poisson = math.inf if run.sampling in ("poisson", None) else _training.poisson_high(run, delta)
    return f"; Poisson batches would have {_dp.at_most(poisson, epsilon)}" if poisson <= epsilon else ""


def _sampling_unknown(claim: Claim, run: "Run", found: "Bounds", epsilon: float, delta: float) -> tuple[Reason, str]:
    from petguard.verifiers import _training  # noqa: PLC0415 - scipy is slow to import

    dynamic = claim.unresolved.get("sampling")
    reason = Reason.MISSING_PARAMETER if dynamic is None else Reason.DYNAMIC_VALUE
    how = "not stated" if dynamic is None else f"not a constant ({dynamic})"
    poisson, shuffled = _training.poisson_high(run, delta), _training.shuffle_low(run, delta)
    kinds = (
        f"{_dp.at_most(poisson, epsilon)} with Poisson batches",
        f"{_dp.at_least(shuffled, epsilon)} with shuffled ones",
        f"{_dp.at_most(found.high)} whatever the batches",
    )
    return reason, f"sampling is {how}: {', '.join(kinds)}, at delta {_dp.number(delta)}, claimed {_dp.number(epsilon)}"


def _witness(run: "Run", found: "Bounds", delta: float) -> Json:
    witness: dict[str, float | str] = {
        "epsilon_at_least": found.low if math.isfinite(found.low) else "infinite",
        "delta": delta,
        "noise_multiplier": run.noise,
    }
    return {**witness, "grid": found.step} if found.step else witness


def _no_noise(claim: Claim, said: DpSgd) -> Verdict:
    return Verdict(
        claim=claim.id, outcome=Outcome.REFUTED, method="no noise, no privacy", interval=(None, None),
        explanation=f"a noise multiplier of 0 gives no finite epsilon, claimed {_dp.number(said.epsilon or 0.0)}",
        assumptions=(*_assumptions(claim), "an example is used at all with a probability above delta"),
        witness={"noise_multiplier": 0.0, "epsilon_at_least": "infinite"},
    )  # fmt: skip


def _nothing_claimed(claim: Claim, said: DpSgd) -> Verdict:
    from petguard.verifiers import _training  # noqa: PLC0415 - scipy is slow to import

    delta = said.delta or (1 / (10 * said.dataset_size) if said.dataset_size else _LOOK)
    run = _training.read(said)
    found = _training.enclose(run, delta)
    gives = f"{_dp.at_least(found.low)}, {_dp.at_most(found.high)} at delta {_dp.number(delta)}"
    wanted = [name for name in ("epsilon", "delta") if getattr(said, name) is None]
    verdict = _dp.cannot_judge(claim, wanted, f"the parameters give {gives}", method=_METHOD[run.sampling])
    numbers = {"interval": _dp.interval(found.low, found.high), "assumptions": _assumptions(claim)}
    return verdict.model_copy(update=numbers)


def _assumptions(claim: Claim) -> tuple[str, ...]:
    said = claim.statement
    assert isinstance(said, DpSgd)
    lines = [*_SAMPLING[said.sampling], *_COMMON]
    if said.steps is None or said.sample_rate is None:
        lines.append("rates and steps that follow from batch size, data size and epochs are rounded to the safe side")
    if said.checkpoint:
        lines.append(f"the accountant's ledger in {said.checkpoint} was not read")
    return (*lines, *_dp.contradictions(claim))


VERIFIER = Verifier("dp_sgd", _judge)
