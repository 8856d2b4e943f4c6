"""The ledgers: what all releases about a data set, or about one kind of person, spend together."""

from typing import Any

import pytest

from petguard import verifiers
from petguard.claims import STATEMENT
from petguard.graph import SystemGraph
from petguard.model import (
    Balance,
    Budget,
    Budgets,
    Claim,
    Edge,
    EdgeKind,
    Facts,
    Location,
    Node,
    NodeKind,
    Origin,
    SubjectBudget,
)
from petguard.report import Ledger
from tests.benches import bench


def release(line: int, data: str = "patients.csv", **said: Any) -> Claim:
    """A Laplace query with epsilon 1 unless said otherwise."""
    query = {"technique": "dp_query", "mechanism": "laplace", "scale": 1.0, "sensitivity": 1.0, "epsilon": 1.0}
    statement = STATEMENT.validate_python({**query, "implementation": "opendp", "data": data, **said})
    return Claim(id=f"c{line}", statement=statement, location=Location(path="r.py", line=line), subject="r.py")


def ledgers(*claims: Claim, budgets: Budgets | None = None, facts: Facts | None = None) -> dict[str, Ledger]:
    """The ledgers by what they are about."""
    verdicts = verifiers.judge_all(claims, bench())
    graph = SystemGraph([facts or Facts()])
    return {each.about: each for each in verifiers.ledgers(claims, verdicts, graph, budgets or Budgets())}


def budget(epsilon: float, name: str = "patients.csv", delta: float = 1e-6) -> Budgets:
    """A policy's budget for one data set."""
    return Budgets(data={name: Budget(epsilon=epsilon, delta=delta)})


def test_pure_releases_about_one_data_set_add_up() -> None:
    """Two Laplace releases of epsilon 1 spend 2 at delta 0, the sum of their own deltas."""
    found = ledgers(release(1), release(2))["patients.csv"]
    low, high = found.interval
    assert (found.delta, found.balance) == (0.0, Balance.NO_BUDGET)
    assert low is not None
    assert high is not None
    assert low <= 2 <= high <= 2.0001


def test_many_releases_spend_less_than_their_sum_at_a_delta() -> None:
    """365 daily releases of epsilon 0.1 have 36.5 by basic composition and about 10.125 by their loss distribution."""
    found = ledgers(release(1, mechanism="laplace", scale=10.0, epsilon=0.1, count=365), budgets=budget(11))
    low, high = found["patients.csv"].interval
    assert low is not None
    assert high is not None
    assert 10.1 <= low <= 10.125 <= high <= 10.15
    assert found["patients.csv"].balance is Balance.WITHIN


def test_the_release_that_breaks_the_budget_is_named() -> None:
    """Three releases of epsilon 1 break a budget of 1.5 with the second."""
    found = ledgers(release(1), release(2), release(3), budgets=budget(1.5))["patients.csv"]
    assert (found.balance, found.broke) == (Balance.EXCEEDED, "c2")


def test_the_remedy_says_how_much_louder_the_noise_must_be() -> None:
    """Two releases of epsilon 1 meet a budget of 1 with twice the noise, or a little less at a delta."""
    found = ledgers(release(1), release(2), budgets=budget(1.0))["patients.csv"]
    assert 1.9 <= found.remedy["noise_factor"] <= 2.02


def test_a_release_that_could_not_be_judged_leaves_no_upper_bound() -> None:
    """An unknown release must not be counted as nothing."""
    found = ledgers(release(1), release(2, mechanism=None), budgets=budget(5.0))["patients.csv"]
    assert (found.balance, found.interval[1]) == (Balance.UNKNOWN, None)
    assert [row.counted for row in found.releases] == ["by_noise", "not"]


def test_another_data_set_has_its_own_ledger() -> None:
    """Releases about different data do not compose, unless the policy says that they hold the same people."""
    found = ledgers(release(1), release(2, "visits.csv"), budgets=budget(1.5))
    assert found["patients.csv"].balance is Balance.WITHIN
    assert found["visits.csv"].balance is Balance.NO_BUDGET


def test_a_subject_budget_composes_several_data_sets() -> None:
    """Visits and bills of the same patients together break what either keeps."""
    subjects = {"patient": SubjectBudget(epsilon=1.5, delta=1e-6, data=("*.csv",))}
    found = ledgers(release(1), release(2, "visits.csv"), budgets=Budgets(subjects=subjects))["patient"]
    assert (found.balance, found.data) == (Balance.EXCEEDED, ("patients.csv", "visits.csv"))


