"""Measures the search behind pseudonyms: hashes a second, and whether it stops at its budget.

    python benchmarks/inversion.py [--seconds 5]

The column holds digests that no space contains, so the whole budget is used: the worst case of a claim.
"""

import argparse
import hashlib
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from petguard.artefacts import Artefacts
from petguard.claims import Pseudonymisation
from petguard.model import Budget, Claim, Location
from petguard.verifiers import Allowance, Bench, judge_all
from petguard.verifiers._digests import Hash, Recipe
from petguard.verifiers._inversion import Search
from petguard.verifiers._spaces import spaces

_ROWS = 100_000


def speed(seconds: float) -> None:
    """How many candidates are hashed in a second, and how far beyond its time the search runs."""
    for name in ("md5", "sha1", "sha256", "sha512"):
        search = Search(frozenset({b""}), 32, Allowance(), most_seconds=seconds, most_hashes=10**12)
        search.through(spaces("ssn", datetime.now(UTC).date()), [Recipe(name, _hash(name))])
        took = search.seconds
        sys.stdout.write(
            f"{name:<8}{search.tried / took / 1e6:6.2f} million/s, stopped after {took:.3f} s of {seconds:g}\n"
        )


def _hash(name: str) -> Hash:
    make = getattr(hashlib, name)
    return lambda value: bytes(make(value).digest())


def claim() -> None:
    """One claim about a released file of many rows that gives nothing away."""
    with tempfile.TemporaryDirectory() as place:
        rows = (hashlib.sha256(f"{number} is in no space".encode()).hexdigest() for number in range(_ROWS))
        Path(place, "out.csv").write_text("user_hash\n" + "\n".join(rows) + "\n", "utf-8")
        said = Claim(
            id="c", statement=Pseudonymisation(artefact="out.csv", column="user_hash", method="hash"),
            location=Location(path="petguard.yaml"), subject="out.csv",
        )  # fmt: skip
        started = time.perf_counter()
        (verdict,) = judge_all([said], Bench(Budget(), Artefacts(Path(place)), datetime.now(UTC)))
        took = time.perf_counter() - started
        sys.stdout.write(f"a claim about {_ROWS:,} rows: {took:.2f} s, {verdict.outcome}\n  {verdict.explanation}\n")


def main() -> None:
    """Print one line per figure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=2.0)
    speed(parser.parse_args().seconds)
    claim()


if __name__ == "__main__":
    main()
