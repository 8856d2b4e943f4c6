"""What the federated DP verifier verifies, refutes and leaves open, and that its bounds are sound."""

import math
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from petguard.claims import FederatedDp
from petguard.model import Budget, Claim, Location, Outcome, Reason, Verdict
from petguard.verifiers import _federated, _gaussian, _pld, _search
from petguard.verifiers.federated_dp import VERIFIER
from tests.benches import bench

HUNDRED: dict[str, Any] = {
    "noise_multiplier": 1.0,
    "clients_per_round": 10,
    "clients_total": 100,
    "rounds": 100,
    "sampling": "poisson",
    "epsilon": 8.0,
    "delta": 1e-5,
}
LAPLACE: dict[str, Any] = {
    "mechanism": "laplace",
    "scale": 1.0,
    "sensitivity": 0.5,
    "rounds": 10,
    "sampling": "none",
    "epsilon": 5.0,
}
SPARSE: dict[str, Any] = {
    "mechanism": "svt",
    "selection_epsilon": 0.1,
    "release_epsilon": 0.9,
    "fraction": 0.1,
    "parameters": 100_000,
    "rounds": 10,
    "replace": False,
    "epsilon": 10.0,
}


def judge(
    budget: Budget | None = None, unresolved: dict[str, str] | None = None, run: Any = None, **said: Any
) -> Verdict:
    """The verdict on one of the runs above with some fields replaced."""
    statement = FederatedDp(**{**(run or HUNDRED), **said})
    claim = Claim(id="c", statement=statement, location=Location(path="a"), subject="a", unresolved=unresolved or {})
    return VERIFIER.judge(claim, bench(budget))


def interval(**said: Any) -> tuple[float, float]:
    """The bounds of a verdict, both finite."""
    found = judge(**said).interval
    assert found is not None
    assert found[0] is not None
    assert found[1] is not None
    return found[0], found[1]


# --- Gaussian noise


def test_poisson_sampled_clients_are_verified() -> None:
    """Noise 1, 10 of 100 clients, 100 rounds, delta 1e-5: epsilon 7.05, so 8 holds."""
    verdict = judge()
    assert verdict.outcome is Outcome.VERIFIED
    assert list(verdict.interval or ()) == [pytest.approx(7.05, abs=0.01), pytest.approx(7.05, abs=0.01)]


def test_clients_that_are_always_there_are_refuted() -> None:
    """The same noise without sampling is 91.8."""
    verdict = judge(sampling="none")
    assert verdict.outcome is Outcome.REFUTED
    assert list(verdict.interval or ()) == [pytest.approx(91.82, abs=0.01), pytest.approx(91.82, abs=0.01)]


def test_a_fixed_number_of_clients_is_not_poisson() -> None:
    """Poisson's 7.05 is only a lower bound there; 34.2 is what can be proved."""
    verdict = judge(sampling="fixed")
    assert (verdict.outcome, verdict.reason) == (Outcome.UNVERIFIABLE, Reason.GAP)
    assert list(verdict.interval or ()) == [pytest.approx(7.05, abs=0.01), pytest.approx(34.17, abs=0.01)]
    assert judge(sampling="fixed", epsilon=34.5).outcome is Outcome.VERIFIED
    assert judge(sampling="fixed", epsilon=7.0).outcome is Outcome.REFUTED


def test_unknown_sampling_is_missing_where_it_decides() -> None:
    """8 holds for Poisson only, so the sampling has to be stated; 92 holds for all, 7 for none."""
    verdict = judge(sampling=None)
    assert verdict.reason is Reason.MISSING_PARAMETER
    assert "sampling is not stated" in verdict.explanation
    assert judge(sampling=None, epsilon=92.0).outcome is Outcome.VERIFIED
    assert judge(sampling=None, epsilon=7.0).outcome is Outcome.REFUTED
    assert judge(sampling=None, unresolved={"sampling": "args.how"}).reason is Reason.DYNAMIC_VALUE


def test_clients_of_unknown_sampling_may_take_turns() -> None:
    """Who is in every second round surely spends 28.4 over ten rounds; Poisson sampling by half spends 31.4."""
    half: dict[str, Any] = {
        "noise_multiplier": 0.5,
        "clients_per_round": 1,
        "clients_total": 2,
        "rounds": 10,
        "epsilon": 30.0,
    }
    assert _gaussian.every_step(0.5, 5, 1e-5)[1] < 30
    assert judge(**half, sampling="poisson").outcome is Outcome.REFUTED
    assert judge(**half, sampling=None).reason is Reason.MISSING_PARAMETER


