"""What the verifier of composed releases verifies, refutes and leaves open, and that its bounds are sound."""

import math
from typing import Any

import pytest
from dp_accounting.pld import privacy_loss_distribution  # type: ignore[import-untyped]  # ships no types
from hypothesis import given, settings
from hypothesis import strategies as st

from petguard.claims import DpComposition, Release
from petguard.model import Budget, Claim, Location, Outcome, Reason, Verdict
from petguard.verifiers import _composition, _gaussian, _pld
from petguard.verifiers.dp_composition import VERIFIER
from tests.benches import bench

ROUGH = 2**14


def release(mechanism: str, **said: Any) -> Release:
    """One release."""
    return Release.model_validate({"mechanism": mechanism, **said})


MIXED = (release("laplace", scale=10.0, count=40), release("gaussian", scale=20.0, count=10))
DAILY = (release("laplace", scale=10.0, count=365),)


def judge(
    releases: tuple[Release, ...] = MIXED, budget: Budget | None = None, unresolved: Any = None, **said: Any
) -> Verdict:
    """The verdict on a claim of epsilon 2.85 at delta 1e-6, with some fields replaced."""
    statement = DpComposition.model_validate({"epsilon": 2.85, "delta": 1e-6, "releases": releases, **said})
    claim = Claim(
        id="c", statement=statement, location=Location(path="t.py"), subject="t.py", unresolved=unresolved or {}
    )
    return VERIFIER.judge(claim, bench(budget))


def test_a_true_claim_is_verified_and_confirmed() -> None:
    """40 Laplace answers of epsilon 0.1 and 10 Gaussian ones of sigma 20 are 2.844 at delta 1e-6."""
    verdict = judge()
    assert verdict.outcome is Outcome.VERIFIED
    assert verdict.interval is not None
    assert [round(side or 0, 3) for side in verdict.interval] == [2.844, 2.844]
    assert "confirmed by dp-accounting" in verdict.method


def test_a_false_claim_is_refuted_with_a_remedy_that_meets_it() -> None:
    """2.84 is too little; a little more noise on everything is enough."""
    verdict = judge(epsilon=2.84)
    assert verdict.outcome is Outcome.REFUTED
    assert verdict.witness["epsilon_at_least"] > 2.84
    factor = verdict.remedy["noise_factor"]
    louder = tuple(each.model_copy(update={"scale": (each.scale or 0) * factor}) for each in MIXED)
    assert factor < 1.01
    assert judge(louder, epsilon=2.84).outcome is Outcome.VERIFIED


def test_a_year_of_daily_answers_adds_up_without_delta() -> None:
    """365 answers of epsilon 0.1 are 36.5, exactly."""
    assert judge(DAILY, epsilon=36.5, delta=None).outcome is Outcome.VERIFIED
    assert judge(DAILY, epsilon=36.49, delta=None).outcome is Outcome.REFUTED


def test_a_year_of_daily_answers_is_cheaper_with_delta() -> None:
    """At delta 1e-6 the same answers are 10.125."""
    verdict = judge(DAILY, epsilon=10.126)
    assert verdict.outcome is Outcome.VERIFIED
    assert judge(DAILY, epsilon=10.12).outcome is Outcome.REFUTED


def test_a_claim_between_the_refined_bounds_is_a_gap() -> None:
    """The bounds of the finest grid are 0.003 apart here, so nothing is said in between."""
    low, high = _composition.bounds(DAILY, 1e-6, _pld.FINE)
    assert judge(DAILY, epsilon=(low + high) / 2).reason is Reason.GAP


@pytest.mark.parametrize(("field", "empty"), [("releases", ()), ("delta", None), ("epsilon", None)])
def test_a_missing_number_is_named(field: str, empty: Any) -> None:
    """Without its releases, a delta for Gaussian noise or an epsilon there is nothing to judge."""
    verdict = judge(**{field: empty})
    assert verdict.reason is Reason.MISSING_PARAMETER
    assert field in verdict.explanation


def test_a_dynamic_delta_is_not_taken_for_none() -> None:
    """Laplace noise needs no delta, but one that cannot be read might be stated."""
    assert judge(DAILY, delta=None, unresolved={"delta": "args.delta"}).reason is Reason.DYNAMIC_VALUE


