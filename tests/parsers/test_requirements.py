"""Requirement files: which AI packages are asked for, at which line and in which version."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petguard.model import Asset, Facts, Gap, State
from petguard.parsers import Parser
from petguard.parsers.dependencies import PARSER

Read = Callable[[Parser, dict[str, str]], tuple[Facts, list[Gap]]]

_FILE = """\
# what we need
-r base.txt
--index-url https://pypi.example.org/simple
openai==1.2.3 \\
    --hash=sha256:aaaa
Anthropic[bedrock]>=0.30 ; python_version < "3.13"  # chat
langchain_openai ~= 0.1
flask==3.0
-e git+https://github.com/x/litellm.git@main#egg=litellm
https://files.example.org/transformers-4.41.0-py3-none-any.whl
opacus @ https://example.org/opacus.tar.gz
chromadb===0.5.0
-e .
./local/package
"""


def test_known_packages_become_nodes(read: Read) -> None:
    """Pins, extras, markers, hashes, editable and direct references are understood; other packages give nothing."""
    facts, gaps = read(PARSER, {"requirements.txt": _FILE})
    assert gaps == []
    assert [(node.name, node.version, node.locations[0].line) for node in facts.nodes] == [
        ("openai", "1.2.3", 4),
        ("anthropic", None, 6),
        ("langchain-openai", None, 7),
        ("litellm", None, 9),
        ("transformers", "4.41.0", 10),
        ("opacus", None, 11),
        ("chromadb", "0.5.0", 12),
    ]
    assets = {node.name: node.asset for node in facts.nodes}
    assert (assets["openai"], assets["opacus"], assets["chromadb"]) == (Asset.AI_SDK, Asset.PET, Asset.VECTOR_STORE)


def test_a_line_that_is_not_understood_is_a_gap(read: Read) -> None:
    """The rest of the file still counts."""
    facts, gaps = read(PARSER, {"requirements.txt": "openai\n{{ more }}\nanthropic==0.1\n"})
    assert [node.name for node in facts.nodes] == ["openai", "anthropic"]
    assert [(gap.state, gap.line) for gap in gaps] == [(State.PARTIAL, 2)]


def test_content_decides(read: Read) -> None:
    """A list of requirements counts under any text file's name; prose and constraints do not."""
    assert read(PARSER, {"deps.txt": "openai==1.0\nflask>=2\n"})[0].nodes
    assert read(PARSER, {"notes.txt": "We use openai.\nopenai==1.0 it is.\n"}) == (Facts(), [])
    assert read(PARSER, {"constraints.txt": "openai==1.0\n"}) == (Facts(), [])


def test_a_password_in_an_address_is_masked(read: Read) -> None:
    """Evidence never repeats a credential."""
    facts, _ = read(PARSER, {"requirements.txt": "openai @ https://user:hunter22@example.org/openai.whl\n"})
    assert "hunter22" not in facts.nodes[0].locations[0].evidence


@given(cut=st.integers(0, len(_FILE)), put=st.text(max_size=8))
def test_a_damaged_file_gives_facts_or_gaps(read: Read, cut: int, put: str) -> None:
    """Cut off or changed anywhere, the file crashes nothing."""
    read(PARSER, {"requirements.txt": _FILE[:cut] + put})
    read(PARSER, {"requirements.txt": _FILE[:cut] + put + _FILE[cut:]})


@pytest.mark.parametrize("text", ['{"mcpServers": "openai"}', "<html>openai", "\x00openai\x01"])
def test_another_format_under_its_name_is_not_silent(read: Read, text: str) -> None:
    """What is no requirement file but named like one ends in a gap."""
    assert read(PARSER, {"requirements.txt": text})[1]


def test_a_key_in_a_line_that_is_no_requirement_is_masked(read: Read) -> None:
    """A gap must not become a second leak, also where no name says what the word is."""
    (gap,) = read(PARSER, {"requirements.txt": "openai==1.0\n= 9fK2xQ7LmZ4vT8sB1nR6wY3c\n"})[1]
    assert "9fK2xQ7LmZ4vT8sB1nR6wY3c" not in gap.detail
