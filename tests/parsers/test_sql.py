"""SQL: functions and statements that call models, in any dialect, and what only looks like them."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petguard.collect import Candidate, Input, Interest
from petguard.model import Facts, Gap, Trait
from petguard.parsers import Parser
from petguard.parsers.shell import PARSER as SHELL
from petguard.parsers.sql import PARSER
from petguard.semgrep import SEMGREP

Read = Callable[[Parser, dict[str, str]], tuple[Facts, list[Gap]]]


def _rows(facts: Facts) -> set[tuple[int, str, str]]:
    return {(node.locations[0].line, str(node.asset), node.name) for node in facts.nodes}


def _named(facts: Facts, asset: str) -> list[str]:
    return [node.name for node in facts.nodes if node.asset == asset]


@pytest.mark.parametrize(
    ("text", "model", "line"),
    [
        ("select\n snowflake.cortex.complete('mistral-large2', x)", "mistral-large2", 2),
        ("select AI_COMPLETE(model => 'claude-3-5-sonnet', prompt => x)", "claude-3-5-sonnet", 1),
        ("select\n ai_query(\n  'databricks-llama-3', x)", "databricks-llama-3", 3),
        ('select ai_query("databricks-llama-3", x)', "databricks-llama-3", 1),
        ("select ai.generate('x', endpoint => 'gemini-2.0-flash')", "gemini-2.0-flash", 1),
        ("{% set m = 'mistral-large2' %}\nselect ai_complete('{{ m }}', x)", "mistral-large2", 2),
        ("select ai_complete('{{ var(\"m\", \"mistral-large2\") }}', x)", "mistral-large2", 1),
        ("exec dbms_cloud_ai.create_profile('P', '{\"provider\": \"openai\", \"model\": \"gpt-4o\"}')", "gpt-4o", 1),
        ("create function f() returns text language sql as $x$\n select ai.openai_embed('m-1', 'x')\n$x$;", "m-1", 2),
    ],
)  # fmt: skip
def test_the_model_of_a_function(read: Read, text: str, model: str, line: int) -> None:
    """By its place or name, filled in by Jinja, inside JSON, or in the body of a function."""
    facts, gaps = read(PARSER, {"q.sql": text})
    assert gaps == []
    assert (line, "model", model) in _rows(facts)
    assert _named(facts, "ai_service")


def test_remote_models_of_bigquery(read: Read) -> None:
    """The endpoint is the model; who answers is Vertex AI."""
    text = (
        "CREATE OR REPLACE MODEL `a.b.c`\nREMOTE WITH CONNECTION `eu.v`\nOPTIONS (ENDPOINT = 'gemini-1.5-flash-002');"
    )
    facts, _ = read(PARSER, {"q.sql": text})
    assert _rows(facts) == {(1, "ai_service", "Google Vertex AI"), (3, "model", "gemini-1.5-flash-002")}


def test_external_models_of_sql_server(read: Read) -> None:
    """The address says who answers, before the format does."""
    text = """CREATE EXTERNAL MODEL m WITH (
      LOCATION = 'https://my.openai.azure.com/openai/x', API_FORMAT = 'Azure OpenAI',
      MODEL = 'text-embedding-3-small');"""
    facts, _ = read(PARSER, {"q.sql": text})
    assert {node.provider for node in facts.nodes} == {"azure"}
    assert _named(facts, "model") == ["text-embedding-3-small"]


def test_a_database_becomes_a_vector_store(read: Read) -> None:
    """By an extension that is created; other extensions are none of our business."""
    text = 'CREATE EXTENSION IF NOT EXISTS "vector";\nCREATE EXTENSION postgis;\n'
    assert _rows(read(PARSER, {"q.sql": text})[0]) == {(1, "vector_store", "pgvector")}


def test_python_in_a_function(read: Read) -> None:
    """Its imports count, at their own lines."""
    text = "CREATE FUNCTION f() RETURNS text AS $$\n  import openai\n$$ LANGUAGE plpython3u;"
    assert _rows(read(PARSER, {"q.sql": text})[0]) == {(2, "ai_sdk", "openai")}


@pytest.mark.parametrize(
    "text",
    [
        "-- ai_query('x', y)\nselect 1",
        "/* ai_query('x',\n y) */ select 1",
        "select 'ai_query(''x'', y)' as help",
        "select app.ai_query('x', y)",
        "create function ai_query(x text) returns text",
        "drop function if exists ai_query(text)",
        "select ai_query from t",
        'select "ai_query" from t',
        "{# ai_query('x', y) #} select 1",
        "CREATE TABLE model (id int); select model from model",
        "CREATE MODEL m OPTIONS (model_type = 'linear_reg') AS SELECT 1",
        "INSERT INTO links (url) VALUES ('a'), ('https://api.openai.com/v1');",
        "COPY t (a) FROM stdin;\nai_query('x', y)\n\\.\nselect 1;",
        "",
    ],
)
def test_a_mention_is_no_use(read: Read, text: str) -> None:
    """Comments, texts, data, another schema's function of the same name, and its own definition."""
    facts, gaps = read(PARSER, {"q.sql": text})
    assert (facts.nodes, gaps) == ((), [])


