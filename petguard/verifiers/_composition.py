"""Sound bounds on the epsilon of several releases about the same people, of any mix of mechanisms.

`bounds` and `settle` are what verifiers and the budget's ledger call. Both directions of every bound hold for releases
that are chosen adaptively, one after the other. The lower bound is reached by worst-case data and queries with exactly
the stated sensitivities.
"""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cache, partial

from petguard.claims import Release
from petguard.model import Json
from petguard.verifiers import _closed, _gaussian, _losses, _pld, _sampled
from petguard.verifiers._losses import Kind

_ROOM = 1e-12  # what rounding may move a closed form, relative
_MOST_TIMES = 10**9  # releases for which grids are worth computing
_FEWER_TIMES = 10**6  # a lower bound for fewer releases holds for more
_MOST_KINDS = 64  # each kind costs a transform; where there are more, the weakest are composed by adding up

Bounds = tuple[float, float]
_Composed = tuple[tuple[Kind, int], ...]


def bounds(releases: Iterable[Release], delta: float | None, points: int = _pld.COARSE) -> Bounds:
    """Lower and upper epsilon at `delta` (0 and None mean pure differential privacy) of all releases together.

    Neither side is ever wrong, whatever the numbers: 0 and infinity stand for what cannot be said. `points` is the size
    of the grid. A release counts as often as its `count`; the order does not matter, and no releases cost nothing.
    """
    releases = tuple(releases)
    return least(releases, delta, points), most(releases, delta, points)


def least(releases: Iterable[Release], delta: float | None, points: int = _pld.COARSE) -> float:
    """The lower one of `bounds`, which costs half."""
    kinds = _reduced(releases)
    return _exact(kinds)[0] if not delta else _least(kinds, delta, points)


def most(releases: Iterable[Release], delta: float | None, points: int = _pld.COARSE) -> float:
    """The upper one of `bounds`, which costs half."""
    kinds = _reduced(releases)
    return _exact(kinds)[1] if not delta else _most(kinds, delta, points)


def settle(releases: Iterable[Release], epsilon: float, delta: float | None) -> Bounds:
    """The bounds, on a finer grid where the first leaves it open whether `epsilon` holds."""
    releases = tuple(releases)
    low, high = bounds(releases, delta)
    return bounds(releases, delta, _pld.FINE) if low <= epsilon < high else (low, high)


def for_user(releases: Iterable[Release], contributions: float, *, upper: bool) -> tuple[Release, ...] | None:
    """The releases as they concern a user with so many contributions; None where the numbers grow too large.

    The result leaks no less than the truth for an upper bound, and no more for a lower one. Contributions move an
    answer together, in the worst case all in one direction; randomised response is answered once for each.
    """
    found = []
    for release in releases:
        count, moved = release.count, release.sensitivity * contributions
        if release.mechanism == "randomized_response":
            count, moved = int(min(count * contributions, 1e300)), release.sensitivity
        if count > 10**15 or not math.isfinite(moved):
            return None
        grown = {"count": count, "sensitivity": moved} if contributions > 1 else {}
        sampled = _sampled_user(release, contributions, upper=upper) if release.rate < 1 < contributions else {}
        found.append(release.model_copy(update={**grown, **sampled}))
    return tuple(found)


def _sampled_user(release: Release, contributions: float, *, upper: bool) -> Json:
    """How many of a user's contributions are in a sample is random, and is replaced by all of them or one, or none.

    More of them at once leak more in each direction (mixtures of Gaussians, Choquette-Choo et al. 2024). Nothing of a
    sample of a fixed size is used from above.
    """
    any_of_them = min(1.0, -math.expm1(contributions * math.log1p(-release.rate)))
    if not upper:
        return {
            "sensitivity": release.sensitivity,
            "rate": any_of_them if release.sampling == "poisson" else release.rate,
        }
    return {"rate": any_of_them if release.sampling == "poisson" else 1.0}


def _reduced(releases: Iterable[Release]) -> _Composed:
    """Each kind of release once, with its count; Gaussian noise on everybody's data adds up to one release."""
    counts: Counter[Kind] = Counter()
    squares = 0.0
    for release in releases:
        kind = _kind(release)
        if kind.strength == 0:
            continue
        if kind.mechanism == "gaussian" and kind.rate == 1:
            squares = math.hypot(squares, kind.strength * math.sqrt(release.count))
        else:
            counts[kind] += release.count
    if squares:
        counts[Kind("gaussian", squares)] = 1
    return tuple(sorted(counts.items()))


def _kind(release: Release) -> Kind:
    if release.mechanism == "randomized_response":
        return Kind("randomized_response", _closed.odds(release.p or 0.5))
    strength = _closed.quotient(release.sensitivity, release.scale or math.inf)
    if release.mechanism == "discrete_laplace" and release.sensitivity.is_integer() and release.sensitivity < 1e15:
        return Kind("discrete_laplace", strength, int(release.sensitivity))
    if release.mechanism == "gaussian":
        return Kind("gaussian", strength, 1, release.rate, release.sampling == "fixed" and release.rate < 1)
    return Kind("laplace" if release.mechanism == "laplace" else "pure", strength)


