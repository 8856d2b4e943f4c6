"""What keys, tags and classifications say about a column, in the words that teams use for it."""

from typing import Any

import pytest

from petguard.model import Trait
from petguard.parsers import _said

_PERSONAL, _CLEAN, _MASKED = Trait.SAID_PERSONAL, Trait.SAID_CLEAN, Trait.SAID_MASKED


@pytest.mark.parametrize(
    ("key", "value", "traits"),
    [
        ("contains_pii", True, {_PERSONAL}),
        ("containsPII", "true", {_PERSONAL}),
        ("is_personal_data", 1, {_PERSONAL}),
        ("pii", "email", {_PERSONAL}),
        ("gdpr_special_category", "yes", {_PERSONAL}),
        ("data_classification", ["PII"], {_PERSONAL}),
        ("sensitive", "high", {_PERSONAL}),
        ("contains_pii", False, {_CLEAN}),
        ("contains_pii", "no", {_CLEAN}),
        ("pii", "none", {_CLEAN}),
        ("non_pii", True, {_CLEAN}),
        ("non_pii", False, {_PERSONAL}),
        ("classification", "non-PII", {_CLEAN}),
        ("masked", True, {_MASKED}),
        ("pii_masked", True, {_PERSONAL, _MASKED}),
    ],
)
def test_metadata_speaks(key: str, value: Any, traits: set[Trait]) -> None:
    """The tokens of a key and its value say whether a column is personal."""
    assert _said.by_pair(key, value).traits == traits


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("pii_owner", "data-team"),
        ("gdpr_compliant", True),
        ("pii_retention_days", 30),
        ("personal_loans", True),
        ("sensitive_skin", "yes"),
        ("classification", "confidential"),
        ("typing", "pii"),
        ("masked", False),
        ("pii", None),
        ("pii", 7),
        ("pii", {"a": 1}),
    ],
)
def test_other_metadata_is_silent(key: str, value: Any) -> None:
    """Who owns the data, a product's name or an empty value says nothing about the column."""
    assert _said.by_pair(key, value) == _said.NOTHING


def test_a_template_leaves_it_open() -> None:
    """What only a variable decides is neither personal nor clean."""
    assert _said.by_pair("contains_pii", "{{ var('x') }}").unknown


def test_a_tag_may_name_the_kind() -> None:
    """`pii:email` is a category, not only a mark."""
    assert _said.by_tags(["pii:email"]).categories == ("user.contact.email",)


def test_personal_outweighs_clean() -> None:
    """Of two that contradict each other, the one that asks for care counts."""
    assert _said.by_tags(["non_pii", "pii"]).traits == {_PERSONAL}


@pytest.mark.parametrize(
    ("name", "technique"),
    [
        ("email_sha256", "pseudonymisation"),
        ("TOKENIZED", "pseudonymisation"),
        ("email_encrypted", "encryption_at_rest"),
        ("general_data_masking", "redaction"),
    ],
)
def test_a_masking_policy_tells_its_technique(name: str, technique: str) -> None:
    """A hash is pseudonymisation at best; what says nothing more takes the value out."""
    assert _said.technique(name) == technique
