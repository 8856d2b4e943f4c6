"""Whatever a scanned tree says, no sink obeys it."""

import json
import re
from datetime import UTC, datetime
from urllib.parse import unquote_to_bytes, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petguard import untrusted

HOSTILE = st.one_of(
    st.text(st.characters()),
    st.text(st.sampled_from("#:[]|`\\ \n\r\t\x1b\x9b/.%ae\u202e\udcff"), max_size=30),
)
BIDI = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def test_an_escape_sequence_is_shown_and_not_sent() -> None:
    """The terminal gets four visible characters, not ESC."""
    assert untrusted.terminal("a\x1b[31mb") == r"a\x1b[31mb"


def test_a_line_break_in_a_path_makes_no_new_line() -> None:
    """A file named `n` + line break + `::warning::` stays on its line."""
    assert untrusted.terminal("n\n::warning::x") == r"n\x0a::warning::x"


def test_text_that_reads_backwards_is_shown_as_it_is_stored() -> None:
    """Bidirectional controls cannot hide what a path says."""
    assert untrusted.terminal("\u202egpj.exe") == r"\u202egpj.exe"


def test_a_byte_that_is_not_utf_8_is_shown_as_that_byte() -> None:
    """Not as the surrogate that stands for it inside the program."""
    assert untrusted.terminal("caf\udcff") == r"caf\xff"


def test_characters_beyond_the_basic_plane_are_shown_whole() -> None:
    """A language tag character is invisible; its code point is not."""
    assert untrusted.terminal("\U000e0041") == r"\U000e0041"


@pytest.mark.parametrize("command", ["::error::x", "  ::error file=a::x"])
def test_a_line_that_starts_with_a_workflow_command_is_defused(command: str) -> None:
    """GitHub trims the line before it looks for `::`."""
    assert not untrusted.terminal(command).strip().startswith("::")


@pytest.mark.parametrize("command", ["##[error]x", "x ##vso[task.setvariable]y", "###[group]"])
def test_a_marked_command_is_defused_anywhere(command: str) -> None:
    """`##[`, `##vso[` and the like count at any position of a line."""
    assert not re.search(r"##\w*\[", untrusted.terminal(command))


def test_two_harmless_pieces_make_no_command() -> None:
    """A path `:` in front of our own colon would start a line with `::`."""
    assert untrusted.log("ok\n::3 PG1\n") == "ok\n\\x3a:3 PG1\n"


def test_ordinary_text_stays_as_it_is() -> None:
    """Letters of any script, C++ scopes and Windows paths are readable."""
    assert untrusted.terminal(r"C:\größe std::map 数据") == r"C:\größe std::map 数据"


def test_a_link_in_a_message_is_no_link() -> None:
    """SARIF viewers make `[text](target)` a link."""
    assert untrusted.plain("[click](http://evil.example)") == "[click] (http://evil.example)"


@pytest.mark.parametrize(
    ("path", "uri"),
    [
        ("src/a b.py", "src/a%20b.py"),
        ("/etc/passwd", "etc/passwd"),
        ("../../etc/passwd", "etc/passwd"),
        ("javascript:alert(1)", "javascript%3Aalert%281%29"),
        ("a\n<script>", "a%0A%3Cscript%3E"),
        ("caf\udcff", "caf%FF"),
        ("\ud800", "%ED%A0%80"),
        ("..", "."),
        ("//host/x", "host/x"),
    ],
)
def test_a_path_becomes_a_relative_uri(path: str, uri: str) -> None:
    """Percent-encoded, never absolute, never above the root, never empty."""
    assert untrusted.sarif_uri(path) == uri


def test_markdown_fences_are_longer_than_any_run_inside() -> None:
    """Text cannot end its own code span."""
    assert untrusted.markdown("a``b") == "```a``b```"


def test_markdown_keeps_the_fence_apart_from_a_backtick_at_the_edge() -> None:
    """A blank stands between, and CommonMark strips it again."""
    assert untrusted.markdown("`a`") == "`` `a` ``"


def test_markdown_cannot_end_a_table_cell() -> None:
    """A backslash before the bar would undo a backslash escape, so the bar is named."""
    assert untrusted.markdown("a\\|b") == r"`a\\x7cb`"


def test_markdown_of_nothing_is_nothing() -> None:
    """Two backticks with nothing between would open a span."""
    assert untrusted.markdown("") == ""


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_a_number_that_json_cannot_say_is_null(number: float) -> None:
    """At any depth."""
    assert json.loads(untrusted.json_text({"x": (number, {"y": [number]})})) == {"x": [None, {"y": [None]}]}


def test_a_moment_in_a_claim_is_written_as_iso_8601() -> None:
    """Claims may hold values that only pydantic knows how to write."""
    assert untrusted.json_text(datetime(2026, 3, 4, tzinfo=UTC)) == '"2026-03-04T00:00:00Z"\n'


@given(HOSTILE)
def test_no_text_is_active_in_a_terminal(text: str) -> None:
    """One printable line, encodable, and no command of a CI log."""
    shown = untrusted.terminal(text)
    assert shown.isprintable()
    assert not BIDI.search(shown)
    assert shown.encode("utf-8") is not None
    assert not shown.lstrip().startswith("::")
    assert not re.search(r"##\w*\[", shown)


@given(HOSTILE)
def test_no_path_leaves_the_scan_root(path: str) -> None:
    """The URI has no scheme, no host, no climbing segment and only ASCII."""
    uri = untrusted.sarif_uri(path)
    parts = urlsplit(uri)
    assert (parts.scheme, parts.netloc, parts.query, parts.fragment) == ("", "", "", "")
    assert ".." not in uri.split("/")
    assert re.fullmatch(r"[A-Za-z0-9_.~/%-]+", uri)
    assert not uri.startswith("/")
    assert b".." not in unquote_to_bytes(uri).split(b"/")


@given(HOSTILE)
def test_no_text_leaves_its_code_span(text: str) -> None:
    """The fence occurs at the two ends and nowhere else, and no cell ends."""
    shown = untrusted.markdown(text)
    fence = re.match("`*", shown)
    assert fence is not None
    runs = re.findall("`+", shown)
    assert "|" not in shown
    assert shown.isprintable()
    assert not shown or (runs[0] == runs[-1] == fence[0] and runs.count(fence[0]) == 2)


@given(st.recursive(st.none() | st.integers() | HOSTILE, lambda x: st.lists(x) | st.dictionaries(HOSTILE, x)))
def test_json_gives_back_what_went_in(document: object) -> None:
    """The escapes are JSON's own, and no CI log sees a command in them."""
    text = untrusted.json_text(document)
    assert json.loads(text) == document
    assert text.isascii()
    assert text.replace("\n", "").isprintable()
    assert not re.search(r"##\w*\[", text)
