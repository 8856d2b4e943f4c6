"""Checks of what is declared: rows of the comparison of declarations with what was found."""

from collections.abc import Iterator

from petguard import rows
from petguard.comparison import Compared
from petguard.model import Confidence, FlowResult, Location
from petguard.rules._evidence import Evidence, Hit, related
from petguard.rules._schema import DeclaredTest


def check(test: DeclaredTest, evidence: Evidence) -> Iterator[Hit]:
    """One hit per row, where the code is if it has a say, else where the declaration is."""
    for row in evidence.comparison.rows:
        if row.subject in test.subject and row.verdict in test.verdict:
            yield _hit(row, evidence)


def _hit(row: Compared, evidence: Evidence) -> Hit:
    here, *others = _places(row)
    flows = [evidence.flow_ids.get(flow.key) for flow in row.flows]
    surest = max((rows.confidence(flow) for flow in row.flows), key=lambda each: each.rank, default=Confidence.HIGH)
    return Hit(
        identity=f"{row.subject}|{row.what}",
        location=here[0],
        words=_words(row),
        result=FlowResult.UNKNOWN if row.doubtful else FlowResult.VIOLATION,
        related=related(others),
        flows=tuple(dict.fromkeys(flow for flow in flows if flow is not None)),
        categories=row.categories,
        confidence=min(surest, row.sure, key=lambda each: each.rank),
    )


def _places(row: Compared) -> Iterator[tuple[Location, str]]:
    """What is wrong in code is shown in code; that a column is no personal data is wrong where it is declared."""
    declared = [(place, "declared here") for place in row.declared]
    found = [(place, "found here") for place in row.detected]
    return iter([*found, *declared] if row.about_code else [*declared, *found])


def _words(row: Compared) -> dict[str, str]:
    return {
        "what": row.what,
        "why": row.why,
        "categories": ", ".join(row.categories) or "personal data",
        "recipient": row.recipient.name if row.recipient else "nobody",
        "declared_in": ", ".join(dict.fromkeys(place.path for place in row.declared)) or "no file",
        "times": f"in {len(row.detected):,} place{'' if len(row.detected) == 1 else 's'}",
    }
