"""What the verifier of noisy answers verifies, refutes and leaves open."""

import math
from typing import Any

import pytest

from petguard.claims import DpQuery
from petguard.model import Budget, Claim, Location, Outcome, Reason, Verdict
from petguard.verifiers.dp_query import VERIFIER
from tests.benches import bench

LAPLACE: dict[str, Any] = {"mechanism": "laplace", "scale": 2.0, "sensitivity": 1.0, "epsilon": 0.5}
GAUSSIAN: dict[str, Any] = {
    "mechanism": "gaussian", "sigma": 4.0, "sensitivity": 1.0, "epsilon": 1.0608, "delta": 1e-6,
}  # fmt: skip
ANSWERS: dict[str, Any] = {"mechanism": "randomized_response", "p": 0.75, "epsilon": 1.0987}
WHOLE: dict[str, Any] = {"mechanism": "discrete_laplace", "scale": 2.0, "sensitivity": 3.0, "epsilon": 1.5}


def judge(*parts: dict[str, Any], budget: Budget | None = None, unresolved: Any = None, **said: Any) -> Verdict:
    """The verdict on a claim made of some fields."""
    fields: dict[str, Any] = {}
    for part in (*parts, said):
        fields |= part
    location = Location(path="t.py")
    claim = Claim(id="c", statement=DpQuery(**fields), location=location, subject="t.py", unresolved=unresolved or {})
    return VERIFIER.judge(claim, bench(budget))


@pytest.mark.parametrize("true", [LAPLACE, GAUSSIAN, ANSWERS, WHOLE])
def test_a_true_claim_is_verified(true: dict[str, Any]) -> None:
    """Each mechanism meets the epsilon of its closed form."""
    assert judge(true).outcome is Outcome.VERIFIED


@pytest.mark.parametrize("true", [LAPLACE, GAUSSIAN, ANSWERS, WHOLE])
def test_a_slightly_smaller_epsilon_is_refuted(true: dict[str, Any]) -> None:
    """The closed form is exact, so a thousandth less is false, and the lower bound is the witness."""
    verdict = judge(true, epsilon=true["epsilon"] * 0.999)
    assert verdict.outcome is Outcome.REFUTED
    assert verdict.witness["epsilon_at_least"] > true["epsilon"] * 0.999


@pytest.mark.parametrize("true", [LAPLACE, GAUSSIAN, ANSWERS, WHOLE])
def test_the_remedy_of_a_refuted_claim_meets_it(true: dict[str, Any]) -> None:
    """The noise that the verdict names is enough, and one per cent less is not."""
    half = true["epsilon"] / 2
    remedy = judge(true, epsilon=half).remedy
    field = next(name for name in ("scale", "sigma", "p") if name in remedy)
    assert judge(true, {field: remedy[field]}, epsilon=half).outcome is Outcome.VERIFIED
    assert judge(true, {field: remedy[field] * (1.01 if field == "p" else 0.99)}, epsilon=half).outcome is (
        Outcome.REFUTED
    )


@pytest.mark.parametrize(
    ("true", "field"),
    [
        (LAPLACE, "mechanism"), (LAPLACE, "scale"), (LAPLACE, "sensitivity"), (LAPLACE, "epsilon"),
        (GAUSSIAN, "sigma"), (GAUSSIAN, "delta"), (GAUSSIAN, "sensitivity"), (GAUSSIAN, "epsilon"),
        (ANSWERS, "p"), (WHOLE, "scale"), (WHOLE, "sensitivity"),
    ],
)  # fmt: skip
def test_a_missing_number_is_named(true: dict[str, Any], field: str) -> None:
    """Without any one of its numbers the claim is unverifiable and the explanation names the number."""
    verdict = judge(true, {field: None})
    assert verdict.reason is Reason.MISSING_PARAMETER
    assert field in verdict.explanation