def test_without_epsilon_the_interval_is_still_given() -> None:
    """Nothing is claimed, but the releases have an epsilon."""
    interval = judge(epsilon=None).interval
    assert interval is not None
    assert interval[1] == pytest.approx(2.844, abs=1e-3)


def test_a_user_has_all_contributions() -> None:
    """Two rows per user double the sensitivities."""
    doubled = tuple(each.model_copy(update={"sensitivity": 2.0}) for each in MIXED)
    assert judge(unit="user", contributions=2, epsilon=9.0).interval == judge(doubled, epsilon=9.0).interval
    assert judge(unit="user").reason is Reason.MISSING_PARAMETER


def test_a_verified_claim_over_budget_gets_a_remedy() -> None:
    """The claim holds and the policy allows only 1."""
    verdict = judge(budget=Budget(epsilon=1.0))
    assert verdict.outcome is Outcome.VERIFIED
    assert 2.0 < verdict.remedy["noise_factor"] < 3.0


@pytest.mark.parametrize(
    "said",
    [
        {"mechanism": "randomized_response", "scale": 1.0},
        {"mechanism": "laplace", "p": 0.5},
        {"mechanism": "laplace", "scale": 1.0, "rate": 0.5},
        {"mechanism": "gaussian", "scale": math.nan},
        {"mechanism": "gaussian", "scale": 0.0},
        {"mechanism": "gaussian", "scale": -1.0},
        {"mechanism": "gaussian", "scale": 1.0, "count": 0},
    ],
)
def test_a_release_without_its_noise_stops_at_the_border(said: dict[str, Any]) -> None:
    """A release that means nothing is a configuration error."""
    with pytest.raises(ValueError, match="Release"):
        Release.model_validate(said)


@pytest.mark.parametrize(
    "absurd",
    [
        release("laplace", scale=1e308), release("laplace", scale=5e-324), release("gaussian", scale=5e-324),
        release("gaussian", scale=1e308, sensitivity=5e-324), release("laplace", scale=1.0, count=10**15),
        release("gaussian", scale=1e-3, rate=1e-12, count=10**15), release("randomized_response", p=1.0),
        release("randomized_response", p=5e-324), release("discrete_laplace", scale=1.0, sensitivity=1e14),
        release("discrete_laplace", scale=1.0, sensitivity=1.5), release("gaussian", scale=1.0, rate=5e-324),
        release("gaussian", scale=1.0, rate=1 - 1e-16), release("gaussian", scale=1.0, rate=0.1, sampling="fixed"),
        release("laplace", scale=5e-324, sensitivity=1e308),
    ],
)  # fmt: skip
@pytest.mark.parametrize("said", [{}, {"delta": None}, {"delta": 1 - 1e-16}, {"unit": "user", "contributions": 10**15}])
def test_absurd_numbers_end_in_a_verdict_without_nan(absurd: Release, said: dict[str, Any]) -> None:
    """No number in range makes the verifier raise, beside an ordinary release."""
    verdict = judge((absurd, release("laplace", scale=3.0, count=7)), **said)
    assert verdict.interval is None or all(side is None or math.isfinite(side) for side in verdict.interval)


def test_the_smallest_delta_is_bounded() -> None:
    """A delta that hardly fits a number still has bounds on both sides."""
    low, high = _composition.bounds([release("gaussian", scale=1.0, rate=5e-324), *DAILY], 5e-324, ROUGH)
    assert 0 <= low <= 36.5 <= high < 100


def test_no_releases_cost_nothing() -> None:
    """The ledger of a data set without releases stands at 0."""
    assert _composition.bounds([], 1e-6) == (0.0, 0.0)
    assert _composition.bounds([], None) == (0.0, 0.0)


def test_gaussian_noise_without_delta_has_no_finite_epsilon() -> None:
    """Its largest loss is infinite."""
    assert _composition.bounds(MIXED, None) == (math.inf, math.inf)


