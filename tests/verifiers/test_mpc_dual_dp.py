"""What the MPC-DualDP verifier verifies, refutes and leaves open, and that its bounds are sound."""

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from petguard.claims import MpcDualDp
from petguard.model import Budget, Claim, Location, Outcome, Reason, Verdict
from petguard.verifiers import _events
from petguard.verifiers.mpc_dual_dp import VERIFIER, formula
from tests.benches import bench

SHIPPED: dict[str, Any] = {"epsilon": 1.0, "delta": 1e-5, "sensitivity": 1.0, "n": 98}


def judge(budget: Budget | None = None, unresolved: dict[str, str] | None = None, **said: Any) -> Verdict:
    """The verdict on PrivacyGo's example with some fields replaced."""
    statement = MpcDualDp(**{**SHIPPED, **said})
    claim = Claim(id="c", statement=statement, location=Location(path="a"), subject="a", unresolved=unresolved or {})
    return VERIFIER.judge(claim, bench(budget))


def exact_delta(n: int, move: int, epsilon: float) -> float:
    """Delta by direct enumeration with whole numbers."""
    chance = [math.comb(n, k) / 2**n for k in range(n + 1)]
    moved = [*([0.0] * move), *chance]
    return math.fsum(max(0.0, p - math.exp(epsilon) * q) for p, q in zip(chance, moved, strict=False))


def test_the_published_number_is_reproduced() -> None:
    """98 coins at delta 1e-5 give epsilon 0.762, and the claim of 1 holds."""
    verdict = judge()
    assert verdict.outcome is Outcome.VERIFIED
    assert list(verdict.interval or ()) == [pytest.approx(0.762, abs=5e-4), pytest.approx(0.762, abs=5e-4)]


@pytest.mark.parametrize(("epsilon", "coins"), [(1.0, 98), (0.5, 391), (10.0, 1)])
def test_the_formula_is_privacygos(epsilon: float, coins: int) -> None:
    """8 times the squared sensitivity times log(2 / delta) over the squared epsilon, rounded up."""
    assert formula(epsilon, 1e-5, 1.0) == coins


@pytest.mark.parametrize("epsilon", [0.1, 0.5, 1.0, 2.0])
def test_the_formula_holds_for_small_epsilon(epsilon: float) -> None:
    """What PrivacyGo tosses is enough, and by a third more than needed."""
    assert judge(epsilon=epsilon, n=int(formula(epsilon, 1e-5, 1.0))).outcome is Outcome.VERIFIED


@pytest.mark.parametrize("epsilon", [5.0, 10.0, 30.0])
def test_the_formula_is_false_for_large_epsilon(epsilon: float) -> None:
    """Few coins all fall on one side too often: that outcome gives the person away."""
    verdict = judge(epsilon=epsilon, n=int(formula(epsilon, 1e-5, 1.0)))
    assert verdict.outcome is Outcome.REFUTED
    assert verdict.witness["epsilon_at_least"] == "infinite"


def test_a_false_claim_is_refuted_and_the_remedy_is_the_smallest_n() -> None:
    """98 coins are not enough for 0.5; the remedy is, and one coin less is not."""
    verdict = judge(epsilon=0.5)
    assert verdict.outcome is Outcome.REFUTED
    assert verdict.witness["n"] == 98
    enough = verdict.remedy["n"]
    assert judge(epsilon=0.5, n=enough).outcome is Outcome.VERIFIED
    assert judge(epsilon=0.5, n=enough - 1).outcome is not Outcome.VERIFIED


@pytest.mark.parametrize("field", list(SHIPPED))
def test_a_missing_number_is_named(field: str) -> None:
    """Without any one of its numbers the claim is unverifiable and the explanation names the number."""
    verdict = judge(**{field: None})
    assert (verdict.outcome, verdict.reason) == (Outcome.UNVERIFIABLE, Reason.MISSING_PARAMETER)
    assert field in verdict.explanation


@pytest.mark.parametrize("unit", [None, "user"])
def test_stated_contributions_may_each_move_the_number(unit: str | None) -> None:
    """One contribution keeps 0.762 and four of them do not: which of the two is meant is not sure."""
    assert judge(unit=unit, contributions=4).reason is Reason.GAP
    assert judge(unit=unit, contributions=4, epsilon=5.0).outcome is Outcome.VERIFIED
    assert judge(unit=unit, contributions=4, epsilon=0.7).outcome is Outcome.REFUTED


def test_dynamic_contributions_are_not_one() -> None:
    """What is read from the command line may be anything."""
    assert judge(unresolved={"contributions": "args.rows"}).reason is Reason.DYNAMIC_VALUE


def test_a_missing_n_is_not_taken_from_the_formula() -> None:
    """The formula's number is shown, and nothing is verified by it."""
    assert "98 coins; state the n" in judge(n=None).explanation
    assert "state it in the claim" in judge(n=None, epsilon=None).explanation


def test_a_dynamic_number_is_named_with_its_text() -> None:
    """An n that is computed elsewhere is a dynamic value."""
    verdict = judge(n=None, unresolved={"n": "argv[5]"})
    assert verdict.reason is Reason.DYNAMIC_VALUE
    assert "argv[5]" in verdict.explanation


