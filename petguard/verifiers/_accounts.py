"""The ledgers: all releases about one data set, or about one kind of person, composed and held against the budget.

Releases whose noise is known compose by their privacy-loss distributions; of a verified one whose noise is not of that
kind, its epsilon and delta are added (basic composition). A release that could not be counted leaves the total without
an upper bound, and never lowers it; what it was shown to spend at least, the total spends too.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import cached_property
from typing import Literal

from petguard.claims import DpPsi, DpSgd, Release
from petguard.graph import SystemGraph
from petguard.model import Balance, Budget, Budgets, Claim, Json, NodeKind, Outcome, Reason, Verdict
from petguard.policy import DIFFERENTIAL_PRIVACY
from petguard.report import Ledger, LedgerRow, Place
from petguard.verifiers import _closed, _dp

_ASSUMED = (
    "releases about data that was made from this data count as releases about it",
    "the noise of different releases is independent; each release is made as often as its claim says",
    "each release counts for the neighbours that its own claim means, and the budget is meant for the same",
    "what was released before, elsewhere or without a claim in the scanned files is not in this ledger",
)
_FINEST = 0.005  # how exact the factor of the remedy is, relative
_LARGEST_FACTOR = 1024.0
_ROUGHER = 16  # by how much the grid is coarser where a search asks many times; its bounds are sound, hardly looser


@dataclass(frozen=True)
class _Entry:
    """One claim as the ledger counts it: by its noise, or by an epsilon and a delta; else not, and why."""

    claim: Claim
    verdict: Verdict
    noise: tuple[Release, ...] = ()
    epsilon: float = 0.0
    delta: float = 0.0
    least: float = 0.0  # what it was shown to spend at every delta up to `least_to`, whatever its noise says
    least_to: float = 0.0
    why_not: str = ""

    @property
    def row(self) -> LedgerRow:
        how: Literal["by_noise", "by_epsilon", "not"]
        how = "not" if self.why_not else "by_noise" if self.noise else "by_epsilon"
        place = Place(path=self.claim.location.path, line=self.claim.location.line)
        return LedgerRow(
            claim=self.claim.id, technique=self.claim.technique, location=place, interval=self.verdict.interval,
            counted=how, why=self.why_not,
        )  # fmt: skip


@dataclass(frozen=True)
class Account:
    """What is to be composed: the data sets, the budget that covers them, if any, and the claims about them."""

    about: str
    kind: Literal["data", "subject"]
    data: tuple[str, ...]
    budget: Budget | None
    claims: tuple[Claim, ...]


Spends = Callable[[Claim], tuple[Release, ...] | None]


def accounts(claims: Iterable[Claim], graph: SystemGraph, budgets: Budgets) -> Iterator[Account]:
    """One account for each data set that a release is about, and for each budget of the policy, in name order."""
    released = sorted(
        (each for each in claims if each.technique in DIFFERENTIAL_PRIVACY and each.data_sets), key=_order
    )
    origins = _Origins(graph)
    by_data: dict[str, list[Claim]] = {}
    for claim in released:
        for name in sorted({every for about in claim.data_sets for every in origins.of(about)}):
            by_data.setdefault(name, []).append(claim)
    told = {about for claim in released for about in claim.data_sets}
    for name in sorted(by_data):
        budget = _budget_of(name, budgets)
        if name in told or budget is not None:
            yield Account(name, "data", (name,), budget, tuple(by_data[name]))
    for pattern in sorted(budgets.data):
        if not any(fnmatchcase(name, pattern) for name in by_data):
            yield Account(pattern, "data", (), budgets.data[pattern], ())
    for subject, budget in sorted(budgets.subjects.items()):
        names = tuple(name for name in sorted(by_data) if any(fnmatchcase(name, each) for each in budget.data))
        about = {claim.id: claim for name in names for claim in by_data[name]}
        yield Account(subject, "subject", names, budget, tuple(sorted(about.values(), key=_order)))


def _order(claim: Claim) -> tuple[str, int, int, str]:
    return claim.location.path, claim.location.line, claim.location.column, claim.id


def _budget_of(name: str, budgets: Budgets) -> Budget | None:
    """The most specific budget for a data set: the one with the longest glob."""
    fitting = [pattern for pattern in budgets.data if fnmatchcase(name, pattern)]
    return budgets.data[max(fitting, key=lambda each: (len(each), each))] if fitting else None


class _Origins:
    """From which data sets of the graph another one was made."""

    def __init__(self, graph: SystemGraph) -> None:
        self._graph = graph

    @cached_property
    def _made_from(self) -> Mapping[str, frozenset[str]]:
        names: dict[str, set[str]] = {}
        nodes = {node.id: node for node in self._graph.nodes(kind=NodeKind.DATA)}
        for edge in self._graph.edges():
            if edge.source in nodes and edge.target in nodes:
                made, origin = (edge.source, edge.target) if edge.kind == "derived_from" else (edge.target, edge.source)
                if edge.kind in ("derived_from", "flows_to"):
                    names.setdefault(nodes[made].name, set()).add(nodes[origin].name)
        return {name: frozenset(origins) for name, origins in names.items()}

    def of(self, name: str) -> frozenset[str]:
        """The data set itself and all that it was made from."""
        found, pending = {name}, [name]
        while pending:
            new = self._made_from.get(pending.pop(), frozenset()) - found
            found |= new
            pending += sorted(new)
        return frozenset(found)


def ledger(account: Account, verdicts: Mapping[str, Verdict], spends: Mapping[str, Spends]) -> Ledger:
    """Compose one account. Without a budget the total is shown at the sum of the stated deltas."""
    entries = tuple(_release(claim, verdicts[claim.id], spends.get(claim.technique)) for claim in account.claims)
    stated = _closed.total((_at_delta(claim) or 0.0, 1) for claim in account.claims)
    budget = account.budget
    delta = budget.delta if budget is not None and budget.delta is not None else min(stated, 0.999)
    low, high = _total(entries, delta)
    limit = None if budget is None else budget.epsilon
    balance = _balance(entries, budget, low, high)
    broke = _breaker(entries, delta, limit) if balance is Balance.EXCEEDED and limit is not None else None
    return Ledger(
        about=account.about, kind=account.kind, data=account.data, budget=budget, delta=delta,
        interval=_dp.interval(low, high), balance=balance, explanation=_words(entries, low, high, delta, limit),
        releases=tuple(each.row for each in entries), broke=None if broke is None else broke.claim.id,
        assumptions=(*_ASSUMED, *_unit(account)),
        remedy=_remedy(entries, delta, limit) if balance is Balance.EXCEEDED and limit is not None else {},
    )  # fmt: skip


def _unit(account: Account) -> tuple[str, ...]:
    users = any(getattr(claim.statement, "unit", None) == "user" for claim in account.claims)
    if users and account.kind == "data":
        return ()
    return ("one person stands behind one example of each data set, unless a release is said to protect users",)


def _at_delta(claim: Claim) -> float | None:
    """The delta for which its verdict holds, 0 of a pure claim; None where the claim does not tell."""
    said = claim.statement
    if isinstance(said, DpSgd | DpPsi):
        return _dp.delta(said)
    return getattr(said, "delta", None) or 0.0


def _release(claim: Claim, verdict: Verdict, spends: Spends | None) -> _Entry:
    """How a claim counts: doubts about what runs count as no bound at all."""
    if verdict.outcome is Outcome.UNVERIFIABLE and verdict.reason not in (Reason.GAP, Reason.MISSING_PARAMETER):
        return _Entry(claim, verdict, why_not=f"its claim could not be judged ({verdict.reason})")
    if verdict.outcome is Outcome.REFUTED and verdict.interval in (None, (None, None)):
        return _Entry(claim, verdict, why_not="its claim is refuted without a bound on what it spends")
    spent, delta = _shown(claim, verdict), _at_delta(claim)
    noise = None if spends is None else spends(claim)
    if verdict.outcome is Outcome.REFUTED and spent is None:
        return _worse_than_stated(claim, verdict, noise or (), delta or 0.0)
    if noise:
        return _Entry(claim, verdict, noise=noise)
    if spent is None or delta is None:
        what = "bound on what it spends" if spent is None else "delta"
        return _Entry(claim, verdict, why_not=f"no {what} is known")
    return _Entry(claim, verdict, epsilon=spent, delta=delta)


def _worse_than_stated(claim: Claim, verdict: Verdict, noise: tuple[Release, ...], delta: float) -> _Entry:
    """Refuted by its sampler, which leaks more than its noise does, or by an audit, where its noise may be another."""
    least = verdict.interval[0] if verdict.interval is not None else None
    return _Entry(
        claim, verdict, noise=() if getattr(claim.statement, "probe", None) else noise, least=least or 0.0,
        least_to=delta, why_not="its claim is refuted without an upper bound on what it spends",
    )  # fmt: skip


def _shown(claim: Claim, verdict: Verdict) -> float | None:
    """The epsilon that a claim was shown to meet, at its own delta."""
    if verdict.interval is not None and verdict.interval[1] is not None:
        return verdict.interval[1]
    stated: float | None = getattr(claim.statement, "epsilon", None)
    return stated if verdict.outcome is Outcome.VERIFIED else None


def _total(entries: Sequence[_Entry], delta: float) -> tuple[float, float]:
    """Sound bounds on the epsilon of everything together."""
    from petguard.verifiers import _pld  # noqa: PLC0415 - numpy is slow to import

    return _least(entries, delta, _pld.COARSE), _most(entries, delta, _pld.COARSE)


def _least(entries: Sequence[_Entry], delta: float, points: int) -> float:
    """The lower bound: of what is known by its noise, or of the one release that was shown to spend most."""
    from petguard.verifiers import _composition  # noqa: PLC0415 - scipy is slow to import

    noise = tuple(part for each in entries for part in each.noise)
    shown = max((each.least for each in entries if delta <= each.least_to), default=0.0)
    return max(shown, _composition.least(noise, delta, points))


def _most(entries: Sequence[_Entry], delta: float, points: int) -> float:
    """The upper bound: all noise at the delta that those leave who are counted by epsilon and delta."""
    from petguard.verifiers import _composition  # noqa: PLC0415 - scipy is slow to import

    left = _closed.total([(delta, 1), *((each.delta, -1) for each in entries)])
    if any(each.why_not for each in entries) or left < 0:
        return float("inf")
    high = _composition.most((part for each in entries for part in each.noise), left, points)
    return _closed.total((epsilon, 1) for epsilon in (high, *(each.epsilon for each in entries)))


def _balance(entries: Sequence[_Entry], budget: Budget | None, low: float, high: float) -> Balance:
    if budget is None or budget.epsilon is None:
        return Balance.NO_BUDGET
    if not entries:
        return Balance.UNUSED
    if high <= budget.epsilon:
        return Balance.WITHIN
    return Balance.EXCEEDED if low > budget.epsilon else Balance.UNKNOWN


def _breaker(entries: Sequence[_Entry], delta: float, limit: float) -> _Entry:
    """The release with which the lower bound passes the limit: more releases never spend less."""
    from petguard.verifiers import _pld  # noqa: PLC0415 - numpy is slow to import

    few, many = 0, len(entries)
    while many - few > 1:
        middle = (few + many) // 2
        few, many = (
            (few, middle) if _least(entries[:middle], delta, _pld.COARSE // _ROUGHER) > limit else (middle, many)
        )
    return entries[many - 1]


def _words(entries: Sequence[_Entry], low: float, high: float, delta: float, limit: float | None) -> str:
    count = f"{len(entries)} release{'' if len(entries) == 1 else 's'}"
    spent = f"{count} together: {_dp.at_least(low)}, {_dp.at_most(high)} at delta {_dp.number(delta)}"
    budget = "" if limit is None else f", budget {_dp.number(limit)}"
    lost = sum(bool(each.why_not) for each in entries)
    return f"{spent}{budget}" + (f"; {lost} could not be counted" if lost else "")


def _remedy(entries: Sequence[_Entry], delta: float, limit: float) -> Json:
    """The smallest factor by which all noise has to grow so that everything together meets the budget."""
    if any(each.why_not for each in entries):
        return {}

    from petguard.verifiers import _pld  # noqa: PLC0415 - numpy is slow to import

    def meets(factor: float) -> bool:
        louder = [replace(each, noise=tuple(_louder(part, factor) for part in each.noise)) for each in entries]
        return _most(louder, delta, _pld.COARSE // _ROUGHER) <= limit

    least, most = 1.0, 2.0
    while not meets(most):
        least, most = most, most * 2
        if most > _LARGEST_FACTOR:
            return {}
    while most - least > _FINEST * most:
        middle = (least + most) / 2
        least, most = (least, middle) if meets(middle) else (middle, most)
    return {"noise_factor": round(most + 0.0005, 3), "epsilon": limit, "delta": delta}


def _louder(part: Release, factor: float) -> Release:
    """The same release with its noise multiplied; randomised response stays, its noise is no scale."""
    return part if part.scale is None else part.model_copy(update={"scale": part.scale * factor})