@pytest.mark.parametrize("name", ["mechanism", "unit", "neighbours"])
def test_what_decides_and_is_no_constant_is_named(name: str) -> None:
    """Neither a mechanism nor the neighbours are taken for the usual ones where the code says otherwise."""
    assert judge(unresolved={name: "args.how"}).reason is Reason.DYNAMIC_VALUE


def test_unknown_sampling_of_unknown_clients_has_only_an_upper_bound() -> None:
    """Without the number of clients a client may never be drawn."""
    assert interval(sampling=None, clients_total=None)[0] == 0


def test_a_false_claim_is_refuted_with_a_remedy_that_holds() -> None:
    """Less than 7.05 needs more noise or fewer rounds; both meet the claim."""
    verdict = judge(epsilon=5.0)
    assert verdict.outcome is Outcome.REFUTED
    assert judge(epsilon=5.0, noise_multiplier=verdict.remedy["noise_multiplier"]).outcome is Outcome.VERIFIED
    assert judge(epsilon=5.0, rounds=verdict.remedy["or_rounds"]).outcome is Outcome.VERIFIED
    assert judge(epsilon=5.0, rounds=verdict.remedy["or_rounds"] + 2).outcome is not Outcome.VERIFIED


def test_a_verified_claim_over_budget_gets_a_remedy() -> None:
    """The claim of 8 holds, but the policy allows 3 at a smaller delta."""
    verdict = judge(Budget(epsilon=3.0, delta=1e-6))
    assert verdict.outcome is Outcome.VERIFIED
    mended = judge(epsilon=3.0, delta=1e-6, noise_multiplier=verdict.remedy["noise_multiplier"])
    assert mended.outcome is Outcome.VERIFIED


def test_a_claim_within_budget_has_no_remedy() -> None:
    """Nothing to mend."""
    assert judge(Budget(epsilon=7.5, delta=1e-5)).remedy == {}


@pytest.mark.parametrize("sampling", ["poisson", "none"])
def test_both_accountants_are_named(sampling: str) -> None:
    """A second library lies inside the interval, and the method says so."""
    assert "confirmed by dp-accounting" in judge(sampling=sampling, epsilon=95.0).method


def test_nobody_else_is_asked_about_a_fixed_number_of_clients() -> None:
    """The library has no privacy-loss distribution for it."""
    assert "no second opinion" in judge(sampling="fixed", epsilon=40.0).method


@pytest.mark.parametrize("other", [{"neighbours": "replace"}, {"unit": "example"}])
def test_an_exchanged_update_moves_twice_as_far(other: dict[str, Any]) -> None:
    """One example may turn its client's whole update around."""
    assert judge(**other).reason is Reason.GAP
    assert interval(**other, sampling="none")[0] > 200


@pytest.mark.parametrize(
    "how",
    [
        {"sigma": 0.1, "noise_on": "mean", "clipping_norm": 1.0},
        {"sigma": 1.0, "noise_on": "sum", "clipping_norm": 1.0},
        {"round_epsilon": math.sqrt(2 * math.log(1.25e5)), "round_delta": 1e-5},
    ],
)
def test_the_noise_multiplier_follows_from_what_a_library_is_given(how: dict[str, Any]) -> None:
    """The deviation on a mean or a sum over the clip, or the classic formula, which does not know the clip."""
    assert interval(noise_multiplier=None, **how) == pytest.approx(interval())


@pytest.mark.parametrize("how", [{"sigma": 1.0}, {"sigma": 1.0, "clipping_norm": 1.0}, {"round_epsilon": 1.0}, {}])
def test_half_of_what_the_noise_follows_from_is_not_enough(how: dict[str, Any]) -> None:
    """Without the clip, or what the noise is added to, nothing is computed."""
    verdict = judge(noise_multiplier=None, **how)
    assert verdict.reason is Reason.MISSING_PARAMETER
    assert "noise_multiplier" in verdict.explanation


def test_no_noise_is_refuted_whatever_is_missing() -> None:
    """A multiplier of 0 protects nobody."""
    assert judge(noise_multiplier=0.0, rounds=None, delta=None).outcome is Outcome.REFUTED


