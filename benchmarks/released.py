"""Time and memory of judging released tables, on generated ones.

    python benchmarks/released.py          one million rows for k, l and t; 100,000 rows and 20 columns for a leak

Each is judged in a process of its own; the time of reading the same file with the csv module alone stands beside it.
"""

import csv
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from petguard import verifiers
from petguard.artefacts import Artefacts
from petguard.claims import BY_TECHNIQUE
from petguard.model import Budget, Claim, Location

ROWS, WIDE_ROWS, WIDE_COLUMNS = 1_000_000, 100_000, 20
QUASI = ["age", "sex", "zip", "race", "education"]
CASES: dict[str, tuple[str, str, dict[str, object]]] = {
    "k": ("people.csv", "k_anonymity", {"k": 5}),
    "l": ("people.csv", "l_diversity", {"l": 2, "sensitive": ["diagnosis"]}),
    "t of categories": ("people.csv", "t_closeness", {"t": 0.3, "sensitive": ["diagnosis"]}),
    "t of numbers": ("people.csv", "t_closeness", {"t": 0.3, "sensitive": ["cost"]}),
    "support leak": ("synthetic.csv", "synthetic_data", {"private": "private.csv"}),
}


def _people(path: Path) -> None:
    draw = random.Random(1)  # noqa: S311 - a benchmark, not a secret
    _write(path, [*QUASI, "diagnosis", "cost"], ROWS, lambda: [
        draw.randrange(20, 80), draw.choice("fm"), draw.randrange(10_000, 10_100), draw.randrange(5),
        draw.randrange(8), draw.choice("abcdefgh"), draw.randrange(100_000),
    ])  # fmt: skip


def _wide(path: Path, seed: int) -> None:
    draw = random.Random(seed)  # noqa: S311 - a benchmark, not a secret
    head = [f"column{number}" for number in range(WIDE_COLUMNS)]
    _write(path, head, WIDE_ROWS, lambda: [draw.randrange(10**9) for _ in head])


def _write(path: Path, head: list[str], rows: int, row: Callable[[], list[object]]) -> None:
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(head)
        writer.writerows(row() for _ in range(rows))


def _judge(folder: Path, case: str) -> None:
    """Judge one claim, and say how long it took and how much memory the process used."""
    artefact, technique, said = CASES[case]
    quasi = {"quasi_identifiers": QUASI} if "private" not in said else {}
    statement = BY_TECHNIQUE[technique].model_validate({"artefact": artefact, **quasi, **said})
    claim = Claim(id="c", statement=statement, location=Location(path="p"), subject=artefact)
    bench = verifiers.Bench(Budget(), Artefacts(folder), datetime.now(UTC))
    verifiers.warm_up().join()
    started, busy = time.perf_counter(), time.process_time()
    (verdict,) = verifiers.judge_all([claim], bench)
    wall, cpu = time.perf_counter() - started, time.process_time() - busy
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    sys.stdout.write(f"{case:<18}{verdict.outcome:<14}{wall:7.2f} s  {cpu:6.2f} s CPU  {memory:5} MB")
    started = time.process_time()
    with (folder / artefact).open(newline="") as file:
        sum(1 for _ in csv.reader(file))
    sys.stdout.write(f"   csv alone {time.process_time() - started:5.2f} s\n")


def main() -> None:
    """Generate the tables, and judge each case in a fresh process."""
    if len(sys.argv) == 3:
        _judge(Path(sys.argv[1]), sys.argv[2])
        return
    with tempfile.TemporaryDirectory() as place:
        _people(Path(place, "people.csv"))
        _wide(Path(place, "private.csv"), 2)
        _wide(Path(place, "synthetic.csv"), 3)
        for case in CASES:
            subprocess.run([sys.executable, __file__, place, case], check=True)  # noqa: S603 - this very file


if __name__ == "__main__":
    main()
