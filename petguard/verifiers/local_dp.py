"""Verifies local DP claims: whether what each person adds before sending anything gives the stated epsilon.

One `Protocol` per way to randomise. Sketches of hashes (GCMS, OCMS) and randomised response are computed outcome by
outcome, Gaussian noise by its exact curve. The numerics stand in `_local` and `_events`, imported on first use.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from petguard.claims import LocalDp
from petguard.model import Budget, Claim, Json, Outcome, Reason, Verdict, unverifiable
from petguard.verifiers import Bench, Verifier, _dp
from petguard.verifiers._dp import Enclosure

Found = tuple[Enclosure, float | None]  # and the delta that it is for


@dataclass(frozen=True)
class Protocol:
    """How one protocol is judged: what has to be stated, the bounds, and the parameters that would meet a target."""

    needs: tuple[str, ...]
    absurd: Callable[[LocalDp], str]  # why the numbers describe no protocol at all, or nothing
    enclose: Callable[[LocalDp], Enclosure]
    remedy: Callable[[LocalDp, float, float | None], Json]  # for an epsilon and a delta


_FRESH = (
    "the randomness is fresh for every message and drawn by a generator nobody can predict",
    "any two values of one person are neighbours; that somebody takes part at all is not hidden",
)


def _judge(claim: Claim, bench: Bench) -> Verdict:
    said, budget = claim.statement, bench.budget
    assert isinstance(said, LocalDp)
    if said.protocol is None:
        return _dp.cannot_judge(claim, ("protocol",))
    protocol = _PROTOCOLS[said.protocol]
    missing = [item for item in protocol.needs if not any(getattr(said, name) for name in item.split(" or "))]
    if missing:
        return _dp.cannot_judge(claim, missing)
    absurd = protocol.absurd(said)
    if absurd:
        return unverifiable(claim, Reason.GAP, absurd)
    found = _enclosed(protocol, said)
    untold = _untold(claim, said)
    if said.epsilon is None:
        return _from_below(untold, _dp.show(claim, found, ("epsilon",), said.delta))
    verdict = _dp.decide(claim, found, said.epsilon, said.delta, _remedy(said, protocol, found, budget))
    if untold and verdict.outcome is not Outcome.REFUTED:
        verdict = _dp.show(claim, found, untold, said.delta)
    return _from_below(untold, verdict)


def _enclosed(protocol: Protocol, said: LocalDp) -> Enclosure:
    """The bounds; of a claim whose unit is not stated, for one contribution from below and for all from above."""
    found = protocol.enclose(said)
    if said.unit is not None or said.contributions is None:
        return found
    one = protocol.enclose(said.model_copy(update={"contributions": None}))
    return replace(found, low=one.low)


def _untold(claim: Claim, said: LocalDp) -> tuple[str, ...]:
    """Numbers whose smallest value was taken, because it is not stated: a claim can then only be refuted.

    Updates come from training, which takes many rounds; a domain may have more than two values, and a user more than
    one.
    """
    dynamic = _dp.dynamic(claim, ("unit", "contributions", "rounds"))
    if dynamic:
        return dynamic
    if said.protocol == "randomized_response" and said.domain_size is None:
        return ("domain_size",)
    if said.rounds is None and (said.protocol == "gaussian" or (said.unit == "user" and said.contributions is None)):
        return ("rounds" if said.protocol == "gaussian" else "rounds or contributions",)
    return ()


def _from_below(untold: tuple[str, ...], verdict: Verdict) -> Verdict:
    """The verdict without an upper bound where a number that raises it is not known."""
    if verdict.interval is None or not untold:
        return verdict
    return verdict.model_copy(update={"interval": (verdict.interval[0], None)})


def _remedy(said: LocalDp, protocol: Protocol, found: Enclosure, budget: Budget) -> Json:
    """Nothing where the claim and the budget are met; a pure claim has no delta that a budget could tighten."""
    target, strict = _dp.target(said.epsilon or math.inf, said.delta, budget)
    if found.high <= target and strict == said.delta:
        return {}
    return protocol.remedy(said, target, strict)


def _times(said: LocalDp) -> int:
    """How many messages one person sends about the same value, at most where the unit is not stated."""
    each = None if said.unit == "example" else said.contributions
    return (said.rounds or 1) * (each or 1)


def _over(said: LocalDp) -> str:
    return f" over {_times(said)} messages of each person" if _times(said) > 1 else ""


def _one_message(said: LocalDp) -> tuple[str, ...]:
    if _times(said) > 1:
        return ("all messages of one person may be about the same value",)
    return ("each person sends one message in all; every further one has to be counted",)


# --- sketches of hashes and randomised response


def _kept(said: LocalDp) -> float:
    """The chance to keep the truth; 1/2 in OCMS by its definition."""
    return said.p or 0.5


def _answers(said: LocalDp, setting: str, method: str, assumptions: tuple[str, ...]) -> Enclosure:
    from petguard.verifiers import _local  # noqa: PLC0415 - numpy is slow to import

    low, high = _local.answers(said, _kept(said), _times(said), said.delta)
    every = (*assumptions, *_FRESH, *_one_message(said))
    return Enclosure(low, high, setting + _over(said), method, every, {"p": _kept(said)})


def _fewer_truths(said: LocalDp, epsilon: float, delta: float | None) -> Json:
    """The largest p that meets epsilon, by the pure guarantee, which holds at every delta."""
    from petguard.verifiers import _local  # noqa: PLC0415 - numpy is slow to import

    p = _local.kept(said, epsilon / _times(said))
    reached = _local.answers(said, p, _times(said), delta)[1] if p > 0 else math.inf
    sorted_too: Json = {"order": "shuffled"} if said.order == "as_made" else {}
    return {**sorted_too, "p": p, "epsilon": reached} if reached <= epsilon else {}


def _no_sketch(said: LocalDp) -> str:
    if (said.s or 0) < (said.m or 0):
        return ""
    return f"a set of {said.s} different hashes out of {said.m} leaves none out, so the protocol cannot be run"


def _sketch(said: LocalDp) -> Enclosure:
    setting = f"a set of {said.s} out of {said.m} hashes that holds the true one with probability {_kept(said):.15g}"
    if said.order == "as_made" and (said.s or 0) > 1:
        return _true_hash_first(said, setting)
    order = () if said.order == "shuffled" else ("the set is sent sorted or shuffled; PrivacyGo's client does neither",)
    order = () if said.s == 1 else order
    half = ("OCMS keeps the true hash with probability 1/2",) if said.p is None else ()
    method = "exact ratio of the probabilities of every set that can be sent"
    assumptions = (
        "the hash function is drawn without regard to the value and may be known to everybody; the two values that are "
        "told apart have different hashes under it",
        "p is a multiple of a millionth, to which PrivacyGo's sampler rounds it up",
    )
    return _answers(said, setting, method, (*order, *half, *assumptions))


def _true_hash_first(said: LocalDp, setting: str) -> Enclosure:
    """In the order in which the set was made, a hash in a later place is surely not the true one."""
    delta = said.delta or 0.0
    # A later place holds the other value's hash with this chance, whether the true hash is in the set or not.
    s, m = said.s or 1, said.m or 1
    chance = _kept(said) * ((s - 1) / (m - 1)) + (1 - _kept(said)) * ((s - 1) / (m - 1))
    low = math.inf if chance * (1 - 1e-12) > delta else 0.0
    witness: Json = {"order": "as_made", "place": 2, "chance": chance}
    return Enclosure(
        low, math.inf, f"{setting}, sent with the true hash first,", "an outcome that another value cannot have",
        (*_FRESH, "the hashes of the two values differ"), witness,
    )  # fmt: skip


def _no_choice(said: LocalDp) -> str:
    return "a domain of one value has nothing to hide" if said.domain_size == 1 else ""


def _response(said: LocalDp) -> Enclosure:
    size = said.domain_size or 2
    setting = f"the true one of {size} answers with probability {_kept(said):.15g}"
    untold = () if said.domain_size else ("there are two possible answers",)
    equal = ("every untrue answer is equally likely",) if size > 2 else ()
    found = _answers(said, setting, "exact ratio of the probabilities of every answer", (*untold, *equal))
    # Of 1/p answers, all equally likely, nothing is learnt.
    return replace(found, low=0.0) if untold and _kept(said) < 0.5 else found


# --- Gaussian noise on a clipped update


def _sigma(said: LocalDp) -> float:
    from petguard.verifiers import _local  # noqa: PLC0415 - scipy is slow to import

    if said.sigma is not None:
        return said.sigma
    epsilon, delta = said.round_epsilon or said.epsilon, said.round_delta or said.delta
    return _local.classic_sigma(said.sensitivity or 0.0, epsilon or math.inf, delta or 0.5)


def _no_classic(said: LocalDp) -> str:
    derived = said.sigma is None and (said.round_epsilon is None and said.epsilon is None)
    return "neither sigma is stated, nor the epsilon that it is made for" if derived else ""


def _update(said: LocalDp) -> Enclosure:
    from petguard.verifiers import _local  # noqa: PLC0415 - scipy is slow to import

    sigma, clip = _sigma(said), said.clipping_norm or math.inf
    low, high = _local.gaussian(sigma, clip, said.neighbours, _times(said), said.delta or 0.5)
    setting = f"noise of {sigma:.6g} on an update clipped to {clip:.15g}{_over(said)}"
    if said.sensitivity is not None and said.sensitivity < clip:
        setting += f", made for a sensitivity of only {said.sensitivity:.15g},"
    return Enclosure(
        low, high, setting, "exact curve of the Gaussian mechanism (Balle and Wang 2018)",
        (*_NEIGHBOURS[said.neighbours], *_UPDATE, *_one_message(said)), {"sigma": sigma, "clipping_norm": clip},
    )  # fmt: skip


_NEIGHBOURS: Mapping[str | None, tuple[str, ...]] = {
    "add_remove": ("an update is compared with none; two updates may differ by twice the clip, which is not covered",),
    "replace": ("any two updates of one person are neighbours, and differ by twice the clip at most",),
    None: ("neighbours are not stated: at least an update against none, at most any two, twice the clip apart",),
}
_UPDATE = (
    "the whole update is clipped in the L2 norm before the noise is added to every coordinate",
    "the noise is fresh in every round and drawn by a generator nobody can predict; floating-point effects are left "
    "out",
)


def _more_noise(said: LocalDp, epsilon: float, delta: float | None) -> Json:
    from petguard.verifiers import _local  # noqa: PLC0415 - scipy is slow to import

    clip, strict = said.clipping_norm or 1.0, delta or 0.5
    sigma = _local.smallest_sigma(clip, said.neighbours, _times(said), strict, epsilon)
    if sigma is None:
        return {}
    return {
        "sigma": sigma,
        "epsilon": _local.gaussian(sigma, clip, said.neighbours, _times(said), strict)[1],
        "delta": strict,
    }


# --- values that nobody listed before


def _one_value_each(said: LocalDp) -> str:
    if said.neighbours != "replace":
        return ""
    return "replacing a value changes two counts, and only one that is added or removed is covered"


def _unlisted(said: LocalDp) -> Enclosure:
    from petguard.verifiers import _local  # noqa: PLC0415 - numpy is slow to import

    scale, threshold = said.scale or 1.0, said.threshold or 0.0
    low, high = _local.thresholded(scale, threshold, _times(said), said.delta or 0.5)
    setting = f"Laplace noise of scale {scale:.15g} on counts released from {threshold:.15g} on{_over(said)}"
    chance = _local.above(threshold - 1, scale)
    return Enclosure(
        low, high, setting, "exact chances of the Laplace distribution for every count",
        (*_UNLISTED, *_one_message(said)), {"chance_alone": chance, "threshold": threshold},
    )  # fmt: skip


_SCALES = (1e-3, 1e9)  # outside of these a remedy is no advice
_UNLISTED = (
    "only which values are released is seen; whoever counts sees all hashes and counts, and is trusted not to guess "
    "values from them",
    "neighbouring data sets differ in one message added or removed",
    "the noise is fresh and drawn by a generator nobody can predict; floating-point effects are left out",
    "delta is compared to nine digits, because the threshold is rounded",
)


def _higher_threshold(said: LocalDp, epsilon: float, delta: float | None) -> Json:
    from petguard.verifiers import _local  # noqa: PLC0415 - numpy is slow to import

    times, strict = _times(said), (delta or 0.5) / _times(said)
    if not _SCALES[0] < times / epsilon < _SCALES[1]:
        return {}
    scale = math.ceil(times / epsilon * 1e6) / 1e6
    threshold = _local.smallest_threshold(scale, strict)
    reached = _local.thresholded(scale, threshold, times, delta or 0.5)[1]
    return {"scale": scale, "threshold": threshold, "epsilon": reached} if reached <= epsilon else {}


_SKETCH = Protocol(("m", "s", "p"), _no_sketch, _sketch, _fewer_truths)
_PROTOCOLS: Mapping[str, Protocol] = {
    "gcms": _SKETCH,
    "ocms": Protocol(("m", "s"), _no_sketch, _sketch, _fewer_truths),
    "randomized_response": Protocol(("p",), _no_choice, _response, _fewer_truths),
    "gaussian": Protocol(("clipping_norm", "delta", "sigma or sensitivity"), _no_classic, _update, _more_noise),
    "unknown_domain": Protocol(("scale", "threshold", "delta"), _one_value_each, _unlisted, _higher_threshold),
}

VERIFIER = Verifier("local_dp", _judge)