def test_without_a_claim_no_noise_is_shown_to_be_infinite() -> None:
    """Nothing is claimed; the explanation says what the parameters give."""
    assert "no finite epsilon" in judge(noise_multiplier=0.0, epsilon=None).explanation


def test_more_clients_than_there_are_is_a_gap() -> None:
    """The numbers contradict each other."""
    assert judge(clients_per_round=101).reason is Reason.GAP


# --- a fixed number of clients


def mixed(epsilon: float, noise: float, rate: float) -> float:
    """Delta of (1 - rate) N(0) + rate N(1) against N(0), by its closed form."""
    ratio = math.log1p(math.expm1(epsilon) / rate)
    near, far = (math.erfc((ratio * noise - sign / (2 * noise)) / math.sqrt(2)) / 2 for sign in (1, -1))
    return rate * (near - math.exp(ratio) * far)


@settings(max_examples=15, deadline=None)
@given(st.floats(0.8, 20.0), st.floats(0.01, 0.99), st.floats(1e-8, 0.05))
def test_one_round_of_swapped_clients_meets_its_closed_form(noise: float, rate: float, delta: float) -> None:
    """The divergence at the bound is delta, and no more."""
    high = _federated.swapped_high(noise, rate, 1, delta, 2**15)
    assert mixed(high, noise / 2, rate) <= delta * (1 + 1e-6)
    assert high < 1e-3 or mixed(high * 0.99 - 1e-3, noise / 2, rate) >= delta * (1 - 1e-6)


@settings(max_examples=12, deadline=None)
@given(st.floats(0.8, 20.0), st.floats(0.01, 0.9), st.integers(1, 300), st.floats(1e-8, 1e-2))
def test_swapped_clients_are_never_better_than_poisson_sampled_ones(
    noise: float, rate: float, rounds: int, delta: float
) -> None:
    """The upper bound stays above the lower one for Poisson samples, on any grid, and falls with more noise."""
    high = _federated.swapped_high(noise, rate, rounds, delta, 2**15)
    assert _gaussian.poisson_lower(noise, rate, rounds, delta, 2**15)[0] <= high
    assert _gaussian.poisson_lower(noise / 2, rate, rounds, delta, 2**15)[0] <= high * (1 + 1e-9) + 1e-9
    assert _federated.swapped_high(noise * 1.5, rate, rounds, delta, 2**17) <= high * (1 + 1e-6) + 1e-9


@pytest.mark.parametrize(("noise", "rate", "rounds"), [(4.0, 0.01, 1000), (2.0, 0.1, 10), (8.0, 0.3, 50)])
def test_a_renyi_accountant_is_above(noise: float, rate: float, rounds: int) -> None:
    """The library's Renyi bound for samples without replacement and replaced clients is looser, as it should be."""
    import dp_accounting as library  # type: ignore[import-untyped]  # noqa: PLC0415 - slow, ships no types
    from dp_accounting import rdp  # noqa: PLC0415 - slow

    accountant = rdp.RdpAccountant(neighboring_relation=library.NeighboringRelation.REPLACE_ONE)
    one = library.SampledWithoutReplacementDpEvent(1000, int(rate * 1000), library.GaussianDpEvent(noise / 2))
    accountant.compose(one, rounds)
    assert _federated.swapped_high(noise, rate, rounds, 1e-5, _pld.COARSE) <= accountant.get_epsilon(1e-5)


# --- Laplace noise


def test_laplace_rounds_add_up() -> None:
    """Half an epsilon in each of ten rounds is 5, and no less."""
    assert judge(run=LAPLACE).outcome is Outcome.VERIFIED
    assert judge(run=LAPLACE, epsilon=4.9).outcome is Outcome.REFUTED
    assert judge(run=LAPLACE, neighbours="replace").outcome is Outcome.REFUTED


def test_laplace_at_a_delta_has_bounds() -> None:
    """A hundred rounds of 0.1 are 10 together, and less at delta 1e-5."""
    low, high = interval(run=LAPLACE, scale=5.0, rounds=100, delta=1e-5)
    assert 1 < low < high < 9


