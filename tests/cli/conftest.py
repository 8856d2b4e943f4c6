"""Runs the real program in a scrubbed environment, on projects built by the tests."""

import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

VIOLATING = """\
import openai


def ask(patient_email: str) -> str:
    client = openai.OpenAI()
    return client.chat.completions.create(model="gpt-4o", messages=[{"role": "user", "content": patient_email}])
"""
UNREAD = "fetch('https://api.openai.com/v1/chat/completions')\n"


Program = Callable[..., "subprocess.CompletedProcess[str]"]
Project = Callable[..., Path]


@pytest.fixture(scope="session")
def petguard(tmp_path_factory: pytest.TempPathFactory) -> Program:
    """The program, with nothing of the caller's environment but the path; `code` runs instead of `-m petguard`."""
    home = tmp_path_factory.mktemp("home")
    clean = {"PATH": os.environ["PATH"], "HOME": str(home), "XDG_CACHE_HOME": str(home / "cache")}

    def run(
        *arguments: str | Path, env: Mapping[str, str] | None = None, code: str | None = None
    ) -> "subprocess.CompletedProcess[str]":
        start: Sequence[str] = ["-m", "petguard"] if code is None else ["-c", code]
        return subprocess.run(  # noqa: S603 - petguard itself
            [sys.executable, *start, *map(str, arguments)],
            env=clean | dict(env or {}),
            cwd=home,
            capture_output=True,
            encoding="utf-8",
            timeout=300,
            check=False,
        )

    return run


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Makes projects: `app_py="..."` is a file `app.py`."""

    def make(**files: str) -> Path:
        folder = tmp_path_factory.mktemp("project")
        for name, content in files.items():
            (folder / ".".join(name.rsplit("_", 1))).write_text(content, "utf-8")
        return folder

    return make


@pytest.fixture(scope="session")
def violating(project: Project) -> Path:
    """Personal data reaches an AI service."""
    return project(app_py=VIOLATING)


@pytest.fixture(scope="session")
def clean(project: Project) -> Path:
    """Python without AI or personal data."""
    return project(app_py="total = 1 + 1\n")


@pytest.fixture(scope="session")
def incomplete(project: Project) -> Path:
    """AI use in a language petguard does not read."""
    return project(app_py="total = 1 + 1\n", web_scala=UNREAD)
