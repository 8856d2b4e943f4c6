"""Hostile and broken input, through the real program: never a crash, never silence, never a pass."""

import json
import os
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Program = Callable[..., "subprocess.CompletedProcess[str]"]
Project = Callable[..., Path]

CALL = """\
from openai import OpenAI

client = OpenAI()


def ask(patient):
    return client.chat.completions.create(model="gpt-4o", messages=[{"role": "user", "content": patient.diagnosis}])
"""


def _gaps(petguard: Program, folder: Path, code: int = 4) -> list[dict[str, Any]]:
    done = petguard("scan", folder, "-o", "json")
    assert done.returncode == code, done.stderr
    gaps: list[dict[str, Any]] = json.loads(done.stdout)["coverage"]["gaps"]
    return gaps


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        (".mcp.json", '{"mcpServers": {"notes": {"command": "npx"', "parse_error"),
        ("litellm_config.yaml", "model_list:\n  - litellm_params: {model: [\n", "parse_error"),
        ("litellm_config.yaml", "model_list: [litellm_params, " + "[" * 100_000, "too_deep"),
        (".mcp.json", '{"mcpServers": ' + "[" * 100_000, "too_deep"),
        ("pyproject.toml", "# openai\n[project]\ndependencies = " + "[" * 100_000, "too_deep"),
        ("app.py", "import openai\nx = " + "(" * 100_000, "parse_error"),
        ("app.py", "import openai\ndef f(:\n", "parse_error"),
        ("app.py", "import openai\nprint 'python 2'\n", "parse_error"),
    ],
)
def test_what_cannot_be_parsed_is_a_gap(
    petguard: Program, tmp_path: Path, name: str, content: str, reason: str
) -> None:
    """Each broken file is named with a machine-readable reason, and the scan is not a pass."""
    (tmp_path / name).write_text(content, "utf-8")
    (gap,) = _gaps(petguard, tmp_path)
    assert (gap["path"], gap["reason"]) == (name, reason)


def test_an_alias_bomb_is_a_gap(petguard: Program, tmp_path: Path) -> None:
    """Nine levels of nine aliases are 387 million values; they are counted, not built."""
    lines = ["model_list: &a0 [litellm_params]"]
    lines += [f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 9)}]" for level in range(1, 10)]
    (tmp_path / "litellm_config.yaml").write_text("\n".join(lines), "utf-8")
    assert [gap["reason"] for gap in _gaps(petguard, tmp_path)] == ["too_large"]


def test_broken_utf8_is_a_gap(petguard: Program, tmp_path: Path) -> None:
    """Python itself would refuse the file, so nobody knows what it does."""
    (tmp_path / "app.py").write_bytes(b"import openai\nname = '\xff\xfe'\n")
    assert [(gap["reason"], gap["line"]) for gap in _gaps(petguard, tmp_path)] == [("encoding", 2)]


def test_a_huge_file_is_a_gap_and_is_not_read(petguard: Program, tmp_path: Path) -> None:
    """200 MB of text cost neither time nor memory."""
    with (tmp_path / "app.py").open("wb") as file:
        file.write(b"import openai\n" * 10_000)
        file.truncate(200 * 1024 * 1024)
        file.seek(0)
        file.write(b"import openai\n")
    with (tmp_path / "big.py").open("wb") as file:
        file.writelines(b"x = 1  # " + b"a" * 991 + b"\n" for _ in range(200_000))
    assert ("big.py", "too_large") in [(gap["path"], gap["reason"]) for gap in _gaps(petguard, tmp_path)]


@pytest.mark.parametrize("epsilon", [".nan", "-1", "0", ".inf", "'3'", "1e999"])
def test_an_impossible_epsilon_stated_by_hand_is_2(petguard: Program, tmp_path: Path, epsilon: str) -> None:
    """The file, the line and the key are named."""
    claim = f"claims:\n  - technique: dp_sgd\n    epsilon: {epsilon}\n"
    (tmp_path / "petguard.yaml").write_text(claim, "utf-8")
    (tmp_path / "app.py").write_text("x = 1\n")
    done = petguard("scan", tmp_path)
    assert done.returncode == 2
    assert "petguard.yaml:3: claims[0].epsilon" in done.stderr or "petguard.yaml:3" in done.stderr
    assert "epsilon" in done.stderr