def test_a_dynamic_scale_is_named_with_its_text() -> None:
    """A scale from the command line is a dynamic value."""
    verdict = judge(LAPLACE, scale=None, unresolved={"scale": "args.b"})
    assert verdict.reason is Reason.DYNAMIC_VALUE
    assert "args.b" in verdict.explanation


@pytest.mark.parametrize(("moved", "epsilon"), [(1.0, 0.5), (3.0, 1.5)])
def test_laplace_agrees_with_opendp(moved: float, epsilon: float) -> None:
    """OpenDP's map for scale 2 gives 0.5 at distance 1 and 1.5 at 3."""
    assert judge(LAPLACE, sensitivity=moved, epsilon=epsilon).interval == (epsilon, epsilon)


def test_decimals_are_compared_as_they_are_written() -> None:
    """0.03 / 0.3 is a tenth, and 365 tenths are 36.5, whatever binary fractions make of them."""
    assert judge(LAPLACE, scale=0.3, sensitivity=0.03, epsilon=0.1).outcome is Outcome.VERIFIED
    assert judge(LAPLACE, scale=10.0, count=365, epsilon=36.5).outcome is Outcome.VERIFIED


def test_the_published_gaussian_value_is_met() -> None:
    """Sigma 4 at delta 1e-6 is epsilon 1.0607, by Balle and Wang and by dp-accounting."""
    interval = judge(GAUSSIAN).interval
    assert interval is not None
    assert [round(side or 0.0, 4) for side in interval] == [1.0607, 1.0607]


def test_what_is_no_closed_form_is_confirmed_by_a_second_accountant() -> None:
    """dp-accounting is asked about Gaussian noise and about repeated answers at a delta, and about nothing else."""
    assert "confirmed by dp-accounting" in judge(GAUSSIAN).method
    assert "confirmed by dp-accounting" in judge(LAPLACE, count=40, epsilon=16.5, delta=1e-6).method
    assert judge(LAPLACE).method == "closed form"


def test_opendps_looser_gaussian_value_is_verified() -> None:
    """OpenDP converts from zero-concentrated privacy and states 1.143 for the same noise."""
    assert judge(GAUSSIAN, epsilon=1.143).outcome is Outcome.VERIFIED


@pytest.mark.parametrize(("epsilon", "outcome"), [(5.0, Outcome.VERIFIED), (10.0, Outcome.REFUTED)])
def test_the_classic_gaussian_formula_is_recomputed(epsilon: float, outcome: Outcome) -> None:
    """At delta 1e-6 it still holds for epsilon 5 and fails for 10, so a large epsilon alone is no error."""
    sigma = math.sqrt(2 * math.log(1.25 / 1e-6)) / epsilon
    assert judge(GAUSSIAN, sigma=sigma, epsilon=epsilon).outcome is outcome


def test_delta_buys_laplace_noise_a_smaller_epsilon() -> None:
    """At delta 0.01, scale 2 gives 0.5 + 2 ln 0.99, not 0.5."""
    interval = judge(LAPLACE, delta=0.01).interval
    assert interval is not None
    assert interval[1] == pytest.approx(0.5 + 2 * math.log(0.99))


@pytest.mark.parametrize("p", [0.25, 0.75])
def test_lying_is_as_informative_as_telling_the_truth(p: float) -> None:
    """A truthful answer with probability 1/4 and 3/4 both give ln 3."""
    interval = judge(ANSWERS, p=p).interval
    assert interval is not None
    assert interval[0] == pytest.approx(math.log(3))


def test_who_always_tells_the_truth_has_no_privacy() -> None:
    """A p of 1 has no finite epsilon."""
    assert judge(ANSWERS, p=1.0).outcome is Outcome.REFUTED


def test_a_user_has_all_contributions() -> None:
    """20 rows per user at sigma 10: 0.397 for one row, 11.0 for the user (delta 1e-6)."""
    rows = {**GAUSSIAN, "sigma": 10.0, "epsilon": 0.4}
    assert judge(rows, unit="example", contributions=20).outcome is Outcome.VERIFIED
    verdict = judge(rows, unit="user", contributions=20)
    assert verdict.outcome is Outcome.REFUTED
    assert verdict.interval is not None
    assert verdict.interval[0] == pytest.approx(11.0, abs=0.05)


