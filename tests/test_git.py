"""Asking git what a project ignores, without running anything the project names."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from petguard import git
from petguard.collect import Candidate, Interest, collect

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="needs git")


def run(folder: Path, *arguments: str) -> None:
    """Run git as the author of a tree would."""
    identity = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "HOME": str(folder)}
    git_program = shutil.which("git") or "git"
    subprocess.run([git_program, *arguments], cwd=folder, env=os.environ | identity, check=True, capture_output=True)  # noqa: S603


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A repository with a tracked, an ignored and an untracked file."""
    run(tmp_path, "init", "-q")
    (tmp_path / ".gitignore").write_text("*.log\nout/\n")
    for name in ("kept.log", "app.py", "new.log", "out/x/y.py", "src/deep.log", "src/b.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    run(tmp_path, "add", "-f", "kept.log", ".gitignore")
    return tmp_path


def take_all(_: Candidate) -> Interest:
    """Every file is fine."""
    return Interest.CLEAR


def test_untracked_ignored_paths_are_listed(tree: Path) -> None:
    """A whole ignored folder is one entry; a tracked file is never ignored."""
    assert git.ignored(tree) == {"new.log", "out", "src/deep.log"}


def test_paths_are_relative_to_the_folder_asked(tree: Path) -> None:
    """Asked about a sub-folder, git speaks of that sub-folder."""
    assert git.ignored(tree / "src") == {"deep.log"}


def test_an_ignored_folder_that_is_named_is_scanned(tree: Path) -> None:
    """Who names an ignored folder wants it scanned."""
    assert git.ignored(tree / "out") == frozenset()


def test_outside_a_repository_nothing_is_ignored(tmp_path: Path) -> None:
    """Without a repository more is scanned, not less."""
    (tmp_path / ".gitignore").write_text("*\n")
    assert git.ignored(tmp_path) == frozenset()


def test_without_git_nothing_is_ignored(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing program is no reason to look at less."""
    monkeypatch.setenv("PATH", str(tree))
    assert git.ignored(tree) == frozenset()


def test_the_callers_git_variables_are_not_inherited(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Inside a hook git points its variables at another index; the answer must not change."""
    monkeypatch.setenv("GIT_DIR", str(tree / "nowhere"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tree / "nowhere"))
    assert "new.log" in git.ignored(tree)


def test_ignored_files_are_kept_out_and_listed(tree: Path) -> None:
    """The report says how many paths .gitignore kept out."""
    found = collect([tree], {"all": take_all})
    assert [file.path for file in found.files] == [".gitignore", "app.py", "kept.log", "src/b.py"]
    assert found.excluded == (".git/ (1)", ".gitignore (3)")


def test_names_with_odd_bytes_are_understood(tree: Path) -> None:
    """Line ends and non-text bytes in names do not split an entry."""
    name = os.fsdecode(b"a\nb\xff.log")
    (tree / name).write_text("x")
    assert name in git.ignored(tree)


def test_a_hostile_tree_runs_nothing(tree: Path) -> None:
    """A monitor, hooks and filters planted in the tree's own configuration stay unexecuted."""
    alarm = tree.parent / f"{tree.name}-alarm"
    script = tree / "evil.sh"
    script.write_text(f"#!/bin/sh\ntouch '{alarm}'\ncat\n")
    script.chmod(0o755)
    for name in ("pre-commit", "post-index-change", "fsmonitor-watchman"):
        shutil.copy(script, tree / ".git" / "hooks" / name)
    keys = ["core.fsmonitor", "core.sshCommand", "core.pager", "core.askPass", "diff.external", "filter.e.clean"]
    for key in [*keys, "filter.e.smudge", "filter.e.process", "diff.e.textconv", "credential.helper"]:
        run(tree, "config", key, str(script))
    (tree / ".gitattributes").write_text("* filter=e diff=e\n")
    os.utime(tree / "kept.log")
    assert "new.log" in git.ignored(tree)
    assert not alarm.exists()
    run(tree, "status")
    assert alarm.exists(), "the trap itself works"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_tree_of_another_user_is_read(tree: Path) -> None:
    """In containers and CI the checkout often belongs to somebody else."""
    for path in [tree, *tree.rglob("*")]:
        os.chown(path, 12345, 12345)
    assert "new.log" in git.ignored(tree)


def test_a_repository_inside_the_tree_is_not_ignored(tree: Path) -> None:
    """An embedded checkout that no pattern names is scanned like any other folder."""
    (tree / "inner").mkdir()
    run(tree / "inner", "init", "-q")
    (tree / "inner" / "app.py").write_text("x")
    assert git.ignored(tree) == {"new.log", "out", "src/deep.log"}


def test_a_partial_clone_fetches_nothing(tree: Path) -> None:
    """An object that is missing would be fetched with the upload program that the tree's configuration names."""
    program, witness = tree / "upload", tree / "ran"
    program.write_text(f"#!/bin/sh\ntouch '{witness}'\n")
    program.chmod(0o755)
    run(tree, "update-index", "--skip-worktree", ".gitignore")  # so that git reads the file from its objects
    (tree / ".gitignore").unlink()
    for blob in (tree / ".git" / "objects").glob("??/*"):
        blob.unlink()
    settings = {"repositoryformatversion": ("core", "1"), "partialClone": ("extensions", "origin")}
    remote = {"url": str(tree), "promisor": "true", "uploadpack": str(program)}
    settings |= {name: ("remote.origin", value) for name, value in remote.items()}
    for name, (section, value) in settings.items():
        run(tree, "config", f"{section}.{name}", value)
    assert (git.ignored(tree), witness.exists()) == (frozenset(), False)
