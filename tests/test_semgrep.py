"""What becomes of a run of semgrep: matches, and a gap for everything it did not look at."""

import json
import stat
import time
from pathlib import Path
from typing import Any

import pytest

from petguard import semgrep
from petguard.collect import Input
from petguard.model import State
from petguard.parsers._python_rules import search_rules
from petguard.semgrep import Program

_RULE = {"id": "r", "languages": ["python"], "severity": "INFO", "message": "$X", "pattern": "send($X)"}
_ANSWER: dict[str, Any] = {"results": [], "errors": [], "paths": {"scanned": ["0.py"]}}


def _fake(folder: Path, script: str) -> Program:
    """A program that behaves as the shell script says."""
    path = folder / "semgrep"
    path.write_text(f"#!/bin/sh\n{script}\n", "utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return Program(executable=str(path), seconds=20)


def _saying(folder: Path, answer: object) -> Program:
    (folder / "said.json").write_text(json.dumps(answer), "utf-8")
    return _fake(folder, f"cat {folder}/said.json")


def _reasons(program: Program) -> list[tuple[str, str]]:
    result = semgrep.run([Input("a.py", "send(1)\n")], [_RULE], language="python", program=program)
    assert result.matches == ()
    return [(gap.path, gap.reason) for gap in result.gaps]


def test_a_match_carries_its_place_and_its_metavariables() -> None:
    """Lines start at 1, columns at 1 and count the bytes of UTF-8; the message is filled in."""
    result = semgrep.run([Input("a.py", 'é = 1; send("ü")\n')], [_RULE], language="python")
    assert [(match.start, match.end, match.message) for match in result.matches] == [((1, 9), (1, 19), '"ü"')]


def test_a_clean_run_has_no_gap() -> None:
    """A file that was looked at and matches nothing is neither a match nor a gap."""
    assert semgrep.run([Input("a.py", "x = 1\n")], [_RULE], language="python") == semgrep.Result((), ())


def test_nothing_to_look_at_starts_nothing() -> None:
    """Without a file or a rule there is no run, and so no gap."""
    nowhere = Program(executable="/nonexistent")
    assert semgrep.run([], [_RULE], language="python", program=nowhere) == semgrep.Result((), ())


@pytest.mark.parametrize("path", ["-rf.py", "a\nb.py", "../../etc/x.py", "a b;$(id).py", "script", "caf\udce9.py"])
def test_a_hostile_file_name_is_only_a_name(path: str) -> None:
    """Options, line breaks, shell characters and undecodable bytes come back unchanged."""
    result = semgrep.run([Input(path, "send(1)\n")], [_RULE], language="python")
    assert [match.path for match in result.matches] == [path]
    assert result.gaps == ()


def test_a_comment_does_not_hide_a_match() -> None:
    """`nosemgrep` in the scanned code has no effect."""
    result = semgrep.run([Input("a.py", "send(1)  # nosemgrep\n# nosem: r\nsend(2)\n")], [_RULE], language="python")
    assert [match.start[0] for match in result.matches] == [1, 3]


def test_a_rule_can_be_kept_to_some_files() -> None:
    """`only` restricts a rule by path; the other file is not touched and no gap."""
    inputs = [Input("a.py", "send(1)\n"), Input("b.py", "send(2)\n")]
    result = semgrep.run(inputs, [_RULE], language="python", only={"r": ["b.py"]})
    assert ([match.path for match in result.matches], result.gaps) == (["b.py"], ())


def test_code_that_semgrep_cannot_parse_is_a_gap_with_its_line() -> None:
    """What follows the broken part may be missing from the matches, so the file is partial."""
    result = semgrep.run([Input("a.py", "send(1)\nx = = 3\n")], [_RULE], language="python")
    assert [(gap.path, gap.state, gap.reason) for gap in result.gaps] == [("a.py", State.PARTIAL, "parse_error")]
    assert result.gaps[0].line == 2


def test_a_rule_that_does_not_compile_is_a_gap_for_every_file() -> None:
    """A broken rule must not look like a rule that found nothing."""
    broken = {**_RULE, "pattern": "send(($X"}
    result = semgrep.run([Input("a.py", "send(1)\n"), Input("b.py", "")], [broken], language="python")
    assert {gap.path for gap in result.gaps} == {"a.py", "b.py"}


def test_every_shipped_rule_compiles() -> None:
    """Semgrep takes all rules that look for calls without a complaint."""
    code = "import openai\ndef f(user):\n    openai.ChatCompletion.create(messages=[user.email])\n"
    assert semgrep.run([Input("a.py", code)], search_rules(), language="python").gaps == ()


def test_a_missing_program_is_a_gap_for_every_file() -> None:
    """Without semgrep nothing was looked at."""
    assert _reasons(Program(executable="/nonexistent/semgrep")) == [("a.py", "semgrep_missing")]


def test_an_uninstalled_program_is_a_gap(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Neither beside the interpreter nor on the PATH: the message says what to do."""
    monkeypatch.setattr("sys.executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))
    assert _reasons(Program()) == [("a.py", "semgrep_missing")]


def test_a_killed_program_is_a_gap(tmp_path: Path) -> None:
    """Out of memory on the machine: the process is gone without an answer."""
    assert _reasons(_fake(tmp_path, "kill -9 $$")) == [("a.py", "semgrep_failed")]


def test_a_program_that_does_not_end_is_stopped(tmp_path: Path) -> None:
    """The time-out ends the program and what it started."""
    slow = _fake(tmp_path, f"sh -c 'sleep 0.8; touch {tmp_path}/survived' & sleep 60")
    quick = Program(executable=slow.executable, seconds=0.3, seconds_per_file=0)
    assert _reasons(quick) == [("a.py", "timeout")]
    time.sleep(0.8)
    assert not (tmp_path / "survived").exists()


def test_a_program_that_talks_too_much_is_stopped(tmp_path: Path) -> None:
    """A million matches would not fit into memory; they are dropped, and that is a gap."""
    loud = _fake(tmp_path, "yes abcdefghijklmnopqrstuvwxyz")
    assert _reasons(Program(executable=loud.executable, output_bytes=100_000)) == [("a.py", "too_many_matches")]


@pytest.mark.parametrize(
    "answer",
    [
        [], {}, {"results": []}, {**_ANSWER, "results": [{"check_id": "r"}]}, {**_ANSWER, "results": 3},
        {**_ANSWER, "results": [{"check_id": "r", "path": "9.py", "start": {"line": 1, "col": 1}}]},
        {**_ANSWER, "errors": [{"type": []}]}, {**_ANSWER, "errors": [3]}, {**_ANSWER, "paths": None},
    ],
)  # fmt: skip
def test_an_answer_of_another_shape_is_a_gap(tmp_path: Path, answer: object) -> None:
    """An answer that petguard cannot read is not an empty answer."""
    assert _reasons(_saying(tmp_path, answer)) == [("a.py", "semgrep_failed")]


@pytest.mark.parametrize("said", ["echo not json", "true", "echo '{\"results\": ['", "echo '['; exit 2"])
def test_an_answer_that_is_not_json_is_a_gap(tmp_path: Path, said: str) -> None:
    """Nothing, half a document or a message."""
    assert _reasons(_fake(tmp_path, said)) == [("a.py", "semgrep_failed")]


def test_a_file_that_was_silently_left_out_is_a_gap(tmp_path: Path) -> None:
    """Semgrep lists what it scanned; a target that is not listed was not looked at."""
    assert _reasons(_saying(tmp_path, {**_ANSWER, "paths": {"scanned": []}})) == [("a.py", "not_scanned")]


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("Timeout", "timeout"),
        ("Out of memory", "out_of_memory"),
        (["PartialParsing", []], "parse_error"),
        ("New", "semgrep_error"),
    ],
)
def test_an_error_is_a_gap_with_its_reason(tmp_path: Path, kind: object, reason: str) -> None:
    """An error that petguard does not know is a gap like the others."""
    error = {"type": kind, "path": "0.py", "rule_id": "r", "message": ""}
    assert _reasons(_saying(tmp_path, {**_ANSWER, "errors": [error]})) == [("a.py", reason)]


def test_the_environment_of_the_user_does_not_reach_semgrep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tokens and settings stay outside; HOME is a private folder."""
    monkeypatch.setenv("SEMGREP_APP_TOKEN", "x")
    program = _fake(tmp_path, f"env > {tmp_path}/env.txt; exit 1")
    _reasons(program)
    seen = (tmp_path / "env.txt").read_text("utf-8")
    assert "SEMGREP_APP_TOKEN" not in seen
    assert str(Path.home()) not in [line.partition("=")[2] for line in seen.splitlines()]


def test_thousands_of_matches_come_back_sorted() -> None:
    """Order is by path and position, however many there are."""
    result = semgrep.run([Input("a.py", "send(1)\n" * 5_000)], [_RULE], language="python")
    assert [match.start[0] for match in result.matches] == list(range(1, 5_001))


def test_more_matches_than_semgrep_gives_out_are_a_gap() -> None:
    """Semgrep drops all matches of a file that has too many; the file must not look clean."""
    result = semgrep.run([Input("a.py", "send(1)\n" * 20_000)], [_RULE], language="python")
    assert [(gap.path, gap.reason) for gap in result.gaps] == [("a.py", "too_many_matches")]
