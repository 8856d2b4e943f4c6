"""What the hazards beside a claim do to a verdict that its numbers decide."""

import pytest

from petguard import verifiers
from petguard.claims import STATEMENT
from petguard.hazards import Hazard
from petguard.model import Claim, Danger, Location, Outcome
from tests.benches import bench


def outcome(epsilon: float, *hazards: Hazard) -> Outcome:
    """Of Laplace noise that gives epsilon 1, beside these hazards."""
    query = {"technique": "dp_query", "mechanism": "laplace", "scale": 1.0, "sensitivity": 1.0, "epsilon": epsilon}
    place = Location(path="r.py", line=1)
    claim = Claim(
        id="c", statement=STATEMENT.validate_python(query), location=place, subject="r.py",
        dangers=tuple(Danger(hazard=hazard, location=place, detail=hazard.value) for hazard in hazards),
    )  # fmt: skip
    return verifiers.judge_all([claim], bench())[0].outcome


@pytest.mark.parametrize("epsilon", [0.5, 1.0])
def test_a_doubt_beside_a_fatal_hazard_does_not_soften_it(epsilon: float) -> None:
    """A fixed seed refutes what the numbers verify and what they refute, whatever else is doubtful."""
    assert outcome(epsilon, Hazard.FIXED_SEED, Hazard.GROUP_KEYS) is Outcome.REFUTED


@pytest.mark.parametrize("epsilon", [0.5, 1.0])
def test_a_doubt_alone_leaves_numbers_undecided(epsilon: float) -> None:
    """Numbers about something else neither verify nor refute."""
    assert outcome(epsilon, Hazard.GROUP_KEYS) is Outcome.UNVERIFIABLE
