"""Free-text classifications: what they say about persons, and what they leave open."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petguard import taxonomy
from petguard.model import Trait
from petguard.parsers._classification import Meaning, meaning, together


@pytest.mark.parametrize(
    ("text", "categories"),
    [
        ("PII", ("user",)),
        ("PIFI", ("user.financial",)),
        ("PHI", ("user.health_and_medical",)),
        ("Confidential / personal data", ("user",)),
        ("Customer e-mail addresses", ("user.contact.email",)),
        ("personal: social security number", ("user.government_id.ssn",)),
        ("personal account no", ("user.financial.bank_account",)),
        ("public PII", ("user",)),
    ],
)
def test_words_for_personal_data_count(text: str, categories: tuple[str, ...]) -> None:
    """With the narrowest category that is named."""
    assert meaning(text) == Meaning(Trait.SAID_PERSONAL, categories)


@pytest.mark.parametrize("text", ["public", "non-PII", "NonPersonal", "contains no personal data", "PII-free", "none"])
def test_a_denial_is_heard(text: str) -> None:
    """It says that there is no personal data, and nothing else."""
    assert meaning(text) == Meaning(Trait.SAID_CLEAN)


@pytest.mark.parametrize("text", ["internal", "restricted", "C3", "partner-data", ""])
def test_a_level_of_secrecy_says_nothing_about_persons(text: str) -> None:
    """Neither that there are any nor that there are none."""
    assert meaning(text) == Meaning()


def test_that_it_is_personal_wins_over_that_it_is_not() -> None:
    """A data set that is called public and holds e-mail addresses."""
    assert together(meaning("public"), meaning("email")) == Meaning(Trait.SAID_PERSONAL, ("user.contact.email",))
    assert together() == Meaning()


@given(st.text(max_size=300))
def test_any_text_means_something_known(text: str) -> None:
    """Categories are of the taxonomy, and only of what is said to be personal."""
    meant = meaning(text)
    assert all(taxonomy.is_known(each) for each in meant.categories)
    assert bool(meant.categories) == (meant.said is Trait.SAID_PERSONAL)