@pytest.mark.parametrize("where", ["pyproject.toml", "rules.yaml"])
def test_claims_of_a_policy_that_is_not_scanned_for_claims_are_a_gap(
    petguard: Program, tmp_path: Path, where: str
) -> None:
    """Only petguard.yaml and its like are read for claims; elsewhere a claim would be accepted and never judged."""
    (tmp_path / "app.py").write_text("total = 1\n", "utf-8")
    toml = "[[tool.petguard.claims]]\ntechnique = 'dp_sgd'\n"
    (tmp_path / where).write_text(toml if where.endswith("toml") else "claims: [{technique: dp_sgd}]\n", "utf-8")
    done = petguard("scan", tmp_path, "-p", tmp_path / where, "-o", "json")
    assert [gap["reason"] for gap in json.loads(done.stdout)["coverage"]["gaps"]] == ["claims_not_read"]


def _started_in(folder: Path, program: list[str], **env: str) -> int:
    scrubbed = {"PATH": os.environ["PATH"], "HOME": str(folder.parent), **env}
    done = subprocess.run([sys.executable, *program], cwd=folder, env=scrubbed, capture_output=True, check=False)  # noqa: S603
    return done.returncode


def test_modules_of_the_current_folder_are_not_imported(tmp_path: Path) -> None:
    """`python -m` looks there first, and the current folder is often the tree that is scanned."""
    tree = tmp_path / "tree"
    tree.mkdir()
    for name in ("json", "click", "enum", "traceback", "semgrep"):
        (tree / f"{name}.py").write_text("open('ran', 'w').close()\n", "utf-8")
    assert (_started_in(tree, ["-m", "petguard", "scan", "."]), (tree / "ran").exists()) == (0, False)


@pytest.mark.parametrize("cache", [".cache", "{tree}/.cache"])
def test_a_tree_cannot_bring_its_own_cache(tmp_path: Path, cache: str) -> None:
    """A cache inside the tree would let it say that nothing was found in it."""
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "app.py").write_text(CALL, "utf-8")
    _started_in(tree, ["-m", "petguard", "scan", "."], XDG_CACHE_HOME=cache.format(tree=tree))
    assert not (tree / ".cache").exists()


def test_a_hostile_path_is_inert_in_every_report(petguard: Program, tmp_path: Path) -> None:
    """A newline, a workflow command and markup in a path stay text."""
    folder = tmp_path / "<script>alert(1)<" / "script>\n::error::x"
    folder.mkdir(parents=True)
    (folder / "app.py").write_text(CALL)
    outputs = [option for name in ("json", "sarif", "html") for option in ("-o", f"{name}={tmp_path / name}")]
    done = petguard("scan", tmp_path / "<script>alert(1)<", "-o", "text", *outputs)
    assert done.returncode == 1
    assert not any(line.lstrip().startswith("::") for line in (done.stdout + done.stderr).splitlines())
    assert "<script>alert" not in (tmp_path / "html").read_text("utf-8")
    for name in ("json", "sarif"):
        json.loads((tmp_path / name).read_text("utf-8"))


def _without_semgrep(folder: Path, script: str | None, code: str) -> "subprocess.CompletedProcess[str]":
    """Run petguard by a Python that has no semgrep beside it, or one that is this shell script."""
    folder.mkdir()
    python = folder / "python"
    python.symlink_to(sys.executable)
    if script is not None:
        (folder / "semgrep").write_text(f"#!/bin/sh\n{script}\n")
        (folder / "semgrep").chmod(0o755)
    project = folder / "project"
    project.mkdir()
    (project / "app.py").write_text(code)
    paths = [str(Path(__file__).parents[2]), sysconfig.get_path("purelib")]
    return subprocess.run(  # noqa: S603 - petguard itself
        [python, "-m", "petguard", "scan", project, "-o", "json"],
        env={"PATH": str(folder / "nothing"), "PYTHONPATH": os.pathsep.join(paths), "HOME": str(folder)},
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=120,
    )


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        (None, "semgrep_missing"),
        ("kill -9 $$", "semgrep_failed"),
        ("echo '{}'", "semgrep_failed"),
        ("exit 0", "semgrep_failed"),
        ("echo no json", "semgrep_failed"),
    ],
)
def test_without_semgrep_nothing_passes(tmp_path: Path, script: str | None, reason: str) -> None:
    """Code that was not analysed is a gap; what can be seen without semgrep is still reported."""
    done = _without_semgrep(tmp_path / "bin", script, CALL.replace("patient.diagnosis", "question"))
    assert done.returncode == 4, done.stderr
    report = json.loads(done.stdout)
    assert [(gap["path"], gap["reason"]) for gap in report["coverage"]["gaps"]] == [("app.py", reason)]
    assert report["execution_status"] == "incomplete"
