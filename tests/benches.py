"""What the tests give to verifiers beside the claim."""

from datetime import UTC, datetime
from pathlib import Path

from petguard.artefacts import Artefacts
from petguard.model import Budget
from petguard.verifiers import Bench

NOWHERE = Path("/nonexistent")


def bench(budget: Budget | None = None, root: Path = NOWHERE, now: datetime | None = None) -> Bench:
    """No budget, no files and the first of January 2026, unless said otherwise."""
    return Bench(budget or Budget(), Artefacts(root), now or datetime(2026, 1, 1, tzinfo=UTC))
