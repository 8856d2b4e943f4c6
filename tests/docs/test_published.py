"""The table of published numbers in the documentation is what its command prints."""

import re
import subprocess
import sys
from pathlib import Path

HOME = Path(__file__).parents[2]
PAGE = HOME / "docs" / "verification.md"
COMMAND = (sys.executable, str(HOME / "benchmarks" / "published.py"))


def rounded(text: str) -> list[str]:
    """The lines, with three digits of every number: the fourth may differ between machines."""
    return [re.sub(r"\d+\.\d+", lambda found: f"{float(found[0]):.3g}", line) for line in text.splitlines()]


def test_the_page_holds_what_the_command_prints(tmp_path: Path) -> None:
    """Write it anew with `python benchmarks/published.py --write docs/verification.md`."""
    copy = tmp_path / "page.md"
    copy.write_text(PAGE.read_text("utf-8"), "utf-8")
    subprocess.run([*COMMAND, "--write", str(copy)], check=True)  # noqa: S603 - our own program
    assert rounded(copy.read_text("utf-8")) == rounded(PAGE.read_text("utf-8"))


def test_a_page_without_a_place_for_the_table_is_left_alone(tmp_path: Path) -> None:
    """The markers are missing, and the command says so."""
    page = tmp_path / "page.md"
    page.write_text("nothing here\n", "utf-8")
    run = subprocess.run([*COMMAND, "--write", str(page)], capture_output=True, encoding="utf-8", check=False)  # noqa: S603 - our own program
    assert run.returncode == 1
    assert "0 places" in run.stderr
    assert page.read_text("utf-8") == "nothing here\n"
