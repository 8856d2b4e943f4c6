"""Verifies DP-PSI claims: whether the dummy keys of PrivacyGo's DPCA-PSI give the stated epsilon.

Both parties add tau dummies to each key column, and how many of them overlap is hidden noise on the size of the
intersection. Its exact distribution is composed over all queries and key columns. A configuration that switches the
dummies off is refuted at once. The numerics stand in `_hypergeometric` and `_pld`, imported on first use.
"""

import math

from petguard.artefacts import Artefacts, Undecided
from petguard.claims import DpPsi
from petguard.model import Budget, Claim, Json, Outcome, Verdict
from petguard.verifiers import Bench, Verifier, _dp
from petguard.verifiers._dp import Enclosure

_METHOD = "exact hypergeometric privacy-loss distribution, composed"
_ASSUMPTIONS = (
    "both parties run with the same tau and queries, and follow the protocol",
    "one person has at most one key in each column, and may be in every query",
    "the dummies are drawn and shuffled by a generator nobody can predict",
)


def _judge(claim: Claim, bench: Bench) -> Verdict:
    said = claim.statement
    assert isinstance(said, DpPsi)
    counted = _counted(said, bench.files)
    if counted is None:
        return _of_numbers(claim, said, bench.budget)
    told = f"the data has {counted.dataset_size} rows, as {said.input_file} has"
    verdict = _of_numbers(claim.model_copy(update={"statement": counted}), counted, bench.budget)
    return verdict.model_copy(update={"assumptions": (*verdict.assumptions, told)})


def _of_numbers(claim: Claim, said: DpPsi, budget: Budget) -> Verdict:
    off = _switched_off(said)
    if off:
        return _refuted(claim, f"{off[1]}, so no finite epsilon holds", off[0], remedy=_remedy_for(said, budget))
    missing = [*_missing(said), *_dp.dynamic(claim, ("unit", "contributions"))]
    if missing:
        return _overrun(claim, said) or _dp.cannot_judge(claim, missing, _how_to_state(missing))
    if said.epsilon is None:
        return _dp.show(claim, _enclosed(said, 0.0), ["epsilon"], _dp.delta(said))
    verdict = _decide(claim, said, said.epsilon, budget)
    if said.unit == "user" and said.contributions is None and verdict.outcome is Outcome.UNVERIFIABLE:
        return _dp.cannot_judge(claim, ["contributions"], "a user-level claim needs the most keys one user has")
    return verdict


def _counted(said: DpPsi, files: Artefacts) -> DpPsi | None:
    """The statement with the rows of its input file as the size of the data, where nothing else says it."""
    if said.dataset_size is not None or said.delta is not None or said.input_file is None:
        return None
    try:
        with files.open(said.input_file) as file:
            rows = sum(1 for line in file if line.strip()) - bool(said.has_header)
    except Undecided:  # the keys are private, and their file is seldom in the tree
        return None
    return said.model_copy(update={"dataset_size": rows}) if rows > 0 else None


def _switched_off(said: DpPsi) -> tuple[Json, str] | None:
    """The field that disables the dummies, whatever else is stated, and what it does."""
    if said.input_dp is False:
        return {"input_dp": False}, "input_dp false adds no dummy keys"
    if said.use_precomputed_tau is False:
        return {"use_precomputed_tau": False, "tau": 0}, "use_precomputed_tau false sets tau to 0 in the code"
    if said.precomputed_tau == 0:
        return {"precomputed_tau": 0}, "tau 0 means no dummy keys"
    return None


def _missing(said: DpPsi) -> list[str]:
    names = ("precomputed_tau", "maximum_queries", "ids_num", "use_precomputed_tau", "input_dp")
    missing = [name for name in names if getattr(said, name) is None]
    return missing + ([] if _dp.delta(said) else ["dataset_size or delta"])


def _how_to_state(missing: list[str]) -> str:
    wanted = "state dataset_size, the rows of the input file (delta is then 1/(10 dataset_size)), or delta"
    return wanted if missing == ["dataset_size or delta"] else ""


def _queries(said: DpPsi) -> int:
    """How often the mechanism runs: the stated runs where they exceed what the configuration allows."""
    return max(said.maximum_queries or 1, said.runs or 1)


