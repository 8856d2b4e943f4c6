"""Checks of the ledgers: what all releases about a data set, or about one kind of person, spend together."""

from collections.abc import Iterator

from petguard.model import Balance, FlowResult, Location
from petguard.report import Ledger, LedgerRow
from petguard.rules._evidence import Evidence, Hit, related
from petguard.rules._schema import LedgerTest


def check(test: LedgerTest, evidence: Evidence) -> Iterator[Hit]:
    """One hit per ledger, at the release that broke the budget, or else at the last one; the others are related."""
    for ledger in evidence.ledgers:
        if ledger.balance in test.balance and ledger.releases:
            yield _hit(ledger)


def _hit(ledger: Ledger) -> Hit:
    broke = next((row for row in ledger.releases if row.claim == ledger.broke), ledger.releases[-1])
    others = [(_place(row), "another release about it") for row in ledger.releases if row is not broke]
    budget, low = ledger.budget, ledger.interval[0]
    return Hit(
        identity=f"{ledger.kind}|{ledger.about}",
        location=_place(broke),
        words={
            "about": ledger.about,
            "explanation": ledger.explanation,
            "budget": "none" if budget is None or budget.epsilon is None else f"{budget.epsilon:g}",
            "epsilon": "unknown" if low is None else f"{low:.4g}",
            "release": f"{broke.technique} at {broke.location.path}:{broke.location.line}",
        },
        result=FlowResult.VIOLATION if ledger.balance is Balance.EXCEEDED else FlowResult.UNVERIFIED,
        related=related(others),
        claim=broke.claim,
        remedy=", ".join(f"{key} = {value}" for key, value in ledger.remedy.items()),
    )


def _place(row: LedgerRow) -> Location:
    return Location(path=row.location.path, line=row.location.line)
