"""DP-SGD claims judged by the accountant's ledger, for users, for replaced examples and over the whole data."""

import math
from typing import Any

import pytest
from dp_accounting.pld import privacy_loss_distribution  # type: ignore[import-untyped]  # ships no types

from petguard.claims import DpSgd, LedgerStep
from petguard.model import Budget, Claim, Location, Outcome, Reason, Verdict
from petguard.verifiers import _gaussian, _ledger, _pld
from petguard.verifiers.dp_sgd import VERIFIER
from tests.benches import bench

RATE = 256 / 60000
PLANNED: dict[str, Any] = {"epsilon": 3.0, "delta": 1e-5, "sampling": "poisson", "checkpoint": "run.pt"}


def line(noise: float = 1.1, rate: float = RATE, steps: int = 3510) -> LedgerStep:
    """One line of an accountant's history: 15 epochs of MNIST where nothing else is said."""
    return LedgerStep(noise_multiplier=noise, sample_rate=rate, steps=steps)


def judge(*ledger: LedgerStep, budget: Budget | None = None, **said: Any) -> Verdict:
    """The verdict on a claim of epsilon 3 with this ledger."""
    statement = DpSgd.model_validate({**PLANNED, "ledger": ledger, **said})
    claim = Claim(id="c", statement=statement, location=Location(path="t.py"), subject="t.py")
    return VERIFIER.judge(claim, bench(budget))


def test_a_ledger_needs_no_other_numbers() -> None:
    """One line says all: about 1.133 at delta 1e-5."""
    verdict = judge(line())
    assert verdict.outcome is Outcome.VERIFIED
    assert verdict.interval is not None
    assert verdict.interval[1] == pytest.approx(1.133, abs=0.003)
    assert not any("was not read" in each for each in verdict.assumptions)


def test_a_ledger_refutes_a_smaller_epsilon() -> None:
    """The recorded steps are not 1.0-DP."""
    assert judge(line(), epsilon=1.0).outcome is Outcome.REFUTED


def test_two_lines_of_one_kind_are_one_line() -> None:
    """Training that was interrupted is composed as if it had not been."""
    once, twice = judge(line()).interval, judge(line(steps=2000), line(steps=1510)).interval
    assert twice == pytest.approx(once, abs=1e-6)


def test_lines_with_different_noise_are_composed_and_confirmed() -> None:
    """A noise schedule has no single noise multiplier; dp-accounting agrees with the mix."""
    verdict = judge(line(steps=2000), line(noise=0.8, rate=0.01, steps=300))
    assert verdict.outcome is Outcome.VERIFIED
    assert "by dp-accounting" in verdict.method
    first, second = (
        privacy_loss_distribution.from_gaussian_mechanism(
            noise, sampling_prob=rate, value_discretization_interval=1e-3
        ).self_compose(steps)
        for noise, rate, steps in ((1.1, RATE, 2000), (0.8, 0.01, 300))
    )
    assert verdict.interval is not None
    assert verdict.interval[1] == pytest.approx(first.compose(second).get_epsilon_for_delta(1e-5), abs=5e-3)


def test_a_remedy_for_a_mixed_ledger_is_a_factor() -> None:
    """Multiplying every noise by it meets the claim."""
    lines = (line(steps=2000), line(noise=0.8, rate=0.01, steps=300))
    factor = judge(*lines, epsilon=1.0).remedy["noise_factor"]
    louder = [each.model_copy(update={"noise_multiplier": each.noise_multiplier * factor}) for each in lines]
    assert judge(*louder, epsilon=1.0).outcome is Outcome.VERIFIED


@pytest.mark.parametrize(
    ("stated", "field"),
    [
        ({"noise_multiplier": 1.2}, "noise_multiplier"),
        ({"steps": 3000}, "steps"),
        ({"sample_rate": 0.001}, "sample_rate"),
        ({"batch_size": 256, "dataset_size": 60000, "epochs": 10}, "steps"),
        ({"batch_size": 32, "dataset_size": 60000}, "sample_rate"),
    ],
)
def test_a_ledger_worse_than_stated_refutes(stated: dict[str, Any], field: str) -> None:
    """Less noise, more steps or a higher rate than stated is a contradiction, even where epsilon still holds."""
    verdict = judge(line(), **stated)
    assert verdict.outcome is Outcome.REFUTED
    assert field in verdict.witness
    assert "run.pt" in verdict.explanation


@pytest.mark.parametrize(
    "stated",
    [
        {"noise_multiplier": 1.1, "batch_size": 256, "dataset_size": 60000, "epochs": 15},
        {"noise_multiplier": 1.0},
        {"steps": 5000},
    ],
)
def test_a_ledger_that_is_no_worse_is_judged_on_its_own(stated: dict[str, Any]) -> None:
    """Training may stop early or add more noise than planned."""
    assert judge(line(), **stated).outcome is Outcome.VERIFIED


def test_a_ledger_without_noise_is_refuted() -> None:
    """One step without noise is enough."""
    verdict = judge(line(), line(noise=0.0, steps=100))
    assert verdict.outcome is Outcome.REFUTED
    assert verdict.witness["epsilon_at_least"] == "infinite"


