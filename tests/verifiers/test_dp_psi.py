"""What the DP-PSI verifier verifies, refutes and leaves open, and that its bounds are sound."""

import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from petguard.claims import DpPsi
from petguard.model import Budget, Claim, Location, Outcome, Reason, Verdict
from petguard.verifiers import _hypergeometric
from petguard.verifiers.dp_psi import VERIFIER
from tests.benches import bench

SHIPPED: dict[str, Any] = {
    "epsilon": 2.0,
    "maximum_queries": 10,
    "ids_num": 3,
    "precomputed_tau": 1440,
    "use_precomputed_tau": True,
    "input_dp": True,
    "dataset_size": 10**6,
}


def judge(budget: Budget | None = None, unresolved: dict[str, str] | None = None, **said: Any) -> Verdict:
    """The verdict on the shipped configuration with some fields replaced."""
    statement = DpPsi(**{**SHIPPED, **said})
    claim = Claim(
        id="c", statement=statement, location=Location(path="r.json"), subject="r.json", unresolved=unresolved or {}
    )
    return VERIFIER.judge(claim, bench(budget))


def exact_delta(tau: int, epsilon: float) -> float:
    """Delta of one column by direct enumeration."""
    chance = [math.comb(tau, k) ** 2 / math.comb(2 * tau, tau) for k in range(tau + 1)]
    moved = [0.0, *chance]
    return math.fsum(max(0.0, p - math.exp(epsilon) * q) for p, q in zip([*chance, 0.0], moved, strict=True))


@pytest.mark.parametrize(("rows", "tau"), [(10**3, 722), (10**4, 954), (10**5, 1194), (10**6, 1440), (10**7, 1690)])
def test_the_shipped_taus_are_verified(rows: int, tau: int) -> None:
    """PrivacyGo's precomputed taus meet epsilon 2 over 10 queries of 3 ids."""
    assert judge(dataset_size=rows, precomputed_tau=tau).outcome is Outcome.VERIFIED


@pytest.mark.parametrize(("rows", "tau"), [(10**3, 721), (10**4, 953), (10**5, 1193), (10**6, 1439)])
def test_one_dummy_less_is_refuted_and_the_remedy_is_the_shipped_tau(rows: int, tau: int) -> None:
    """The shipped taus are the smallest ones that hold."""
    verdict = judge(dataset_size=rows, precomputed_tau=tau)
    assert verdict.outcome is Outcome.REFUTED
    assert verdict.remedy["precomputed_tau"] == tau + 1


def test_the_largest_shipped_tau_has_one_dummy_to_spare() -> None:
    """1690 was found on a coarser grid; the exact calibration shows that 1689 holds and 1688 does not."""
    assert judge(dataset_size=10**7, precomputed_tau=1689).outcome is Outcome.VERIFIED
    assert judge(dataset_size=10**7, precomputed_tau=1688).outcome is Outcome.REFUTED


def test_the_explanation_has_the_numbers() -> None:
    """One sentence with tau, queries, ids, epsilon and delta."""
    text = judge().explanation
    assert text == "tau 1440 over 10 queries of 3 ids gives epsilon at most 1.9994 at delta 1e-07, claimed 2"


@pytest.mark.parametrize("switch", ["input_dp", "use_precomputed_tau"])
def test_dummies_switched_off_are_refuted_whatever_is_missing(switch: str) -> None:
    """The field alone refutes the claim and is the witness."""
    off: dict[str, Any] = {switch: False, "dataset_size": None, "maximum_queries": None}
    verdict = judge(**off)
    assert verdict.outcome is Outcome.REFUTED
    assert verdict.witness[switch] is False


def test_switched_off_dummies_get_the_tau_that_would_do() -> None:
    """With all other numbers known, the remedy is complete."""
    assert judge(use_precomputed_tau=False).remedy["precomputed_tau"] == 1440


def test_tau_zero_is_refuted() -> None:
    """No dummies, no privacy."""
    assert judge(precomputed_tau=0).outcome is Outcome.REFUTED


def test_more_runs_than_queries_are_counted() -> None:
    """20 runs of a configuration for 10 spend twice; both numbers are in the witness."""
    verdict = judge(runs=20)
    assert verdict.outcome is Outcome.REFUTED
    assert (verdict.witness["runs"], verdict.witness["maximum_queries"]) == (20, 10)


def test_more_runs_than_queries_break_the_claim_even_within_epsilon() -> None:
    """The configuration is made for a number of queries, and nothing enforces it."""
    verdict = judge(runs=11, epsilon=5.0)
    assert verdict.outcome is Outcome.REFUTED
    assert verdict.witness == {"runs": 11, "maximum_queries": 10}


@pytest.mark.parametrize("field", ["precomputed_tau", "maximum_queries", "ids_num", "dataset_size", "epsilon"])
def test_a_missing_number_is_named(field: str) -> None:
    """Without any one of its numbers the claim is unverifiable and the explanation names the number."""
    verdict = judge(**{field: None})
    assert (verdict.outcome, verdict.reason) == (Outcome.UNVERIFIABLE, Reason.MISSING_PARAMETER)
    assert field in verdict.explanation


@pytest.mark.parametrize("said", [{"unit": "user", "contributions": 20}, {"contributions": 20}, {"unit": "user"}])
def test_several_keys_of_one_user_are_not_hidden(said: dict[str, Any]) -> None:
    """The dummies are made for one key in each column, so a user with more is refuted by one and never verified."""
    verdict = judge(**said)
    assert verdict.outcome is Outcome.UNVERIFIABLE
    assert not verdict.interval or verdict.interval[1] is None
    assert judge(**said, epsilon=1.9).outcome is Outcome.REFUTED
    assert judge(unit="user", contributions=1).outcome is Outcome.VERIFIED


