"""Which identifiers mean personal data, and which only look like it."""

import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petguard import taxonomy
from petguard._shipped import files
from petguard.documents import read_yaml
from petguard.taxonomy import classify, covers, identifier_pattern, is_known, is_special, tokens

_WORDS = st.lists(st.from_regex(r"[a-z]{2,8}", fullmatch=True), min_size=1, max_size=4)
_ROWS = read_yaml(files("rules/taxonomy")[0].read_text("utf-8")).value
_KEYS = [(kind, key) for kind in _ROWS["categories"].values() for key in ("names", "of")]
_NAMES = sorted({name for kind, key in _KEYS for name in kind.get(key, ())})
_STYLES: tuple[Callable[[list[str]], str], ...] = (
    "_".join,
    "-".join,
    lambda words: "_".join(words).upper(),
    lambda words: words[0] + "".join(word.capitalize() for word in words[1:]),
    lambda words: "".join(word.capitalize() for word in words),
)


@pytest.mark.parametrize(
    "identifiers",
    [
        ("timezone",), ("google",), ("template",), ("email_template",), ("filename",), ("hostname",), ("username",),
        ("package_name",), ("file_name",), ("class_name",), ("display_name",), ("image",), ("message",), ("page",),
        ("usage",), ("language",), ("manage",), ("path", "parent", "name"), ("node", "child", "name"),
        ("self", "name"), ("user", "package_name"), ("user", "agent"), ("server", "address"), ("user", "id"),
        ("user", "history"), ("user", "notes"), ("error", "condition"), ("mailer", "send_email"), ("is_email",),
        ("email_verified",), ("email_hash",), ("phone_regex",), ("contact", "message"), ("db_password",), ("",),
    ],
)  # fmt: skip
def test_what_only_looks_personal_is_not(identifiers: tuple[str, ...]) -> None:
    """A word that contains or borders on a known name does not mean personal data."""
    assert classify(*identifiers) == ()


@pytest.mark.parametrize(
    ("identifiers", "category"),
    [
        (("dateOfBirth",), "user.demographic.date_of_birth"),
        (("date_of_birth",), "user.demographic.date_of_birth"),
        (("DATE_OF_BIRTH",), "user.demographic.date_of_birth"),
        (("patient_date_of_birth",), "user.demographic.date_of_birth"),
        (("patient", "notes"), "user.health_and_medical"),
        (("patients", "notes"), "user.health_and_medical"),
        (("user_name",), "user.name"),
        (("user", "display_name"), "user.name"),
        (("customer", "address"), "user.contact.address"),
        (("address_line1",), "user.contact.address"),
        (("icd10_code",), "user.health_and_medical"),
        (("email2",), "user.contact.email"),
        (("userEMAIL",), "user.contact.email"),
        (("email_text",), "user.contact.email"),
        (("sort_code",), "user.financial.bank_account"),
    ],
)
def test_personal_data_is_known_by_its_words(identifiers: tuple[str, ...], category: str) -> None:
    """Case style, a subject before and a suffix behind do not hide a known name."""
    assert classify(*identifiers) == (category,)


@given(_WORDS, st.sampled_from(_STYLES), st.sampled_from(_STYLES))
def test_the_split_into_words_does_not_depend_on_the_case_style(
    words: list[str], one: Callable[[list[str]], str], other: Callable[[list[str]], str]
) -> None:
    """The same words written in two styles give the same tokens."""
    assert tokens(one(words)) == tokens(other(words))


@given(
    st.sampled_from(_NAMES),
    st.sampled_from(["", "user", "patient", "HTTP"]),
    st.sampled_from(["", "text", "2", "list", "s"]),
    st.sampled_from(_STYLES),
    st.sampled_from(_STYLES),
)
def test_the_coarse_pattern_lets_everything_through_that_counts(
    name: str, before: str, after: str, style: Callable[[list[str]], str], glue: Callable[[list[str]], str]
) -> None:
    """What `classify` accepts is never lost to the filter that semgrep applies first."""
    identifier = glue([word for word in (before, style(name.split("_")), after) if word])
    if classify("patient", identifier):
        assert re.match(f".*(?:{identifier_pattern()})", identifier)


@given(st.text(max_size=40))
def test_any_text_can_be_classified(text: str) -> None:
    """Identifiers in any script, or none, are an answer and never an error."""
    assert all(is_known(category) for category in classify("user", text))


def test_every_category_is_reached_by_its_own_names() -> None:
    """No name of the taxonomy is shadowed by another category or by a word that forbids it."""
    lost = [
        (key, name)
        for key, kind in _ROWS["categories"].items()
        for name in kind.get("names", ())
        if classify(name) != (key,)
    ]
    assert lost == []


def test_no_word_is_both_a_suffix_and_forbidden() -> None:
    """A suffix may follow a name, a forbidden word must not: no word can do both."""
    assert set(_ROWS["suffixes"]) & set(_ROWS["never"]) == set()


def test_words_that_stand_for_a_subject_or_forbid_are_single_words() -> None:
    """A word with an underscore would never be met, because identifiers are split."""
    assert [word for kind in ("subjects", "suffixes", "never") for word in _ROWS[kind] if "_" in word] == []


def test_each_category_names_its_class_in_the_privacy_vocabulary() -> None:
    """Every category carries a class name and at least one identifier."""
    assert [key for key, kind in _ROWS["categories"].items() if not (kind.get("names") or kind.get("of"))] == []


def test_categories_come_sorted() -> None:
    """The keys are in a stated order."""
    assert list(taxonomy.categories()) == sorted(_ROWS["categories"])


def test_a_parent_covers_its_children_and_not_its_neighbours() -> None:
    """`user.contact` covers `user.contact.email`, but not `user.contacts`."""
    assert (covers("user.contact", "user.contact.email"), covers("user.contact", "user.contacts")) == (True, False)


def test_a_parent_of_known_categories_is_known() -> None:
    """A policy may name a whole family; a family nobody knows is a mistake."""
    assert (is_known("user.contact"), is_known("user.shoes")) == (True, False)


def test_what_lies_below_a_special_category_is_special() -> None:
    """Art. 9 data stays Art. 9 data when it is named more closely."""
    assert (is_special("user.genetic.sequence"), is_special("user.name")) == (True, False)
