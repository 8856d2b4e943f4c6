"""What was found in a whole tree is taken from the cache only when nothing that decides it has changed."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from petguard import parsers
from petguard.cache import Cache
from petguard.collect import Input
from petguard.flows.follow import Tree
from petguard.model import Facts, Gap, Location, Node, NodeKind, Origin, State
from petguard.parsers import code, python
from petguard.parsers._remembered import remembered
from petguard.semgrep import Program

NODE = Node(id="n", kind=NodeKind.CODE, name="n", origin=Origin.DETECTED, locations=(Location(path="a.py", line=1),))
FOUND = (Facts(nodes=(NODE,)), Gap(path="a.py", state=State.PARTIAL, reason="unresolved", detail="x", line=1))
ASKS = "import openai\n\n\ndef ask(user):\n    openai.OpenAI().responses.create(input=user.email)\n"
PASSES = "from ask import ask\n\n\ndef go(user):\n    ask(user)\n"
SCRIPT = (
    "import OpenAI from 'openai';\nexport const ask = (user) => new OpenAI().responses.create({input: user.email});\n"
)


def _inputs(**texts: str) -> list[Input]:
    return [Input(f"{name}.py", text) for name, text in texts.items()]


def _asked(cache: Cache, items: list[Input], given: object = "") -> int:
    """How often it had to be found out."""
    times = 0

    def follow() -> Iterator[Facts | Gap]:
        nonlocal times
        times += 1
        yield from FOUND

    assert remembered(items, cache, "python", follow, (given,)) == FOUND
    return times


def test_the_same_tree_is_followed_once() -> None:
    """And what comes back is equal in every field."""
    cache = Cache(None)
    assert [_asked(cache, _inputs(a="x = 1")) for _ in range(2)] == [1, 0]


@pytest.mark.parametrize(
    "other",
    [
        _inputs(a="x = 2"),
        _inputs(b="x = 1"),
        _inputs(a="x = 1", b=""),
        _inputs(),
    ],
)
def test_another_tree_is_followed_anew(other: list[Input]) -> None:
    """Another text, another name, one more file, one fewer."""
    cache = Cache(None)
    assert (_asked(cache, _inputs(a="x = 1")), _asked(cache, other)) == (1, 1)


def test_what_else_goes_in_decides_too() -> None:
    """What semgrep found, or could not look at."""
    cache = Cache(None)
    assert (_asked(cache, _inputs(a=""), "match"), _asked(cache, _inputs(a=""), "none")) == (1, 1)


def test_another_petguard_follows_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its code, its rules, its Python and its grammars."""
    cache = Cache(None)
    assert _asked(cache, _inputs(a="")) == 1
    monkeypatch.setattr("petguard._shipped.installation", lambda: "another")
    assert _asked(cache, _inputs(a="")) == 1


@pytest.mark.parametrize("row", [{}, {"facts": {"nodes": 1}}, {"gap": {}}, {"facts": {"unknown": []}}, {"gap": None}])
def test_a_row_that_cannot_be_read_is_found_again(tmp_path: Path, row: Mapping[str, object]) -> None:
    """A damaged cache costs time and nothing else."""
    path = tmp_path / "cache.json"
    cache = Cache(path)
    _asked(cache, _inputs(a=""))
    cache.save()
    kept = json.loads(path.read_text("utf-8"))
    path.write_text(json.dumps({key: [row] for key in kept}), "utf-8")
    assert _asked(Cache(path), _inputs(a="")) == 1


@pytest.mark.parametrize(
    ("parser", "items"),
    [
        (python.PARSER, _inputs(ask=ASKS, go=PASSES)),
        (code.PARSER, [Input("ask.ts", SCRIPT)]),
    ],
)
def test_a_tree_that_is_scanned_again_is_not_linked(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, parser: parsers.Parser, items: list[Input]
) -> None:
    """Every fact and gap is the same as when it was followed, in the same order."""
    path = tmp_path / "cache.json"
    program = Program(cache=Cache(path))
    first = list(parser.parse(items, program))
    program.cache.save()
    monkeypatch.delattr(Tree, "follow")
    assert list(parser.parse(items, Program(cache=Cache(path)))) == first


def test_summaries_are_kept_by_a_scan_that_needs_none(tmp_path: Path) -> None:
    """When one file changes after that, the others are not read again."""
    path = tmp_path / "cache.json"
    items = _inputs(ask=ASKS, go=PASSES)
    for _ in range(2):
        program = Program(cache=Cache(path))
        list(python.PARSER.parse(items, program))
        program.cache.save()
    kept = json.loads(path.read_text("utf-8"))
    assert sum(key.startswith("flows ") for key in kept) == len(items)