def test_a_key_is_masked(read: Read) -> None:
    """It stands there, but nobody reads it in the report."""
    key = "sk-proj-" + "Zk9QmX3v" * 4
    facts, _ = read(PARSER, {"q.sql": f"create secret openai as '{key}'; select ai_query('m-1', x)"})
    assert any(Trait.SECRET in node.traits for node in facts.nodes)
    assert key not in facts.model_dump_json()


@pytest.mark.parametrize("opened", ["'", '"', "`", "/*", "$$"])
def test_what_never_ends_is_a_gap(read: Read, opened: str) -> None:
    """When it may have swallowed AI: at the line where it begins."""
    _, gaps = read(PARSER, {"q.sql": "commit;\n" + opened + "x https://api.openai.com/v1\n"})
    assert [(gap.line, gap.reason) for gap in gaps] == [(2, "parse_error")]


def test_a_shell_script_with_the_wrong_suffix_is_no_crash() -> None:
    """What its first line says counts as well."""
    text = "#!/bin/sh\necho \"it's\"\ncurl https://api.openai.com/v1 -d '{\n"
    list(PARSER.parse([Input("q.sql", text)], SEMGREP))
    assert SHELL.interest(Candidate("q.sql", text.encode())) is Interest.READ


def test_hostile_repetition_ends() -> None:
    """Nothing is looked through again and again."""
    for text in ("CREATE MODEL REMOTE ", "ai_query(", "'https://api.openai.com/v1',", "COPY a FROM stdin;\n", "$a$"):
        assert list(PARSER.parse([Input("q.sql", text * 10_000)], SEMGREP))


def test_only_files_that_may_speak_of_ai_are_read() -> None:
    """The others are seen and done with; other kinds of files are left alone."""
    assert PARSER.interest(Candidate("q.sql", b"select 1")) is Interest.CLEAR
    assert PARSER.interest(Candidate("q.sql", b"SELECT AI_QUERY('x')")) is Interest.READ
    assert PARSER.interest(Candidate("q.txt", b"SELECT AI_QUERY('x')")) is Interest.NONE


_PIECES = st.sampled_from(
    [*"'\"`$();,.-#\\", "/*", "*/", "$$", "$x$", "{{", "}}", "{% set a = 'b' %}", "\n", "ai_query(", "CREATE MODEL ",
     "LANGUAGE python ", "CREATE EXTENSION ", "=>", "MODEL", " ", "é", "COPY a FROM stdin;\n"]
)  # fmt: skip


@given(st.lists(_PIECES, max_size=40).map("".join))
def test_no_text_breaks_the_reader(text: str) -> None:
    """Whatever stands there, the answer is facts and gaps, with lines inside the text."""
    last = text.count("\n") + 1
    for each in PARSER.parse([Input("q.sql", text)], SEMGREP):
        places = [place.line for node in each.nodes for place in node.locations] if isinstance(each, Facts) else []
        assert all(1 <= line <= last for line in places)
