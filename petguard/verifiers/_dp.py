"""What the verifiers of numeric privacy claims share: naming what is missing, and writing numbers down."""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_CEILING, ROUND_FLOOR, Context

from petguard.claims import DpPsi, DpSgd, DpStatement
from petguard.model import Budget, Claim, Json, Outcome, Reason, Verdict, unverifiable

Interval = tuple[float | None, float | None]


@dataclass(frozen=True)
class Enclosure:
    """Sound bounds on the true epsilon, and how they were come by: `setting` says in words what was computed for."""

    low: float
    high: float
    setting: str
    method: str
    assumptions: tuple[str, ...] = ()
    witness: Json = field(default_factory=dict)  # what a refutation shows besides the bound


def decide(claim: Claim, found: Enclosure, epsilon: float, delta: float | None, remedy: Json) -> Verdict:
    """Verified when the upper bound meets the stated epsilon, refuted when the lower one exceeds it, else a gap."""
    at = "" if delta is None else f" at delta {number(delta)}"
    claimed, reason = f"{at}, claimed {number(epsilon)}", None
    if found.high <= epsilon:
        outcome, gives = Outcome.VERIFIED, at_most(found.high, epsilon)
    elif found.low > epsilon:
        outcome, gives = Outcome.REFUTED, at_least(found.low, epsilon)
    else:
        outcome, reason = Outcome.UNVERIFIABLE, Reason.GAP
        gives, claimed = f"{at_least(found.low)} and {at_most(found.high)}", f"{claimed}, which lies between"
    bound: Json = {"epsilon_at_least": found.low if math.isfinite(found.low) else "infinite"}
    bound = bound if delta is None else {**bound, "delta": delta}
    return Verdict(
        claim=claim.id, outcome=outcome, reason=reason, explanation=f"{found.setting} gives {gives}{claimed}",
        method=found.method, interval=interval(found.low, found.high),
        assumptions=(*found.assumptions, *contradictions(claim)),
        witness={**bound, **found.witness} if outcome is Outcome.REFUTED else {}, remedy=remedy,
    )  # fmt: skip


def show(claim: Claim, found: Enclosure, wanted: Sequence[str], delta: float | None) -> Verdict:
    """Unverifiable because nothing is claimed (`wanted` is missing), with what the parameters give."""
    at = "" if delta is None else f" at delta {number(delta)}"
    gives = f"{found.setting} gives {at_least(found.low)}, {at_most(found.high)}{at}"
    verdict = cannot_judge(claim, wanted, gives, method=found.method)
    assumptions = (*found.assumptions, *contradictions(claim))
    return verdict.model_copy(update={"interval": interval(found.low, found.high), "assumptions": assumptions})


def delta(said: DpSgd | DpPsi) -> float | None:
    """The stated delta, else the usual 1 / (10 N) of data with N rows."""
    return said.delta or (1 / (10 * said.dataset_size) if said.dataset_size else None)


def contributions(said: DpStatement) -> tuple[int, float]:
    """The least and the most contributions that one protected unit has; infinity where nothing bounds a user's.

    A claim that names no unit but a number of contributions may mean either, so both are kept.
    """
    if said.unit == "user":
        return said.contributions or 1, said.contributions or math.inf
    return 1, 1 if said.unit == "example" else said.contributions or 1


def target(epsilon: float, delta: float | None, budget: Budget) -> tuple[float, float | None]:
    """What a remedy has to meet: the claim, and the policy's budget where that is stricter."""
    strict = delta if budget.delta is None or delta is None else min(delta, budget.delta)
    return min(epsilon, budget.epsilon or epsilon), strict


def interval(low: float, high: float) -> Interval:
    """The interval as a verdict holds it: None for a side that is infinite."""
    return (low if math.isfinite(low) else None, high if math.isfinite(high) else None)


def finite(value: float) -> bool:
    """Whether the value may stand in a verdict; infinities and NaN have no place in JSON."""
    return math.isfinite(value)


def number(value: float) -> str:
    """A stated number as it was stated."""
    return f"{value:.15g}"


def at_most(epsilon: float, claimed: float = math.inf) -> str:
    """An upper bound in words, rounded up, but not above a claim that it meets."""
    if not math.isfinite(epsilon):
        return "no bound on epsilon"
    rounded = _roundings(epsilon, ROUND_CEILING)
    return f"epsilon at most {next((n for n in rounded if float(n) <= claimed or epsilon > claimed), repr(epsilon))}"


def at_least(epsilon: float, claimed: float = 0.0) -> str:
    """A lower bound in words, rounded down, but not to a claim that it exceeds."""
    if not math.isfinite(epsilon):
        return "no finite epsilon"
    rounded = _roundings(epsilon, ROUND_FLOOR)
    return f"epsilon at least {next((n for n in rounded if float(n) > claimed or epsilon <= claimed), repr(epsilon))}"


def _roundings(value: float, direction: str) -> Iterator[str]:
    """The value with five digits and with more and more."""
    for digits in range(5, 16):
        yield f"{float(Context(prec=digits, rounding=direction).create_decimal_from_float(value)):.{digits}g}"


def cannot_judge(claim: Claim, wanted: Sequence[str], extra: str = "", *, method: str = "none") -> Verdict:
    """Unverifiable because `wanted` (a field, or `this or that`) is missing, or not a constant where it is written."""
    dynamic = {name: claim.unresolved[name] for item in wanted for name in _fields(item) if name in claim.unresolved}
    if dynamic:
        why = ", ".join(f"{name} ({text})" for name, text in dynamic.items())
        reason, what = Reason.DYNAMIC_VALUE, f"not a constant in the scanned files: {why}"
    else:
        reason, what = Reason.MISSING_PARAMETER, f"not stated: {', '.join(wanted)}"
    return unverifiable(claim, reason, f"{what}; {extra or 'state it in the claim'}", method=method)


def dynamic(claim: Claim, names: Iterable[str]) -> tuple[str, ...]:
    """Those of the fields that are set in the scanned files, to what is no constant there."""
    return tuple(name for name in names if getattr(claim.statement, name) is None and name in claim.unresolved)


def contradictions(claim: Claim) -> Iterable[str]:
    """One assumption per field that is stated differently in two places."""
    return (
        f"{name} is stated in two ways ({what}); the value judged here is the one used"
        for name, what in claim.conflicts.items()
    )


def _fields(item: str) -> list[str]:
    return [word for word in item.replace(",", " ").split() if word not in ("or", "and")]
