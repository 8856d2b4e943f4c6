"""What the DP-SGD verifier verifies, refutes and leaves open, and that its bounds are sound."""

import math
import subprocess
import sys
from statistics import NormalDist
from typing import Any

import pytest
from dp_accounting.pld import privacy_loss_distribution  # type: ignore[import-untyped]  # ships no types
from hypothesis import given, settings
from hypothesis import strategies as st

from petguard.claims import DpSgd
from petguard.model import Budget, Claim, Location, Outcome, Reason, Verdict
from petguard.verifiers import _dp, _gaussian, _pld, _second_opinion, _training
from petguard.verifiers.dp_sgd import VERIFIER
from tests.benches import bench

MNIST: dict[str, Any] = {
    "epsilon": 3.0,
    "delta": 1e-5,
    "noise_multiplier": 1.1,
    "batch_size": 256,
    "dataset_size": 60000,
    "epochs": 15,
    "sampling": "poisson",
}


def judge(budget: Budget | None = None, unresolved: dict[str, str] | None = None, **said: Any) -> Verdict:
    """The verdict on the MNIST run with some fields replaced."""
    statement = DpSgd(**{**MNIST, **said})
    claim = Claim(
        id="c", statement=statement, location=Location(path="t.py"), subject="t.py", unresolved=unresolved or {}
    )
    return VERIFIER.judge(claim, bench(budget))


def test_a_true_claim_is_verified() -> None:
    """Noise 1.1, batch 256, 15 epochs of 60000 examples is about (1.134, 1e-5)-DP, so 3 holds."""
    verdict = judge()
    assert verdict.outcome is Outcome.VERIFIED
    assert verdict.interval is not None
    assert verdict.interval[1] == pytest.approx(1.134, abs=0.01)


def test_a_false_claim_is_refuted_with_a_witness_and_a_remedy() -> None:
    """The same run is not 1.0-DP; the remedy meets 1.0."""
    verdict = judge(epsilon=1.0)
    assert verdict.outcome is Outcome.REFUTED
    assert verdict.witness["epsilon_at_least"] > 1.0
    assert judge(epsilon=1.0, noise_multiplier=verdict.remedy["noise_multiplier"]).outcome is Outcome.VERIFIED


def test_the_remedy_is_close_to_the_smallest_noise() -> None:
    """Two per cent less noise than the remedy no longer meets the claim."""
    noise = judge(epsilon=1.0).remedy["noise_multiplier"]
    assert judge(epsilon=1.0, noise_multiplier=0.98 * noise).outcome is not Outcome.VERIFIED


def test_an_old_documents_larger_number_is_verified() -> None:
    """A published 2.92 came from a looser accountant; the truth is at most 2.52, so it still holds."""
    assert judge(epsilon=2.92, noise_multiplier=1.12, epochs=60).outcome is Outcome.VERIFIED


def test_a_claim_between_the_refined_bounds_is_a_gap() -> None:
    """The number of steps is only known up to rounding, so a claim at the true value cannot be decided."""
    verdict = judge(epsilon=1.134)
    assert (verdict.outcome, verdict.reason) == (Outcome.UNVERIFIABLE, Reason.GAP)


@pytest.mark.parametrize("field", ["noise_multiplier", "batch_size", "dataset_size", "epochs", "delta", "epsilon"])
def test_a_missing_number_is_named(field: str) -> None:
    """Without any one of its numbers the claim is unverifiable and the explanation names the number."""
    verdict = judge(**{field: None})
    assert (verdict.outcome, verdict.reason) == (Outcome.UNVERIFIABLE, Reason.MISSING_PARAMETER)
    assert field in verdict.explanation


def test_a_dynamic_number_is_named_with_its_text() -> None:
    """A noise multiplier read from the command line is a dynamic value."""
    verdict = judge(noise_multiplier=None, unresolved={"noise_multiplier": "args.sigma"})
    assert verdict.reason is Reason.DYNAMIC_VALUE
    assert "noise_multiplier (args.sigma)" in verdict.explanation


def test_without_epsilon_the_interval_is_still_given() -> None:
    """Nothing is claimed, but the parameters give an epsilon and the verdict says it."""
    verdict = judge(epsilon=None)
    assert verdict.interval is not None
    assert verdict.interval[0] == pytest.approx(1.13, abs=0.02)


