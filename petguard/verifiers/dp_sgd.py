"""Verifies DP-SGD claims: whether the noise, the batches and the number of steps give the stated epsilon.

The true epsilon is enclosed from both sides under the sampling that is really used. Poisson accounting is never
applied to shuffled batches: there the upper bound is one full Gaussian release per epoch, and the lower bound is the
attack of Chua et al. (2024) on shuffled batches. Where the accountant's own ledger is known, it is judged instead of
the stated numbers, and a ledger that is worse than them refutes the claim. The numerics stand in `_training`,
`_ledger`, `_gaussian` and `_pld`, imported on first use.
"""

import math
from typing import TYPE_CHECKING

from petguard.claims import DpSgd, Release
from petguard.model import Budget, Claim, Outcome, Reason, Verdict
from petguard.verifiers import Bench, Verifier, _dp
from petguard.verifiers._dp import Enclosure

if TYPE_CHECKING:
    from petguard.verifiers._training import Bounds, Run

_LOOK = 1e-5  # the delta at which epsilon is shown when neither delta nor the size of the data is stated

_ZEROED = (
    "neighbouring data sets differ in one example that is zeroed out, so that no other example changes its batch; "
    "removing or replacing an example also moves or changes another gradient and is not covered"
)
_COMMON = (
    "gradients are clipped per example, before the noise is added, and the noise multiplier is in units of that clip",
    "this run alone; nothing else is released about the same people",
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
    "full": (
        "every example is in every step, so there is no amplification by sampling",
        "neighbouring data sets differ in one example added or removed; replacing one is a stronger notion",
    ),
    None: ("the claim does not say how batches are drawn, so an example may be in every step", _ZEROED),
}
_UNIT = {
    "user": "privacy of one user with all examples; gradients are clipped per example, not per user",
    "example": "privacy of one training example",
    None: "privacy of one training example",
}
_KINDS = {
    "poisson": " with Poisson batches",
    "shuffle": " with shuffled batches",
    "fixed_without_replacement": " with batches of fixed size",
    "full": " over the whole data",
    None: "",
}
_METHOD = {
    "poisson": "privacy-loss distribution of the Poisson-sampled Gaussian, both directions",
    "shuffle": "one Gaussian per epoch from above, shuffled batches (Chua et al. 2024) from below",
    "fixed_without_replacement": "one Gaussian per step from above, batches drawn anew or once from below",
    "full": "exact curve of Balle and Wang (2018) for all steps",
    None: "one Gaussian per step from above, the smaller of Poisson and shuffled accounting from below",
}


def _judge(claim: Claim, bench: Bench) -> Verdict:
    budget = bench.budget
    said = claim.statement
    assert isinstance(said, DpSgd)
    missing = _missing(claim, said)
    if said.noise_multiplier == 0 and said.epsilon is not None and (missing or said.delta is None):
        return _no_noise(claim, said)
    if missing:
        return _dp.cannot_judge(claim, missing)
    if said.epsilon is None or said.delta is None:
        return _nothing_claimed(claim, said)
    return _decide(claim, said, said.epsilon, said.delta, budget)


def _missing(claim: Claim, said: DpSgd) -> list[str]:
    dynamic = _dp.dynamic(claim, ("unit", "contributions", "neighbours"))
    return [*dynamic] if said.ledger else [*_missing_numbers(said), *dynamic]


def _missing_numbers(said: DpSgd) -> list[str]:
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
    return missing


def _decide(claim: Claim, said: DpSgd, epsilon: float, delta: float, budget: Budget) -> Verdict:
    from petguard.verifiers import _ledger, _second_opinion  # noqa: PLC0415 - scipy is slow to import

    runs = _ledger.lines(said)
    found = _ledger.settle(runs, epsilon, delta)
    if said.unit == "user" and said.contributions is None and found.low <= epsilon:
        return _dp.cannot_judge(claim, ["contributions"], "a user-level claim needs the most examples one user has")
    remedy = _ledger.remedy(runs, epsilon, delta, budget, found)
    first = _dp.decide(claim, _enclosed(claim, runs, found), epsilon, delta, remedy)
    if first.outcome is Outcome.REFUTED:
        first = first.model_copy(update={"explanation": first.explanation + _if_poisson(runs, epsilon, delta)})
    elif said.ledger and _ledger.contradictions(said):
        return _belied(said, first, _ledger.contradictions(said))
    elif first.outcome is Outcome.UNVERIFIABLE:
        return first if runs[0].sampling is not None else _sampling_unknown(claim, runs, first, epsilon, delta)
    opinion = _ledger.opinion(runs, found, delta, verified=first.outcome is Outcome.VERIFIED)
    return _second_opinion.weigh(first, found.low, found.high, epsilon, opinion)


def _enclosed(claim: Claim, runs: "tuple[Run, ...]", found: "Bounds") -> Enclosure:
    witness: dict[str, float] = {"noise_multiplier": min(run.noise for run in runs)}
    return Enclosure(
        low=found.low, high=found.high, setting=_setting(runs), method=_METHOD[runs[0].sampling],
        assumptions=_assumptions(claim, runs[0].sampling),
        witness={**witness, "grid": found.step} if found.step else witness,
    )  # fmt: skip


