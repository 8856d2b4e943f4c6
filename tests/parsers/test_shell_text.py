"""Shell text wherever it stands: which AI its commands use, and what is only talked about."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petguard.model import Asset, Facts, Gap, Node, Trait
from petguard.parsers._shell import commands, read


def _nodes(text: str) -> list[Node]:
    return list(commands(text, "run.sh").nodes)


def _rows(text: str) -> list[tuple[int, str, str]]:
    return [(node.locations[0].line, str(node.asset), node.name) for node in _nodes(text)]


def _gaps(text: str) -> list[Gap]:
    return [each for each in read(text, "run.sh") if isinstance(each, Gap)]


def test_a_call_over_http_names_service_model_and_key() -> None:
    """The host comes from a variable's default, the model from a body that is glued together from pieces."""
    text = """\
BASE="${LLM_BASE:-https://api.groq.com/openai/v1}"
MODEL="${LLM_MODEL:-llama-3.3-70b-versatile}"

curl -s "$BASE/chat/completions" \\
  -H "Authorization: Bearer $GROQ_API_KEY" \\
  --json '{"model": "'"$MODEL"'", "messages": []}'
"""
    rows = _rows(text)
    assert (4, "ai_service", "Groq") in rows
    assert (5, "credential", "GROQ_API_KEY") in rows
    assert (6, "model", "llama-3.3-70b-versatile") in rows


@pytest.mark.parametrize(
    "text",
    [
        'curl https://api.openai.com/v1/chat/completions -d @- <<EOF\n{\n "model": "gpt-4o"}\nEOF\n',
        'body=$(cat <<\'EOF\'\n{"model": "gpt-4o"}\nEOF\n)\ncurl https://api.openai.com/v1/x -d "$body"\n',
        'M=gpt-4o\ncurl https://api.openai.com/v1/x -d "{\\"model\\": \\"$M\\"}"\n',
        "curl https://api.openai.com/v1/x -d \"$(jq -n --arg m gpt-4o '{model: $m}')\"\n",
        'echo \'{"model": "gpt-4o"}\' | curl https://api.openai.com/v1/x -d @-\n',
        'call() { curl https://api.openai.com/v1/x -d "{\\"model\\": \\"$1\\"}"; }\ncall gpt-4o\n',
        "http POST https://api.openai.com/v1/x model=gpt-4o\n",
    ],
)
def test_the_model_in_a_body(text: str) -> None:
    """Literal, in a here-document, a variable, built by jq, piped in, or passed through a function."""
    found = {(node.asset, node.name) for node in _nodes(text)}
    assert {(Asset.MODEL, "gpt-4o"), (Asset.AI_SERVICE, "OpenAI")} <= found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ollama pull llama3", "llama3"),
        ("sudo -E nohup ollama run llama3 &", "llama3"),
        ("docker compose exec -T ollama ollama pull llama3", "llama3"),
        ("bash -c 'ollama pull llama3'", "llama3"),
        ("ssh host 'ollama pull llama3'", "llama3"),
        ("for m in phi3 llama3; do ollama pull $m; done", "llama3"),
        ('MODELS=(phi3 llama3)\nfor m in "${MODELS[@]}"; do ollama pull "$m"; done', "llama3"),
        ("ARGS='--port 1 --model a/b-7b'\nvllm serve $ARGS", "a/b-7b"),
        ("vllm serve --port 8000 a/b-7b", "a/b-7b"),
        ("CUDA_VISIBLE_DEVICES=0 python3 -m vllm.entrypoints.openai.api_server --model=a/b-7b", "a/b-7b"),
        ("llama-server -hf a/b-7b -c 0", "a/b-7b"),
        ("hf download a/b-7b --local-dir x", "a/b-7b"),
        ("docker run --rm --gpus all vllm/vllm-openai:v0.6 --model a/b-7b", "a/b-7b"),
        ("accelerate launch train.py --model_name_or_path a/b-7b", "a/b-7b"),
        ("llm -m gpt-4o 'hello'", "gpt-4o"),
    ],
)
def test_models_of_runtimes_and_tools(text: str, expected: str) -> None:
    """Behind wrappers, in loops, arrays, options, and arguments of containers."""
    assert expected in [node.name for node in _nodes(text) if node.asset is Asset.MODEL]