@pytest.mark.parametrize(
    ("noise", "batch", "size", "epochs", "low", "high"),
    [(1.1, 32, 512, 3, 6.422, 7.474), (1.1, 256, 60000, 15, 6.002, 20.562), (1.12, 256, 60000, 60, 10.082, 52.6)],
)
def test_shuffled_batches_have_their_own_bounds(
    noise: float, batch: int, size: int, epochs: int, low: float, high: float
) -> None:
    """Published shuffle bounds are met, and the Poisson claim of 3 is refuted for shuffled batches."""
    verdict = judge(noise_multiplier=noise, batch_size=batch, dataset_size=size, epochs=epochs, sampling="shuffle")
    assert verdict.outcome is Outcome.REFUTED
    assert verdict.interval is not None
    assert list(verdict.interval) == [pytest.approx(low, abs=0.03), pytest.approx(high, abs=0.05)]
    assert any("worst-case" in line for line in verdict.assumptions)


def test_shuffled_batches_are_verified_by_the_deterministic_bound() -> None:
    """One Gaussian per epoch gives 20.56, so 21 holds for shuffled batches."""
    assert judge(epsilon=21.0, sampling="shuffle").outcome is Outcome.VERIFIED


def test_fixed_batches_are_never_verified_with_poisson_numbers() -> None:
    """Batches of fixed size get no amplification: the Poisson value 1.134 does not verify 3."""
    assert judge(sampling="fixed_without_replacement").reason is Reason.GAP


def test_unknown_sampling_is_not_assumed_to_be_poisson() -> None:
    """With sampling unstated, 3 is unverifiable, and both numbers are given."""
    verdict = judge(sampling=None)
    assert verdict.reason is Reason.MISSING_PARAMETER
    assert "epsilon at most 1.13" in verdict.explanation
    assert "epsilon at least 5.99" in verdict.explanation


def test_unknown_sampling_that_is_dynamic_says_so() -> None:
    """A sampling flag that is no constant is a dynamic value."""
    assert judge(sampling=None, unresolved={"sampling": "args.poisson"}).reason is Reason.DYNAMIC_VALUE


@pytest.mark.parametrize(("epsilon", "outcome"), [(2000.0, Outcome.VERIFIED), (1.0, Outcome.REFUTED)])
def test_unknown_sampling_is_judged_where_all_kinds_agree(epsilon: float, outcome: Outcome) -> None:
    """2000 holds and 1.0 fails however the batches are drawn."""
    assert judge(epsilon=epsilon, sampling=None).outcome is outcome


def test_a_user_level_claim_needs_more_than_example_level_accounting() -> None:
    """Example-level numbers say nothing about a person with many examples."""
    assert judge(unit="user").reason is Reason.MISSING_PARAMETER


def test_an_unread_ledger_is_an_assumption() -> None:
    """A stated checkpoint that was not opened is listed."""
    assert any("run.pt was not read" in line for line in judge(checkpoint="run.pt").assumptions)


def test_a_contradiction_is_an_assumption() -> None:
    """A field stated in two ways is judged on the value used, and the verdict says so."""
    claim = Claim(
        id="c",
        statement=DpSgd(**MNIST),
        location=Location(path="t.py"),
        subject="t.py",
        conflicts={"epochs": "15 or 20"},
    )
    assert any("15 or 20" in line for line in VERIFIER.judge(claim, bench()).assumptions)


@pytest.mark.parametrize("sampling", ["poisson", "shuffle", "fixed_without_replacement", None])
def test_no_noise_is_refuted(sampling: str | None) -> None:
    """A noise multiplier of 0 has no finite epsilon, whatever the sampling."""
    verdict = judge(noise_multiplier=0.0, sampling=sampling)
    assert verdict.outcome is Outcome.REFUTED
    assert verdict.interval == (None, None)


def test_no_noise_is_refuted_even_without_the_other_numbers() -> None:
    """Nothing else needs to be known."""
    assert judge(noise_multiplier=0.0, epochs=None, delta=None).outcome is Outcome.REFUTED


def test_a_verified_claim_over_budget_gets_a_remedy() -> None:
    """The claim of 3 holds, but the policy allows 1: the remedy meets the policy."""
    verdict = judge(Budget(epsilon=1.0))
    assert verdict.outcome is Outcome.VERIFIED
    assert verdict.remedy["epsilon"] <= 1.0


def test_a_claim_within_budget_has_no_remedy() -> None:
    """Nothing to mend."""
    assert judge(Budget(epsilon=2.0, delta=1e-5)).remedy == {}


