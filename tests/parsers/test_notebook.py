"""Notebooks: their code cells are Python, shell and SQL, and what is found stands at its line in the file."""

import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petguard.collect import Candidate, Input, Interest
from petguard.model import EdgeKind, Facts, Gap, Location, Node, State
from petguard.parsers import Parser
from petguard.parsers.python import PARSER
from petguard.semgrep import Program

Read = Callable[[Parser, dict[str, str]], tuple[Facts, list[Gap]]]


def _cell(*lines: str, kind: str = "code", **more: object) -> dict[str, object]:
    source = [f"{line}\n" for line in lines[:-1]] + [lines[-1]]
    return {"cell_type": kind, "metadata": {}, "outputs": [], "source": source, **more}


def _notebook(*cells: object, language: str = "python", indent: int | None = 1) -> str:
    metadata = {"kernelspec": {"language": language, "name": "k"}}
    return json.dumps({"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}, indent=indent)


def _places(facts: Facts, name: str) -> list[Location]:
    return [place for node in facts.nodes if node.name == name for place in node.locations]


def _line_of(text: str, part: str) -> int:
    return next(number for number, line in enumerate(text.split("\n"), 1) if part in line)


_CALL = (
    "from openai import OpenAI",
    "client = OpenAI()",
    'client.chat.completions.create(model="gpt-4-turbo", messages=[{"role": "user", "content": patient_email}])',
)


def test_python_cells_are_python(read: Read) -> None:
    """A name from one cell is known in the next; the place is the line of the file, with the cell named."""
    text = _notebook(_cell("# Labels", kind="markdown"), _cell(*_CALL[:2]), _cell(_CALL[2]))
    facts, gaps = read(PARSER, {"a.ipynb": text})
    assert gaps == []
    (place,) = _places(facts, "gpt-4-turbo")
    assert place.line == _line_of(text, "gpt-4-turbo")
    assert place.evidence.startswith("cell 3: client.chat")
    assert _places(facts, "openai")[0].line == _line_of(text, "from openai")
    assert any(edge.kind is EdgeKind.FLOWS_TO and edge.target == "ai_service:openai" for edge in facts.edges)


def test_columns_point_at_the_code(read: Read) -> None:
    """Behind the indentation, the quote and what is escaped before."""
    line = 'x = "a"; client.chat.completions.create(model="gpt-4-turbo", messages=[])'
    text = _notebook(_cell(*_CALL[:2], line))
    place = _places(read(PARSER, {"a.ipynb": text})[0], "gpt-4-turbo")[0]
    assert text.split("\n")[place.line - 1][place.column - 1 :].startswith("client.chat")


def test_a_notebook_on_one_line(read: Read) -> None:
    """Everything stands on line 1; the evidence names the cell."""
    text = _notebook(_cell("x = 1"), _cell(*_CALL), indent=None)
    (place,) = _places(read(PARSER, {"a.ipynb": text})[0], "gpt-4-turbo")
    assert (place.line, place.evidence[:8]) == (1, "cell 2: ")
    assert text[place.column - 1 :].startswith("client.chat")


def test_a_source_that_is_one_text(read: Read) -> None:
    """The format allows a text instead of a list of lines."""
    cell = _cell(*_CALL) | {"source": "\n".join(_CALL)}
    assert _places(read(PARSER, {"a.ipynb": _notebook(cell)})[0], "gpt-4-turbo")


def test_the_old_format(read: Read) -> None:
    """Version 3 keeps cells in worksheets, and calls the source input."""
    cell = {"cell_type": "code", "input": list(_CALL[0:1]), "language": "python", "outputs": []}
    text = json.dumps({"worksheets": [{"cells": [cell]}], "nbformat": 3}, indent=1)
    assert _places(read(PARSER, {"a.ipynb": text})[0], "openai")


@pytest.mark.parametrize(
    ("lines", "asset", "name"),
    [
        (["%pip install -q openai"], "ai_sdk", "openai"),
        (["!pip install openai"], "ai_sdk", "openai"),
        (["pip install openai"], "ai_sdk", "openai"),
        (["import os", "if True:", "    !pip install \\", "      openai"], "ai_sdk", "openai"),
        (["%%bash", "ollama pull llama3"], "model", "llama3"),
        (["%%capture", "!pip install openai"], "ai_sdk", "openai"),
        (["%%time", "import openai"], "ai_sdk", "openai"),
        (["out = !ollama run llama3 hi", "print(out)"], "model", "llama3"),
        (["%env OPENAI_API_KEY=abc"], "credential", "OPENAI_API_KEY"),
        (["%%sql", "select ai_query('m-1', x)"], "model", "m-1"),
        (["%sql select ai_query('m-1', x)"], "model", "m-1"),
        (["%sql", "select ai_query('m-1', x)"], "model", "m-1"),
        (["%sh ollama pull llama3"], "model", "llama3"),
        (["%%writefile run.sh", "ollama pull llama3"], "model", "llama3"),
        (["%%writefile app.py", "import openai"], "ai_sdk", "openai"),
        (["%%ai openai-chat:gpt-4o", "hello"], "model", "gpt-4o"),
        (["openai?", "import openai"], "ai_sdk", "openai"),
    ],
)
def test_magics(read: Read, lines: list[str], asset: str, name: str) -> None:
    """Shell, SQL, installs and files, in whichever way IPython and Databricks write them."""
    text = _notebook(_cell("x = 1"), _cell(*lines))
    facts, gaps = read(PARSER, {"a.ipynb": text})
    assert gaps == []
    found = [node for node in facts.nodes if (node.asset, node.name) == (asset, name)]
    assert found
    assert {node.locations[0].line for node in found} <= {_line_of(text, line.replace('"', "")) for line in lines}


@pytest.mark.parametrize(
    "cell",
    [
        _cell("from openai import OpenAI", kind="markdown"),
        _cell("from openai import OpenAI", kind="raw"),
        _cell("# from openai import OpenAI"),
        _cell("x = 1", outputs=[{"text": ["from openai import OpenAI"], "data": {"text/plain": "gpt-4o"}}]),
        _cell("%%html", "<script>import openai</script>"),
        _cell("%%markdown", "from openai import OpenAI"),
        _cell("%matplotlib inline", "import numpy"),
        _cell("this is (no python"),
    ],
)
def test_what_is_no_code_of_ai(read: Read, cell: dict[str, object]) -> None:
    """Text, comments and outputs are mentions; a broken cell without AI is nobody's business."""
    facts, gaps = read(PARSER, {"a.ipynb": _notebook(cell)})
    assert (facts.nodes, gaps) == ((), [])


def test_a_broken_cell_is_a_gap(read: Read) -> None:
    """At its line; the other cells still count."""
    text = _notebook(_cell("import anthropic"), _cell("import openai", "client = OpenAI(("))
    facts, gaps = read(PARSER, {"a.ipynb": text})
    assert [node.name for node in facts.nodes] == ["anthropic"]
    assert [(gap.line, gap.reason) for gap in gaps] == [(_line_of(text, "import openai"), "parse_error")]


def test_other_languages_are_a_gap_where_they_speak_of_ai(read: Read) -> None:
    """R and Julia are not read."""
    cells = [_cell("x <- 1"), _cell('Sys.setenv(OPENAI_API_KEY = "x")'), _cell("OPENAI_API_KEY", kind="markdown")]
    text = _notebook(*cells, language="R")
    facts, gaps = read(PARSER, {"a.ipynb": text})
    assert facts.nodes == ()
    assert [gap.line for gap in gaps] == [_line_of(text, "Sys.setenv")]
    snowflake = _cell("select ai_query('m-1', x)", metadata={"language": "sql"})
    assert _places(read(PARSER, {"a.ipynb": _notebook(snowflake)})[0], "m-1")
    shell = read(PARSER, {"a.ipynb": _notebook(_cell("ollama pull llama3"), language="bash")})[0]
    assert _places(shell, "llama3")


@pytest.mark.parametrize(
    "text",
    [
        _notebook(_cell(*_CALL))[:-40],
        '{"cells": {"OPENAI_API_KEY": 1}}',
        '{"cells": ["OPENAI_API_KEY"]}',
        '{"cells": [{"cell_type": "code", "source": {"OPENAI_API_KEY": 1}}]}',
        '{"cells": [{"cell_type": "code", "source": ["OPENAI_API_KEY", 1]}]}',
        '["OPENAI_API_KEY"]',
        "export OPENAI_API_KEY=x",
        "[" * 100_000 + "OPENAI_API_KEY",
    ],
)
def test_a_broken_notebook_is_a_gap(read: Read, text: str) -> None:
    """Cut off, of the wrong types, too deep, or no notebook at all."""
    _, gaps = read(PARSER, {"a.ipynb": text})
    assert len(gaps) == 1
    assert gaps[0].state in {State.FAILED, State.PARTIAL}


def test_a_broken_notebook_without_ai_is_no_gap(read: Read) -> None:
    """There is nothing that could have been missed."""
    assert read(PARSER, {"a.ipynb": '{"cells": ["import'}) == (Facts(), [])


def test_wrappers_are_followed_into_notebooks(read: Read) -> None:
    """Data goes from a cell through a function of a module to a model; a notebook itself is no module."""
    helper = (
        f"{_CALL[0]}\n{_CALL[1]}\ndef ask(text):\n    client.chat.completions.create(model='gpt-4o', messages=text)\n"
    )
    text = _notebook(_cell("from helper import ask", "ask(patient_email)"))
    facts, _ = read(PARSER, {"helper.py": helper, "a.ipynb": text, "openai.ipynb": _notebook(_cell("x = 1"))})
    lines = {edge.location.line for edge in facts.edges if edge.location.path == "a.ipynb"}
    assert _line_of(text, "ask(patient_email)") in lines
    assert _places(facts, "openai")


def test_notebooks_kept_as_python(read: Read) -> None:
    """Databricks and Jupytext keep their magics in comments."""
    text = (
        "# Databricks notebook source\n# MAGIC %pip install openai\n\n# MAGIC %sql\n# MAGIC select ai_query('m-1', x)\n"
    )
    facts, _ = read(PARSER, {"a.py": text})
    assert [(node.name, node.locations[0].line) for node in facts.nodes if node.asset in {"ai_sdk", "model"}] == [
        ("openai", 2),
        ("m-1", 5),
    ]
    assert _places(read(PARSER, {"b.py": "# %%\n# !pip install openai\n"})[0], "openai")
    assert read(PARSER, {"c.py": "# !pip install openai\n"})[0].nodes == ()


def test_an_empty_notebook_is_not_read() -> None:
    """There is nothing in it."""
    assert PARSER.interest(Candidate("a.ipynb", b" \n")) is Interest.NONE


_ANYTHING = st.recursive(
    st.none()
    | st.integers()
    | st.sampled_from(["code", "markdown", "import openai\n", "%%bash\n", "!pip install openai"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["cells", "cell_type", "source", "metadata", "outputs", "language"]), inner)
    ),
    max_leaves=12,
)
_SOURCES = st.lists(
    st.sampled_from(["import openai", "%", "%%", "%%bash", "!", "!pip install openai\\",
     "?", "x = (", "\r", "\n", "\x0c", " %sql", "é"]),
    max_size=8,
)  # fmt: skip


@given(st.fixed_dictionaries({"cells": _ANYTHING}) | _ANYTHING)
def test_no_json_breaks_the_reader(value: object) -> None:
    """Whatever the notebook is made of, the answer is facts and gaps."""
    nobody = Program(executable="/nowhere")
    assert all(isinstance(each, Facts | Gap) for each in PARSER.parse([Input("a.ipynb", json.dumps(value))], nobody))


@given(st.lists(_SOURCES, max_size=3), st.sampled_from([None, 1]))
def test_no_cell_breaks_the_reader(sources: list[list[str]], indent: int | None) -> None:
    """Lines stay inside the file."""
    text = _notebook(*(_cell(*lines or [""]) for lines in sources), indent=indent)
    for each in PARSER.parse([Input("a.ipynb", text)], Program(executable="/nowhere")):
        nodes: tuple[Node, ...] = each.nodes if isinstance(each, Facts) else ()
        assert all(1 <= place.line <= text.count("\n") + 1 for node in nodes for place in node.locations)
