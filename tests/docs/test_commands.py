"""Every command that the documentation shows is run here, and ends as the page says."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

HOME = Path(__file__).parents[2]
PAGES = [HOME / "README.md", *sorted((HOME / "docs").rglob("*.md"))]

_BLOCK = re.compile(r"(?ms)^(?P<before>[^\n]*)\n```(?:console|bash|sh|shell)\n(?P<text>.*?)^```$")
_NOT_RUN = re.compile(r"<!-- not run: (?P<reason>\S.{10,}) -->")
_EXIT = re.compile(r"#\s*exit (?P<code>\d+)\s*$")


@dataclass(frozen=True)
class Command:
    """One shell command of a page, and the exit code that the page promises (0 unless it says so)."""

    text: str
    code: int


def blocks(page: Path) -> Iterator[tuple[str, str]]:
    """The line before each block of commands, and the block."""
    for match in _BLOCK.finditer(page.read_text("utf-8")):
        yield match["before"], match["text"]


def commands() -> Iterator[Command]:
    """Every command that is not excused, once."""
    for page in PAGES:
        for before, block in blocks(page):
            if not before.startswith("<!--"):
                yield from map(_command, block.splitlines())


def _command(line: str) -> Command:
    promised = _EXIT.search(line)
    return Command(_EXIT.sub("", line).removeprefix("$ ").strip(), int(promised["code"]) if promised else 0)


COMMANDS = list(dict.fromkeys(commands()))


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that looks like this repository and may be written to."""
    place = tmp_path_factory.mktemp("checkout")
    shutil.copytree(HOME / "examples", place / "examples")
    for name in ("benchmarks", "docs", "README.md"):
        (place / name).symlink_to(HOME / name)
    return place


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.text)
def test_a_documented_command_ends_as_documented(command: Command, checkout: Path) -> None:
    """What a reader types gives what the page says; a generated page that is out of date fails here too."""
    programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(  # noqa: S603 - commands of this repository's own pages
        shlex.split(command.text),
        env={"PATH": programs, "HOME": str(checkout), "XDG_CACHE_HOME": str(checkout / "cache")},
        cwd=checkout,
        capture_output=True,
        encoding="utf-8",
        timeout=300,
        check=False,
        executable=shutil.which(shlex.split(command.text)[0], path=programs),
    )
    assert done.returncode == command.code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_command_that_is_not_run_has_a_reason(page: Path) -> None:
    """Nothing is left out of this test without a word."""
    assert all(_NOT_RUN.fullmatch(before) for before, _ in blocks(page) if before.startswith("<!--"))


def test_there_are_commands() -> None:
    """An empty list of commands would pass everything above."""
    assert len(COMMANDS) >= 10


def test_the_tests_are_run_as_the_readme_says() -> None:
    """CI takes the first block with pytest out of the README; it must be the one that installs and tests."""
    first = next(block for _, block in blocks(HOME / "README.md") if "pytest" in block)
    assert first == "python -m pip install -e '.[dev]' && python -m pytest\n"
