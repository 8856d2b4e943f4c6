"""Verifiers judge claims: one module per technique, each offering a `VERIFIER`."""

import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from importlib import import_module
from threading import Thread

from petguard import _plugins
from petguard.artefacts import Artefacts, Undecided
from petguard.claims import Release
from petguard.graph import SystemGraph
from petguard.hazards import EFFECTS, ONLY_WORSE, Effect
from petguard.model import Budget, Budgets, Claim, Danger, Origin, Outcome, Reason, Verdict, unverifiable
from petguard.report import Ledger


@dataclass
class Allowance:
    """The seconds that searches for what stands behind pseudonyms may still take, all claims of a run together."""

    seconds: float = 30.0


@dataclass(frozen=True)
class Bench:
    """What a verifier may use beside the claim: the budget, which only adds to the remedy, the files, and the time.

    `probe` says whether the user lets functions of the scanned project run.
    """

    budget: Budget
    files: Artefacts
    now: datetime
    probe: bool = False
    searches: Allowance = field(default_factory=Allowance, compare=False)


@dataclass(frozen=True)
class Verifier:
    """One technique. `judge` never raises on a well-formed claim but Undecided, which becomes a verdict.

    `spends` gives the releases of a claim, for composition with those of others; None where their noise is unknown.
    """

    technique: str
    judge: Callable[[Claim, Bench], Verdict]
    spends: Callable[[Claim], tuple[Release, ...] | None] | None = None


def warm_up() -> Thread:
    """Start to import what the numeric verifiers need, most of a second, while the scan waits for semgrep."""
    loading = Thread(target=import_module, args=("dp_accounting.pld.privacy_loss_distribution",), daemon=True)
    loading.start()
    return loading


def judge_all(claims: Iterable[Claim], bench: Bench) -> tuple[Verdict, ...]:
    """One verdict per claim, in the order of the claims; a technique nobody knows is unverifiable, never ignored."""
    known = _known()
    return tuple(_judge(claim, known.get(claim.technique), bench) for claim in claims)


def ledgers(
    claims: Iterable[Claim], verdicts: Iterable[Verdict], graph: SystemGraph, budgets: Budgets
) -> tuple[Ledger, ...]:
    """What all releases about each data set, and about each kind of person in the policy, spend together."""
    from petguard.verifiers import _accounts  # noqa: PLC0415 - it builds on the verifiers of this package

    by_claim = {verdict.claim: verdict for verdict in verdicts}
    spends = {each.technique: each.spends for each in _known().values() if each.spends is not None}
    accounts = _accounts.accounts(claims, graph, budgets)
    return tuple(_accounts.ledger(account, by_claim, spends) for account in accounts)


def _known() -> dict[str, Verifier]:
    return {verifier.technique: verifier for verifier in _plugins.collect(sys.modules[__name__], "VERIFIER", Verifier)}


def _judge(claim: Claim, verifier: Verifier | None, bench: Bench) -> Verdict:
    if verifier is None:
        why = f"no verifier knows {claim.technique} in this version, so nothing was computed"
        return unverifiable(claim, Reason.UNKNOWN_TECHNIQUE, why)
    verdict = _endangered(claim, _decided(claim, verifier, bench))
    declared = tuple(f"{name} is as stated in {place}" for name, place in sorted(claim.stated_in.items()))
    if claim.origin is Origin.DECLARED:
        place = f"{claim.location.path}:{claim.location.line}"
        declared = (f"every number is as stated in {place}; nothing was found in the scanned files to compare it with",)
    return verdict.model_copy(update={"assumptions": (*verdict.assumptions, *declared)})


def _decided(claim: Claim, verifier: Verifier, bench: Bench) -> Verdict:
    try:
        return verifier.judge(claim, bench)
    except Undecided as error:
        return unverifiable(claim, error.reason, error.detail)


def _endangered(claim: Claim, verdict: Verdict) -> Verdict:
    """The verdict in the light of the hazards beside the claim: overturned by one that refutes it, or in doubt."""
    spared = ONLY_WORSE if verdict.outcome is Outcome.REFUTED else frozenset()
    doubtful = (each for each in claim.dangers if EFFECTS[each.hazard] is Effect.DOUBTS)
    hazards = (each.detail for each in doubtful if each.hazard not in spared)
    judged = _doubted(claim, verdict, tuple(dict.fromkeys((*claim.doubts, *hazards))))
    fatal = next((each for each in claim.dangers if EFFECTS[each.hazard] is Effect.REFUTES), None)
    return judged if fatal is None or judged.outcome is Outcome.REFUTED else _overturned(fatal, verdict)


def _overturned(fatal: Danger, verdict: Verdict) -> Verdict:
    place = f"{fatal.location.path}:{fatal.location.line}"
    witness = {"hazard": fatal.hazard.value, "at": place, "evidence": fatal.location.evidence}
    return Verdict(
        claim=verdict.claim, outcome=Outcome.REFUTED, explanation=f"{fatal.detail} ({place})", witness=witness,
        method="a hazard that leaves no guarantee", assumptions=verdict.assumptions,
    )  # fmt: skip


def _doubted(claim: Claim, verdict: Verdict, doubts: tuple[str, ...]) -> Verdict:
    """Numbers prove or disprove nothing about a protection that may not be the one they describe."""
    if not doubts or verdict.outcome is Outcome.UNVERIFIABLE:
        return verdict
    why = f"{verdict.explanation}; but {'; '.join(doubts)}"
    update = {"interval": verdict.interval, "assumptions": verdict.assumptions}
    return unverifiable(claim, Reason.DYNAMIC_VALUE, why, method=verdict.method).model_copy(update=update)
