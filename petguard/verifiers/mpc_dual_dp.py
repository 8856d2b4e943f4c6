"""Verifies MPC-DualDP claims: whether the coins that two servers toss together give the stated epsilon.

The noise is the number of heads among n fair coins, less n/2. PrivacyGo chooses n by a formula that is safe for small
epsilon and wrong for large ones, so epsilon is always computed from n itself, exactly. The numerics stand in
`_events`, imported on first use.
"""

import math

from petguard.claims import MpcDualDp
from petguard.model import Budget, Claim, Json, Reason, Verdict, unverifiable
from petguard.verifiers import Bench, Verifier, _dp
from petguard.verifiers._dp import Enclosure

_METHOD = "exact binomial tails, threshold by threshold"
_MOST_COINS = 10**15
_ASSUMED = (
    "each coin is the exclusive or of one random bit of either server, computed under MPC, so it is fair and unknown "
    "to both as long as one of them draws its bits well; the servers are semi-honest and do not collude",
    "the noise, heads less n/2, is added once to one number, inside the MPC; every further release has to be counted",
    "the protected number is a whole one; the noise is a whole number plus n/2, so it hides no fractions",
)


def formula(epsilon: float, delta: float, sensitivity: float) -> float:
    """The number of coins that PrivacyGo tosses: 8 sensitivity^2 log(2 / delta) / epsilon^2, rounded up."""
    exact = 8 * sensitivity / epsilon * (sensitivity / epsilon) * math.log(2 / delta)
    return float(math.ceil(exact)) if math.isfinite(exact) else math.inf


def _judge(claim: Claim, bench: Bench) -> Verdict:
    said, budget = claim.statement, bench.budget
    assert isinstance(said, MpcDualDp)
    said = said if said.n is not None or said.calibration is None else _calibrated(said)
    missing = [name for name in ("n", "sensitivity", "delta") if getattr(said, name) is None]
    missing += _dp.dynamic(claim, ("unit", "contributions", "neighbours"))
    if missing or said.n is None or said.sensitivity is None or said.delta is None:
        return _dp.cannot_judge(claim, missing, _what_the_formula_says(said) if missing == ["n"] else "")
    if not said.sensitivity.is_integer():
        why = f"the noise is a whole number, and a value that moves by {_dp.number(said.sensitivity)} may be none"
        return unverifiable(claim, Reason.GAP, f"{why}; its fraction would be released as it is", method=_METHOD)
    found = _enclose(said, said.n, int(said.sensitivity), said.delta)
    if said.epsilon is None:
        return _dp.show(claim, found, ("epsilon",), said.delta)
    remedy = _remedy(found, int(said.sensitivity) * (said.contributions or 1), said.epsilon, said.delta, budget)
    return _dp.decide(claim, found, said.epsilon, said.delta, remedy)


def _calibrated(said: MpcDualDp) -> MpcDualDp:
    """The claim with the coins that the library tosses for its numbers; as it is where they are not known or absurd."""
    if said.epsilon is None or said.sensitivity is None or said.delta is None:
        return said
    coins = formula(said.epsilon, said.delta, said.sensitivity)
    return said.model_copy(update={"n": int(coins)}) if 1 <= coins <= _MOST_COINS else said


def _what_the_formula_says(said: MpcDualDp) -> str:
    if said.epsilon is None or said.sensitivity is None or said.delta is None:
        return ""
    coins = formula(said.epsilon, said.delta, said.sensitivity)
    return f"PrivacyGo's formula would toss {coins:.15g} coins; state the n that is really used"


def _enclose(said: MpcDualDp, n: int, move: int, delta: float) -> Enclosure:
    """The sensitivity is one person's; where contributions are stated too, it may be that of each of them."""
    from petguard.verifiers import _events  # noqa: PLC0415 - numpy is slow to import

    most = move * (said.contributions or 1)
    low, high = _events.coins(n, move, delta)[0], _events.coins(n, most, delta)[1]
    by = f"{move}" if most == move else f"{move} to {most}, which {said.contributions} contributions may make of it,"
    moved = "replaced" if said.neighbours == "replace" else "added or removed"
    person = f"the sensitivity is how far the number moves at most when one person is {moved}"
    return Enclosure(low, high, f"{n} coins against a move by {by}", _METHOD, (*_ASSUMED, person), {"n": n})


def _remedy(found: Enclosure, move: int, epsilon: float, delta: float, budget: Budget) -> Json:
    """The fewest coins that meet the claim and the budget; nothing where both are met."""
    from petguard.verifiers import _events  # noqa: PLC0415 - numpy is slow to import

    target, strict = _dp.target(epsilon, delta, budget)
    strict = strict or delta
    if found.high <= target and strict == delta:
        return {}
    coins = _events.fewest_coins(move, strict, target)
    if coins is None or coins <= int(str(found.witness["n"])):
        return {}
    return {"n": coins, "epsilon": _events.coins(coins, move, strict)[1], "delta": strict}


VERIFIER = Verifier("mpc_dual_dp", _judge)
