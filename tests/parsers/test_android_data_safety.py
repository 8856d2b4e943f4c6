"""The data-safety form of Google Play: what an app says that it collects and shares."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petguard.model import Facts, Gap, SinkKind, State, Trait
from petguard.parsers import Parser, android_data_safety
from petguard.parsers.android_data_safety import PARSER

Read = Callable[[Parser, dict[str, str]], tuple[Facts, list[Gap]]]

_FORM = """\
Question ID (machine readable),Response ID (machine readable),Response value,Answer requirement,Human-friendly label
PSL_DATA_COLLECTION_COLLECTS_PERSONAL_DATA,,true,REQUIRED,Any?
PSL_DATA_TYPES_PERSONAL,PSL_EMAIL,TRUE,MULTIPLE_CHOICE,"Personal info
Email address"
PSL_DATA_TYPES_PERSONAL,PSL_NAME,,MULTIPLE_CHOICE,Name
PSL_DATA_TYPES_PERSONAL,PSL_OTHER_PERSONAL,true,MULTIPLE_CHOICE,Other
PSL_DATA_TYPES_APP_PERFORMANCE,PSL_CRASH_LOGS,true,MULTIPLE_CHOICE,Crash logs
PSL_DATA_USAGE_RESPONSES:PSL_EMAIL:PSL_DATA_USAGE_COLLECTION_AND_SHARING,PSL_DATA_USAGE_ONLY_SHARED,true,,Shared
PSL_DATA_USAGE_RESPONSES:PSL_EMAIL:DATA_USAGE_SHARING_PURPOSE,PSL_ADVERTISING,true,MULTIPLE_CHOICE,Ads
PSL_DATA_USAGE_RESPONSES:PSL_EMAIL:DATA_USAGE_SHARING_PURPOSE,PSL_ANALYTICS,,MULTIPLE_CHOICE,Analytics
PSL_DATA_USAGE_RESPONSES:PSL_CRASH_LOGS:PSL_DATA_USAGE_EPHEMERAL,,true,MAYBE_REQUIRED,Ephemeral
"""


def _read(read: Read, text: str, path: str = "store/data-safety.csv") -> tuple[Facts, list[Gap]]:
    facts, gaps = read(PARSER, {path: text})
    assert {end for edge in facts.edges for end in (edge.source, edge.target)} <= {node.id for node in facts.nodes}
    return facts, gaps


def test_what_is_answered_with_yes_is_collected(read: Read) -> None:
    """Each with its category; what nobody knows is personal by its group."""
    facts, gaps = _read(read, _FORM)
    found = {node.name: (node.categories, node.traits) for node in facts.nodes if node.kind == "data"}
    assert gaps == []
    assert found == {
        "EMAIL": (("user.contact.email",), (Trait.SAID_PERSONAL,)),
        "OTHER_PERSONAL": (("user",), (Trait.SAID_PERSONAL,)),
        "CRASH_LOGS": ((), ()),
    }


def test_what_is_shared_goes_to_third_parties(read: Read) -> None:
    """The form does not say to whom."""
    facts, _ = _read(read, _FORM)
    assert [(edge.source, edge.target, edge.location.line) for edge in facts.edges] == [
        ("data:android/store/data-safety.csv.EMAIL", "system:store/data-safety.csv#shared", 3)
    ]
    assert facts.nodes[-1].sink is SinkKind.THIRD_PARTY


def test_purposes_and_lines_are_kept(read: Read) -> None:
    """Only those that are answered with yes; a label of two lines does not shift them."""
    facts, _ = _read(read, _FORM)
    nodes = {node.name: node for node in facts.nodes}
    assert (nodes["EMAIL"].details["purposes"], nodes["EMAIL"].details["ephemeral"]) == (("ADVERTISING",), False)
    assert (nodes["CRASH_LOGS"].details["ephemeral"], nodes["CRASH_LOGS"].locations[0].line) == (True, 7)


def test_broken_csv_is_a_gap(read: Read) -> None:
    """A quote that never ends, and a file that only mentions the form."""
    _, gaps = _read(read, _FORM + '"never closed')
    assert [(gap.state, gap.reason) for gap in gaps] == [(State.FAILED, "parse_error")]
    _, gaps = _read(read, "a,b\nsee PSL_DATA_TYPES_PERSONAL,x\n")
    assert [gap.reason for gap in gaps] == ["unresolved"]


def test_a_form_of_too_many_rows_is_a_gap(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    """No form has that many."""
    monkeypatch.setattr(android_data_safety, "MAX_NODES", 3)
    facts, gaps = _read(read, _FORM)
    assert (facts, [gap.reason for gap in gaps]) == (Facts(), ["too_large"])


def test_other_tables_are_not_read(read: Read) -> None:
    """A CSV file is data, as a rule."""
    assert _read(read, "name,email\n") == (Facts(), [])


@given(cut=st.integers(0, 1_300), put=st.text(max_size=6))
def test_a_damaged_form_gives_facts_or_gaps(read: Read, cut: int, put: str) -> None:
    """Cut off or changed anywhere, nothing crashes."""
    for text in (_FORM[:cut] + put, _FORM[:cut] + put + _FORM[cut:]):
        _read(read, text)
