"""Names of recipients: which mean the same, which do not, and which folder a declaration speaks of."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petguard.model import Location
from petguard.recipients import home, names, places_of


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Mailhouse GmbH", "mail_house"),
        ("mailhouse", "api.mailhouse.com"),
        ("mailhouse", "eu.api.mailhouse.co.uk"),
        ("openai", "api.openai.com"),
        ("Sentry", "sentry.io"),
        ("API.Mailhouse.COM.", "api.mailhouse.com"),
    ],
)
def test_spellings_of_one_recipient_meet(one: str, other: str) -> None:
    """A manifest has a name, the code a host, and each its own way to write it."""
    assert not names(one).isdisjoint(names(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("mailhouse", "mailhouse partner"),
        ("api", "service"),
        ("Cloud Services Ltd", "API System"),
        ("api.one.com", "api.two.com"),
        ("one.co.uk", "two.co.uk"),
        ("Почта", "邮件"),
    ],
)
def test_different_recipients_do_not_meet(one: str, other: str) -> None:
    """Words that everybody has in the name, and letters that are not read, make nobody the same."""
    assert names(one).isdisjoint(names(other))


@given(st.text(max_size=300))
def test_any_text_is_a_name_or_none(text: str) -> None:
    """A hostile name gives names that are not empty, and quickly."""
    assert "" not in names(text)


@pytest.mark.parametrize(
    ("path", "folder"),
    [
        (".fides/systems.yml", ""),
        ("shop/.fides/systems.yml", "shop"),
        ("shop/docs/privacy/record.yml", "shop"),
        ("shop/record.yml", "shop"),
        ("record.yml", ""),
        ("docs/bom.json", ""),
        ("shop/src/record.yml", "shop/src"),
    ],
)
def test_a_declaration_speaks_of_what_is_around_its_folder(path: str, folder: str) -> None:
    """A folder that only holds declarations is about what stands beside it."""
    assert home(path) == folder


def test_each_line_is_a_place_once() -> None:
    """Two columns of one line are one place, and the order is that of reading."""
    spots = [Location(path="b.py", line=2), Location(path="a.py", line=3, column=9), Location(path="a.py", line=3)]
    assert [(each.path, each.line) for each in places_of(spots)] == [("a.py", 3), ("b.py", 2)]