def test_a_hole_in_a_body_is_no_model() -> None:
    """What `printf` fills in later has no name here."""
    text = 'body=$(printf \'{"model": "%s"}\' "$1")\ncurl http://localhost:80/v1/chat/completions -d "$body"\n'
    assert [node.name for node in _nodes(text) if node.asset is Asset.MODEL] == []


def test_a_data_set_is_told_from_a_model() -> None:
    """By the option of the hub's client, or by the name of a training script's option."""
    text = "hf download org/pairs --repo-type dataset\ntorchrun train.py --dataset_name org/chats\n"
    assert _rows(text) == [(1, "dataset", "org/pairs"), (2, "dataset", "org/chats")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("pip install openai==1.2", ("openai", "1.2")),
        ("python3 -m pip install -U 'openai>=1'", ("openai", None)),
        ("uv pip install --system openai", ("openai", None)),
        ("uv add openai", ("openai", None)),
        ("uv run --with openai main.py", ("openai", None)),
        ("poetry add --group dev openai", ("openai", None)),
        ("conda install -c conda-forge openai=1.2", ("openai", "1.2")),
        ("npm install -g openai@4.1.0", ("openai", "4.1.0")),
        ("pnpm add openai", ("openai", None)),
        ("yarn add -D openai", ("openai", None)),
    ],
)
def test_installed_packages(text: str, expected: tuple[str, str | None]) -> None:
    """Every installer's own way to write a version."""
    assert [(node.name, node.version) for node in _nodes(text)] == [expected]


@pytest.mark.parametrize(
    "text",
    [
        "# ollama pull llama3",
        "echo 'export OPENAI_API_KEY=... and ollama pull llama3'",
        "usage() { cat <<EOF\nollama pull llama3\nexport OPENAI_API_KEY=x\nEOF\n}",
        "cat > README.md <<EOF\npip install openai\nOPENAI_API_KEY: x\nEOF\n",
        "command -v ollama",
        "which ollama",
        "curl http://localhost:8080/health",
        "gemini --version",
        "gemini trade --pair btcusd",
        "pip install -r openai",
        "git clone https://github.com/openai/openai-python",
        "goose up",
        "MODEL=Corolla",
        "MAX_TOKENS=5",
        "npm install chroma-js",
        "unset OPENAI_API_KEY",
        "find . --model Corolla",
    ],
)
def test_a_mention_is_no_use(text: str) -> None:
    """Comments, printed text, questions whether a program is there, and programs that only share a name."""
    assert _nodes(text) == []
    assert _gaps(text) == []


def test_a_model_is_named_once() -> None:
    """Though its option alone would have told it, too."""
    assert [row for row in _rows("text-generation-launcher --model-id a/b-7b") if row[1] == "model"] == [
        (1, "model", "a/b-7b")
    ]


def test_a_literal_key_is_masked() -> None:
    """The variable's name says that it is one; its value appears nowhere."""
    (node,) = _nodes("export OPENAI_API_KEY='q9X2v7Lm4TzR8w'")
    assert Trait.SECRET in node.traits
    assert "q9X2v7Lm4TzR8w" not in node.model_dump_json()


def test_an_assistant_that_asks_nobody() -> None:
    """Its name, its model, and that it approves its own steps."""
    nodes = _nodes("git log | claude -p 'Write notes' --model claude-sonnet-4-5 --dangerously-skip-permissions")
    assert [(node.asset, node.name, node.provider) for node in nodes] == [
        (Asset.AI_WORKLOAD, "claude", "anthropic"),
        (Asset.MODEL, "claude-sonnet-4-5", "anthropic"),
    ]
    assert Trait.AUTO_APPROVE in nodes[0].traits