def test_a_sensitivity_that_is_no_whole_number_is_a_gap() -> None:
    """Whole noise hides no fractions."""
    verdict = judge(sensitivity=1.5)
    assert (verdict.outcome, verdict.reason) == (Outcome.UNVERIFIABLE, Reason.GAP)
    assert "fraction" in verdict.explanation


def test_a_budget_asks_for_more_coins() -> None:
    """The claim of 1 holds, but the policy allows 0.5 at a smaller delta: the remedy meets the policy."""
    verdict = judge(Budget(epsilon=0.5, delta=1e-6))
    assert verdict.outcome is Outcome.VERIFIED
    assert judge(epsilon=0.5, delta=1e-6, n=verdict.remedy["n"]).outcome is Outcome.VERIFIED


def test_a_claim_within_budget_has_no_remedy() -> None:
    """Nothing to mend."""
    assert judge(Budget(epsilon=0.9, delta=1e-5)).remedy == {}


@pytest.mark.parametrize(
    "absurd",
    [
        {"n": 10**15},
        {"n": 1},
        {"sensitivity": 1e15},
        {"sensitivity": 1e308},
        {"sensitivity": 5e-324},
        {"epsilon": 1e308},
        {"epsilon": 5e-324},
        {"delta": 5e-324},
        {"delta": 1 - 1e-16},
        {"n": None, "epsilon": 5e-324, "sensitivity": 1e308},
    ],
)
def test_absurd_numbers_end_in_a_verdict_without_nan(absurd: dict[str, Any]) -> None:
    """No number in range makes the verifier raise, and no NaN or infinity gets into the verdict."""
    verdict = judge(**absurd)
    assert all(side is None or math.isfinite(side) for side in verdict.interval or ())
    assert verdict.outcome is not Outcome.VERIFIED or "epsilon" in absurd or "delta" in absurd


@pytest.mark.parametrize("field", ["epsilon", "delta", "sensitivity", "n"])
@pytest.mark.parametrize("value", [0, -1, math.nan, math.inf])
def test_numbers_out_of_range_are_no_claim(field: str, value: float) -> None:
    """Zero, negative, NaN and infinite values stop at the border."""
    with pytest.raises(ValueError, match=field):
        MpcDualDp(**{**SHIPPED, field: value})


def test_more_coins_than_can_be_counted_are_a_gap() -> None:
    """What cannot be computed is not verified."""
    assert judge(n=10**15).reason is Reason.GAP


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 300), st.integers(1, 5), st.floats(1e-9, 0.9))
def test_the_bounds_agree_with_direct_enumeration(n: int, move: int, delta: float) -> None:
    """The exact delta at the upper bound is at most delta, at the lower bound at least delta."""
    low, high = _events.coins(n, move, delta)
    assert low <= high
    if math.isfinite(high):
        assert exact_delta(n, move, high) <= delta * (1 + 1e-9)
    if 0 < low < math.inf:
        assert exact_delta(n, move, low) >= delta * (1 - 1e-4)


@settings(max_examples=20, deadline=None)
@given(st.integers(2, 10**5), st.integers(1, 20), st.floats(1e-12, 0.1))
def test_more_coins_and_smaller_moves_are_never_shown_to_be_worse(n: int, move: int, delta: float) -> None:
    """More noise, or less to hide, keeps the lower bound below the upper one."""
    high = _events.coins(n, move, delta)[1]
    assert _events.coins(2 * n, move, delta)[0] <= high
    assert _events.coins(n, max(1, move - 1), delta)[0] <= high


@settings(max_examples=20, deadline=None)
@given(st.floats(0.05, 20.0), st.floats(1.0, 3.0))
def test_a_verified_claim_stays_verified_when_it_claims_less(epsilon: float, factor: float) -> None:
    """A larger epsilon is a weaker claim."""
    if judge(epsilon=epsilon).outcome is Outcome.VERIFIED:
        assert judge(epsilon=epsilon * factor).outcome is Outcome.VERIFIED


@pytest.mark.parametrize(("n", "move"), [(98, 1), (1000, 3), (20_000, 10)])
def test_dp_accounting_lies_inside(n: int, move: int) -> None:
    """A second library, given the two distributions, is within its grid of the interval."""
    from dp_accounting.pld import (  # type: ignore[import-untyped]  # noqa: PLC0415 - slow, ships no types
        privacy_loss_distribution,
    )

    chance = {k: math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1) for k in range(n + 1)}
    chance = {k: log - n * math.log(2) for k, log in chance.items()}
    library = privacy_loss_distribution.from_two_probability_mass_functions(
        {k + move: log for k, log in chance.items()}, chance, value_discretization_interval=1e-5,
        log_mass_truncation_bound=-60,
    )  # fmt: skip
    low, high = _events.coins(n, move, 1e-5)
    assert low <= library.get_epsilon_for_delta(1e-5) <= high + 2e-5


def test_the_library_tosses_what_its_formula_says() -> None:
    """A program states no n; the library computes 98."""
    verdict = judge(n=None, calibration="privacy_go")
    assert verdict.outcome is Outcome.VERIFIED
    assert "98 coins" in verdict.explanation