def test_fedmls_laplace_spends_its_delta_too() -> None:
    """Its scale is sensitivity / (epsilon - log(1 - delta)), so a round costs a little more than epsilon."""
    made: dict[str, Any] = {"scale": None, "sensitivity": None, "round_epsilon": 0.5, "round_delta": 0.1}
    assert judge(run=LAPLACE, **made).outcome is Outcome.REFUTED
    assert judge(run=LAPLACE, **made, epsilon=6.1).outcome is Outcome.VERIFIED


@pytest.mark.parametrize("sampling", ["poisson", "fixed"])
@pytest.mark.parametrize("delta", [None, 1e-5])
def test_sampled_laplace_is_amplified(sampling: str, delta: float | None) -> None:
    """One client in ten: log(1 + (e^0.5 - 1) / 10) a round, or a bound for a swapped one."""
    run = {**LAPLACE, "sampling": sampling, "clients_per_round": 10, "clients_total": 100, "delta": delta}
    low, high = interval(run=run)
    assert low <= 10 * math.log1p(math.expm1(0.5) / 10) + 1e-6
    assert high <= (0.63 if sampling == "poisson" else 1.6)
    assert low <= high


def test_laplace_of_unknown_sampling_has_only_an_upper_bound() -> None:
    """A client may be in every round, or in none."""
    assert interval(run=LAPLACE, sampling=None) == (0.0, 5.0)


def test_a_refuted_laplace_run_gets_a_remedy() -> None:
    """A smaller epsilon for each round, or fewer rounds."""
    remedy = judge(run=LAPLACE, epsilon=2.0).remedy
    mended: dict[str, Any] = {"scale": None, "round_epsilon": remedy["round_epsilon"]}
    assert judge(run=LAPLACE, epsilon=2.0, **mended).outcome is Outcome.VERIFIED
    assert judge(run=LAPLACE, epsilon=2.0, rounds=remedy["or_rounds"]).outcome is Outcome.VERIFIED


# --- NVFlare's sparse vector filter


def test_a_filter_spends_on_choosing_and_on_releasing() -> None:
    """0.1 and 0.9 in each of ten rounds are 10."""
    assert judge(run=SPARSE).outcome is Outcome.VERIFIED
    assert judge(run=SPARSE, epsilon=8.9).outcome is Outcome.REFUTED
    assert judge(run=SPARSE, epsilon=9.5).reason is Reason.GAP


def test_the_defaults_release_every_weight_at_its_own_price() -> None:
    """Without release_epsilon each of 10,000 weights costs noise_var, 1000 a round, whatever epsilon is."""
    verdict = judge(run=SPARSE, release_epsilon=None, noise_var=0.1)
    assert verdict.outcome is Outcome.REFUTED
    assert verdict.witness["epsilon_at_least"] == pytest.approx(10_000)
    assert judge(run=SPARSE, release_epsilon=verdict.remedy["release_epsilon"]).outcome is Outcome.VERIFIED


def test_drawing_with_replacement_shows_how_many_were_accepted() -> None:
    """NVFlare's default; the choice is then paid for by all weights that may be accepted."""
    assert judge(run=SPARSE, replace=True).reason is Reason.GAP
    assert judge(run=SPARSE, replace=None, epsilon=19.0).outcome is Outcome.VERIFIED


@pytest.mark.parametrize(("replace", "sampling", "least"), [(False, None, 40), (True, None, 0), (False, "fixed", 0)])
def test_a_filter_at_a_delta_is_refuted_by_signs(replace: bool, sampling: str | None, least: float) -> None:
    """The signs of all released weights tell two updates apart even at a delta."""
    said: dict[str, Any] = {"replace": replace, "sampling": sampling, "clients_per_round": 1, "clients_total": 2}
    assert interval(run=SPARSE, release_epsilon=1000.0, delta=1e-5, **said)[0] >= least


# --- all of them


@pytest.mark.parametrize(
    ("run", "field", "named"),
    [
        *((HUNDRED, name, name) for name in HUNDRED if name != "sampling"),
        *((LAPLACE, name, name) for name in ("scale", "sensitivity", "rounds", "epsilon")),
        *((SPARSE, name, name) for name in ("selection_epsilon", "fraction", "parameters", "rounds", "epsilon")),
        (SPARSE, "release_epsilon", "release_epsilon or noise_var"),
    ],
)
def test_a_missing_number_is_named(run: dict[str, Any], field: str, named: str) -> None:
    """Without any one of its numbers the claim is unverifiable and the explanation names the number."""
    verdict = judge(run=run, **{field: None})
    assert (verdict.outcome, verdict.reason) == (Outcome.UNVERIFIABLE, Reason.MISSING_PARAMETER)
    assert named in verdict.explanation


