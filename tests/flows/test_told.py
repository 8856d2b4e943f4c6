"""Columns that only a declaration says are personal, where code reads them."""

import pytest

from petguard.flows.told import Told
from petguard.model import Facts, Location, Node, Trait
from petguard.parsers._declared import column
from tests.flows.small import Followed, followed


def _column(table: str, name: str, *traits: Trait) -> Node:
    made = column("dbt", table, name, Location(path="schema.yml", line=7), said=Trait.SAID_PERSONAL)
    return made.model_copy(update={"traits": (Trait.SAID_PERSONAL, *traits)})


TOLD = Told.by(
    [Facts(nodes=(_column("stg_crm__customers", "x7"), _column("customers", "status"), _column("orders", "email")))]
)
MASKED = Told.by([Facts(nodes=(_column("customers", "x7", Trait.SAID_MASKED),))])

_MODEL = "class Customer(Base):\n    x7 = Column(String)\n    status = Column(String)\n"
_READ = {
    "a field of what bears the table's name": "def f(customer):\n    ask(customer.x7)",
    "a field of the class": _MODEL + "def f(c: Customer):\n    ask(c.x7)",
    "a plain word of the class": _MODEL + "def f(c: Customer):\n    ask(c.status)",
    "the whole object": _MODEL + "def f(c: Customer):\n    ask(c.model_dump())",
    "its own field": _MODEL + "    def f(self):\n        ask(self.x7)",
    "an object that is looked up": _MODEL + "def f(session):\n    ask(session.get(Customer, 1).x7)",
    "a key of any row": "def f(row):\n    ask(row['x7'])",
    "a column of any frame": "def f(df):\n    ask(df['x7'].tolist())",
    "a column of a frame of the table": "def f(customers_df):\n    ask(customers_df['status'])",
    "a column of a query": "def f(cur):\n    ask(cur.execute('select x7 from customers').fetchall())",
}
_QUIET = {
    "a field of something else": "def f(engine):\n    ask(engine.x7)",
    "a plain word of any row": "def f(row):\n    ask(row['status'])",
    "a bare name": "def f(x7):\n    ask(x7)",
    "another field of the class": _MODEL + "def f(c: Customer):\n    ask(c.y8)",
    "a column of another table": "def f(cur):\n    ask(cur.execute('select x7 from engines').fetchall())",
    "a literal": "def f():\n    row = {'x7': 'a'}\n    ask(row['x7'])",
}


def _because(found: Followed) -> set[str]:
    return {str(path.source.details["because"]) for path in found.flows}


@pytest.mark.parametrize("name", _READ)
def test_what_a_declaration_says_is_personal_is_a_source(name: str) -> None:
    """However the code reads the column, if it says whose it is, or if the name is no plain word."""
    assert len(followed(_READ[name], TOLD).sources) == 1


@pytest.mark.parametrize("name", _QUIET)
def test_what_only_bears_the_name_of_a_column_is_none(name: str) -> None:
    """A column is met by its table, too."""
    assert followed(_QUIET[name], TOLD).sources == set()


@pytest.mark.parametrize("name", _READ)
def test_nothing_of_it_is_personal_by_itself(name: str) -> None:
    """Without the declaration there is no flow."""
    assert followed(_READ[name]).sources == set()


def test_the_reason_names_the_declaration() -> None:
    """Who reads the report finds where it is said."""
    reason = "schema.yml:7 says that stg_crm__customers.x7 is personal"
    assert _because(followed(_READ["a key of any row"], TOLD)) == {reason}
    assert _because(followed(_READ["an object that is looked up"], TOLD)) == {f"it is a Customer, and {reason}"}


def test_what_is_said_to_be_masked_is_no_source() -> None:
    """What code reads there is what stands in the place of the data."""
    assert not MASKED


def test_a_name_that_says_it_itself_needs_no_declaration() -> None:
    """The taxonomy finds it, and knows its category."""
    assert not Told.by([Facts(nodes=(_column("orders", "email"),))])


def test_what_is_remembered_of_a_file_depends_on_the_columns() -> None:
    """A new declaration makes the files be read anew."""
    assert len({Told().dialect("python"), TOLD.dialect("python")}) == 2