def _belied(said: DpSgd, verdict: Verdict, differing: dict[str, tuple[float, float]]) -> Verdict:
    """The accountant recorded less protection than is stated, even where its epsilon still meets the claim."""
    words = (
        f"{name} {_dp.number(recorded)} where {_dp.number(stated)} is stated"
        for name, (stated, recorded) in differing.items()
    )
    where = said.checkpoint or "the checkpoint"
    witness = {name: recorded for name, (_, recorded) in differing.items()}
    why = f"the accountant's ledger in {where} has {', '.join(words)}; {verdict.explanation}"
    update = {"outcome": Outcome.REFUTED, "reason": None, "explanation": why, "witness": witness}
    return verdict.model_copy(update=update)


def _setting(runs: "tuple[Run, ...]") -> str:
    if len(runs) > 1:
        steps = sum(run.steps[0] for run in runs)
        return f"the ledger of {len(runs)} lines and {_dp.number(steps)} steps{_KINDS[runs[0].sampling]}"
    run = runs[0]
    counts, kind = run.steps, f"steps{_KINDS[run.sampling]}"
    if run.sampling == "shuffle":
        counts, kind = run.epochs, "epochs of shuffled batches"
    users = f", {run.contributions[0]} examples per user" if run.contributions[0] > 1 else ""
    over = " to ".join(dict.fromkeys(map(_dp.number, counts)))
    return f"noise multiplier {_dp.number(run.noise)} over {over} {kind}{users}"


def _if_poisson(runs: "tuple[Run, ...]", epsilon: float, delta: float) -> str:
    """For a refuted claim that would hold for Poisson batches: the usual mistake behind it."""
    from petguard.verifiers import _training  # noqa: PLC0415 - scipy is slow to import

    if len(runs) > 1 or runs[0].sampling in ("poisson", "full", None):
        return ""
    poisson = _training.poisson_high(runs[0], delta)
    return f"; Poisson batches would have {_dp.at_most(poisson, epsilon)}" if poisson <= epsilon else ""


def _sampling_unknown(claim: Claim, runs: "tuple[Run, ...]", verdict: Verdict, epsilon: float, delta: float) -> Verdict:
    from petguard.verifiers import _training  # noqa: PLC0415 - scipy is slow to import

    dynamic = claim.unresolved.get("sampling")
    reason = Reason.MISSING_PARAMETER if dynamic is None else Reason.DYNAMIC_VALUE
    how = "not stated" if dynamic is None else f"not a constant ({dynamic})"
    if len(runs) > 1:
        return verdict.model_copy(update={"reason": reason, "explanation": f"sampling is {how}; {verdict.explanation}"})
    poisson, shuffled = _training.poisson_high(runs[0], delta), _training.shuffle_low(runs[0], delta)
    above = (verdict.interval or (None, None))[1]
    kinds = (
        f"{_dp.at_most(poisson, epsilon)} with Poisson batches",
        f"{_dp.at_least(shuffled, epsilon)} with shuffled ones",
        f"{_dp.at_most(math.inf if above is None else above)} whatever the batches",
    )
    at = f"at delta {_dp.number(delta)}, claimed {_dp.number(epsilon)}"
    return verdict.model_copy(update={"reason": reason, "explanation": f"sampling is {how}: {', '.join(kinds)}, {at}"})


def _no_noise(claim: Claim, said: DpSgd) -> Verdict:
    return Verdict(
        claim=claim.id, outcome=Outcome.REFUTED, method="no noise, no privacy", interval=(None, None),
        explanation=f"a noise multiplier of 0 gives no finite epsilon, claimed {_dp.number(said.epsilon or 0.0)}",
        assumptions=(
            *_assumptions(claim, said.sampling), *_dp.contradictions(claim),
            "an example is used at all with a probability above delta",
        ),
        witness={"noise_multiplier": 0.0, "epsilon_at_least": "infinite"},
    )  # fmt: skip


def _nothing_claimed(claim: Claim, said: DpSgd) -> Verdict:
    from petguard.verifiers import _ledger  # noqa: PLC0415 - scipy is slow to import

    delta = _dp.delta(said) or _LOOK
    runs = _ledger.lines(said)
    wanted = [name for name in ("epsilon", "delta") if getattr(said, name) is None]
    return _dp.show(claim, _enclosed(claim, runs, _ledger.enclose(runs, delta)), wanted, delta)


def _assumptions(claim: Claim, sampling: str | None) -> tuple[str, ...]:
    said = claim.statement
    assert isinstance(said, DpSgd)
    lines = [*_SAMPLING[sampling], *_COMMON, _UNIT[said.unit]]
    if said.neighbours == "replace":
        lines = [line for line in lines if line != _ZEROED and "added or removed" not in line]
        lines.append("neighbouring data sets differ in one unit that is replaced by another")
    if said.ledger:
        lines.append("the accountant's ledger is of the training that is claimed about, and complete")
    elif said.steps is None or said.sample_rate is None:
        lines.append("rates and steps that follow from batch size, data size and epochs are rounded to the safe side")
    if said.checkpoint and not said.ledger:
        lines.append(f"the accountant's ledger in {said.checkpoint} was not read")
    return tuple(lines)


def _spends(claim: Claim) -> tuple[Release, ...] | None:
    """The steps as releases, where their batches are Poisson samples, or all the data."""
    from petguard.verifiers import _ledger  # noqa: PLC0415 - scipy is slow to import

    said = claim.statement
    assert isinstance(said, DpSgd)
    return None if _missing(claim, said) else _ledger.releases(_ledger.lines(said))


VERIFIER = Verifier("dp_sgd", _judge, _spends)