def test_a_ledger_of_shuffled_batches_gets_one_gaussian_per_epoch() -> None:
    """The ledger does not make shuffled batches Poisson samples."""
    assert judge(line(), sampling="shuffle").outcome is Outcome.REFUTED
    two = (line(steps=2000), line(noise=1.0, steps=1510))
    assert judge(*two, sampling="shuffle").outcome is Outcome.REFUTED
    assert judge(*two, sampling="shuffle", epsilon=40.0).outcome is Outcome.VERIFIED


def test_a_ledger_does_not_say_how_batches_are_drawn() -> None:
    """Unknown sampling stays unknown."""
    assert judge(line(), sampling=None).reason is Reason.MISSING_PARAMETER
    assert judge(line(), line(noise=1.0, steps=10), sampling=None).reason is Reason.MISSING_PARAMETER


def test_the_whole_data_in_every_step_is_told_apart() -> None:
    """At rate 1 every kind of batch is the exact Gaussian, on both sides."""
    for sampling in ("poisson", "shuffle", "fixed_without_replacement", None):
        verdict = judge(noise_multiplier=50.0, sample_rate=1.0, steps=100, sampling=sampling)
        assert verdict.outcome is Outcome.VERIFIED
        assert verdict.interval == _gaussian.every_step(50.0, 100, 1e-5)
        assert "over the whole data" in verdict.explanation


def test_a_user_with_many_examples_is_bounded_from_both_sides() -> None:
    """Twenty examples are sampled about twenty times as often and move the sum up to twenty times as far."""
    run: dict[str, Any] = {"noise_multiplier": 8.0, "sample_rate": 0.001, "steps": 1000}
    example = judge(**run).interval
    user = judge(**run, unit="user", contributions=20, epsilon=50.0)
    assert user.outcome is Outcome.VERIFIED
    assert example is not None
    assert user.interval is not None
    assert (example[1] or 0) < (user.interval[0] or 0) <= (user.interval[1] or math.inf)


def test_a_user_without_a_bound_on_examples_is_left_open() -> None:
    """What one example shows still refutes."""
    assert judge(line(), unit="user").reason is Reason.MISSING_PARAMETER
    assert judge(line(), unit="user", epsilon=1.0).outcome is Outcome.REFUTED


def test_a_user_of_shuffled_batches_moves_every_epoch_further() -> None:
    """Three examples triple the shift of each epoch, whatever batches they are in."""
    run: dict[str, Any] = {"noise_multiplier": 6.0, "batch_size": 60, "dataset_size": 600, "epochs": 4}
    user = judge(**run, sampling="shuffle", unit="user", contributions=3, epsilon=100.0).interval
    assert user is not None
    assert user[1] == _gaussian.every_step(2.0, 4, 1e-5)[1]


def test_replacing_an_example_is_worse_than_removing_it() -> None:
    """The bound for replaced examples lies above the one for removed ones, and the claim of 1.2 is left open."""
    removed, replaced = judge(line(), epsilon=1.2), judge(line(), epsilon=1.2, neighbours="replace")
    assert removed.outcome is Outcome.VERIFIED
    assert replaced.reason is Reason.GAP
    assert any("replaced" in each for each in replaced.assumptions)


def test_replacing_an_example_in_the_whole_data_is_exact() -> None:
    """It moves the sum by two clipping norms."""
    run: dict[str, Any] = {"noise_multiplier": 50.0, "sample_rate": 1.0, "steps": 100, "neighbours": "replace"}
    assert judge(**run).interval == _gaussian.every_step(25.0, 100, 1e-5)


@pytest.mark.parametrize("sampling", ["poisson", "shuffle", "fixed_without_replacement", None])
@pytest.mark.parametrize(
    "absurd", [line(noise=1e308), line(noise=5e-324), line(rate=5e-324), line(rate=1.0), line(steps=10**15)]
)
def test_absurd_lines_end_in_a_verdict_without_nan(absurd: LedgerStep, sampling: str | None) -> None:
    """No number in range makes the verifier raise."""
    users: dict[str, Any] = {"unit": "user", "contributions": 10**15, "neighbours": "replace"}
    for said in ({}, users):
        verdict = judge(absurd, line(steps=10), sampling=sampling, **said)
        assert verdict.interval is None or all(side is None or math.isfinite(side) for side in verdict.interval)


def test_bounds_of_a_ledger_do_not_cross() -> None:
    """Below and above, for each kind of batches."""
    for sampling in ("poisson", "shuffle", "fixed_without_replacement", None):
        said = DpSgd.model_validate({**PLANNED, "sampling": sampling, "ledger": (line(), line(noise=2.0, steps=900))})
        found = _ledger.enclose(_ledger.lines(said), 1e-5, _pld.COARSE // 16)
        assert 0 < found.low <= found.high


@pytest.mark.parametrize("absurd", [-1.0, math.nan, math.inf])
@pytest.mark.parametrize("field", ["noise_multiplier", "sample_rate", "steps"])
def test_impossible_lines_stop_at_the_border(field: str, absurd: float) -> None:
    """Negative numbers, NaN and infinity are no history."""
    with pytest.raises(ValueError, match=field):
        LedgerStep.model_validate({"noise_multiplier": 1.0, "sample_rate": 0.1, "steps": 1, field: absurd})