@pytest.mark.parametrize("run", [HUNDRED, LAPLACE, SPARSE])
@pytest.mark.parametrize("sampling", ["poisson", "fixed", "none", None])
@pytest.mark.parametrize(
    "absurd",
    [
        {"noise_multiplier": 5e-324, "scale": 5e-324, "noise_var": 5e-324, "release_epsilon": None},
        {"noise_multiplier": 1e308, "scale": 1e308, "noise_var": 1e308, "release_epsilon": None},
        {"rounds": 10**15},
        {"clients_total": 10**15},
        {"clients_per_round": 100},
        {"epsilon": 1e308},
        {"epsilon": 5e-324},
        {"delta": 5e-324},
        {"delta": 1 - 1e-16},
        {"parameters": 10**15, "sensitivity": 1e308},
        {"fraction": 5e-324, "sensitivity": 5e-324},
        {"selection_epsilon": 1e308, "release_epsilon": 1e308},
    ],
)
def test_absurd_numbers_end_in_a_verdict_without_nan(
    run: dict[str, Any], sampling: str | None, absurd: dict[str, Any]
) -> None:
    """No number in range makes the verifier raise, and no NaN or infinity gets into the verdict."""
    clients = {"clients_per_round": 10, "clients_total": 100}
    verdict = judge(run={**clients, **run, "sampling": sampling}, **absurd)
    assert all(side is None or math.isfinite(side) for side in verdict.interval or ())


@pytest.mark.parametrize("field", ["epsilon", "delta", "rounds", "clients_total", "sigma", "fraction"])
@pytest.mark.parametrize("value", [0, -1, math.nan])
def test_numbers_out_of_range_are_no_claim(field: str, value: float) -> None:
    """Zero, negative and NaN values stop at the border."""
    with pytest.raises(ValueError, match=field):
        FederatedDp(**{**HUNDRED, field: value})


@settings(max_examples=12, deadline=None)
@given(
    st.sampled_from(["poisson", "fixed", "none", None]),
    st.floats(0.5, 20.0),
    st.integers(1, 99),
    st.integers(1, 1000),
    st.floats(1.0, 3.0),
)
def test_bounds_do_not_cross_and_more_noise_helps(
    sampling: str | None, noise: float, clients: int, rounds: int, factor: float
) -> None:
    """For every sampling the lower bound, also that with more noise, stays below the upper one."""
    run = _federated.Rounds(rounds, sampling, 1.0 if sampling == "none" else clients / 100, swapped=False)
    low, high = _federated.gaussian(noise, run, 1e-6, 2**15)
    assert low <= high
    assert _federated.gaussian(noise * factor, run, 1e-6, 2**15)[0] <= high


@settings(max_examples=10, deadline=None)
@given(st.sampled_from(["poisson", "fixed", "none"]), st.floats(1.0, 120.0), st.floats(1.0, 3.0))
def test_a_verified_claim_stays_verified_when_it_claims_less(sampling: str, epsilon: float, factor: float) -> None:
    """A larger epsilon is a weaker claim."""
    if judge(sampling=sampling, epsilon=epsilon).outcome is Outcome.VERIFIED:
        assert judge(sampling=sampling, epsilon=epsilon * factor).outcome is Outcome.VERIFIED


@pytest.mark.parametrize(("threshold", "found"), [(1, 1), (7, 7), (100, 100), (101, None)])
def test_the_smallest_number_that_meets_is_found(threshold: int, found: int | None) -> None:
    """Between 1 and 100, or there is none; the largest that does not is one less."""
    assert _search.smallest(lambda number: number >= threshold, 100) == found
    assert _search.largest(lambda number: number < threshold, 100) == min(threshold - 1, 100)


def test_importing_the_verifiers_loads_no_numerics() -> None:
    """A scan without such claims does not pay for scipy."""
    code = "import sys; from petguard.verifiers import federated_dp, local_dp, mpc_dual_dp; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603
    assert not {"numpy", "scipy", "dp_accounting"} & set(run.stdout.split())
