"""What people install is what was tested: the wheel without its sources, and the pre-commit hook."""

import os
import re
import subprocess
import sys
import tomllib
import venv
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from petguard.documents import read_yaml

HOME = Path(__file__).parents[1]


def run(*command: str | Path, cwd: Path, env: Mapping[str, str] | None = None) -> "subprocess.CompletedProcess[str]":
    """Run a program; its output is part of the failure when it fails in an unexpected way."""
    return subprocess.run(  # noqa: S603 - programs this test names
        list(map(str, command)),
        cwd=cwd,
        env=dict(os.environ) | dict(env or {}),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=900,
        check=False,
    )


def yaml(name: str) -> Any:
    """A YAML file of this repository."""
    return read_yaml((HOME / name).read_text("utf-8")).value


def steps(name: str) -> list[Mapping[str, Any]]:
    """All steps of a workflow or an action."""
    document = yaml(name)
    jobs = [document["runs"]] if "runs" in document else document["jobs"].values()
    return [step for job in jobs for step in job["steps"]]


@pytest.mark.parametrize("name", ["action.yml", ".github/workflows/ci.yml"])
def test_actions_are_pinned_by_commit(name: str) -> None:
    """A tag can be moved to other code; a commit cannot."""
    used = [step["uses"] for step in steps(name) if "uses" in step]
    assert used
    assert all(re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", action) for action in used)


@pytest.mark.parametrize("name", ["action.yml", ".github/workflows/ci.yml"])
def test_no_script_holds_an_expression(name: str) -> None:
    """An expression inside a script is text of a stranger run as code."""
    scripts = [step["run"] for step in steps(name) if "run" in step]
    assert scripts
    assert not any("${{" in script for script in scripts)


def test_the_workflow_may_do_nothing_it_does_not_need() -> None:
    """No permission by default, and no credentials left in the checkout."""
    workflow = yaml(".github/workflows/ci.yml")
    assert workflow["permissions"] == {}
    assert workflow["jobs"]["check"]["permissions"] == {"contents": "read"}
    assert workflow["jobs"]["check"]["steps"][0]["with"]["persist-credentials"] is False


def test_the_hook_sees_the_whole_project_once() -> None:
    """Flows cross files, so pieces of a project in parallel would prove nothing."""
    (hook,) = yaml(".pre-commit-hooks.yaml")
    assert (hook["pass_filenames"], hook["require_serial"]) == (False, True)


def test_the_version_stands_in_two_places_and_is_one() -> None:
    """The package and its metadata agree."""
    metadata = tomllib.loads((HOME / "pyproject.toml").read_text("utf-8"))
    assert f'__version__ = "{metadata["project"]["version"]}"' in (HOME / "petguard" / "__init__.py").read_text("utf-8")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout, built as for a release: through the source distribution."""
    place = tmp_path_factory.mktemp("dist")
    built = run(sys.executable, "-m", "build", "--outdir", place, cwd=HOME)
    assert built.returncode == 0, built.stdout
    return next(place.glob("*.whl"))


@pytest.mark.slow
def test_the_wheel_holds_rules_templates_and_examples(wheel: Path) -> None:
    """Every shipped file, by the number in the checkout, and no test."""
    names = zipfile.ZipFile(wheel).namelist()
    assert not [name for name in names if not name.startswith(("petguard/", "petguard-"))]
    for folder in ("rules", "reports/templates", "examples"):
        tracked = run("git", "ls-files", folder, cwd=HOME).stdout.split()
        assert {f"petguard/_data/{name}" for name in tracked} <= set(names)
        assert tracked
    assert "petguard/py.typed" in names


@pytest.mark.slow
def test_the_wheel_works_without_the_sources(wheel: Path, tmp_path: Path) -> None:
    """Installed elsewhere, run elsewhere: the demo finds its data and its findings."""
    venv.create(tmp_path / "venv", with_pip=True)
    program = tmp_path / "venv" / "bin"
    installed = run(program / "python", "-m", "pip", "install", "--quiet", wheel, cwd=tmp_path)
    assert installed.returncode == 0, installed.stdout
    demo = run(program / "petguard", "demo", cwd=tmp_path)
    assert demo.returncode == 0, demo.stdout
    assert "PG2" in demo.stdout
    page = run(program / "petguard", "scan", tmp_path / "venv" / "bin" / "activate", "-o", "html", cwd=tmp_path)
    assert page.returncode in (0, 3), page.stdout


@pytest.mark.slow
def test_the_hook_stops_a_commit(tmp_path: Path) -> None:
    """The real pre-commit installs this checkout's last commit, and a violation fails the commit."""
    project, env = tmp_path / "project", {"PRE_COMMIT_HOME": str(tmp_path / "cache"), "GIT_CONFIG_GLOBAL": os.devnull}
    project.mkdir()
    revision = run("git", "rev-parse", "HEAD", cwd=HOME).stdout.strip()
    (project / ".pre-commit-config.yaml").write_text(
        f"repos: [{{repo: '{HOME}', rev: '{revision}', hooks: [{{id: petguard}}]}}]\n"
    )
    (project / "app.py").write_text(
        "import openai\n\n\ndef ask(email: str) -> str:\n"
        '    return openai.OpenAI().chat.completions.create(model="m", messages=[{"content": email}])\n'
    )
    for command in (("init", "-q"), ("add", ".")):
        assert run("git", *command, cwd=project, env=env).returncode == 0
    hook = [sys.executable, "-m", "pre_commit", "run", "--all-files"]
    stopped = run(*hook, cwd=project, env=env)
    assert (stopped.returncode, "PG201" in stopped.stdout) == (1, True), stopped.stdout
    (project / "app.py").write_text("total = 1 + 1\n")
    passed = run(*hook, cwd=project, env=env)
    assert passed.returncode == 0, passed.stdout