def test_a_dynamic_number_is_named_with_its_text() -> None:
    """A tau that is computed elsewhere is a dynamic value."""
    verdict = judge(precomputed_tau=None, unresolved={"precomputed_tau": "${TAU}"})
    assert verdict.reason is Reason.DYNAMIC_VALUE
    assert "${TAU}" in verdict.explanation


def test_a_stated_delta_needs_no_dataset_size() -> None:
    """Delta 1e-7 is what a million rows give."""
    assert judge(dataset_size=None, delta=1e-7).outcome is Outcome.VERIFIED


def test_a_verified_claim_over_budget_gets_a_remedy() -> None:
    """The claim of 2 holds, but the policy allows 1: the remedy meets the policy."""
    verdict = judge(Budget(epsilon=1.0))
    assert verdict.outcome is Outcome.VERIFIED
    assert judge(epsilon=1.0, precomputed_tau=verdict.remedy["precomputed_tau"]).outcome is Outcome.VERIFIED


@pytest.mark.parametrize(
    "absurd",
    [
        {"precomputed_tau": 10**15},
        {"precomputed_tau": 1},
        {"maximum_queries": 10**15, "ids_num": 10**15},
        {"runs": 10**15},
        {"epsilon": 1e-300},
        {"epsilon": 1e308, "delta": 1e-300},
        {"delta": 5e-324, "epsilon": 1e3},
        {"delta": 1 - 1e-16},
        {"dataset_size": 10**15},
    ],
)
def test_absurd_numbers_end_in_a_verdict_without_nan(absurd: dict[str, Any]) -> None:
    """No number in range makes the verifier raise, and no NaN or infinity gets into the verdict."""
    verdict = judge(**absurd)
    assert verdict.interval is not None
    assert all(side is None or math.isfinite(side) for side in verdict.interval)


def test_a_tau_too_large_to_enumerate_is_a_gap() -> None:
    """What cannot be computed is not verified."""
    assert judge(precomputed_tau=10**15).reason is Reason.GAP


@settings(max_examples=15, deadline=None)
@given(st.integers(1, 60), st.floats(1e-6, 0.9))
def test_one_column_agrees_with_direct_enumeration(tau: int, delta: float) -> None:
    """The exact delta at the upper bound is at most delta, at the lower bound at least delta."""
    low, high = _hypergeometric.bounds(tau, 1, delta, _hypergeometric.POINTS[0])
    if math.isfinite(high):
        assert exact_delta(tau, high) <= delta * (1 + 1e-9)
    else:
        assert exact_delta(tau, 700.0) >= delta
    if 0 < low < math.inf:
        assert exact_delta(tau, low) >= delta * (1 - 1e-9)


def test_both_accountants_are_named() -> None:
    """dp-accounting, from factorials, does not contradict the verdict."""
    assert "contradicted by dp-accounting 0." in judge().method


def test_the_loss_is_the_same_in_both_directions() -> None:
    """Adding or removing a person moves the overlap up or down; the distribution is symmetric."""
    chance = [math.comb(12, k) ** 2 / math.comb(24, 12) for k in range(13)]
    assert chance == chance[::-1]


@settings(max_examples=10, deadline=None)
@given(st.integers(20, 3000), st.integers(1, 60), st.floats(1e-9, 1e-2))
def test_more_dummies_are_never_shown_to_be_worse(tau: int, times: int, delta: float) -> None:
    """The bounds do not cross, and the lower bound with more dummies stays below the upper one with fewer."""
    low, high = _hypergeometric.bounds(tau, times, delta, 2**15)
    assert low <= high
    assert _hypergeometric.bounds(2 * tau, times, delta, 2**15)[0] <= high


@settings(max_examples=10, deadline=None)
@given(st.integers(50, 3000), st.integers(1, 60))
def test_a_finer_grid_never_contradicts_a_coarser(tau: int, times: int) -> None:
    """Bounds from different grids enclose the same number."""
    coarse = _hypergeometric.bounds(tau, times, 1e-6, 2**14)
    fine = _hypergeometric.bounds(tau, times, 1e-6, 2**17)
    assert coarse[0] <= fine[1]
    assert fine[0] <= coarse[1]


def test_the_rows_of_the_input_file_are_the_size_of_the_data(tmp_path: Path) -> None:
    """Nothing states it, and the file is there: a thousand rows make delta 1/10000."""
    (tmp_path / "ids.csv").write_text("id\n" + "".join(f"{n}\n" for n in range(1000)))
    said = {**SHIPPED, "dataset_size": None, "precomputed_tau": 722, "input_file": "ids.csv", "has_header": True}
    claim = Claim(id="c", statement=DpPsi(**said), location=Location(path="r.json"), subject="r.json")
    verdict = VERIFIER.judge(claim, bench(root=tmp_path))
    assert verdict.outcome is Outcome.VERIFIED
    assert verdict.assumptions[-1] == "the data has 1000 rows, as ids.csv has"


def test_an_input_file_that_is_not_there_leaves_the_size_unknown(tmp_path: Path) -> None:
    """As in most repositories: keys are private."""
    said = {**SHIPPED, "dataset_size": None, "input_file": "ids.csv"}
    claim = Claim(id="c", statement=DpPsi(**said), location=Location(path="r.json"), subject="r.json")
    assert VERIFIER.judge(claim, bench(root=tmp_path)).reason is Reason.MISSING_PARAMETER
