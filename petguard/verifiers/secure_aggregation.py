"""Verifies secure aggregation (SecAgg+, Bell et al. 2020, as Flower has it): thresholds, and the room for the sum.

Each client splits its key into shares for its neighbours. Fewer than a majority of shares must not reconstruct it, or
the server learns a single client's update from some of them. Where all shares are needed, one lost client stops the
round. The masked sum is taken modulo `modulus_range`: what does not fit wraps around.
"""

from dataclasses import dataclass
from typing import Any

from petguard.claims import SecureAggregation
from petguard.model import Claim, Json, Outcome, Reason, Verdict, unverifiable
from petguard.verifiers import Bench, Verifier

_METHOD = "inequalities of SecAgg+ (Bell et al. 2020; Flower's SecAggPlusWorkflow)"
_ASSUMED = (
    "the server follows the protocol, and works together with fewer clients than the threshold",
    "public keys reach the clients unchanged",
    "the sum itself tells nothing about one client; only noise would bound that",
    "updates are clipped to clipping_range before they are quantised",
)
_FIELDS = ("num_clients", "num_shares", "reconstruction_threshold", "quantization_range", "modulus_range")


@dataclass(frozen=True)
class _Numbers:
    """Shares and threshold as Flower reads them."""

    shares: int | None
    threshold: int | None
    whole: bool  # an integer threshold of one was written, and is read as all shares


def _judge(claim: Claim, _bench: Bench) -> Verdict:
    said = claim.statement
    assert isinstance(said, SecureAggregation)
    numbers = _numbers(said)
    problem = _first_problem(said, numbers)
    if problem is not None:
        text, witness, remedy = problem
        return Verdict(
            claim=claim.id, outcome=Outcome.REFUTED, explanation=text, method=_METHOD, witness=witness, remedy=remedy
        )
    missing = [name for name in _FIELDS if getattr(said, name) is None]
    if missing:
        return _missing(claim, missing)
    stopped = _cannot_run(said, numbers)
    if stopped:
        return unverifiable(claim, Reason.GAP, stopped, method=_METHOD)
    assumed = _ASSUMED if said.largest_weight and said.max_weight else (*_ASSUMED, _weights(said))
    room = f"{said.num_clients} clients of {said.quantization_range} fit into {said.modulus_range}"
    text = f"{numbers.threshold} of {numbers.shares} shares reconstruct a key, and {room}"
    return Verdict(claim=claim.id, outcome=Outcome.VERIFIED, explanation=text, method=_METHOD, assumptions=assumed)


def _weights(said: SecureAggregation) -> str:
    return f"no client has more examples than max_weight ({said.max_weight or 1000:g}); Flower only warns of more"


def _missing(claim: Claim, names: list[str]) -> Verdict:
    why = [f"{name} ({claim.unresolved[name]})" for name in names if name in claim.unresolved]
    reason = Reason.DYNAMIC_VALUE if why else Reason.MISSING_PARAMETER
    return unverifiable(claim, reason, "; ".join([f"not stated: {', '.join(names)}", *why]), method=_METHOD)


def _numbers(said: SecureAggregation) -> _Numbers:
    """Flower's reading: a whole 1 is a part of 1.0; a part of the clients is rounded, and made odd where it is even."""
    shares, threshold = said.num_shares, said.reconstruction_threshold
    count = _shares(shares, said.num_clients)
    whole = type(threshold) is int and threshold == 1
    if whole:
        threshold = 1.0
    if isinstance(threshold, float):
        return _Numbers(count, max(round(threshold * count), 2) if count else None, whole)
    return _Numbers(count, threshold, whole)


def _shares(shares: float | None, clients: int | None) -> int | None:
    if type(shares) is int and shares != 1:
        return shares
    if shares is None or clients is None:
        return None
    count = round(shares * clients)
    count += count < clients and count % 2 == 0
    return count if count > 2 else clients


Problem = tuple[str, dict[str, Any], Json]


def _first_problem(said: SecureAggregation, numbers: _Numbers) -> Problem | None:
    return _threshold(numbers) or _room(said) or _weight(said)


def _threshold(numbers: _Numbers) -> Problem | None:
    """Whether fewer than a majority of shares are enough; of a part of the clients only with their number known."""
    shares, threshold = numbers.shares, numbers.threshold
    if shares is None or threshold is None:
        return None
    witness = {"num_shares": shares, "reconstruction_threshold": threshold}
    remedy: Json = {"reconstruction_threshold": shares // 2 + 1}
    if threshold * 2 <= shares:
        text = f"{threshold} of {shares} shares reconstruct a client's key: the server needs no majority of them"
        return text, witness, remedy
    return None


def _cannot_run(said: SecureAggregation, numbers: _Numbers) -> str:
    """Why aggregation would stop, although nobody learns anything; nothing where it would not."""
    if numbers.shares is not None and numbers.threshold is not None and numbers.threshold >= numbers.shares:
        how = "a whole 1 is read as 100 %: " if numbers.whole else ""
        return f"{how}all {numbers.shares} shares are needed, so one client that drops out stops the round"
    if numbers.shares is not None and said.num_clients is not None and numbers.shares > said.num_clients:
        return f"there are {numbers.shares} shares for {said.num_clients} clients, so the protocol does not start"
    modulus, top = said.modulus_range or 1, (said.num_clients or 0) * (said.quantization_range or 0)
    if top == modulus:
        return f"{said.num_clients} clients that all reach {said.quantization_range} add up to the modulus, read as 0"
    return f"the modulus {modulus} is no power of two" if modulus & (modulus - 1) else ""


def _room(said: SecureAggregation) -> Problem | None:
    """Whether the sum of all clients' quantised values fits below the modulus."""
    if said.quantization_range is None or said.modulus_range is None:
        return None
    most = said.modulus_range // said.quantization_range
    clients = said.num_clients or (said.num_shares if type(said.num_shares) is int else None)
    witness = {
        "modulus_range": said.modulus_range,
        "quantization_range": said.quantization_range,
        "clients_at_most": most,
    }
    if clients is not None and clients > most:
        text = f"the sum of {clients} clients wraps around: there is room for {most}"
        need = 1 << (int(clients) * said.quantization_range - 1).bit_length()
        return text, {**witness, "clients": clients}, {"modulus_range": need}
    return None


def _weight(said: SecureAggregation) -> Problem | None:
    """Whether the weight of one client overflows what it is quantised to."""
    if said.largest_weight is None or said.max_weight is None or said.largest_weight <= said.max_weight:
        return None
    heavy = f"a client with {said.largest_weight:g} examples is above max_weight {said.max_weight:g}"
    text = f"{heavy}, so its weight overflows"
    witness = {"largest_weight": said.largest_weight, "max_weight": said.max_weight}
    return text, witness, {"max_weight": said.largest_weight}


VERIFIER = Verifier("secure_aggregation", _judge)