def test_equal_releases_are_computed_once() -> None:
    """The order of the releases and how they are counted makes no difference."""
    before = _composition._most.cache_info().misses
    one = _composition.bounds([release("laplace", scale=7.0, count=2), release("gaussian", scale=9.0, count=3)], 1e-5)
    split = [release("gaussian", scale=9.0), release("laplace", scale=7.0)] * 2 + [release("gaussian", scale=9.0)]
    assert _composition.bounds(split, 1e-5) == pytest.approx(one, abs=1e-12)
    assert _composition._most.cache_info().misses <= before + 2


def test_poisson_releases_agree_with_the_bounds_for_training() -> None:
    """One kind of sampled release is what DP-SGD does."""
    trained = release("gaussian", scale=1.1, rate=0.01, count=1000)
    low, high = _composition.bounds([trained], 1e-5)
    assert low == pytest.approx(_gaussian.poisson_lower(1.1, 0.01, 1000, 1e-5, _pld.COARSE)[0], abs=1e-6)
    assert high == pytest.approx(_gaussian.poisson_upper(1.1, 0.01, 1000, 1e-5, _pld.COARSE)[0], abs=1e-6)


def test_a_sample_of_a_fixed_size_is_bounded_by_the_published_renyi_value() -> None:
    """MNIST with 256 of 60000 drawn anew, one replaced: Renyi accounting gives 2.435, the truth is less."""
    run = release("gaussian", scale=1.1, rate=256 / 60000, sampling="fixed", count=3516)
    low, high = _composition.bounds([run], 1e-5)
    assert low == pytest.approx(1.127, abs=0.01)
    assert low < high < 2.435


def test_a_sample_of_everybody_is_no_sample() -> None:
    """At a rate near 1 a sample of a fixed size has the epsilon of the noise on all."""
    whole = _composition.bounds([release("gaussian", scale=2.0)], 1e-6)
    nearly = _composition.bounds([release("gaussian", scale=2.0, rate=0.999, sampling="fixed")], 1e-6)
    assert nearly[1] == pytest.approx(whole[1], rel=1e-2)


def test_what_fits_no_grid_is_added_up() -> None:
    """One answer with an enormous epsilon beside a sound one is bounded by the sum."""
    low, high = _composition.bounds([release("laplace", scale=1e-5), release("laplace", scale=1.0)], 1e-6)
    assert low == pytest.approx(1e5)
    assert high == pytest.approx(1e5 + 1)


def test_many_kinds_of_releases_are_still_bounded() -> None:
    """A hundred different scales do not need a hundred transforms."""
    many = [release("laplace", scale=100.0 + number) for number in range(100)]
    low, high = _composition.bounds(many, 1e-6, ROUGH)
    assert 0 < low < high <= sum(1 / (each.scale or 1) for each in many)


@st.composite
def releases(draw: st.DrawFn) -> Release:
    """An ordinary release of any mechanism."""
    mechanism = draw(st.sampled_from(["laplace", "gaussian", "discrete_laplace", "randomized_response", "sampled"]))
    count = draw(st.integers(1, 200))
    if mechanism == "randomized_response":
        return release(mechanism, p=draw(st.floats(0.05, 0.95)), count=count)
    scale = draw(st.floats(0.5, 50))
    if mechanism == "sampled":
        sampling = draw(st.sampled_from(["poisson", "fixed"]))
        return release("gaussian", scale=scale, rate=draw(st.floats(1e-3, 0.5)), count=count, sampling=sampling)
    whole = mechanism == "discrete_laplace"
    moved = draw(st.integers(1, 5)) if whole else draw(st.floats(0.1, 3))
    return release(mechanism, scale=scale, sensitivity=moved, count=count)


mixes = st.lists(releases(), min_size=1, max_size=3)
deltas = st.floats(1e-10, 1e-2)


@settings(max_examples=15, deadline=None)
@given(mixes, deltas)
def test_the_lower_bound_never_exceeds_the_upper(mix: list[Release], delta: float) -> None:
    """Both sides are computed apart and must not cross."""
    low, high = _composition.bounds(mix, delta, ROUGH)
    assert 0 <= low <= high