def test_a_release_about_data_made_from_other_data_spends_its_budget() -> None:
    """train.csv was made from patients.csv: a release about it is one about the patients."""
    place = Location(path="dvc.yaml")
    nodes = tuple(
        Node(id=f"data:{name}", kind=NodeKind.DATA, name=name, origin=Origin.DECLARED, locations=(place,))
        for name in ("patients.csv", "train.csv")
    )
    made = Edge(
        kind=EdgeKind.DERIVED_FROM, source="data:train.csv", target="data:patients.csv", origin=Origin.DECLARED,
        location=place,
    )  # fmt: skip
    found = ledgers(release(1, "train.csv"), budgets=budget(0.5), facts=Facts(nodes=nodes, edges=(made,)))
    assert found["patients.csv"].balance is Balance.EXCEEDED


def test_a_budget_for_data_that_nobody_releases_is_listed_as_unused() -> None:
    """A budget with a misspelt name must not look like one that is kept."""
    found = ledgers(release(1), budgets=budget(5.0, "patient.csv"))
    assert found["patient.csv"].balance is Balance.UNUSED


@pytest.mark.parametrize("noise", [1.0, 4.0])
def test_the_ledger_of_one_release_is_its_own_epsilon(noise: float) -> None:
    """Composition of one is no composition."""
    found = ledgers(release(1, scale=noise, epsilon=1 / noise))["patients.csv"]
    assert found.interval[1] == pytest.approx(1 / noise, rel=1e-6)


def test_a_release_whose_sampler_leaks_has_no_upper_bound() -> None:
    """Numpy's Laplace noise is refuted bit by bit, so the epsilon of its formula is no bound on what it spends."""
    query = release(1, implementation="numpy")
    found = ledgers(query, budgets=budget(2.0))["patients.csv"]
    assert (found.balance, found.interval[1], found.releases[0].counted) == (Balance.UNKNOWN, None, "not")
    assert ledgers(query, budgets=budget(0.5))["patients.csv"].balance is Balance.EXCEEDED


def test_what_a_release_is_shown_to_spend_is_spent_by_all_together() -> None:
    """At its own delta the replay alone exceeds a budget of 2."""
    found = ledgers(release(1, implementation="numpy", delta=1e-6), release(2), budgets=budget(2.0))["patients.csv"]
    assert (found.balance, found.broke) == (Balance.EXCEEDED, "c1")
    low = found.interval[0]
    assert low is not None
    assert low > 5


DUMMIES = {
    "technique": "dp_psi", "epsilon": 2.0, "maximum_queries": 10, "ids_num": 3, "precomputed_tau": 1440,
    "use_precomputed_tau": True, "input_dp": True, "dataset_size": 10**6, "data": "patients.csv",
}  # fmt: skip
SHUFFLED = {
    "technique": "dp_sgd", "noise_multiplier": 20.0, "sample_rate": 0.01, "epochs": 1, "sampling": "shuffle",
    "epsilon": 3.0, "data": "patients.csv",
}  # fmt: skip


def other(**said: Any) -> Claim:
    """A release of another technique."""
    return Claim(id="o", statement=STATEMENT.validate_python(said), location=Location(path="o.py"), subject="o.py")


def test_a_delta_that_follows_from_the_data_is_spent() -> None:
    """PSI with a million rows spends a delta of 1e-7: a budget of 1e-12 cannot pay that, one of 1e-6 can."""
    assert ledgers(other(**DUMMIES), budgets=budget(2.1, delta=1e-12))["patients.csv"].balance is Balance.UNKNOWN
    assert ledgers(other(**DUMMIES), budgets=budget(2.1, delta=1e-6))["patients.csv"].balance is Balance.WITHIN
    assert ledgers(other(**DUMMIES))["patients.csv"].delta == 1e-7


def test_an_epsilon_without_a_delta_is_not_counted() -> None:
    """Shuffled training whose delta nobody states has no epsilon."""
    found = ledgers(other(**SHUFFLED), budgets=budget(5.0))["patients.csv"]
    assert (found.balance, found.releases[0].why) == (Balance.UNKNOWN, "no delta is known")


def test_stated_numbers_add_up_as_they_are_written() -> None:
    """Three times 0.1 meets a budget of 0.3, and ten deltas of 1e-6 one of 1e-5."""
    made: dict[str, Any] = {"scale": None, "sensitivity": None, "epsilon": 0.1}
    three = ledgers(*(release(line, **made) for line in (1, 2, 3)), budgets=budget(0.3))["patients.csv"]
    assert (three.balance, three.interval) == (Balance.WITHIN, (0.0, 0.3))
    ten = ledgers(*(release(line, **made, delta=1e-6) for line in range(1, 11)), budgets=budget(1.0, delta=1e-5))
    assert ten["patients.csv"].balance is Balance.WITHIN