def _exact(kinds: _Composed) -> Bounds:
    """At delta 0 the largest losses add up, and Gaussian noise has no largest loss."""
    if any(not kind.pure for kind, _ in kinds):
        return math.inf, math.inf
    total = _added_up(kinds)
    return (0.0 if any(kind.mechanism == "pure" for kind, _ in kinds) else total), total


def _added_up(kinds: Sequence[tuple[Kind, int]]) -> float:
    return _closed.total((kind.strength, times) for kind, times in kinds)


@cache
def _least(kinds: _Composed, delta: float, points: int) -> float:
    alone = max((_single(kind, delta)[0] for kind, _ in kinds), default=0.0)
    return alone if _is_one_release(kinds) else max(alone, _lower(kinds, delta, points))


@cache
def _most(kinds: _Composed, delta: float, points: int) -> float:
    if _is_one_release(kinds):
        return max((_single(kind, delta)[1] for kind, _ in kinds), default=0.0)
    return min(_basic(kinds, delta), _upper(kinds, delta, points))


def _is_one_release(kinds: _Composed) -> bool:
    """Whether there is a closed form: of one release about everybody, or of none."""
    return not kinds or (len(kinds) == 1 and kinds[0][1] == 1 and kinds[0][0].rate == 1)


def _single(kind: Kind, delta: float) -> Bounds:
    """One release: exact but for rounding; a sampled one is not looked at."""
    if kind.rate < 1:
        return 0.0, math.inf
    if not kind.pure:
        return _gaussian.every_step(1 / kind.strength, 1, delta)
    if kind.strength == math.inf:
        return math.inf, math.inf
    exact = _losses.closed(kind, delta)
    room = _ROOM * (1 + kind.strength)
    low = 0.0 if kind.mechanism == "pure" else max(0.0, exact - room)
    return low, min(exact + room, kind.strength)


def _basic(kinds: _Composed, delta: float) -> float:
    """Largest losses added up, and all of delta for the Gaussian noise, without amplification by sampling."""
    pure = [(kind, times) for kind, times in kinds if kind.pure]
    shift = math.hypot(*(kind.strength * math.sqrt(times) for kind, times in kinds if not kind.pure))
    noisy = _gaussian.every_step(1 / shift, 1, delta)[1] if shift else 0.0
    return _added_up(pure) + noisy


def _upper(kinds: _Composed, delta: float, points: int) -> float:
    """By privacy-loss distribution; kinds that fit no grid, or are too many, are added up beside it."""
    on_grid, rest = _split(kinds)
    times = sum(count for _, count in on_grid)
    if not on_grid or times > _MOST_TIMES or any(not kind.pure for kind, _ in rest):
        return math.inf
    reach = _sampled.reach(delta, times)

    def direction(points: int, *, added: bool) -> tuple[float, float]:
        return _pld.upper(
            [_losses.pessimistic(kind, count, reach, added=added) for kind, count in on_grid], delta, points
        )

    removing = partial(direction, added=False)
    differ = any(kind.rate < 1 and not kind.fixed for kind, _ in on_grid)
    found, _ = _pld.worse(removing, partial(direction, added=True), points) if differ else removing(points)
    return found + _added_up(rest)


def _split(kinds: _Composed) -> tuple[list[tuple[Kind, int]], list[tuple[Kind, int]]]:
    """The kinds to be put on a grid, replaced by ones that leak no less, and the others."""
    fitting = [(_losses.stronger(kind), kind, times) for kind, times in kinds]
    fitting.sort(key=lambda each: each[1].pure * each[1].strength * each[2])
    weakest = max(0, len([each for each in fitting if each[0]]) - _MOST_KINDS)
    on_grid, rest = [], []
    for grid, kind, times in fitting:
        if grid is None or (kind.pure and weakest > 0):
            weakest -= grid is not None
            rest.append((kind, times))
        else:
            on_grid.append((grid, times))
    return on_grid, rest


def _lower(kinds: _Composed, delta: float, points: int) -> float:
    """By privacy-loss distribution of the kinds that fit a grid, each replaced by one that leaks no more."""
    fitting = [(_losses.weaker(kind), times) for kind, times in kinds]
    on_grid = [(kind, min(times, _FEWER_TIMES)) for kind, times in fitting if kind is not None]
    on_grid = sorted(on_grid, key=lambda each: -each[0].strength * each[1])[:_MOST_KINDS]
    if not on_grid:
        return 0.0
    reach = _sampled.reach(delta, sum(times for _, times in on_grid))
    return _pld.lower([_losses.optimistic(kind, times, reach) for kind, times in on_grid], delta, points)[0]