@settings(max_examples=10, deadline=None)
@given(mixes, deltas)
def test_a_finer_grid_never_contradicts_a_coarser(mix: list[Release], delta: float) -> None:
    """Bounds from different grids enclose the same number, so no refinement turns verified into refuted."""
    coarse, fine = (_composition.bounds(mix, delta, points) for points in (2**12, 2**16))
    assert coarse[0] <= fine[1]
    assert fine[0] <= coarse[1]


@settings(max_examples=15, deadline=None)
@given(mixes, deltas, st.floats(1.01, 2.0))
def test_more_noise_is_never_shown_to_be_worse(mix: list[Release], delta: float, factor: float) -> None:
    """The lower bound with more noise stays below the upper bound with less."""
    louder = [each if each.scale is None else each.model_copy(update={"scale": each.scale * factor}) for each in mix]
    assert _composition.bounds(louder, delta, ROUGH)[0] <= _composition.bounds(mix, delta, ROUGH)[1]


@settings(max_examples=15, deadline=None)
@given(mixes, deltas, releases())
def test_one_more_release_is_never_shown_to_be_better(mix: list[Release], delta: float, more: Release) -> None:
    """The lower bound without it stays below the upper bound with it."""
    assert _composition.bounds(mix, delta, ROUGH)[0] <= _composition.bounds([*mix, more], delta, ROUGH)[1]


@settings(max_examples=8, deadline=None)
@given(releases().filter(lambda each: each.sampling == "poisson"), deltas)
def test_one_kind_agrees_with_dp_accounting(each: Release, delta: float) -> None:
    """The library's pessimistic value is above our lower bound, and its optimistic one below our upper."""
    each = each.model_copy(update={"count": min(each.count, 20)})
    low, high = _composition.bounds([each], delta, 2**16)
    pessimistic, optimistic = (library(each, upper=upper).get_epsilon_for_delta(delta) for upper in (True, False))
    assert low <= pessimistic * (1 + 1e-6) + 1e-9
    assert optimistic <= high * (1 + 1e-6) + 1e-9


def library(each: Release, *, upper: bool) -> Any:
    """The distribution of dp-accounting."""
    grid = {"pessimistic_estimate": upper, "value_discretization_interval": 2e-3}
    dots = {**grid, "use_connect_dots": upper}
    module = privacy_loss_distribution
    if each.mechanism == "laplace":
        once = module.from_laplace_mechanism(each.scale, sensitivity=each.sensitivity, **dots)
    elif each.mechanism == "gaussian":
        once = module.from_gaussian_mechanism(each.scale, sensitivity=each.sensitivity, sampling_prob=each.rate, **dots)
    elif each.mechanism == "discrete_laplace":
        once = module.from_discrete_laplace_mechanism(1 / (each.scale or 1), sensitivity=int(each.sensitivity), **dots)
    else:
        once = module.from_randomized_response(2 * min(each.p or 0, 1 - (each.p or 0)), 2, **grid)
    return once.self_compose(each.count)


SAMPLED = (release("gaussian", scale=1.0, rate=0.01, sampling="fixed", count=100),)


def high(neighbours: str | None, sampling: str) -> float:
    """The upper bound on the sampled releases."""
    found = judge((SAMPLED[0].model_copy(update={"sampling": sampling}),), neighbours=neighbours, delta=1e-5).interval
    assert found is not None
    assert found[1] is not None
    return found[1]


def test_who_leaves_a_sample_of_a_fixed_size_makes_room_for_another() -> None:
    """A sensitivity of 1 to adding or removing is one of 2 to replacing, and that is what happens in the sample."""
    twice = release("gaussian", scale=0.5, rate=0.01, sampling="fixed", count=100)
    assert high(None, "fixed") == high("add_remove", "fixed") == _composition.bounds([twice], 1e-5)[1]
    assert high("replace", "fixed") == _composition.bounds(SAMPLED, 1e-5)[1] < 0.8
    assert high(None, "fixed") > 2


def test_a_replaced_unit_of_a_poisson_sample_is_not_a_removed_one() -> None:
    """Replacing is symmetric: the curve of one that is only removed or only added is no bound on it."""
    assert high("replace", "poisson") == high("replace", "fixed") > high(None, "poisson")