@pytest.mark.parametrize("sampling", ["poisson", "shuffle", "fixed_without_replacement", None])
@pytest.mark.parametrize(
    "absurd",
    [
        {"noise_multiplier": 1e-9},
        {"noise_multiplier": 1e9},
        {"noise_multiplier": 5e-324, "epochs": 1e308, "sample_rate": 1e-300},
        {"sample_rate": 1.0, "batch_size": None},
        {"sample_rate": 5e-324},
        {"steps": 10**12},
        {"epochs": 1e-300},
        {"epsilon": 1e308, "delta": 1e-300},
        {"epsilon": 1e-300},
        {"batch_size": 10**15},
        {"dataset_size": 10**15},
        {"delta": 1 - 1e-16},
    ],
)
def test_absurd_numbers_end_in_a_verdict_without_nan(absurd: dict[str, Any], sampling: str | None) -> None:
    """No number in range makes the verifier raise, and no NaN or infinity gets into the verdict."""
    verdict = judge(**{"sampling": sampling, **absurd})
    assert verdict.interval is not None
    assert all(side is None or math.isfinite(side) for side in verdict.interval)


def test_less_than_delta_of_a_chance_to_be_sampled_is_epsilon_zero() -> None:
    """Who is sampled with a probability below delta is protected even without noise."""
    assert _gaussian.poisson_upper(0.01, 1e-9, 10, 1e-5, _pld.COARSE)[0] == 0.0


@pytest.mark.parametrize("noise", [0.5, 1.1, 4.0])
def test_the_closed_form_agrees_with_its_textbook_form(noise: float) -> None:
    """At the epsilon found, Balle and Wang's formula gives delta back."""
    low, high = _gaussian.every_step(noise, 1, 1e-6)
    shift = 1 / noise

    def delta(epsilon: float) -> float:
        near, far = shift / 2 - epsilon / shift, -shift / 2 - epsilon / shift
        return (math.erfc(-near / math.sqrt(2)) - math.exp(epsilon) * math.erfc(-far / math.sqrt(2))) / 2

    assert delta(high) <= 1e-6 <= delta(low)
    assert high - low < 1e-6


def test_the_published_gaussian_value_is_met() -> None:
    """Sigma 4 at delta 1e-6 is epsilon 1.0607."""
    assert _gaussian.every_step(4.0, 1, 1e-6)[1] == pytest.approx(1.0607, abs=1e-4)


def test_the_grid_agrees_with_the_closed_form_where_both_apply() -> None:
    """At a sample rate just below 1 the grid encloses the closed form for full batches."""
    low = _gaussian.poisson_lower(2.0, 1 - 1e-9, 5, 1e-6, _pld.COARSE)[0]
    exact = _gaussian.every_step(2.0, 5, 1e-6)
    assert low <= exact[1]
    assert low == pytest.approx(exact[0], abs=1e-3)


@pytest.mark.parametrize(("noise", "rate", "steps"), [(1.1, 0.0625, 48), (4.0, 0.01, 1000), (0.7, 0.2, 10)])
def test_the_bounds_agree_with_dp_accounting(noise: float, rate: float, steps: int) -> None:
    """The library's pessimistic value lies just above the lower bound and not below the upper one's neighbourhood."""
    library = privacy_loss_distribution.from_gaussian_mechanism(
        noise, sampling_prob=rate, value_discretization_interval=1e-3
    ).self_compose(steps)
    pessimistic = library.get_epsilon_for_delta(1e-5)
    assert _gaussian.poisson_lower(noise, rate, steps, 1e-5, _pld.FINE)[0] <= pessimistic
    assert _gaussian.poisson_upper(noise, rate, steps, 1e-5, _pld.FINE)[0] == pytest.approx(pessimistic, abs=4e-3)


def test_one_shuffled_epoch_is_no_weaker_than_the_best_threshold() -> None:
    """The bound for one epoch is at least what testing the largest coordinate against any threshold shows."""
    noise, batches, delta = 1.1, 16, 1e-5
    found = _gaussian.shuffle_lower(noise, batches, 0.0, 1, delta, _pld.COARSE)
    best = 0.0
    for tenth in range(20, 90):
        at = tenth / 10
        others = NormalDist(0, noise).cdf(at) ** (batches - 1)
        present, absent = (1 - NormalDist(mean, noise).cdf(at) * others for mean in (2, 1))
        best = max(best, math.log((present - delta) / absent) if present > delta else 0.0)
    assert best <= found + 1e-3
    assert found == pytest.approx(best, abs=0.1)


noises = st.floats(0.4, 8.0)
rates = st.floats(1e-4, 0.5)
counts = st.integers(1, 5000)
deltas = st.floats(1e-9, 1e-2)


@settings(max_examples=15, deadline=None)
@given(noises, rates, counts, deltas)
def test_the_lower_bound_never_exceeds_the_upper(noise: float, rate: float, steps: int, delta: float) -> None:
    """Both sides are computed apart and must not cross."""
    low = _gaussian.poisson_lower(noise, rate, steps, delta, 2**16)[0]
    assert low <= _gaussian.poisson_upper(noise, rate, steps, delta, 2**16)[0]


