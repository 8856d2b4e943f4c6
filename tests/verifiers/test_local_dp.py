"""What the local DP verifier verifies, refutes and leaves open, and that its bounds are sound."""

import itertools
import math
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from petguard.claims import LocalDp
from petguard.model import Budget, Claim, Location, Outcome, Reason, Verdict
from petguard.verifiers import _events, _local
from petguard.verifiers.local_dp import VERIFIER
from tests.benches import bench

SKETCH: dict[str, Any] = {"protocol": "gcms", "m": 16, "s": 4, "p": 0.5, "epsilon": 1.0987}
RESPONSE: dict[str, Any] = {"protocol": "randomized_response", "p": 0.75, "domain_size": 2, "epsilon": 1.0987}
UPDATE: dict[str, Any] = {
    "protocol": "gaussian",
    "clipping_norm": 1.0,
    "sensitivity": 2.0,
    "rounds": 1,
    "epsilon": 1.0,
    "delta": 1e-5,
}
UNLISTED: dict[str, Any] = {
    "protocol": "unknown_domain",
    "scale": 1.0,
    "threshold": 1 + math.log(1 / 2e-5),
    "epsilon": 1.0,
    "delta": 1e-5,
}
ALL = {"gcms": SKETCH, "randomized_response": RESPONSE, "gaussian": UPDATE, "unknown_domain": UNLISTED}


def judge(
    said: dict[str, Any], budget: Budget | None = None, unresolved: dict[str, str] | None = None, **more: Any
) -> Verdict:
    """The verdict on one of the claims above with some fields replaced."""
    statement = LocalDp(**{**said, **more})
    claim = Claim(id="c", statement=statement, location=Location(path="a"), subject="a", unresolved=unresolved or {})
    return VERIFIER.judge(claim, bench(budget))


# --- sketches of hashes


def sets_sent(m: int, s: int, p: Fraction, true_hash: int, *, ordered: bool) -> dict[tuple[int, ...], Fraction]:
    """The chance of everything that PrivacyGo's client can send, by enumeration: the true hash first, or as a set."""
    others = [each for each in range(m) if each != true_hash]
    found: dict[tuple[int, ...], Fraction] = {}
    for kept, size in ((True, s - 1), (False, s)):
        drawn = list(itertools.permutations(others, size))
        for each in drawn:
            made = (true_hash, *each) if kept else each
            key = made if ordered else tuple(sorted(made))
            found[key] = found.get(key, Fraction(0)) + (p if kept else 1 - p) / len(drawn)
    return found


@pytest.mark.parametrize(("m", "s", "p"), [(6, 2, Fraction(1, 2)), (7, 3, Fraction(3, 4)), (5, 4, Fraction(1, 10))])
def test_a_sketch_agrees_with_the_enumeration_of_all_sets(m: int, s: int, p: Fraction) -> None:
    """The largest ratio over all sets is (m - s) p / ((1 - p) s), or its inverse."""
    here, there = (sets_sent(m, s, p, true, ordered=False) for true in (0, 1))
    exact = math.log(max(here[each] / there[each] for each in here))
    low, high = _local.answers(LocalDp(protocol="gcms", m=m, s=s), float(p), 1, None)
    assert low <= exact + 1e-15
    assert high >= exact - 1e-15
    assert exact == pytest.approx(abs(math.log((m - s) * p / ((1 - p) * s))))


def test_a_sketch_at_delta_agrees_with_the_enumeration_of_all_sets() -> None:
    """At a delta the divergence summed over all sets encloses the bounds."""
    here, there = (sets_sent(7, 3, Fraction(3, 4), true, ordered=False) for true in (0, 1))
    low, high = _local.answers(LocalDp(protocol="gcms", m=7, s=3), 0.75, 1, 0.01)

    def delta(epsilon: float) -> float:
        return math.fsum(max(0.0, float(here[each]) - math.exp(epsilon) * float(there[each])) for each in here)

    assert delta(high) <= 0.01 + 1e-12
    assert delta(low) >= 0.01 - 1e-12


def test_in_the_order_in_which_it_is_made_a_set_gives_the_value_away() -> None:
    """PrivacyGo's client puts the true hash first, so a hash in the second place is never the true one."""
    here, there = (sets_sent(6, 2, Fraction(1, 2), true, ordered=True) for true in (0, 1))
    assert any(each not in here for each in there)
    verdict = judge(SKETCH, order="as_made")
    assert verdict.outcome is Outcome.REFUTED
    assert verdict.witness["epsilon_at_least"] == "infinite"
    assert verdict.remedy["order"] == "shuffled"


