"""Measures the verdict on attestation evidence, after imports, for each kind that the tests make.

    python benchmarks/attestations.py   the figures, each beside the target

It is the median of 25 verdicts.
"""

import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))  # the evidence is made by the tests

from petguard.claims import Expectation, TeeAttestation
from petguard.model import Claim, Location
from petguard.verifiers import judge_all
from tests.attestations import MAKERS, Made
from tests.benches import bench

_RUNS = 25
_TARGET = 50.0  # milliseconds


def measured(made: Made, folder: Path) -> tuple[float, float, str]:
    """Milliseconds of a verdict, the median and the worst, and the verdict."""
    expect = Expectation.model_validate(dict(made.expect))
    statement = TeeAttestation.model_validate({**made.files(folder), "expect": expect})
    claim = Claim(id="c", statement=statement, location=Location(path="c"), subject="c")
    (verdict,) = judge_all([claim], bench(root=folder))
    taken = []
    for _ in range(_RUNS):
        started = time.perf_counter()
        judge_all([claim], bench(root=folder))
        taken.append((time.perf_counter() - started) * 1000)
    return statistics.median(taken), max(taken), verdict.outcome


def main() -> None:
    """Print one line per kind."""
    for kind, make in MAKERS.items():
        with tempfile.TemporaryDirectory() as folder:
            median, worst, outcome = measured(make(), Path(folder))
        sys.stdout.write(f"{kind:<20}{median:7.1f} ms, worst {worst:.1f} ms  target {_TARGET:g} ms  {outcome}\n")


if __name__ == "__main__":
    main()
