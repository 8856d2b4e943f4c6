"""The numbers behind a federated DP claim: bounds on epsilon for each mechanism, and what would meet a target."""

import math
from dataclasses import dataclass, replace

from petguard.claims import FederatedDp, Release
from petguard.model import Json
from petguard.verifiers import _composition, _events, _gaussian, _pld, _search

Bounds = tuple[float, float]

_LARGEST_NOISE = 10_000  # a remedy above this is no advice
_ROOM = 1e-12


@dataclass(frozen=True)
class Rounds:
    """How clients take part: how many rounds there are, the share of clients in each, and which neighbours count."""

    count: int
    sampling: str | None
    rate: float | None  # None where it is not stated and not needed
    swapped: bool  # a client's update is exchanged for any other one, twice the clip away

    @property
    def sampled(self) -> bool:
        """Whether a client is left out of rounds by chance."""
        return self.sampling in ("poisson", "fixed") and self.rate is not None and self.rate < 1


def read(said: FederatedDp) -> Rounds:
    """The rounds of a claim in which nothing is missing that its sampling needs."""
    known = said.clients_per_round is not None and said.clients_total is not None
    rate = (said.clients_per_round or 1) / (said.clients_total or 1) if known else None
    if said.sampling == "none":
        rate = 1.0
    swapped = said.neighbours == "replace" or said.unit == "example"
    return Rounds(said.rounds or 1, said.sampling, rate, swapped)


def noise_multiplier(said: FederatedDp) -> float | None:
    """The noise on the sum of updates in units of the clip, as stated or from what a library is given."""
    if said.noise_multiplier is not None:
        return said.noise_multiplier
    if said.sigma is not None and said.clipping_norm is not None:
        clients = 1 if said.noise_on == "sum" else said.clients_per_round if said.noise_on == "mean" else None
        return None if clients is None else said.sigma * clients / said.clipping_norm
    if said.round_epsilon is not None and said.round_delta is not None:
        return math.sqrt(2 * math.log(1.25 / said.round_delta)) / said.round_epsilon
    return None


# --- Gaussian


def gaussian(noise: float, rounds: Rounds, delta: float, points: int = _pld.COARSE) -> Bounds:
    """Epsilon of Gaussian noise on the sum of clipped updates."""
    return _gaussian_low(noise, rounds, delta, points), gaussian_high(noise, rounds, delta, points)


def gaussian_high(noise: float, rounds: Rounds, delta: float, points: int = _pld.COARSE) -> float:
    """An epsilon that surely holds; where sampling is not stated, a client may be in every round."""
    always = _gaussian.every_step(noise / (2 if rounds.swapped else 1), rounds.count, delta)[1]
    if not rounds.sampled or rounds.rate is None:
        return always
    if rounds.sampling == "poisson" and not rounds.swapped:
        return _gaussian.poisson_upper(noise, rounds.rate, rounds.count, delta, points)[0]
    return min(always, swapped_high(noise, rounds.rate, rounds.count, delta, points))


def swapped_high(noise: float, rate: float, count: int, delta: float, points: int = _pld.COARSE) -> float:
    """An epsilon that holds when a sampled client is swapped for another one, or the number of clients is fixed.

    Both come to the same: with probability `rate` the sum has an update in a place where there was another one, which
    moves it by at most twice the clip. The pair that dominates this is the one of samples of a fixed size.
    """
    if noise <= 0:
        return math.inf
    release = Release(mechanism="gaussian", scale=noise, sensitivity=2.0, rate=rate, count=count, sampling="fixed")
    return _composition.bounds([release], delta, points)[1]


def _gaussian_low(noise: float, rounds: Rounds, delta: float, points: int) -> float:
    """An epsilon that surely does not hold.

    When all other updates are 0, a draw of fixed size looks like a Poisson sample, and so does an update against
    that of a client who sends 0.
    """
    if noise == 0:
        told = 1.0 if rounds.rate == 1 else -math.expm1(rounds.count * math.log1p(-(rounds.rate or 0.0)))
        return math.inf if told > delta else 0.0
    if rounds.rate == 1:
        return _gaussian.every_step(noise / (2 if rounds.swapped else 1), rounds.count, delta)[0]
    if not rounds.rate:
        return 0.0
    poisson = _gaussian.poisson_lower(noise, rounds.rate, rounds.count, delta, points)[0]
    return poisson if rounds.sampled else min(poisson, _in_turn(noise, rounds.rate, rounds.count, delta, points))


