"""Verifies federated DP claims: whether the noise, the clients and the number of rounds protect one client as stated.

Poisson-sampled clients get the exact privacy-loss distribution, a fixed number of clients per round a bound for
swapped clients, and unknown sampling no credit at all. The numerics stand in `_federated`, imported on first use.
"""

import math
from typing import TYPE_CHECKING

from petguard.claims import FederatedDp
from petguard.model import Budget, Claim, Json, Outcome, Reason, Verdict, unverifiable
from petguard.verifiers import Bench, Verifier, _dp
from petguard.verifiers._dp import Enclosure

if TYPE_CHECKING:
    from petguard.verifiers._federated import Rounds, Sparse
    from petguard.verifiers._second_opinion import Opinion

_ASSUMPTIONS = (
    "the noise is fresh in every round, and nobody can predict it; floating-point effects are left out",
    "a client is one user, and everybody but the clients themselves sees only the noisy sums",
)
_CLIPPED = (
    "each update is clipped to the norm that the noise is in units of, and all updates have the same weight in the "
    "sum or mean; a mean weighted by examples moves further",
)
_SAMPLING = {
    "poisson": "each client joins each round independently with the same probability (Poisson sampling)",
    "fixed": "a fixed number of clients is drawn anew in each round; another one is drawn in place of one who is not",
    "none": "every client is in every round",
    None: "the claim does not say how clients are drawn, so one may be in every round",
}
_METHOD = {
    ("poisson", False): "privacy-loss distribution of the Poisson-sampled Gaussian, both directions",
    ("poisson", True): "privacy-loss distribution of sampled clients that are swapped, from above; Poisson from below",
    ("fixed", False): "privacy-loss distribution of sampled clients that are swapped, from above; Poisson from below",
    ("fixed", True): "privacy-loss distribution of sampled clients that are swapped, from above; Poisson from below",
}
_EVERY_ROUND = "one Gaussian per round (Balle and Wang 2018)"


def _judge(claim: Claim, bench: Bench) -> Verdict:
    said, budget = claim.statement, bench.budget
    assert isinstance(said, FederatedDp)
    if said.noise_multiplier == 0 and said.epsilon is not None and said.mechanism in (None, "gaussian"):
        return _no_noise(claim, said)
    missing = [*_missing(said), *_dp.dynamic(claim, ("mechanism", "unit", "neighbours"))]
    if missing:
        return _dp.cannot_judge(claim, missing)
    if (said.clients_per_round or 0) > (said.clients_total or math.inf):
        why = f"{said.clients_per_round} clients per round out of {said.clients_total} cannot be"
        return unverifiable(claim, Reason.GAP, why)
    return _decide(claim, said, budget)


def _missing(said: FederatedDp) -> list[str]:
    """What the mechanism and the sampling need and the claim does not say; the sampling itself may stay unknown."""
    needed = ["rounds", *_NEEDS[said.mechanism or "gaussian"]]
    if said.sampling in ("poisson", "fixed"):
        needed += ["clients_per_round", "clients_total"]
    missing = [name for name in needed if getattr(said, name) is None]
    if said.mechanism in (None, "gaussian") and not _gives_noise(said):
        missing.append("noise_multiplier")
    if said.mechanism == "laplace" and said.round_epsilon is None and None in (said.scale, said.sensitivity):
        missing += [name for name in ("scale", "sensitivity") if getattr(said, name) is None]
    if said.mechanism == "svt" and said.release_epsilon is None and said.noise_var is None:
        missing.append("release_epsilon or noise_var")
    return missing


_NEEDS = {
    "gaussian": ("delta",),
    "laplace": (),
    "svt": ("selection_epsilon", "fraction", "parameters"),
}


def _gives_noise(said: FederatedDp) -> bool:
    if said.noise_multiplier is not None:
        return True
    on_mean = said.noise_on == "mean" and said.clients_per_round is not None
    from_sigma = said.sigma is not None and said.clipping_norm is not None and (said.noise_on == "sum" or on_mean)
    return from_sigma or (said.round_epsilon is not None and said.round_delta is not None)