@settings(max_examples=8, deadline=None)
@given(noises, rates, counts, deltas)
def test_a_finer_grid_never_contradicts_a_coarser(noise: float, rate: float, steps: int, delta: float) -> None:
    """Bounds from different grids enclose the same number, so no refinement turns verified into refuted."""
    coarse = _gaussian.poisson_upper(noise, rate, steps, delta, 2**14)[0]
    assert _gaussian.poisson_lower(noise, rate, steps, delta, 2**17)[0] <= coarse
    fine = _gaussian.poisson_upper(noise, rate, steps, delta, 2**17)[0]
    assert _gaussian.poisson_lower(noise, rate, steps, delta, 2**14)[0] <= fine


@settings(max_examples=15, deadline=None)
@given(noises, rates, counts, deltas, st.floats(1.01, 2.0))
def test_more_noise_is_never_shown_to_be_worse(
    noise: float, rate: float, steps: int, delta: float, factor: float
) -> None:
    """The lower bound with more noise stays below the upper bound with less."""
    more = _gaussian.poisson_lower(noise * factor, rate, steps, delta, 2**16)[0]
    assert more <= _gaussian.poisson_upper(noise, rate, steps, delta, 2**16)[0]


@settings(max_examples=5, deadline=None)
@given(noises, st.floats(0.1, 20.0), st.floats(1.0, 3.0))
def test_a_verified_claim_stays_verified_when_it_claims_less(noise: float, epsilon: float, factor: float) -> None:
    """A larger epsilon is a weaker claim."""
    if judge(noise_multiplier=noise, epsilon=epsilon, epochs=1).outcome is Outcome.VERIFIED:
        assert judge(noise_multiplier=noise, epsilon=epsilon * factor, epochs=1).outcome is Outcome.VERIFIED


@settings(max_examples=10, deadline=None)
@given(noises, st.integers(1, 2000), st.integers(1, 20), deltas)
def test_shuffled_bounds_do_not_cross(noise: float, batches: int, epochs: int, delta: float) -> None:
    """The attack on shuffled batches never beats one full Gaussian per epoch."""
    low = _gaussian.shuffle_lower(noise, batches, 0.0, epochs, delta, 2**16)
    assert low <= _gaussian.every_step(noise, epochs, delta)[1]


def one_step_delta(epsilon: float, noise: float, rate: float, *, added: bool) -> float:
    """Delta of one Poisson-sampled step by its closed form, apart from any grid."""
    ratio = (math.exp(-epsilon if added else epsilon) - (1 - rate)) / rate
    if ratio <= 0:
        return 0.0
    at = 0.5 + noise**2 * math.log(ratio)
    sign = 1 if added else -1
    without, present = (math.erfc(-sign * (at - mean) / noise / math.sqrt(2)) / 2 for mean in (0, 1))
    mixed = (1 - rate) * without + rate * present
    return without - math.exp(epsilon) * mixed if added else mixed - math.exp(epsilon) * without


@settings(max_examples=10, deadline=None)
@given(st.floats(0.3, 50.0), st.floats(1e-4, 0.99), st.floats(1e-7, 0.3))
def test_one_step_encloses_its_closed_form(noise: float, rate: float, delta: float) -> None:
    """Both directions of adding and removing are covered by the upper bound, and one reaches the lower bound."""
    low = _gaussian.poisson_lower(noise, rate, 1, delta, 2**14)[0]
    high = _gaussian.poisson_upper(noise, rate, 1, delta, 2**14)[0]
    at_high, at_low = ([one_step_delta(e, noise, rate, added=added) for added in (False, True)] for e in (high, low))
    assert max(at_high) <= delta * (1 + 1e-6)
    assert low == 0 or max(at_low) >= delta * (1 - 1e-6)


def test_a_loss_with_one_dominating_value_keeps_its_grid() -> None:
    """Adding an example at a small rate has one loss nearly always; the bound used to fall back to no sampling."""
    assert _gaussian.poisson_upper(0.5, 0.01, 1000, 1e-6, _pld.COARSE)[0] < 15.5


def test_a_loader_without_its_incomplete_batch_samples_more_often() -> None:
    """100 examples in batches of 60: one full batch per epoch means rate 1 where the rate is 1 / len(loader)."""
    run = _training.read(DpSgd(noise_multiplier=1.0, batch_size=60, dataset_size=100, epochs=1))
    assert run.rate == (0.5, 1.0)


