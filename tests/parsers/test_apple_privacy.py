"""Apple privacy manifests: what is collected, linked to whom, and which domains get it for tracking."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petguard.model import Facts, Gap, SinkKind, State, Trait
from petguard.parsers import Parser
from petguard.parsers.apple_privacy import PARSER

Read = Callable[[Parser, dict[str, str]], tuple[Facts, list[Gap]]]

_HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
"""


def _entry(kind: str, *, linked: bool = True, tracking: bool = False) -> str:
    key = "NSPrivacyCollectedDataType"
    return (
        f"<dict><key>{key}</key>\n<string>{key}{kind}</string>"
        f"<key>{key}Linked</key><{str(linked).lower()}/><key>{key}Tracking</key><{str(tracking).lower()}/>"
        f"<key>{key}Purposes</key><array><string>{key}PurposeAnalytics</string></array></dict>\n"
    )


def _manifest(*entries: str, domains: str = "") -> str:
    return (
        f"{_HEAD}<dict><key>NSPrivacyTrackingDomains</key><array>{domains}</array>"
        f"<key>NSPrivacyCollectedDataTypes</key><array>\n{''.join(entries)}</array></dict></plist>"
    )


_WHOLE = _manifest(
    _entry("EmailAddress", tracking=True),
    _entry("CrashData", linked=False),
    _entry("ProductInteraction"),
    domains="<string>track.example.com</string>",
)


def _read(read: Read, text: str, path: str = "App/PrivacyInfo.xcprivacy") -> tuple[Facts, list[Gap]]:
    facts, gaps = read(PARSER, {path: text})
    assert {end for edge in facts.edges for end in (edge.source, edge.target)} <= {node.id for node in facts.nodes}
    return facts, gaps


def test_each_kind_of_data_is_a_column_with_its_category(read: Read) -> None:
    """What is linked to a person is personal; a crash report that is not says nothing."""
    facts, gaps = _read(read, _WHOLE)
    found = {node.name: (node.categories, node.traits) for node in facts.nodes if node.kind == "data"}
    assert gaps == []
    assert found == {
        "EmailAddress": (("user.contact.email",), (Trait.SAID_PERSONAL,)),
        "CrashData": ((), ()),
        "ProductInteraction": (("user",), (Trait.SAID_PERSONAL,)),
    }


def test_what_is_declared_of_a_kind_is_kept(read: Read) -> None:
    """Linked, tracking, purposes, and the line."""
    facts, _ = _read(read, _WHOLE)
    email = facts.nodes[0]
    assert {key: email.details[key] for key in ("linked", "tracking", "purposes", "column")} == {
        "linked": True,
        "tracking": True,
        "purposes": ("Analytics",),
        "column": "EmailAddress",
    }
    assert email.locations[0].line == 5


def test_only_what_is_used_for_tracking_reaches_the_tracking_domains(read: Read) -> None:
    """They are third parties."""
    facts, _ = _read(read, _WHOLE)
    assert [(edge.source, edge.target) for edge in facts.edges] == [
        ("data:apple/App/PrivacyInfo.xcprivacy.EmailAddress", "system:track.example.com")
    ]
    assert next(node.sink for node in facts.nodes if node.id.startswith("system:")) is SinkKind.THIRD_PARTY


def test_tracking_without_a_domain_is_a_gap(read: Read) -> None:
    """Somebody gets the data, and nobody says who."""
    _, gaps = _read(read, _manifest(_entry("EmailAddress", tracking=True)))
    assert [(gap.reason, gap.line) for gap in gaps] == [("unresolved", 4)]


def test_a_manifest_that_defines_entities_is_refused(read: Read) -> None:
    """Nothing is expanded."""
    bomb = _WHOLE.replace('.dtd">', '.dtd" [<!ENTITY a "b">]>')
    facts, gaps = _read(read, bomb)
    assert (facts, [(gap.state, gap.line) for gap in gaps]) == (Facts(), [(State.FAILED, 2)])


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("bplist00...", "unsupported"),
        ("<html/>", "parse_error"),
        ("<plist/>", "parse_error"),
        ("<plist><dict><string/><true/></dict></plist>", "parse_error"),
        ("<plist><dict><key>NSPrivacyTracking</key></dict></plist>", "parse_error"),
    ],
)
def test_what_is_no_property_list_is_a_gap(read: Read, text: str, reason: str) -> None:
    """Binary, another kind of XML, keys and values that do not pair."""
    facts, gaps = _read(read, text)
    assert (facts, [(gap.state, gap.reason) for gap in gaps]) == (Facts(), [(State.FAILED, reason)])


def test_wrong_types_are_gaps(read: Read) -> None:
    """An entry that is a text, one without its kind, domains that are a dictionary."""
    text = _manifest("<string>x</string>\n", "<dict/>\n").replace("<array></array>", "<dict/>")
    facts, gaps = _read(read, text)
    assert (facts, len(gaps)) == (Facts(), 4)


def test_other_property_lists_are_not_read(read: Read) -> None:
    """Info.plist says nothing here."""
    assert _read(read, f"{_HEAD}<dict/></plist>", "Info.plist") == (Facts(), [])


@given(cut=st.integers(0, 900), put=st.text(max_size=6))
def test_a_damaged_manifest_gives_facts_or_gaps(read: Read, cut: int, put: str) -> None:
    """Cut off or changed anywhere."""
    for text in (_WHOLE[:cut] + put, _WHOLE[:cut] + put + _WHOLE[cut:]):
        facts, gaps = _read(read, text)
        assert facts.nodes or gaps