def _decide(claim: Claim, said: FederatedDp, budget: Budget) -> Verdict:
    from petguard.verifiers import _federated  # noqa: PLC0415 - scipy is slow to import

    rounds = _federated.read(said)
    found = _enclose(said, rounds)
    if said.epsilon is None:
        return _dp.show(claim, found, ("epsilon",), said.delta)
    first = _dp.decide(claim, found, said.epsilon, said.delta, _remedy(said, rounds, found, budget))
    if first.reason is Reason.GAP and said.sampling is None and said.mechanism != "svt":
        return _sampling_unknown(claim, first)
    if said.mechanism not in (None, "gaussian") or first.outcome is Outcome.UNVERIFIABLE:
        return first
    from petguard.verifiers import _second_opinion  # noqa: PLC0415 - scipy is slow to import

    opinion = _second(said, rounds, verified=first.outcome is Outcome.VERIFIED)
    return _second_opinion.weigh(first, found.low, found.high, said.epsilon, opinion)


def _sampling_unknown(claim: Claim, first: Verdict) -> Verdict:
    """A claim that only the sampling could decide: it is missing, or not a constant."""
    dynamic = claim.unresolved.get("sampling")
    reason = Reason.MISSING_PARAMETER if dynamic is None else Reason.DYNAMIC_VALUE
    how = "not stated" if dynamic is None else f"not a constant ({dynamic})"
    return first.model_copy(update={"reason": reason, "explanation": f"sampling is {how}: {first.explanation}"})


def _second(said: FederatedDp, rounds: "Rounds", *, verified: bool) -> "Opinion | None":
    """dp-accounting, where it has an accountant for the side that decides."""
    from petguard.verifiers import _federated, _second_opinion  # noqa: PLC0415 - scipy is slow to import

    noise, delta = _federated.noise_multiplier(said) or 0.0, said.delta or 0.0
    if rounds.rate is not None and not rounds.swapped and (rounds.sampling == "poisson" or not verified):
        return _second_opinion.poisson(noise, rounds.rate, rounds.count, delta)
    if rounds.sampled:
        return None
    return _second_opinion.gaussian(noise / (2 if rounds.swapped else 1), rounds.count, delta)


def _enclose(said: FederatedDp, rounds: "Rounds") -> Enclosure:
    kinds = {"laplace": _laplace, "svt": _svt}
    found = kinds.get(said.mechanism or "gaussian", _gaussian)(said, rounds)
    swapped = (
        ("neighbours differ in one client's update, exchanged for any other",)
        if rounds.swapped
        else ("neighbours differ in one client whose update is there or is 0; an exchanged update moves twice as far",)
    )
    heads = () if said.mechanism == "svt" else (_SAMPLING[said.sampling], *swapped)
    return Enclosure(
        found.low, found.high, found.setting, found.method, (*heads, *found.assumptions, *_ASSUMPTIONS), found.witness
    )


def _over(said: FederatedDp, rounds: "Rounds") -> str:
    share = {"poisson": "Poisson-sampled", "fixed": "a fixed number of"}.get(said.sampling or "")
    who = f" of {share} clients, {said.clients_per_round} in {said.clients_total}" if share else ""
    return f"over {rounds.count} rounds{who}"


def _gaussian(said: FederatedDp, rounds: "Rounds") -> Enclosure:
    from petguard.verifiers import _federated  # noqa: PLC0415 - scipy is slow to import

    noise = _federated.noise_multiplier(said) or 0.0
    low, high = _federated.settle(noise, rounds, said.epsilon or 0.0, said.delta or 0.5)
    method = _METHOD.get((said.sampling or "", rounds.swapped), _EVERY_ROUND)
    derived = () if said.noise_multiplier is not None else (f"the noise multiplier follows as {noise:.6g}",)
    return Enclosure(
        low, high, f"noise multiplier {noise:.6g} {_over(said, rounds)}", method, (*derived, *_CLIPPED),
        {"noise_multiplier": noise},
    )  # fmt: skip


def _laplace(said: FederatedDp, rounds: "Rounds") -> Enclosure:
    from petguard.verifiers import _federated  # noqa: PLC0415 - scipy is slow to import

    each = _per_round(said)
    low, high = _federated.laplace(each, rounds, said.delta)
    norm = "the sensitivity bounds the whole update of a client in the L1 norm, and clipping enforces it"
    return Enclosure(
        low, high, f"Laplace noise of epsilon {each:.6g} a round {_over(said, rounds)}",
        "closed form of the Laplace mechanism, composed", (norm,), {"epsilon_per_round": each},
    )  # fmt: skip


