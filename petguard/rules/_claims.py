"""Checks of claims: refuted, over budget, incomplete, contradictory or beyond checking."""

from collections.abc import Iterator, Mapping

from petguard.model import Claim, FlowResult, Outcome, Verdict
from petguard.policy import FAMILIES
from petguard.rules._evidence import Evidence, Hit
from petguard.rules._schema import ClaimTest


def check(test: ClaimTest, evidence: Evidence) -> Iterator[Hit]:
    """One hit per claim, or per hazard beside it. An unverifiable claim that is hit for being so is UNVERIFIED."""
    for claim in evidence.claims:
        verdict = evidence.verdicts[claim.id]
        if _matches(test, claim, verdict, evidence):
            yield from _hits(test, claim, verdict, evidence)


def _hits(test: ClaimTest, claim: Claim, verdict: Verdict, evidence: Evidence) -> Iterator[Hit]:
    dangers = [each for each in claim.dangers if each.hazard in (test.hazard or ())]
    for danger in dangers if test.hazard else (None,):
        yield Hit(
            identity=f"{claim.technique}|{claim.subject}" + (f"|{danger.hazard}" if danger else ""),
            location=danger.location if danger else claim.location,
            words={**_words(test, claim, verdict, evidence), "hazard": danger.detail if danger else ""},
            result=_result(test),
            claim=claim.id,
            remedy=", ".join(f"{key} = {value}" for key, value in sorted(verdict.remedy.items())),
        )


def _result(test: ClaimTest) -> FlowResult:
    return FlowResult.UNVERIFIED if test.outcome is Outcome.UNVERIFIABLE or test.reason else FlowResult.VIOLATION


def _matches(test: ClaimTest, claim: Claim, verdict: Verdict, evidence: Evidence) -> bool:
    return (
        (test.technique is None or any(_is_of(claim.technique, name) for name in test.technique))
        and (test.outcome is None or verdict.outcome is test.outcome)
        and (test.reason is None or verdict.reason in test.reason)
        and (test.states is None or claim.stated.get(test.states) is not None)
        and (test.missing is None or _is_missing(test.missing, claim))
        and (test.conflicts is None or bool(claim.conflicts))
        and (test.hazard is None or any(each.hazard in test.hazard for each in claim.dangers))
        and (test.over_budget is None or _is_over(test.over_budget, claim, verdict, evidence))
    )


def _is_of(technique: str, name: str) -> bool:
    return technique == name or technique in FAMILIES.get(name, ())


def _is_missing(field: str, claim: Claim) -> bool:
    """Whether nothing at all was said about a field; a value that could not be read is not missing."""
    known = field in type(claim.statement).model_fields
    return known and getattr(claim.statement, field) is None and field not in claim.unresolved


def _is_over(field: str, claim: Claim, verdict: Verdict, evidence: Evidence) -> bool:
    """Whether the stated or the computed value is above the budget; a value nobody knows is not shown to be."""
    budget = getattr(evidence.policy.budgets, field)
    if budget is None or field not in claim.statement.guarantees:
        return False
    return any(value > budget for value in _spent(field, claim, verdict))


def _spent(field: str, claim: Claim, verdict: Verdict) -> Iterator[float]:
    if (stated := claim.stated.get(field)) is not None:
        yield stated
    if field == "epsilon" and verdict.interval is not None and verdict.interval[0] is not None:
        yield verdict.interval[0]


def _words(test: ClaimTest, claim: Claim, verdict: Verdict, evidence: Evidence) -> Mapping[str, str]:
    budget = getattr(evidence.policy.budgets, test.over_budget or "epsilon")
    said = {field: claim.stated.get(field) for field in ("epsilon", "delta")}
    spent = max(_spent("epsilon", claim, verdict), default=None)
    return {
        "technique": claim.technique,
        "subject": claim.subject,
        "explanation": verdict.explanation,
        "epsilon": "unknown" if spent is None else f"{spent:g}",
        "delta": "unknown" if said["delta"] is None else f"{said['delta']:g}",
        "budget": "none" if budget is None else f"{budget:g}",
        "reason": (verdict.reason or "none").replace("_", " "),
        "conflicts": "; ".join(f"{field}: {_both(each)}" for field, each in sorted(claim.conflicts.items())),
    }


def _both(conflict: object) -> str:
    """What was found and what was stated, in the words of whoever joined the two."""
    return (
        ", ".join(f"{key.replace('_', ' ')} {value}" for key, value in conflict.items())
        if isinstance(conflict, dict)
        else str(conflict)
    )