def test_fixed_batches_drawn_once_are_not_refuted_by_a_known_place() -> None:
    """Nobody knows which batch holds the example, so one Gaussian per epoch is no lower bound."""
    run = _training.read(DpSgd(**{**MNIST, "sampling": "fixed_without_replacement"}))
    assert _training.enclose(run, 1e-5).low <= _training.shuffle_low(run, 1e-5)


def test_unknown_sampling_is_not_verified_by_one_gaussian_per_epoch() -> None:
    """Batches may be drawn anew in each step; 21 holds for shuffled batches only."""
    assert judge(epsilon=21.0, sampling=None).outcome is Outcome.UNVERIFIABLE


def test_fixed_batches_are_advised_to_become_poisson_batches() -> None:
    """The remedy for a refuted claim names the sampling that it was computed for, and holds with it."""
    remedy = judge(epsilon=1.0, sampling="fixed_without_replacement").remedy
    assert judge(epsilon=1.0, noise_multiplier=remedy["noise_multiplier"], sampling=remedy["sampling"]).outcome is (
        Outcome.VERIFIED
    )


@pytest.mark.parametrize("sampling", ["shuffle", "fixed_without_replacement", None])
def test_batches_that_are_no_poisson_samples_name_their_neighbours(sampling: str | None) -> None:
    """Removing an example would move others between batches, so only zeroing out is covered, and it is said."""
    assert any("zeroed out" in line for line in judge(sampling=sampling).assumptions)


def test_printed_bounds_never_round_onto_the_other_side_of_the_claim() -> None:
    """A lower bound just above the claim is not printed as the claim, nor an upper bound just below as more."""
    assert _dp.at_least(2.000000456, 2.0) == "epsilon at least 2.0000004"
    assert _dp.at_most(1.9999935, 1.999995) == "epsilon at most 1.999994"
    assert _dp.at_most(1.134001) == "epsilon at most 1.1341"


def test_both_accountants_are_named() -> None:
    """The method says that dp-accounting reaches the same verdict."""
    assert "confirmed by dp-accounting 0." in judge().method


def test_a_range_without_a_second_opinion_says_so() -> None:
    """The library's FFT cannot resolve a delta of 1e-14."""
    assert "no second opinion" in judge(delta=1e-14).method


@pytest.mark.parametrize(("noise", "rate"), [(0.3, 0.01), (0.3, 1e-5)])
def test_a_library_that_overflows_gives_no_opinion(noise: float, rate: float) -> None:
    """Composed losses beyond e^709 crash dp-accounting; the verdict then says that nobody else was asked."""
    assert _second_opinion.poisson(noise, rate, 10**5, 1e-6) is None


@pytest.mark.parametrize(
    "opinion",
    [
        _second_opinion.Opinion(0.0, 1.0),
        _second_opinion.Opinion(1.3, 2.0),
        _second_opinion.Opinion(math.nan, math.nan),
    ],
)
def test_accountants_that_disagree_leave_the_claim_open(opinion: _second_opinion.Opinion) -> None:
    """Too low, too high or no number at all: none of them lets a verdict stand."""
    verdict = _second_opinion.weigh(judge(), 1.12, 1.14, 3.0, opinion)
    assert (verdict.outcome, verdict.reason) == (Outcome.UNVERIFIABLE, Reason.GAP)
    assert "two accountants disagree" in verdict.explanation


@pytest.mark.parametrize("opinion", [_second_opinion.Opinion(0.0, 2.0), None])
def test_crossing_bounds_leave_the_claim_open(opinion: _second_opinion.Opinion | None) -> None:
    """A lower bound above the upper one is our own mistake and verifies nothing."""
    verdict = _second_opinion.weigh(judge(), 1.15, 1.14, 3.0, opinion)
    assert verdict.outcome is Outcome.UNVERIFIABLE


def test_importing_the_verifiers_loads_no_numerics() -> None:
    """A scan without such claims does not pay for scipy."""
    code = "import sys, petguard.verifiers.dp_sgd, petguard.verifiers.dp_psi; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603
    loaded = run.stdout.split()
    assert not {"numpy", "scipy", "dp_accounting"} & set(loaded)


@pytest.mark.parametrize("usual", [1.0, 3.0])
def test_a_coarse_grid_may_only_spare_work(usual: float) -> None:
    """The worse of two directions is the same whether the other one was looked at coarsely or not."""
    other = {_pld.COARSE: 2.0}
    found = _pld.worse(lambda _: (usual, 0.1), lambda points: (other.get(points, 2.5), 0.1), _pld.COARSE)
    assert found == (max(usual, 2.0), 0.1)