def _per_round(said: FederatedDp) -> float:
    """Sensitivity over scale; FedML's scale is sensitivity / (epsilon - log(1 - delta))."""
    if said.scale is not None and said.sensitivity is not None:
        return said.sensitivity / said.scale
    return (said.round_epsilon or 0.0) - math.log1p(-(said.round_delta or 0.0))


def _svt(said: FederatedDp, rounds: "Rounds") -> Enclosure:
    from petguard.verifiers import _federated  # noqa: PLC0415 - scipy is slow to import

    filter_ = _federated.sparse(said)
    assert filter_ is not None, "what is missing was asked before"
    low, high = _federated.sparse_bounds(filter_, rounds, said.delta)
    setting = (
        f"releasing {filter_.released} of {filter_.parameters} weights for epsilon {filter_.release:.6g}, after "
        f"choosing them for {filter_.selection:.6g}, over {rounds.count} rounds"
    )
    return Enclosure(
        low, high, setting, "closed form of the sparse vector technique and the Laplace mechanism, composed",
        _filtered(filter_), {"released": filter_.released, "release_epsilon": filter_.release},
    )  # fmt: skip


def _filtered(filter_: "Sparse") -> tuple[str, ...]:
    drawn = {
        None: "it is not stated whether the weights are drawn with replacement, so they may be",
        True: "the weights are drawn with replacement, which shows how many were accepted",
        False: "the weights are drawn without replacement",
    }
    return (
        drawn[filter_.replace],
        "each client filters its own update, and any two updates are neighbours",
        "no weight is a scalar: NVFlare's filter lets scalars pass without noise",
    )


def _remedy(said: FederatedDp, rounds: "Rounds", found: Enclosure, budget: Budget) -> Json:
    """What meets the claim and the budget; nothing where both are met."""
    from petguard.verifiers import _federated  # noqa: PLC0415 - scipy is slow to import

    target, strict = _dp.target(said.epsilon or math.inf, said.delta, budget)
    if found.high <= target and strict == said.delta:
        return {}
    noise = _federated.noise_multiplier(said) or 0.0
    if said.mechanism in (None, "gaussian"):
        return _federated.gaussian_remedy(noise, rounds, target, strict or 0.5)
    return _milder(said, target, strict)


def _milder(said: FederatedDp, target: float, delta: float | None) -> Json:
    """Less epsilon for each round, or fewer rounds; both by the same bounds."""
    from petguard.verifiers import _federated, _search  # noqa: PLC0415 - scipy is slow to import

    def high(**changed: float) -> float:
        other = said.model_copy(update={"delta": delta, **changed})
        return _enclose(other, _federated.read(other)).high

    most = _search.largest(lambda count: high(rounds=count) <= target, said.rounds or 1)
    fewer: Json = {"or_rounds": most} if 0 < most < (said.rounds or 1) else {}
    name = "release_epsilon" if said.mechanism == "svt" else "round_epsilon"
    other: dict[str, None] = {} if said.mechanism == "svt" else {"scale": None, "round_delta": None}
    said = said.model_copy(update=other)
    # Thousandths of the target: the largest share of it that a round may spend.
    share = _search.largest(lambda at: high(**{name: at / 1000 * target}) <= target, 1000)
    if share == 0:
        return fewer
    return {name: share / 1000 * target, "epsilon": high(**{name: share / 1000 * target}), **fewer}


def _no_noise(claim: Claim, said: FederatedDp) -> Verdict:
    return Verdict(
        claim=claim.id, outcome=Outcome.REFUTED, method="no noise, no privacy", interval=(None, None),
        explanation=f"a noise multiplier of 0 gives no finite epsilon, claimed {_dp.number(said.epsilon or 0.0)}",
        assumptions=("a client takes part at all with a probability above delta", *_dp.contradictions(claim)),
        witness={"noise_multiplier": 0.0, "epsilon_at_least": "infinite"},
    )  # fmt: skip


VERIFIER = Verifier("federated_dp", _judge)