def _in_turn(noise: float, rate: float, count: int, delta: float, points: int) -> float:
    """The lower bound where clients take turns: Poisson sampling, which may draw one often, can be worse."""
    turns = math.ceil(1 / rate * (1 - 1e-12))
    return _gaussian.shuffle_lower(noise, turns, 0.0, count // turns, delta, points)


def settle(noise: float, rounds: Rounds, epsilon: float, delta: float) -> Bounds:
    """Bounds that tell whether `epsilon` holds; refined once where the first grid leaves it in between."""
    low, high = gaussian(noise, rounds, delta)
    return gaussian(noise, rounds, delta, _pld.FINE) if low <= epsilon < high else (low, high)


def gaussian_remedy(noise: float, rounds: Rounds, epsilon: float, delta: float) -> Json:
    """The smallest noise multiplier in hundredths, to half a per cent, and the most rounds with the present noise."""
    rough = _pld.COARSE // 16
    hundredths = _search.smallest(
        lambda at: gaussian_high(at / 100, rounds, delta, rough) <= epsilon, _LARGEST_NOISE * 100, slack=0.005
    )
    most = _search.largest(
        lambda count: gaussian_high(noise, replace(rounds, count=count), delta, rough) <= epsilon, rounds.count
    )
    fewer: Json = {"or_rounds": most} if noise > 0 and 0 < most < rounds.count else {}
    if hundredths is None:
        return fewer
    reached = gaussian_high(hundredths / 100, rounds, delta)
    return {"noise_multiplier": hundredths / 100, "epsilon": reached, "delta": delta, **fewer}


# --- Laplace


def laplace(each: float, rounds: Rounds, delta: float | None) -> Bounds:
    """Epsilon of Laplace noise with sensitivity / scale `each` in every round."""
    own = each * 2 if rounds.swapped else each
    if not rounds.sampled or rounds.rate is None:
        low = _laplace_always(own, rounds.count, delta) if rounds.rate == 1 else 0.0
        return low, _events.pure(own, rounds.count, delta)
    # The client drawn instead may be on the other side, twice the sensitivity away, unless all are drawn apart.
    farthest = each if rounds.sampling == "poisson" and not rounds.swapped else 2 * each
    high = min(_amplified(farthest, rounds.rate), own)
    return _laplace_sampled(each, rounds.rate, rounds.count, delta), _events.pure(high, rounds.count, delta)


def _laplace_always(each: float, count: int, delta: float | None) -> float:
    if delta is None:
        return each * count * (1 - _ROOM)
    wrong = math.exp(-each / 2) / 2
    return _events.answers(1 - wrong, wrong, 0.0, count, delta)[0]


def _laplace_sampled(each: float, rate: float, count: int, delta: float | None) -> float:
    if delta is None:
        return _amplified(each, rate) * count * (1 - 1e-9)
    without, present = math.exp(-each) / 2, 0.5
    told = (1 - rate) * without + rate * present - delta
    return max(0.0, (math.log(told / without) if told > 0 and without > 0 else 0.0) * (1 - 1e-9))


def _amplified(each: float, rate: float) -> float:
    """Epsilon of a pure mechanism on a sample: log(1 + rate (exp(each) - 1))."""
    if each > 500:
        return each + math.log(rate) + 1e-9
    return math.log1p(rate * math.expm1(each)) * (1 + _ROOM)


# --- NVFlare's sparse vector filter


@dataclass(frozen=True)
class Sparse:
    """What one application of the filter spends: `released` weights out of `parameters`."""

    selection: float
    release: float
    released: int
    parameters: int
    replace: bool | None


def sparse(said: FederatedDp) -> Sparse | None:
    """The filter as configured; None where a number is missing."""
    parameters = said.parameters
    if said.selection_epsilon is None or said.fraction is None or parameters is None:
        return None
    released = min(parameters, max(1, math.ceil(parameters * said.fraction)))
    by_weight = None if said.noise_var is None else said.noise_var * released
    release = said.release_epsilon if said.release_epsilon is not None else by_weight
    return None if release is None else Sparse(said.selection_epsilon, release, released, parameters, said.replace)


def sparse_bounds(filter_: Sparse, rounds: Rounds, delta: float | None) -> Bounds:
    """Epsilon of `rounds` applications to any two updates of one client.

    From above: drawn without replacement, the choice costs the selection's epsilon, because a coordinate that is left
    out is only less likely to be accepted under the raised threshold, whatever the number of passes. Drawn with
    replacement the number of accepted weights shows through, and all of them are paid for. From below: updates of
    opposite sign are chosen from alike, and every released weight then tells the sign.
    """
    drawn_apart = filter_.replace is False
    chosen = filter_.selection * (1 if drawn_apart else filter_.parameters / filter_.released)
    high = _events.pure(chosen + filter_.release, rounds.count, delta)
    if delta is None:
        return filter_.release * rounds.count * (1 - _ROOM), high
    if rounds.sampling not in (None, "none"):
        return 0.0, high
    wrong = math.exp(-filter_.release / filter_.released / 2) / 2
    signs = rounds.count * (filter_.released if drawn_apart else 1)
    return _events.answers(1 - wrong, wrong, 0.0, min(signs, _events.MOST_TIMES), delta)[0], high