def _decide(claim: Claim, said: DpPsi, epsilon: float, budget: Budget) -> Verdict:
    from petguard.verifiers import _second_opinion  # noqa: PLC0415 - slow to import

    found = _enclosed(said, epsilon)
    verdict = _dp.decide(claim, found, epsilon, _dp.delta(said), _remedy(said, epsilon, budget, found.high))
    overrun = None if verdict.outcome is Outcome.REFUTED else _overrun(claim, said)
    if overrun is not None:
        verdict = overrun.model_copy(update={"interval": verdict.interval, "remedy": verdict.remedy})
    opinion = _second_opinion.hypergeometric(said.precomputed_tau or 0, _times(said), _dp.delta(said) or 0.0)
    return _second_opinion.weigh(verdict, found.low, found.high, epsilon, opinion)


def _enclosed(said: DpPsi, epsilon: float) -> Enclosure:
    low, high = _bounds(said, epsilon)
    if _dp.contributions(said)[1] > 1:
        high = math.inf  # the dummies are made for one key of a person in each column
    queries = {"runs": said.runs, "maximum_queries": said.maximum_queries} if _overruns(said) else {}
    return Enclosure(low, high, _setting(said), _METHOD, _assumptions(said), queries)


def _overruns(said: DpPsi) -> bool:
    return bool(said.runs and said.maximum_queries and said.runs > said.maximum_queries)


def _overrun(claim: Claim, said: DpPsi) -> Verdict | None:
    """More runs than the configuration is made for break the claim, even where their sum still meets epsilon."""
    if not _overruns(said):
        return None
    text = f"it is run {said.runs} times, and maximum_queries allows {said.maximum_queries}"
    return _refuted(claim, text, {"runs": said.runs, "maximum_queries": said.maximum_queries}, remedy={})


def _bounds(said: DpPsi, epsilon: float) -> tuple[float, float]:
    """The enclosure, on the finer grid only where the coarser leaves the claim in between."""
    from petguard.verifiers import _hypergeometric  # noqa: PLC0415 - numpy is slow to import

    for points in _hypergeometric.POINTS:
        low, high = _hypergeometric.bounds(said.precomputed_tau or 0, _times(said), _dp.delta(said) or 0.0, points)
        if high <= epsilon or low > epsilon:
            break
    return low, high


def _times(said: DpPsi) -> int:
    return _queries(said) * (said.ids_num or 1)


def _setting(said: DpPsi) -> str:
    kind = "runs" if _overruns(said) else "queries"
    users = f", {said.contributions} keys per user," if (said.contributions or 1) > 1 else ""
    return f"tau {said.precomputed_tau} over {_queries(said)} {kind} of {said.ids_num} ids{users}"


def _refuted(claim: Claim, text: str, witness: Json, *, remedy: Json) -> Verdict:
    said = claim.statement
    assert isinstance(said, DpPsi)
    return Verdict(
        claim=claim.id, outcome=Outcome.REFUTED, explanation=text, method=_METHOD, interval=(None, None),
        assumptions=(*_assumptions(said), *_dp.contradictions(claim)), witness=witness, remedy=remedy,
    )  # fmt: skip


def _assumptions(said: DpPsi) -> tuple[str, ...]:
    stated = () if said.delta else (("delta is 1/(10 dataset_size)",) if said.dataset_size else ())
    counted = () if said.runs else ("nobody runs more than maximum_queries queries; the code does not enforce it",)
    return (*_ASSUMPTIONS, *stated, *counted)


def _remedy_for(said: DpPsi, budget: Budget) -> Json:
    """The tau for a configuration without dummies, where enough is stated to compute it."""
    known = said.epsilon is not None and said.maximum_queries and said.ids_num and _dp.delta(said)
    switch_on = {"input_dp": True, "use_precomputed_tau": True}
    return switch_on | dict(_remedy(said, said.epsilon or 0.0, budget, float("inf"))) if known else switch_on


def _remedy(said: DpPsi, epsilon: float, budget: Budget, high: float) -> Json:
    """The smallest tau that meets the claim and the budget; nothing when both are met already, or nothing would."""
    if _dp.contributions(said)[1] > 1:
        return {}
    from petguard.verifiers import _hypergeometric  # noqa: PLC0415 - numpy is slow to import

    delta = _dp.delta(said) or 0.0
    strict = min(delta, budget.delta or delta)
    target = min(epsilon, budget.epsilon or epsilon)
    times = _times(said)
    if high <= target and (strict == delta or _hypergeometric.enough(said.precomputed_tau or 0, times, strict, target)):
        return {}
    tau = _hypergeometric.smallest_tau(times, strict, target)
    return {"precomputed_tau": tau, "delta": strict, "epsilon": target} if tau is not None else {}


VERIFIER = Verifier("dp_psi", _judge)