def test_one_hash_has_no_order() -> None:
    """A set of one is the same in any order."""
    assert judge(SKETCH, s=1, epsilon=2.71, order="as_made").outcome is Outcome.VERIFIED


def test_privacygos_example_is_verified() -> None:
    """A set of 4 out of 16 hashes with p 1/2 is log 3 = 1.0986."""
    verdict = judge(SKETCH)
    assert verdict.outcome is Outcome.VERIFIED
    assert list(verdict.interval or ()) == [pytest.approx(math.log(3)), pytest.approx(math.log(3))]
    assert any("PrivacyGo's client does neither" in line for line in verdict.assumptions)


def test_ocms_keeps_the_truth_half_of_the_time() -> None:
    """PrivacyGo's demo, m 1024 and s 56, is epsilon 2.85, and p need not be stated."""
    verdict = judge(SKETCH, protocol="ocms", m=1024, s=56, p=None, epsilon=2.85, order="shuffled")
    assert verdict.outcome is Outcome.VERIFIED
    assert list(verdict.interval or ()) == [pytest.approx(2.8499, abs=1e-4), pytest.approx(2.8499, abs=1e-4)]


@pytest.mark.parametrize("s", [16, 17])
def test_a_set_of_all_hashes_is_no_protocol(s: int) -> None:
    """Nothing is left to fill the set with, so nothing is verified or refuted."""
    assert judge(SKETCH, s=s).reason is Reason.GAP


# --- randomised response


@pytest.mark.parametrize(("size", "epsilon"), [(2, 1.0987), (10, 3.2959)])
def test_randomised_response_is_verified(size: int, epsilon: float) -> None:
    """log(p (k - 1) / (1 - p)): the truth with 3/4 is log 3 of two answers and log 27 of ten."""
    assert judge(RESPONSE, domain_size=size, epsilon=epsilon).outcome is Outcome.VERIFIED
    assert judge(RESPONSE, domain_size=size, epsilon=epsilon - 0.01).outcome is Outcome.REFUTED


def test_an_unknown_domain_size_only_refutes() -> None:
    """Two answers tell the least if the truth is likelier than not; ten at 3/4 have log 27, and four at 1/4 nothing."""
    verdict = judge(RESPONSE, domain_size=None)
    assert (verdict.reason, verdict.interval and verdict.interval[1]) == (Reason.MISSING_PARAMETER, None)
    assert judge(RESPONSE, domain_size=None, epsilon=1.09).outcome is Outcome.REFUTED
    assert judge(RESPONSE, domain_size=None, epsilon=1.09, p=0.25).reason is Reason.MISSING_PARAMETER
    assert judge(RESPONSE, domain_size=4, epsilon=1e-3, p=0.25).outcome is Outcome.VERIFIED


def test_contributions_of_no_stated_unit_may_all_be_one_users() -> None:
    """One of twenty messages keeps 1.0987 and all of them keep 22: neither is what is claimed for sure."""
    assert judge(RESPONSE, contributions=20).reason is Reason.GAP
    assert judge(RESPONSE, contributions=20, epsilon=22.0).outcome is Outcome.VERIFIED
    assert judge(RESPONSE, contributions=20, epsilon=1.0).outcome is Outcome.REFUTED
    assert judge(RESPONSE, contributions=20, unit="example").outcome is Outcome.VERIFIED
    assert judge(RESPONSE, contributions=20, unit="user").outcome is Outcome.REFUTED


def test_a_user_who_may_send_any_number_of_messages_is_not_protected() -> None:
    """How many there are at most has to be stated, as rounds or as contributions."""
    verdict = judge(RESPONSE, unit="user")
    assert verdict.reason is Reason.MISSING_PARAMETER
    assert "rounds or contributions" in verdict.explanation
    assert judge(RESPONSE, unit="user", rounds=1).outcome is Outcome.VERIFIED
    assert judge(RESPONSE, unit="user", epsilon=1.0).outcome is Outcome.REFUTED


def test_dynamic_rounds_are_not_one() -> None:
    """One message may refute a claim; verified it cannot be, if nobody knows how many there are."""
    verdict = judge(RESPONSE, unresolved={"rounds": "args.days"})
    assert (verdict.reason, verdict.interval and verdict.interval[1]) == (Reason.DYNAMIC_VALUE, None)
    assert judge(RESPONSE, unresolved={"rounds": "args.days"}, epsilon=1.0).outcome is Outcome.REFUTED