def test_a_tool_server_without_a_version() -> None:
    """What `npx` fetches today may be something else tomorrow."""
    (node,) = _nodes("npx -y @modelcontextprotocol/server-filesystem /data")
    assert (node.asset, Trait.MUTABLE_REFERENCE in node.traits) == (Asset.MCP_SERVER, True)


def test_settings_in_a_here_document() -> None:
    """Plain ones are read; others that speak of AI are a gap at their line."""
    assert _rows("cat > c.yaml <<EOF\nllm:\n  model: gpt-4o\nEOF\n") == [(3, "model", "gpt-4o")]
    (gap,) = _gaps("cat > c.yaml <<EOF\nmodels: [{use: gpt-4o}]\nEOF\n")
    assert (gap.line, gap.reason) == (2, "unresolved")


def test_python_inside_a_script() -> None:
    """Its imports and models count, at their own lines."""
    text = "python - <<'EOF'\nimport openai\nopenai.x(model='gpt-4o')\nEOF\n"
    assert _rows(text) == [(2, "ai_sdk", "openai"), (3, "model", "gpt-4o")]


@pytest.mark.parametrize(
    "text",
    [
        "psql app <<EOF\nselect ai_query('m-1', x);\nEOF\n",
        "psql -c \"select ai_query('m-1', x)\"",
        "bq query --nouse_legacy_sql 'select ai_query(\"m-1\", x)'",
        "cat > q.sql <<'EOF'\nselect ai_query('m-1', x);\nEOF\n",
    ],
)
def test_sql_inside_a_script(text: str) -> None:
    """What a database is handed, and a file of SQL that is written."""
    assert "m-1" in [node.name for node in _nodes(text)]


def test_lines_are_those_of_the_file() -> None:
    """A recipe that starts at line 40 reports from there on."""
    assert commands("true\nollama pull llama3", "Makefile", 40).nodes[0].locations[0].line == 41


def test_a_broken_part_is_a_gap() -> None:
    """Where it speaks of AI; elsewhere it is nobody's business."""
    assert [gap.line for gap in _gaps('true\ncurl "https://api.openai.com/v1 \n')] == [2]
    assert _gaps('true\necho "unbalanced\n') == []


def test_too_large_and_too_deep_is_a_gap() -> None:
    """Never a crash, never silence."""
    assert [gap.reason for gap in _gaps("ollama pull a\n" * 100_000)] == ["too_large"]
    assert [gap.reason for gap in _gaps("$(" * 20_000 + "ollama pull a" + ")" * 20_000)] == ["too_deep"]


def test_loops_inside_loops_end() -> None:
    """Forty rounds of forty rounds of forty are more than anybody wrote down."""
    many = " ".join(f"m{number}" for number in range(40))
    text = f"for a in {many}; do for b in {many}; do for c in {many}; do ollama pull $a; done; done; done"
    assert len(_gaps(text)) == 1


_PIECES = st.sampled_from(
    [*"'\"`$(){}<>|&;\n #=!\\", "${X:-", "<<EOF\n", "EOF\n", "ollama pull llama3", "for x in a; do ", "done",
     "case $x in ",
     "curl https://api.openai.com/v1 ",
     "f() {", "[[ ", "]] ", "A+=(", "\t", "é", "\0", "$((", "jq -n --arg a b ", "-d "]
)  # fmt: skip


@given(st.lists(_PIECES, max_size=40).map("".join))
def test_no_text_breaks_the_reader(text: str) -> None:
    """Whatever stands there, the answer is facts and gaps, with lines inside the text."""
    last = text.count("\n") + 1
    for each in read(text, "x.sh"):
        if isinstance(each, Facts):
            assert all(1 <= place.line <= last for node in each.nodes for place in node.locations)
