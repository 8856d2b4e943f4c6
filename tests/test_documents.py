"""Reading YAML, JSON and TOML: right values, right lines, and no foreign text that does more than be unreadable."""

import contextlib
import json
import time
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from petguard.documents import (
    Document,
    front_matter,
    read_json,
    read_lines,
    read_loosely,
    read_toml,
    read_xml,
    read_yaml,
    read_yaml_all,
)
from petguard.errors import UnreadableInput

_READERS = [read_yaml, read_json, read_toml]
# YAML has no DEL character and reads keys of at most 1024 characters, so JSON is not quite a part of it.
_TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\x7f"), max_size=30)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.floats(allow_nan=False) | _TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_TEXT, inner, max_size=4),
    max_leaves=12,
)
_HANDWRITTEN = st.text(st.sampled_from("ab01:-,[]{}\"'&*!|>#?%@\\ \n\t=.<~\x00\ud800é\u2028xU"), max_size=60)


@given(_JSON)
def test_json_comes_back_as_it_was_written(value: object) -> None:
    """Reading what json.dumps wrote gives the value back."""
    assert read_json(json.dumps(value)).value == value


@given(st.dictionaries(_TEXT, _JSON, max_size=3))
def test_json_is_read_by_the_yaml_reader_too(value: object) -> None:
    """JSON text without infinities means the same in YAML."""
    text = json.dumps(value)
    if "Infinity" not in text:
        assert read_yaml(text).value == value


@given(
    st.sampled_from(_READERS),
    _HANDWRITTEN | st.text(max_size=80) | st.binary(max_size=80).map(lambda raw: raw.decode("latin-1")),
)
@settings(max_examples=400)
def test_any_text_is_read_or_unreadable(reader: Callable[[str], Document], text: str) -> None:
    """Random text raises nothing but UnreadableInput."""
    with contextlib.suppress(UnreadableInput):
        reader(text)


_VALID: dict[Callable[[str], Document], str] = {
    read_yaml: "a: &x\n  - 'b'\n  - {c: 1.5, d: !Ref e}\nf:\n  <<: {g: 2}\n  h: |\n    text\n---\ni: *y\n",
    read_json: '{"a": [1, {"b": "\\u00e9"}], // c\n "d": -1.5e3, "e": true,}',
    read_toml: 'a = ["b", {c = 1}]\n[d."e.f"]\ng = """h\n"""\n[[i]]\nj = 2020-01-01\n',
}


@pytest.mark.parametrize("reader", _READERS)
def test_a_file_that_is_cut_off_is_read_or_unreadable(reader: Callable[[str], Document]) -> None:
    """However a valid text is cut, nothing but UnreadableInput is raised."""
    text = _VALID[reader]
    for end in range(len(text)):
        with contextlib.suppress(UnreadableInput):
            reader(text[:end])


_BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)
_KEYS = "a: &a {" + ", ".join(f"k{number}: 1" for number in range(2000)) + "}\n"


@pytest.mark.parametrize(
    ("reader", "text", "reason"),
    [
        (read_yaml, "[" * 100_000, "too_deep"),
        (read_yaml, "{a: " * 100_000, "too_deep"),
        (read_yaml, "- " * 100_000, "too_deep"),
        (read_json, "[" * 100_000, "too_deep"),
        (read_json, '{"a":' * 100_000, "too_deep"),
        (read_toml, "a=" + "[" * 100_000, "too_deep"),
        (read_toml, "a." * 100_000 + "a=1", "too_deep"),
        (read_toml, "[" + "a." * 100_000 + "a]", "too_deep"),
        (read_yaml, "x" * 20_000_000, "too_large"),
        (read_json, "[" + "1" * 20_000_000, "too_large"),
        (read_toml, "a=" + "1" * 20_000_000, "too_large"),
        (read_yaml, "9" * 4_000_000, "too_large"),
        (read_json, "9" * 4_000_000, "too_large"),
        (read_toml, "a=" + "9" * 4_000_000, "too_large"),
        (read_toml, "a=" + "9" * 5_000, "too_large"),
        (read_yaml, "0x" + "f" * 5_000, "too_large"),
        (read_yaml, _BOMB, "too_large"),
        (read_yaml, _KEYS + "".join(f"m{number}: {{<<: *a}}\n" for number in range(3000)), "too_large"),
        (read_yaml, _KEYS + "b: {<<: [" + ", ".join(["*a"] * 300) + "]}\n", "too_large"),
        (read_yaml, "a: &a [*a]", "parse_error"),
    ],
    ids=range(20),
)
def test_a_bomb_is_refused_in_time(reader: Callable[[str], Document], text: str, reason: str) -> None:
    """A text that is built to exhaust its reader ends as a gap with the right reason, and soon."""
    started = time.process_time()
    with pytest.raises(UnreadableInput) as caught:
        reader(text)
    assert caught.value.reason == reason
    assert time.process_time() - started < 10