def test_a_lie_told_too_often_is_a_truth() -> None:
    """The truth with 1/4 of two answers tells as much as with 3/4."""
    assert judge(RESPONSE, p=0.25).outcome is Outcome.VERIFIED
    assert judge(RESPONSE, p=0.25, epsilon=1.0).outcome is Outcome.REFUTED


@pytest.mark.parametrize("delta", [None, 1e-5])
def test_the_whole_truth_is_refuted(delta: float | None) -> None:
    """With p 1 nothing is random."""
    verdict = judge(RESPONSE, p=1.0, delta=delta)
    assert verdict.outcome is Outcome.REFUTED
    assert verdict.witness["epsilon_at_least"] == "infinite"


def test_a_domain_of_one_value_is_a_gap() -> None:
    """There is nothing to randomise."""
    assert judge(RESPONSE, domain_size=1).reason is Reason.GAP


def test_rounds_are_counted() -> None:
    """Three answers about the same value cost three times as much."""
    assert judge(RESPONSE, rounds=3).outcome is Outcome.REFUTED
    assert judge(RESPONSE, rounds=3, epsilon=3.2959).outcome is Outcome.VERIFIED
    assert judge(RESPONSE, unit="user", contributions=3).outcome is Outcome.REFUTED


def test_many_rounds_at_a_delta_cost_less_than_their_sum() -> None:
    """A hundred answers of 0.2 each are 20 together, and 9.5 at delta 1e-5."""
    p = math.exp(0.2) / (1 + math.exp(0.2))
    assert judge(RESPONSE, p=p, rounds=100, epsilon=10.0, delta=1e-5).outcome is Outcome.VERIFIED
    assert judge(RESPONSE, p=p, rounds=100, epsilon=10.0).outcome is Outcome.REFUTED


def test_more_rounds_than_are_counted_still_have_bounds() -> None:
    """Beyond the exact sums a lower bound for fewer rounds holds, and advanced composition from above."""
    p = math.exp(0.01) / (1 + math.exp(0.01))
    low, high = _local.answers(LocalDp(**RESPONSE), p, 20_000, 1e-5)
    assert 0 < low < high < 200


@settings(max_examples=30, deadline=None)
@given(st.floats(0.51, 0.99), st.integers(1, 40), st.floats(1e-9, 0.3))
def test_repeated_answers_agree_with_the_binomial(p: float, times: int, delta: float) -> None:
    """The number of truths tells all; its exact divergence at the bounds is delta."""
    low, high = _events.answers(p, 1 - p, 0.0, times, delta)
    chance = [math.comb(times, k) * p**k * (1 - p) ** (times - k) for k in range(times + 1)]

    def exact(epsilon: float) -> float:
        return math.fsum(max(0.0, a - math.exp(epsilon) * b) for a, b in zip(chance, chance[::-1], strict=True))

    assert low <= high
    assert exact(high) <= delta * (1 + 1e-9)
    assert low == 0 or exact(low) >= delta * (1 - 1e-9)


# --- Gaussian noise on an update


def test_noise_for_twice_the_clip_is_verified() -> None:
    """Any two clipped updates differ by twice the clip at most; the exact curve beats the classic formula."""
    verdict = judge(UPDATE)
    assert verdict.outcome is Outcome.VERIFIED
    assert verdict.interval is not None
    assert verdict.interval[1] == pytest.approx(0.751, abs=1e-3)


def test_a_sensitivity_below_the_clip_is_refuted() -> None:
    """Noise made for half the clip: even an update against none moves further, and the explanation says it."""
    verdict = judge(UPDATE, sensitivity=0.5)
    assert verdict.outcome is Outcome.REFUTED
    assert "made for a sensitivity of only 0.5" in verdict.explanation
    assert judge(UPDATE, sensitivity=None, sigma=verdict.remedy["sigma"]).outcome is Outcome.VERIFIED


@pytest.mark.parametrize(
    ("neighbours", "outcome"),
    [("add_remove", Outcome.VERIFIED), ("replace", Outcome.REFUTED), (None, Outcome.UNVERIFIABLE)],
)
def test_a_sensitivity_of_the_clip_depends_on_the_neighbours(neighbours: str | None, outcome: Outcome) -> None:
    """It is enough for an update against none, not for one against another; unstated, nothing is decided."""
    assert judge(UPDATE, sensitivity=1.0, neighbours=neighbours).outcome is outcome


def test_a_large_classic_epsilon_is_recomputed() -> None:
    """The classic formula is not proved above 1: at 10 and delta 1e-6 its noise is too small."""
    loose: dict[str, Any] = {"round_epsilon": 10.0, "round_delta": 1e-6, "epsilon": 10.0, "delta": 1e-6}
    assert judge(UPDATE, **loose, neighbours="replace").outcome is Outcome.REFUTED


