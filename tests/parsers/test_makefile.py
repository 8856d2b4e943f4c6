"""Makefiles and justfiles: what their recipes use."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petguard.collect import Candidate, Input, Interest
from petguard.model import Facts, Gap
from petguard.parsers import Parser
from petguard.parsers.makefile import PARSER
from petguard.semgrep import SEMGREP

Read = Callable[[Parser, dict[str, str]], tuple[Facts, list[Gap]]]

_MAKEFILE = """\
MODEL ?= llama3.2
PIP := python -m pip
SELF = $(SELF)
export MISTRAL_API_KEY
# ollama pull mistral
models:
	@ollama pull $(MODEL)
	$(PIP) install openai==1.2
	for m in phi3 gemma; do \\
	ollama pull $$m; \\
	done
	curl $(BASE)/x -H "Authorization: Bearer $${OPENAI_API_KEY}"
	@echo "ollama pull orca $(SELF)"
one: ; ollama run qwen2
KNOWN := $(shell curl https://api.mistral.ai/v1/models)
"""


def _rows(facts: Facts) -> list[tuple[int, str, str]]:
    rows = [(node.locations[0].line, str(node.asset), node.name) for node in facts.nodes]
    return sorted(set(rows))


def test_recipes_are_shell_with_the_variables_of_make(read: Read) -> None:
    """Every line is that of the file; comments and printed text are mentions."""
    facts, gaps = read(PARSER, {"Makefile": _MAKEFILE})
    assert gaps == []
    assert [row for row in _rows(facts) if row[1] != "ai_service"] == [
        (1, "model", "llama3.2"),
        (4, "credential", "MISTRAL_API_KEY"),
        (7, "model", "llama3.2"),
        (8, "ai_sdk", "openai"),
        (10, "model", "gemma"),
        (10, "model", "phi3"),
        (12, "credential", "OPENAI_API_KEY"),
        (14, "model", "qwen2"),
    ]
    assert [row for row in _rows(facts) if row[2] == "Mistral AI"] == [(15, "ai_service", "Mistral AI")]


def test_evidence_is_what_the_file_says(read: Read) -> None:
    """Not what the shell would see."""
    facts, _ = read(PARSER, {"Makefile": "M = llama3\nx:\n\tollama pull $(M)\n"})
    assert {node.locations[0].evidence for node in facts.nodes} == {"ollama pull $(M)"}


def test_a_justfile(read: Read) -> None:
    """Its variables stand in double braces, its recipes are indented by spaces."""
    text = 'model := "llama3.2"\n\npull:\n    @ollama pull {{model}}\n'
    facts, _ = read(PARSER, {"justfile": text})
    assert (4, "model", "llama3.2") in _rows(facts)


@pytest.mark.parametrize("text", ["all:\n\tcc -o x x.c\n", "MODEL = Corolla\nall:\n\techo $(MODEL)\n", ""])
def test_a_makefile_without_ai(read: Read, text: str) -> None:
    """Nothing is found and nothing is in doubt."""
    facts, gaps = read(PARSER, {"Makefile": text})
    assert (facts.nodes, gaps) == ((), [])


def test_other_files_are_left_alone() -> None:
    """A template of a Makefile, or what only bears the word."""
    for path in ("Makefile.am", "Makefile.PL", "make.py", "docs/makefile.md"):
        assert PARSER.interest(Candidate(path, b"x:\n\tollama pull a\n")) is Interest.NONE


def test_values_that_grow_without_end() -> None:
    """Each level doubles the one before; the answer still comes at once."""
    text = "V0 = aaaaaaaaaaaaaaaa\n" + "".join(f"V{n + 1} = $(V{n})$(V{n})\n" for n in range(2_000))
    list(PARSER.parse([Input("Makefile", f"{text}x:\n\tollama pull $(V2000)\n")], SEMGREP))


_PIECES = st.sampled_from(
    [
        "A",
        "=",
        " ?= ",
        "$(A)",
        "$(",
        ")",
        "${",
        "}",
        "$$",
        "\\\n",
        "\n",
        "\t",
        "#",
        ":",
        ";",
        "$(shell ",
        "ollama pull x",
    ]
)


@given(st.lists(_PIECES, max_size=40).map("".join), st.sampled_from(["Makefile", "justfile"]))
def test_no_text_breaks_the_reader(text: str, name: str) -> None:
    """Whatever stands there, the answer is facts and gaps."""
    assert all(isinstance(each, Facts | Gap) for each in PARSER.parse([Input(name, text)], SEMGREP))