def test_aliases_share_their_value() -> None:
    """An alias below the limit is the same object, so nothing is expanded."""
    value = read_yaml("a: &x [1]\nb: *x").value
    assert value["a"] is value["b"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("!Ref Foo", "Foo"),
        ("!vault |\n  x\n", "x\n"),
        ("!!python/object/apply:os.system [ls]", ["ls"]),
        ("!!str 1", "1"),
        ("2020-01-02", "2020-01-02"),
        ("1e-5", 1e-5),
        ("-.inf", float("-inf")),
        ("0x1F", 31),
        ("0o17", 15),
        ("yes", "yes"),
        ("~", None),
        ("{1: a, true: b, null: c}", {"1": "a", "true": "b", "null": "c"}),
        ("{a: 1, a: 2}", {"a": 2}),
        ("", None),
    ],
)
def test_yaml_scalars(text: str, value: object) -> None:
    """YAML 1.2 core scalars; tags construct nothing, keys are texts, the last of two equal keys wins."""
    assert read_yaml(text).value == value


def test_every_yaml_document_is_read() -> None:
    """A stream of several documents gives them all, with the lines of the file."""
    first, second = read_yaml_all("a: 1\n---\nb: 2\n")
    assert (first.value, second.value, second.line("b")) == ({"a": 1}, {"b": 2}, 3)


def test_a_merged_key_keeps_its_place() -> None:
    """What `<<` brings in is found where it was written; own keys win."""
    document = read_yaml("x: &x\n  k: 1\n  z: 1\ny:\n  <<: *x\n  z: 2\n")
    assert document.value["y"] == {"k": 1, "z": 2}
    assert (document.line("y", "k"), document.line("y", "z")) == (2, 6)


def test_a_yaml_place_is_that_of_the_key() -> None:
    """Lines and columns count from 1; an unknown pointer falls back to what is known above it."""
    document = read_yaml("a:\n  b:\n    - c\n    - d: 1\n")
    assert (document.line("a", "b", 1, "d"), document.column("a", "b", 1, "d")) == (4, 7)
    assert document.line("a", "b", "missing", 3) == 2
    assert document.location("f.yaml", "a", evidence="x").model_dump() == {
        "path": "f.yaml",
        "line": 1,
        "column": 1,
        "evidence": "x",
    }


def test_json_with_comments_keeps_its_places() -> None:
    """A byte order mark, comments and trailing commas survive, and the last of two equal keys wins with its place."""
    document = read_json('\ufeff// c\n{"a": 1, "b": [1, /* x\n */ 2,],\n "a": {"c": NaN,},\n}')
    assert document.value["b"] == [1, 2]
    assert (document.line("a"), document.column("a", "c"), document.line("b", 1)) == (4, 8, 3)


def test_a_lone_surrogate_cannot_break_a_report() -> None:
    """Half a surrogate pair becomes a character that can be written in UTF-8."""
    assert read_json(r'"\ud83d\ude00\ud800"').value == "\U0001f600\ufffd"


def test_an_error_names_its_line() -> None:
    """What is not YAML, JSON or TOML is reported with the line of the trouble."""
    for reader, text in ((read_yaml, "a: 1\nb: [\n"), (read_json, '{"a": 1,\n b}'), (read_toml, "a = 1\nb = \n")):
        with pytest.raises(UnreadableInput) as caught:
            reader(text)
        assert caught.value.line in (2, 3)


def test_toml_places() -> None:
    """Tables, arrays of tables, dotted and quoted keys, items of arrays and inline tables all have their line."""
    document = read_toml(
        '[p]\nd = [\n  "x", # [\n  "a[b]>1",\n]\n'
        '[[x.y]]\nk = {a = 1, "b.c" = [2]}\n'
        '[[x.y]]\nm = """\n"""\nz.w = 1979-05-27\n'
    )
    assert document.value["x"]["y"][1]["z"] == {"w": "1979-05-27"}
    assert document.line("p", "d", 1) == 4
    assert (document.line("x", "y", 0, "k", "b.c"), document.column("x", "y", 0, "k", "b.c")) == (7, 13)
    assert document.line("x", "y", 1) == 8
    assert document.line("x", "y", 1, "z", "w") == 11


