"""Python files as they come: other scripts and line ends, hostile depth and size, files cut off in the middle."""

import ast
from collections.abc import Callable, Mapping

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from petguard.collect import Candidate, Input, Interest
from petguard.graph import SystemGraph
from petguard.model import Facts, Gap
from petguard.parsers import Parser
from petguard.parsers._python_module import Module
from petguard.parsers._python_syntax import parsed, spelled
from petguard.parsers._python_values import UNKNOWN
from petguard.parsers.python import PARSER

Read = Callable[[Parser, Mapping[str, str]], tuple[Facts, list[Gap]]]

_CODE = """from openai import OpenAI
client = OpenAI()


def ask(patient):
    "Sends."
    return client.chat.completions.create(model="gpt-4o", messages=[f"{patient.notes}"])
"""


def _flows(read: Read, files: Mapping[str, str]) -> list[tuple[str, int]]:
    facts, gaps = read(PARSER, files)
    assert gaps == []
    paths = SystemGraph([facts]).flows()
    return [(path.hops[0].location.path, path.hops[0].location.line) for path in paths]


def test_tabs_indent(read: Read) -> None:
    """Code that is indented with tabs stays Python when functions are left out."""
    code = f"{_CODE}\nclass T:\n\tdef a(self):\n\t\treturn 1\n\t@b\n\tdef b(self):\n\t\tpass\n\tc = 1\n"
    assert _flows(read, {"a.py": code}) == [("a.py", 7)]


def test_columns_count_characters(read: Read) -> None:
    """Letters of two and four bytes before a call do not move its column."""
    line = 's = "é😀"; client.responses.create(model="é", input=patient.notes)'
    facts, _ = read(PARSER, {"a.py": f"import openai\nclient = openai.OpenAI()\n{line}\n"})
    places = {node.name: node.locations[0] for node in facts.nodes}
    assert places["client.responses.create"].column == line.index("client") + 1
    assert places["patient.notes"].column == line.index("patient") + 1
    assert places["client.responses.create"].evidence == line


@pytest.mark.parametrize("odd", ["\x0c", 's = "a\u2028b\x85c\x1cd"', "# \x0b\u2029"])
def test_only_a_line_feed_ends_a_line(read: Read, odd: str) -> None:
    """Form feeds and Unicode separators move no line and break no file."""
    assert _flows(read, {"a.py": f"{odd}\n{_CODE}"}) == [("a.py", 8)]


@pytest.mark.parametrize(
    "body",
    [
        "    @cached\n    def inner():\n        return 1\n    return inner\n",
        "    def inner():\n        def deeper():\n            return 1\n        return 2\n    return inner\n",
        "    class Inner:\n        def method(self):\n            return 1\n    return Inner\n",
        '    """A text\n    of two lines.\n"""\n    return 1\n',
        "    x = 1; return x\n",
        "    if True: return 1\n    else: return 2\n",
        "    return (\n1)\n",
        "    async with a as b: pass\n",
    ],
)
def test_a_function_beside_the_call_does_not_disturb(read: Read, body: str) -> None:
    """Bodies that send nothing are left out before data is followed; what is left is still Python."""
    method = "".join(f"    {line}\n" for line in body.splitlines())
    code = f"{_CODE}\nasync def other(a):\n{body}\nclass T:\n    async def m(a):\n{method}"
    assert _flows(read, {"a.py": code}) == [("a.py", 7)]


@pytest.mark.parametrize("path", ["-rf.py", "a\nb.py", "a:b.py", "späße.py", "x/../y.py", "a b.pyw"])
def test_a_strange_file_name_stays_as_it_is(read: Read, path: str) -> None:
    """Names with a dash, a line break, a colon or a blank."""
    assert _flows(read, {path: _CODE}) == [(path, 7)]


def test_a_script_without_an_extension_is_known_by_its_first_line(read: Read) -> None:
    """`#!/usr/bin/env python3` is enough."""
    assert _flows(read, {"bin/tool": f"#!/usr/bin/env python3\n{_CODE}"}) == [("bin/tool", 8)]


@pytest.mark.parametrize("data", [b"import openai", b"#!/bin/sh\necho python\n", b"\0\0"])
def test_what_is_not_python_is_left_to_others(data: bytes) -> None:
    """Neither the name nor the first line says Python."""
    assert PARSER.interest(Candidate("notes.txt", data)) is Interest.NONE


def test_a_syntax_error_is_a_gap_with_its_line(read: Read) -> None:
    """A file that mentions AI and cannot be parsed was not looked at."""
    facts, gaps = read(PARSER, {"a.py": "import openai\nx = = 1\n"})
    assert (facts, [(gap.path, gap.line, gap.reason) for gap in gaps]) == (Facts(), [("a.py", 2, "parse_error")])


def test_python_2_is_a_gap_that_names_the_version(read: Read) -> None:
    """The detail says which Python petguard reads."""
    _, gaps = read(PARSER, {"a.py": "import openai\nprint 'hello'\n"})
    assert [gap.line for gap in gaps] == [2]
    assert "not valid Python 3." in gaps[0].detail


def test_one_broken_file_does_not_hide_another(read: Read) -> None:
    """The rest of the project is still read."""
    facts, gaps = read(PARSER, {"a.py": "import openai\nx = = 1\n", "b.py": _CODE})
    assert [path.source.name for path in SystemGraph([facts]).flows()] == ["patient.notes"]
    assert [gap.path for gap in gaps] == ["a.py"]


def test_a_comment_hides_nothing(read: Read) -> None:
    """`nosemgrep` is a word like any other."""
    assert _flows(read, {"a.py": _CODE.replace('"])', '"])  # nosemgrep')}) == [("a.py", 7)]