def test_a_user_needs_a_bound_on_contributions() -> None:
    """Without one nothing is verified, but what one contribution shows already refutes."""
    assert judge(LAPLACE, unit="user").reason is Reason.MISSING_PARAMETER
    assert judge(LAPLACE, unit="user", epsilon=0.4).outcome is Outcome.REFUTED


def test_contributions_without_a_unit_are_a_gap() -> None:
    """Whether one row or all rows of a user are protected is not said, and the answer depends on it."""
    assert judge(LAPLACE, contributions=3).reason is Reason.GAP


def test_repeated_answers_add_up() -> None:
    """365 daily answers with epsilon 0.1 are 36.5 together, and 10.125 at delta 1e-6."""
    daily = {**LAPLACE, "scale": 10.0, "count": 365}
    assert judge(daily, epsilon=36.4).outcome is Outcome.REFUTED
    interval = judge(daily, epsilon=10.2, delta=1e-6).interval
    assert interval is not None
    assert interval[0] == pytest.approx(10.125, abs=0.003)
    assert interval[1] == pytest.approx(10.125, abs=0.001)


def test_a_remedy_names_how_many_answers_are_allowed() -> None:
    """With epsilon 0.1 each, five answers meet 0.5."""
    remedy = judge(LAPLACE, scale=10.0, count=365, epsilon=0.5).remedy
    assert (remedy["scale"], remedy["or_count"]) == (730.0, 5)


def test_a_verified_claim_over_budget_gets_a_remedy() -> None:
    """The claim of 0.5 holds, but the policy allows 0.25."""
    assert judge(LAPLACE, budget=Budget(epsilon=0.25)).remedy == {"scale": 4.0, "epsilon": 0.25}


def test_numpys_laplace_noise_is_refuted_by_replay() -> None:
    """Most outputs of one answer cannot come from its neighbour, whatever the scale says."""
    verdict = judge(LAPLACE, implementation="numpy")
    assert verdict.outcome is Outcome.REFUTED
    assert verdict.witness["epsilon_at_least"] > 5.75
    assert verdict.witness["impossible_on_0"] == 0
    assert "opendp" in verdict.remedy["implementation"]


def test_the_replay_does_not_refute_what_it_does_not_exceed() -> None:
    """Epsilon 10 is more than 2000 replays can show, so such a claim is left open."""
    verdict = judge(LAPLACE, scale=0.1, epsilon=10.0, implementation="numpy")
    assert verdict.reason is Reason.NOT_SUFFICIENT


@pytest.mark.parametrize("rounding", [1.0, 0.01])
def test_rounding_takes_the_replay_away_but_proves_nothing(rounding: float) -> None:
    """Rounded answers of either neighbour can come from both."""
    verdict = judge(LAPLACE, implementation="numpy", rounding=rounding)
    assert verdict.reason is Reason.NOT_SUFFICIENT
    assert "rounded" in verdict.explanation


def test_rounding_to_the_last_digits_does_not_help() -> None:
    """A granularity of 1e-16 keeps the gaps."""
    assert judge(LAPLACE, implementation="numpy", rounding=1e-16).outcome is Outcome.REFUTED


@pytest.mark.parametrize("implementation", ["numpy", "random", "torch"])
def test_gaussian_noise_in_floating_point_is_never_verified(implementation: str) -> None:
    """There is no witness against these samplers and no bound for them."""
    assert judge(GAUSSIAN, implementation=implementation).reason is Reason.NOT_SUFFICIENT


def test_numbers_refute_in_any_implementation() -> None:
    """A false epsilon stays false in floating point."""
    assert judge(GAUSSIAN, epsilon=1.0, implementation="torch").outcome is Outcome.REFUTED


def test_randomised_response_has_no_digits_to_leak() -> None:
    """Two possible answers look the same in floating point."""
    assert judge(ANSWERS, implementation="random").outcome is Outcome.VERIFIED