def test_front_matter_has_the_lines_of_its_file() -> None:
    """Only fences at the very start count, and the first line after the fence is line 2."""
    document = front_matter("---\na: 1\nb: [c]\n---\n# x\n---\n")
    assert document is not None
    assert (document.value, document.line("b")) == ({"a": 1, "b": ["c"]}, 3)
    assert front_matter("# x\n---\na: 1\n---\n") is None
    assert front_matter("---\na: 1\n") is None


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a.b.c=1\na.d: x y\n", {"a": {"b": {"c": "1"}, "d": "x y"}}),
        ("[s]\nk = v ; comment\n[s.t]\nk='#1'\n", {"s": {"k": "v", "t": {"k": "#1"}}}),
        ('export A="x \\" y" # c\n! c\n; c\n# c\n\nB=\n', {"A": 'x \\" y', "B": ""}),
        ("a=x\\\n  y\nb=1\\", {"a": "xy", "b": "1"}),
        ("a=1\na.b=2\na=3\n", {"a": {"": "3", "b": "2"}}),
        ("no pair here\n::std=1\n=x\n", {}),
    ],
)
def test_lines_become_nested_mappings(text: str, value: object) -> None:
    """Dots and sections nest, quotes and comments fall off, what is no pair is passed over."""
    assert read_lines(text).value == value


def test_lines_know_their_place() -> None:
    """A key has the line it starts on, also where the value goes on."""
    document = read_lines("# c\na.b=1\\\n2\n  c.d = 3\n")
    assert (document.line("a", "b"), document.line("c", "d"), document.column("c", "d")) == (2, 4, 3)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a:\n  b: 1\n  {{- if x }}\n  c: {{ x }}\nd: 2\n", {"a": {"b": "1", "c": "{{ x }}"}, "d": "2"}),
        ("l:\n- x\n- n: 1\n  m: 2\n- n: 3\n", {"l": {"0": "x", "1": {"n": "1", "m": "2"}, "2": {"n": "3"}}}),
        ('a {\n  b = "x"\n  // c\n}\nc = 1\n', {"a": {"b": "x"}, "c": "1"}),
        ('{\n  "a": {\n    "b": "x",\n  },\n', {"a": {"b": "x"}}),
        ("a: 'b\n\tc\n", {"a": "'b"}),
    ],
)
def test_what_is_nearly_a_document_is_read_by_its_lines(text: str, value: object) -> None:
    """Templates, brackets and comments are passed over; indentation and dashes nest."""
    assert read_loosely(text).value == value


@given(_HANDWRITTEN | st.text(max_size=80))
def test_every_text_has_lines(text: str) -> None:
    """No text is unreadable line by line, and every place is a line of it."""
    for document in (read_lines(text), read_loosely(text)):
        assert isinstance(document.value, dict)
        assert all(1 <= document.line(key) <= text.count("\n") + 1 for key in document.value)


@pytest.mark.parametrize("read", [read_lines, read_loosely])
@pytest.mark.parametrize("text", [" " * 300_000 + "x", "a." * 300_000, "a" * 300_000, "\\\n" * 300_000, "- " * 300_000])
def test_hostile_lines_cost_little(read: Callable[[str], Document], text: str) -> None:
    """Time grows with the length of the text, not with its square; depth is bounded."""
    start = time.process_time()
    read(text)
    assert time.process_time() - start < 5


@pytest.mark.parametrize("read", [read_lines, read_loosely])
def test_too_many_lines_are_refused(read: Callable[[str], Document]) -> None:
    """The size is bounded, as for every format."""
    with pytest.raises(UnreadableInput, match="more than"):
        read("a=1\n" * 300_000)


def test_xml_elements_know_their_line() -> None:
    """Names without namespace, text without what is inside other elements, comments dropped."""
    root = read_xml('<a xmlns="urn:x">\n <b k="v"> one <!-- no -->two</b>\n <c><b/></c>\n</a>')
    assert [(each.line, each.attributes, each.text) for each in root.at("b")] == [(2, {"k": "v"}, "one two")]
    assert [each.line for each in root.everywhere("b")] == [2, 3]
    assert (root.said("b"), root.said("c"), root.said("d")) == ("one two", None, None)


@pytest.mark.parametrize(
    ("text", "reason", "line"),
    [
        ("<a>\n<b></a>", "parse_error", 2),
        ("", "parse_error", 1),
        ('<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>', "parse_error", 1),
        ('<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>', "parse_error", 1),
        ("<a>" * 200, "too_deep", 1),
        ("<a>" + "<b/>" * 300_001 + "</a>", "too_large", 1),
    ],
)
def test_xml_that_is_broken_or_hostile_is_refused(text: str, reason: str, line: int) -> None:
    """Nothing is expanded, fetched, or nested without end."""
    with pytest.raises(UnreadableInput) as caught:
        read_xml(text)
    assert (caught.value.reason, caught.value.line) == (reason, line)
