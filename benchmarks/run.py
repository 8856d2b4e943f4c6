"""Measures petguard: start-up, the demo, a cold scan of a source tree, and how that compares with others.

    python benchmarks/run.py path/to/django [--runs 5] [--peer "agentbom scan"]
    python benchmarks/run.py --download

The others are semgrep alone with petguard's rules, and an inventory tool: `agentbom` (pip install ai-agentbom) when it
is installed, or any command that takes the path as its last word. Times are medians of all runs; processor time is
that of the process and its children, the peak that of the largest of them (Linux, macOS).
"""

import argparse
import os
import shlex
import shutil
import statistics
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from petguard import _shipped

SOURCE = "django==5.2.19"
_KIBIBYTE = 1 if sys.platform != "darwin" else 1024  # ru_maxrss counts kilobytes on Linux, bytes on macOS


@dataclass(frozen=True)
class Figure:
    """The median wall and processor time, the largest peak and the exit codes of some equal runs."""

    seconds: float
    processor: float
    peak_mb: float
    codes: frozenset[int]

    @property
    def columns(self) -> str:
        """The figures, right-aligned."""
        codes = ", ".join(map(str, sorted(self.codes)))
        return f"{self.seconds:7.2f} s {self.processor:7.2f} CPU s {self.peak_mb:6.0f} MB  exit {codes}"


def measure(command: Sequence[str], runs: int) -> Figure:
    """Run `command` several times, output thrown away."""
    results = [_once(command) for _ in range(runs)]
    return Figure(
        seconds=statistics.median(seconds for seconds, *_ in results),
        processor=statistics.median(used for _, used, *_ in results),
        peak_mb=max(peak for *_, peak, _ in results),
        codes=frozenset(code for *_, code in results),
    )


def _once(command: Sequence[str]) -> tuple[float, float, float, int]:
    with tempfile.TemporaryDirectory() as place:  # some tools write their report into the current folder
        started = time.perf_counter()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=place)  # noqa: S603
        _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    used = usage.ru_utime + usage.ru_stime
    return time.perf_counter() - started, used, usage.ru_maxrss / _KIBIBYTE / 1024, process.returncode


def download(folder: Path) -> Path:
    """The source tree of a large project, from the package index."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:"]
    subprocess.run([*command, "--dest", str(folder), SOURCE], check=True)  # noqa: S603
    with tarfile.open(next(folder.glob("*.tar.gz"))) as archive:
        archive.extractall(folder, filter="data")
    return next(path for path in folder.iterdir() if path.is_dir())


def main() -> None:
    """Print one line per figure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tree", nargs="?", type=Path, help="source tree to scan")
    parser.add_argument("--download", action="store_true", help=f"fetch {SOURCE} with pip and scan that")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--peer", default="agentbom scan", help="command of an inventory tool to compare with")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        tree = download(Path(place)) if given.download else given.tree and given.tree.resolve()
        _report(tree, given.runs, given.peer)


def _report(tree: Path | None, runs: int, peer: str) -> None:
    petguard = [sys.executable, "-m", "petguard"]
    _line("petguard --help", measure([*petguard, "--help"], runs))
    _line("petguard demo", measure([*petguard, "demo"], runs))
    if tree is None:
        return
    files = sum(path.is_file() for path in tree.rglob("*"))
    scan = measure([*petguard, "scan", "--no-cache", "--quiet", str(tree)], runs)
    _line(f"petguard scan {tree.name} ({files:,} files)", scan)
    for name, command in (("semgrep, same rules", _semgrep(tree)), (peer, [*shlex.split(peer), str(tree)])):
        if shutil.which(command[0]) is None:
            sys.stdout.write(f"{name}: not installed\n")
            continue
        other = measure(command, runs)
        _line(f"{name} on {tree.name}", other)
        ratio = scan.processor / other.processor
        sys.stdout.write(f"{f'ratio of processor times, petguard to {name}':<58}{ratio:7.2f}\n")


def _semgrep(tree: Path) -> list[str]:
    beside = Path(sys.executable).with_name("semgrep")
    program = str(beside) if beside.exists() else shutil.which("semgrep") or "semgrep"
    options = ["--experimental", "--json", "--metrics", "off", "--disable-version-check", "--no-git-ignore"]
    return [program, "scan", *options, "--config", str(_shipped.folder("rules/code/python")), str(tree)]


def _line(what: str, figure: Figure) -> None:
    sys.stdout.write(f"{what:<58}{figure.columns}\n")


if __name__ == "__main__":
    main()