def test_an_unstated_implementation_is_an_assumption() -> None:
    """The numbers decide, and the verdict says what it takes for granted."""
    assert any("implementation is not stated" in line for line in judge(LAPLACE).assumptions)


@pytest.mark.parametrize("implementation", ["opendp", "google", "diffprivlib"])
@pytest.mark.parametrize("true", [LAPLACE, GAUSSIAN])
def test_a_library_that_calibrates_its_own_noise_is_taken_at_its_word(
    true: dict[str, Any], implementation: str
) -> None:
    """Only epsilon is given; the documented calibration is an assumption of the verdict."""
    verdict = judge(true, scale=None, sigma=None, sensitivity=None, implementation=implementation)
    assert verdict.outcome is Outcome.VERIFIED
    assert any("calibrates" in line for line in verdict.assumptions)


def test_a_calibrated_release_made_often_is_open() -> None:
    """Whether the library was given the epsilon of one answer or of all is not known."""
    verdict = judge(LAPLACE, scale=None, implementation="diffprivlib", count=10)
    assert verdict.reason is Reason.GAP


def test_numpy_does_not_calibrate_anything() -> None:
    """Epsilon alone says nothing about hand-made noise."""
    assert judge(LAPLACE, scale=None, implementation="numpy").reason is Reason.MISSING_PARAMETER


@pytest.mark.parametrize("mechanism", ["laplace", "gaussian", "discrete_laplace", "randomized_response"])
@pytest.mark.parametrize(
    "absurd",
    [
        {"scale": 1e308}, {"scale": 5e-324}, {"sensitivity": 1e308}, {"sensitivity": 5e-324}, {"epsilon": 1e308},
        {"epsilon": 5e-324}, {"delta": 5e-324}, {"delta": 1 - 1e-16}, {"count": 10**15}, {"p": 5e-324},
        {"p": 1 - 1e-16}, {"p": 0.5}, {"contributions": 10**15, "unit": "user"}, {"rounding": 1e308},
        {"sensitivity": 1e308, "contributions": 20, "unit": "user"}, {"scale": 1e-300, "sensitivity": 1e300},
        {"sensitivity": 2.5}, {"sensitivity": 1e9}, {"count": 10**15, "delta": 0.5},
    ],
)  # fmt: skip
@pytest.mark.parametrize("implementation", [None, "numpy"])
def test_absurd_numbers_end_in_a_verdict_without_nan(
    mechanism: str, absurd: dict[str, Any], implementation: str | None
) -> None:
    """No number in range makes the verifier raise, and no NaN or infinity gets into the verdict."""
    said = {
        "scale": 1.0,
        "sensitivity": 1.0,
        "p": 0.75,
        "epsilon": 1.0,
        "delta": 1e-6,
        "implementation": implementation,
    }
    verdict = judge(said, absurd, mechanism=mechanism)
    assert verdict.interval is None or all(side is None or math.isfinite(side) for side in verdict.interval)


@pytest.mark.parametrize("absurd", [0.0, -1.0, math.nan, math.inf])
@pytest.mark.parametrize("field", ["scale", "sigma", "sensitivity", "epsilon", "delta", "rounding"])
def test_impossible_numbers_stop_at_the_border(field: str, absurd: float) -> None:
    """Zero, negative numbers, NaN and infinity are no statements."""
    with pytest.raises(ValueError, match=field):
        DpQuery.model_validate({field: absurd})


def test_answers_of_a_library_for_a_delta_add_up_by_their_noise() -> None:
    """Diffprivlib's Laplace for epsilon 0.1 and delta 0.5 has noise for 0.79, and ten of these are bounded by 7.9."""
    verdict = judge(mechanism="laplace", implementation="diffprivlib", epsilon=0.1, delta=0.5, count=10)
    assert list(verdict.interval or ()) == [0.0, pytest.approx(10 * (0.1 + math.log(2)))]
