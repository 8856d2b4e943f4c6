"""Which columns a query names, and that no text makes it slow."""

import pytest

from petguard.flows.sql import Query, selected

_QUERIES = {
    "SELECT email FROM users": Query("users", ("email",)),
    "select id, email from users where id = ?": Query("users", ("id", "email")),
    "SELECT DISTINCT email FROM users": Query("users", ("email",)),
    "SELECT\n  email,\n  name\nFROM\n  app.users": Query("users", ("email", "name")),
    'SELECT email FROM "users"': Query("users", ("email",)),
    "SELECT email FROM `users`": Query("users", ("email",)),
    "SELECT email FROM [users]": Query("users", ("email",)),
    "SELECT u.email AS contact FROM users u": Query("users", ("u.email AS contact",)),
    "SELECT count(email) FROM users": Query("users", ("count",)),
    "SELECT coalesce(email, phone), name FROM users": Query("users", ("coalesce", "name")),
    "WITH x AS (SELECT email FROM users) SELECT * FROM x": Query("users", ("email",)),
    "SELECT * FROM users": Query("users", ("*",)),
    "INSERT INTO a SELECT email FROM users": Query("users", ("email",)),
}


@pytest.mark.parametrize("text", _QUERIES)
def test_the_columns_of_a_query_are_named(text: str) -> None:
    """They are told with the table that is read first."""
    assert selected(text) == _QUERIES[text]


@pytest.mark.parametrize(
    "text",
    ["", "please select one from", "selection from users", "from users select", "SELECT", "SELECT email", "select"],
)
def test_what_is_no_query_names_nothing(text: str) -> None:
    """The words alone are no query."""
    assert selected(text) is None


@pytest.mark.parametrize(
    "text", ["select " * 300_000, "select" + " " * 2_000_000, ("select" + " " * 2000) * 1000, "from " * 400_000]
)
def test_a_text_of_megabytes_is_read_once(text: str) -> None:
    """No text is gone through again and again: this would take hours."""
    assert selected(text) is None or text.startswith("from")


def test_a_list_that_is_too_long_is_none_of_columns() -> None:
    """What stands thousands of characters before `from` does not belong to it; a nearer `select` does."""
    far = "select " + "x" * 3000
    assert selected(far + " from a") is None
    assert selected(far + " select email from a") == Query("a", ("email",))  # noqa: S608 - a text to be read, nothing runs it
