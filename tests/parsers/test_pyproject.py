"""pyproject.toml: dependencies in the PEP 621, PEP 735 and Poetry styles."""

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from petguard.model import Facts, Gap, State
from petguard.parsers import Parser
from petguard.parsers.dependencies import PARSER

Read = Callable[[Parser, dict[str, str]], tuple[Facts, list[Gap]]]

_FILE = """\
[build-system]
requires = ["transformers"]
[project]
dependencies = [
  "openai==1.2.3",
  "flask",
]
[project.optional-dependencies]
dp = ["opacus>=1"]
[dependency-groups]
dev = [{include-group = "test"}, "diffprivlib"]
test = ["chromadb"]
[tool.poetry.dependencies]
python = "^3.11"
litellm = "1.40.0"
anthropic = {version = "^0.30", optional = true}
[tool.poetry.group.ml.dependencies]
transformers = "*"
"""


def test_every_style_is_read(read: Read) -> None:
    """All tables count but the build system's; a bare Poetry version is a pin, a caret is not."""
    facts, gaps = read(PARSER, {"sub/pyproject.toml": _FILE})
    assert gaps == []
    assert [(node.name, node.version, node.locations[0].line) for node in facts.nodes] == [
        ("openai", "1.2.3", 5),
        ("opacus", None, 9),
        ("diffprivlib", None, 11),
        ("chromadb", None, 12),
        ("litellm", "1.40.0", 15),
        ("anthropic", None, 16),
        ("transformers", None, 18),
    ]


def test_wrong_types_are_gaps(read: Read) -> None:
    """A text where a list is expected, and a number among requirements, are named with their line."""
    text = '[project]\ndependencies = "openai"\n[dependency-groups]\ndev = ["openai", 1, "=="]\n'
    facts, gaps = read(PARSER, {"pyproject.toml": text})
    assert [node.name for node in facts.nodes] == ["openai"]
    assert [(gap.line, gap.state) for gap in gaps] == [(2, State.PARTIAL), (4, State.PARTIAL), (4, State.PARTIAL)]


def test_a_file_cut_off_in_the_middle_is_a_gap(read: Read) -> None:
    """TOML that does not end properly is a failed input with its line."""
    _, gaps = read(PARSER, {"pyproject.toml": _FILE[: _FILE.index("flask") + 2]})
    assert [(gap.state, gap.reason) for gap in gaps] == [(State.FAILED, "parse_error")]


def test_another_format_under_its_name_is_a_gap(read: Read) -> None:
    """JSON in a pyproject.toml is not silently clean."""
    assert read(PARSER, {"pyproject.toml": '{"dependencies": ["openai"]}'})[1]


@given(cut=st.integers(0, len(_FILE)), put=st.text(max_size=8))
def test_a_damaged_file_gives_facts_or_gaps(read: Read, cut: int, put: str) -> None:
    """Cut off or changed anywhere, the file crashes nothing."""
    read(PARSER, {"pyproject.toml": _FILE[:cut] + put})
    read(PARSER, {"pyproject.toml": _FILE[:cut] + put + _FILE[cut:]})
