"""Summaries that are written down and read again are the same, and what is no summary is followed anew."""

import json
from dataclasses import fields

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from petguard.flows import remember
from petguard.flows.summary import (
    Argument,
    ClassSummary,
    FunctionSummary,
    Site,
    Source,
    Summary,
    Write,
)
from tests.flows.programs import Program, programs
from tests.flows.small import HEAD, summary

_TEXT = st.text(max_size=6)
_NUMBER = st.integers(0, 2**40)
_ATOMS = st.frozensets(st.tuples(st.sampled_from("pcofgisu"), st.one_of(_TEXT, _NUMBER), _TEXT), max_size=3)
_REFS = st.lists(_TEXT, max_size=3).map(tuple)
_NAMED = st.dictionaries(_TEXT, _REFS, max_size=3)
_PARTS = st.dictionaries(_TEXT, _ATOMS, max_size=3)
_KEPT = st.dictionaries(_TEXT, _PARTS, max_size=3)
_GIVEN = st.lists(st.tuples(_TEXT, _ATOMS), max_size=2).map(tuple)
_ARGUMENT = st.builds(Argument, _TEXT, _GIVEN, _REFS, st.booleans(), st.none() | _TEXT, _REFS)
_FUNCTION = st.builds(
    FunctionSummary,
    _NUMBER,
    _NUMBER,
    st.lists(st.tuples(_TEXT, _TEXT), max_size=2).map(tuple),
    types=_NAMED,
    defaults=st.dictionaries(_TEXT, _GIVEN, max_size=2),
    gives=_PARTS,
    puts=_KEPT,
    refs=_REFS,
    returns=_REFS,
    owner=_TEXT,
    reads_as_field=st.booleans(),
    takes_object=st.booleans(),
    wrapped=_REFS,
)
_CLASS = st.builds(
    ClassSummary, _NUMBER, _REFS, _NAMED, st.dictionaries(_TEXT, _NUMBER, max_size=2), _NAMED, _KEPT, st.booleans()
)
_SITE = st.builds(Site, _NUMBER, _NUMBER, _TEXT, _REFS, _TEXT, st.lists(_ARGUMENT, max_size=2), st.booleans(), _REFS)
_SOURCE = st.builds(Source, _NUMBER, _TEXT, st.sampled_from(["name", "object", "file"]), _REFS, _TEXT, _TEXT, _ATOMS)
_SUMMARIES = st.builds(
    Summary,
    st.just("app.py"),
    imports=st.dictionaries(_TEXT, st.tuples(_TEXT, _TEXT), max_size=2),
    exports=st.dictionaries(_TEXT, st.tuples(_TEXT, _TEXT), max_size=2),
    opened=st.lists(_TEXT, max_size=2),
    package=_TEXT,
    functions=st.dictionaries(_TEXT, _FUNCTION, max_size=2),
    classes=st.dictionaries(_TEXT, _CLASS, max_size=2),
    refs=_NAMED,
    keeps=_KEPT,
    sites=st.lists(_SITE, max_size=2),
    sources=st.lists(_SOURCE, max_size=2),
    bundles=st.lists(_ATOMS, max_size=2),
    writes=st.lists(st.builds(Write, _REFS, _TEXT, _ATOMS, _ATOMS), max_size=2),
    unread=st.lists(st.tuples(_NUMBER, _TEXT), max_size=2),
)


def _again(found: Summary) -> Summary | None:
    return remember.summary(found.path, json.loads(json.dumps(remember.row(found))))


@given(_SUMMARIES)
def test_a_summary_is_read_as_it_was_written(found: Summary) -> None:
    """Whatever is in it, through JSON and back."""
    assert _again(found) == found


def test_every_field_of_a_summary_is_remembered() -> None:
    """A field that is added is one that the property above fills."""
    made = Summary("app.py")
    assert {each.name for each in fields(made)} <= {*remember.row(made), "path"}


@given(programs())
@settings(max_examples=20)
def test_the_summary_of_a_program_is_read_as_it_was_written(program: Program) -> None:
    """The same for what real code makes."""
    for path, text in program.files().items():
        found = summary(text, path)
        assert _again(found) == found


@pytest.mark.parametrize("stored", [{}, {"atoms": []}, {"atoms": None}, {"atoms": [["p"]], "imports": 3}])
def test_what_is_no_summary_is_not_read(stored: remember.Row) -> None:
    """The file is followed anew then."""
    assert remember.summary("app.py", stored) is None


@pytest.mark.parametrize("key", sorted(remember.row(Summary("app.py"))))
def test_a_summary_without_a_part_is_not_read(key: str) -> None:
    """One that an older version wrote is no summary of this one."""
    stored = remember.row(summary(HEAD))
    del stored[key]
    assert remember.summary("app.py", stored) is None
