"""How well identifiers are told apart, and that the labels are fit to tell."""

import pytest

from petguard import taxonomy
from tests.corpus.identifiers import HALVES, NOTHING, labelled, score

_PRECISION = 0.95
_RECALL = {"tune": 0.95, "held-out": 0.8}


@pytest.mark.parametrize("half", HALVES)
def test_what_is_called_personal_is(half: str) -> None:
    """At most one in twenty is wrong, or of another category."""
    assert score(labelled(half)).precision >= _PRECISION


@pytest.mark.parametrize("half", HALVES)
def test_what_is_personal_is_found(half: str) -> None:
    """Four in five are found with their category, and nearly all of those that the taxonomy was made with."""
    assert score(labelled(half)).recall >= _RECALL[half]


def test_every_label_is_a_category() -> None:
    """A label nobody knows would count as a miss for ever."""
    rows = [each for half in HALVES for each in labelled(half)]
    assert [each for each in rows if each.category != NOTHING and not taxonomy.is_known(each.category)] == []


def test_no_identifier_is_in_both_halves() -> None:
    """What is held out is not worked with."""
    names = [each.identifier for half in HALVES for each in labelled(half)]
    assert len(names) == len(set(names))


def test_there_are_enough_of_both_kinds() -> None:
    """A thousand identifiers, and about as many negatives as positives."""
    rows = [each for half in HALVES for each in labelled(half)]
    personal = sum(each.category != NOTHING for each in rows)
    assert (len(rows) >= 1_000, 0.4 < personal / len(rows) < 0.6) == (True, True)