def test_rounds_of_noise_are_composed() -> None:
    """What is made for 1 in each of 100 rounds is more than 1 together."""
    made: dict[str, Any] = {"round_epsilon": 1.0, "round_delta": 1e-5, "rounds": 100}
    assert judge(UPDATE, **made).outcome is Outcome.REFUTED
    assert judge(UPDATE, **made, epsilon=10.4).outcome is Outcome.VERIFIED


def test_one_round_refutes_and_does_not_verify() -> None:
    """Training takes many rounds; how many has to be stated, unless one is too much already."""
    verdict = judge(UPDATE, rounds=None)
    assert (verdict.reason, verdict.interval and verdict.interval[1]) == (Reason.MISSING_PARAMETER, None)
    assert judge(UPDATE, rounds=None, sensitivity=0.5).outcome is Outcome.REFUTED


def test_noise_made_for_no_epsilon_is_a_gap() -> None:
    """Neither a sigma nor what it follows from."""
    assert judge(UPDATE, epsilon=None).reason is Reason.GAP


def test_noise_without_a_clip_is_unverifiable() -> None:
    """FedML's local DP clips nothing, so no noise is enough."""
    assert "clipping_norm" in judge(UPDATE, clipping_norm=None).explanation


# --- values that nobody listed before


def test_privacygos_threshold_is_verified() -> None:
    """T = 1 + log(1 / (2 delta)) / epsilon and b = 1 / epsilon are made for exactly this claim."""
    assert judge(UNLISTED).outcome is Outcome.VERIFIED


@pytest.mark.parametrize("epsilon", [0.1, 0.3, 1.1, 2.7, 5.0])
def test_privacygos_threshold_holds_for_other_epsilons(epsilon: float) -> None:
    """Rounding in b and T refutes nothing."""
    numbers: dict[str, Any] = {"epsilon": epsilon, "scale": 1 / epsilon, "threshold": 1 + math.log(1 / 2e-5) / epsilon}
    assert judge(UNLISTED, **numbers).outcome is Outcome.VERIFIED


def test_a_lower_threshold_is_refuted_and_mended() -> None:
    """A value of one person comes out with more than delta; the remedy is the formula's threshold."""
    verdict = judge(UNLISTED, threshold=11.0)
    assert verdict.outcome is Outcome.REFUTED
    assert verdict.witness["chance_alone"] > 1e-5
    mended: dict[str, Any] = {name: verdict.remedy[name] for name in ("scale", "threshold")}
    assert judge(UNLISTED, **mended).outcome is Outcome.VERIFIED


def test_less_noise_than_claimed_is_refuted() -> None:
    """Scale 1/2 is epsilon 2, whatever the threshold."""
    assert judge(UNLISTED, scale=0.5).outcome is Outcome.REFUTED


def test_replaced_values_are_not_covered() -> None:
    """Two counts change, and that is not computed."""
    assert judge(UNLISTED, neighbours="replace").reason is Reason.GAP


def test_two_releases_of_counts_are_composed() -> None:
    """Twice the epsilon, and delta has to cover both."""
    assert judge(UNLISTED, rounds=2, epsilon=2.0).outcome is Outcome.UNVERIFIABLE
    assert judge(UNLISTED, rounds=2, epsilon=2.0, delta=2e-5).outcome is Outcome.VERIFIED


@settings(max_examples=30, deadline=None)
@given(st.floats(0.2, 5.0), st.floats(1.0, 40.0), st.floats(1e-8, 0.1))
def test_the_released_counts_agree_with_direct_enumeration(scale: float, threshold: float, delta: float) -> None:
    """For every pair of counts the divergence at the upper bound is at most delta."""
    high = _local.thresholded(scale, threshold, 1, delta)[1]
    if math.isinf(high):
        assert _local.above(threshold - 1, scale) > delta
        return
    chances = [0.0, *(_local.above(threshold - count, scale) for count in range(1, 200))]
    for few, more in itertools.pairwise(chances):
        for one, other in ((few, more), (more, few)):
            split = max(0.0, one - math.exp(high) * other) + max(0.0, (1 - one) - math.exp(high) * (1 - other))
            assert split <= delta * (1 + 1e-6) + 1e-12


# --- all of them