@pytest.mark.parametrize(
    "deep",
    [
        "(" * 300 + ")" * 300,
        "[" * 5000,
        "x = " + "-" * 5000 + "1",
        "x = a" + ".b" * 3000,
        "x = a" + "()" * 3000,
        "x = a" + ".b()" * 1500 + ".create(model=a" + ".b()" * 1500 + ")",
        "x = " + "1+" * 5000 + "1",
        "model = " + "'a'+" * 3000 + "'b'",
        "f(" * 90 + "patient.notes" + ")" * 90,
        "if x:\n" + "".join(" " * n + "if x:\n" for n in range(1, 90)) + " " * 90 + "pass",
        "model = model\n" * 2000,
    ],
    ids=lambda text: text[:12],
)
def test_depth_ends_in_facts_or_a_gap(read: Read, deep: str) -> None:
    """Nesting beyond the stack is never an exception, and a file without facts is never without a gap."""
    facts, gaps = read(PARSER, {"a.py": f"{_CODE}\n{deep}\n"})
    assert facts.nodes or gaps


def test_fifty_thousand_lines_are_read(read: Read) -> None:
    """A generated file is slow to nobody but itself."""
    filler = "".join(f"def f{n}(a, b):\n    c = a + b\n    return c\n\n\n" for n in range(10_000))
    assert _flows(read, {"a.py": f"{filler}{_CODE}"}) == [("a.py", 50_007)]


def test_many_calls_in_one_file_are_read(read: Read) -> None:
    """A thousand calls of a wrapper in one file, each with its own flow."""
    calls = "".join(f"def f{n}(patient):\n    ask(patient)\n    ask2(patient.notes)\n" for n in range(300))
    wrapper = "def ask2(text):\n    client.responses.create(model='m', input=text)\n"
    assert len(_flows(read, {"a.py": f"{_CODE}{wrapper}{calls}"})) == 301


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(min_value=0, max_value=len(_CODE)))
def test_a_file_cut_off_anywhere_gives_facts_or_a_gap(read: Read, end: int) -> None:
    """Half a file is read as far as it is Python, else it is a gap."""
    facts, gaps = read(PARSER, {"a.py": _CODE[:end]})
    assert facts.nodes or gaps or "openai" not in _CODE[:end]


_LITERALS = st.one_of(
    st.integers(-(10**40), 10**40).map(str),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.sampled_from(["'a'", "'ab' * 3", "None", "True", "a", "b", "self.x", "f'{a}x'", "1j", "10**400", "b''", "..."]),
)
_EXPRESSIONS = st.recursive(
    _LITERALS,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["+", "-", "*", "/", "//", "%", "**", "<<", "@", "or", "and"]), inner).map(
            lambda each: f"({' '.join(each)})"
        ),
        inner.map(lambda each: f"-{each}"),
        inner.map(lambda each: f"float({each})"),
        inner.map(lambda each: f"int({each})"),
        inner.map(lambda each: f"str({each})"),
        inner.map(lambda each: f"f'{{{each}}}'" if "'" not in each else each),
        inner.map(lambda each: f"os.getenv('X', {each})"),
    ),
    max_leaves=12,
)


@settings(max_examples=200, deadline=None)
@given(_EXPRESSIONS, _EXPRESSIONS, _EXPRESSIONS, st.booleans())
def test_evaluating_never_raises(one: str, other: str, asked: str, hint: bool) -> None:
    """Whatever an expression is made of, it has a plain value or none."""
    module = Module(Input("a.py", f"a = {one}\nb = {other}\nx = {asked}\n"))
    value = module.value(module.tree.body[-1].value, hint=hint)  # type: ignore[attr-defined]
    assert value is UNKNOWN or not isinstance(value, str) or len(value) <= 100_000


@pytest.mark.parametrize(
    "bomb",
    [
        "10 ** 10 ** 10",
        "9 ** 9 ** 9 ** 9",
        "'a' * 10 ** 12",
        "2 ** -99999",
        "(-8) ** 0.5",
        "1 / 0",
        "1e308 * 10 ** 400",
    ],
)
def test_a_bomb_has_no_value(bomb: str) -> None:
    """Powers, repetitions and roots that would cost memory or make no number are not evaluated."""
    module = Module(Input("a.py", f"x = {bomb}\n"))
    statement = module.tree.body[0]
    assert isinstance(statement, ast.Assign)
    assert module.value(statement.value) is UNKNOWN


def test_a_text_that_doubles_itself_ends() -> None:
    """`b = a + a`, again and again, stops at a bound."""
    lines = ["a0 = 'x' * 1", "a1 = 'xxxxxxxxxxxxxxxx'", *(f"a{n} = a{n - 1} + a{n - 1}" for n in range(2, 60))]
    module = Module(Input("a.py", "\n".join(lines)))
    statement = module.tree.body[-1]
    assert isinstance(statement, ast.Assign)
    assert module.value(statement.value, hint=True) is not None


@pytest.mark.parametrize(
    ("expression", "name"),
    [
        ("a.b.c", "a.b.c"),
        ("make('secret').chat", "make().chat"),
        ("table['key'].create", "table[].create"),
        ("(await c).go", "c.go"),
        ("'text'.join", "….join"),
    ],
)
def test_a_name_holds_no_arguments(expression: str, name: str) -> None:
    """What a call is named by in a report must not repeat what it was given."""
    node = parsed(expression.replace("await ", "")) if "await" in expression else parsed(expression)
    assert node is not None
    assert spelled(node) == name