@pytest.mark.parametrize(
    ("protocol", "field"),
    [
        ("gcms", "protocol"), ("gcms", "m"), ("gcms", "s"), ("gcms", "p"), ("gcms", "epsilon"),
        ("randomized_response", "p"), ("randomized_response", "epsilon"),
        ("gaussian", "clipping_norm"), ("gaussian", "rounds"), ("gaussian", "sensitivity"), ("gaussian", "delta"),
        ("unknown_domain", "scale"), ("unknown_domain", "threshold"), ("unknown_domain", "delta"),
        ("unknown_domain", "epsilon"),
    ],
)  # fmt: skip
def test_a_missing_number_is_named(protocol: str, field: str) -> None:
    """Without any one of its numbers the claim is unverifiable and the explanation names the number."""
    verdict = judge(ALL[protocol], **{field: None})
    assert (verdict.outcome, verdict.reason) == (Outcome.UNVERIFIABLE, Reason.MISSING_PARAMETER)
    assert field in verdict.explanation


def test_a_dynamic_number_is_named_with_its_text() -> None:
    """A probability from the command line is a dynamic value."""
    verdict = judge(SKETCH, p=None, unresolved={"p": "args.p"})
    assert verdict.reason is Reason.DYNAMIC_VALUE
    assert "args.p" in verdict.explanation


@pytest.mark.parametrize("protocol", list(ALL))
@pytest.mark.parametrize(
    "absurd",
    [
        {"epsilon": 1e308},
        {"epsilon": 5e-324},
        {"delta": 5e-324},
        {"delta": 1 - 1e-16},
        {"rounds": 10**15},
        {"p": 5e-324},
        {"p": 1.0},
        {"m": 10**15, "s": 10**14, "domain_size": 10**15},
        {"scale": 1e308, "sigma": 1e308, "threshold": 1e308},
        {"scale": 5e-324, "sigma": 5e-324, "threshold": 5e-324},
        {"clipping_norm": 1e308, "sensitivity": 1e308},
        {"clipping_norm": 5e-324, "sensitivity": 5e-324, "scale": 1e9, "threshold": 1e9},
    ],
)
def test_absurd_numbers_end_in_a_verdict_without_nan(protocol: str, absurd: dict[str, Any]) -> None:
    """No number in range makes the verifier raise, and no NaN or infinity gets into the verdict."""
    verdict = judge(ALL[protocol], **absurd)
    assert all(side is None or math.isfinite(side) for side in verdict.interval or ())


@pytest.mark.parametrize("field", ["epsilon", "m", "p", "sigma", "clipping_norm", "threshold", "rounds"])
@pytest.mark.parametrize("value", [0, -1, math.nan])
def test_numbers_out_of_range_are_no_claim(field: str, value: float) -> None:
    """Zero, negative and NaN values stop at the border."""
    with pytest.raises(ValueError, match=field):
        LocalDp(**{**SKETCH, field: value})


@pytest.mark.parametrize("protocol", list(ALL))
def test_a_stricter_budget_gets_a_remedy_that_meets_it(protocol: str) -> None:
    """The claim holds, but the policy allows half of it."""
    verdict = judge(ALL[protocol], Budget(epsilon=0.5))
    assert verdict.outcome is Outcome.VERIFIED
    changed = {name: value for name, value in verdict.remedy.items() if name not in ("epsilon", "delta")}
    assert judge(ALL[protocol], epsilon=0.5, **changed).outcome is Outcome.VERIFIED


@pytest.mark.parametrize("protocol", list(ALL))
@settings(max_examples=15, deadline=None)
@given(epsilon=st.floats(0.1, 20.0), factor=st.floats(1.0, 3.0))
def test_a_verified_claim_stays_verified_when_it_claims_less(protocol: str, epsilon: float, factor: float) -> None:
    """A larger epsilon is a weaker claim, for the same noise."""
    fixed: dict[str, Any] = {"sigma": 5.0} if protocol == "gaussian" else {}
    if judge(ALL[protocol], epsilon=epsilon, **fixed).outcome is Outcome.VERIFIED:
        assert judge(ALL[protocol], epsilon=epsilon * factor, **fixed).outcome is Outcome.VERIFIED


@settings(max_examples=20, deadline=None)
@given(st.floats(0.5, 0.95), st.floats(0.01, 0.04), st.integers(1, 50), st.floats(1e-9, 1e-2))
def test_less_truth_is_never_shown_to_be_worse(p: float, more: float, times: int, delta: float) -> None:
    """The lower bound with more lies stays below the upper bound with fewer."""
    said = LocalDp(**RESPONSE)
    assert _local.answers(said, p, times, delta)[0] <= _local.answers(said, p + more, times, delta)[1]
