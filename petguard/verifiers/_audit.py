"""A black-box audit of a mechanism: a lower bound on its epsilon from samples of its outputs on two neighbours.

One half of the samples picks the event (a threshold, or a single value) that tells the two data sets apart best; the
other half, which had no say, bounds the probability of that event under each by Clopper and Pearson's exact interval.
Then epsilon is at least log((p - delta) / q) with the stated confidence. An audit can refute; that it finds nothing
proves nothing.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv

Flags = NDArray[np.bool_]
_THRESHOLDS = 400
_SINGLES = 100


@dataclass(frozen=True)
class Audit:
    """With probability `confidence`, epsilon is at least `epsilon` (0 where nothing was found)."""

    epsilon: float
    event: str
    confidence: float
    samples: int  # from each of the two data sets


@dataclass(frozen=True)
class _Event:
    """A set of outputs: those on one side of a mark, or equal to it; `first_is_likelier` says which way it tells."""

    kind: str
    mark: Any
    first_is_likelier: bool

    def holds(self, outputs: NDArray[Any]) -> Flags:
        found: Flags = {"at most": np.less_equal, "at least": np.greater_equal, "equal to": np.equal}[self.kind](
            outputs, self.mark
        )
        return found


def lower_bound(
    first: Sequence[Any], second: Sequence[Any], delta: float, *, confidence: float = 0.95, alike: int = 1
) -> Audit:
    """Audit outputs on a data set and on its neighbour; `alike` audits share the chance of error (Bonferroni).

    Raises ValueError where there are fewer than 100 outputs of each, or where they are not of one kind.
    """
    count = min(len(first), len(second))
    if count < 100:
        raise ValueError(f"an audit needs at least 100 outputs of each data set, not {count}")
    one, other = _array(first[:count]), _array(second[:count])
    half = count // 2
    risk = (1 - confidence) / alike / 2  # two intervals are bounded, one from each data set
    event = _telling(one[:half], other[:half], delta, risk)
    found = _bound(event, one[half:], other[half:], delta, risk)
    return Audit(max(0.0, found), f"an output {event.kind} {event.mark!r}", confidence, count)


def _array(outputs: Sequence[Any]) -> NDArray[Any]:
    texts = {isinstance(each, str) for each in outputs}
    if len(texts) != 1:
        raise ValueError("the outputs are texts and numbers; an audit needs one kind")
    return np.asarray(outputs, dtype=np.str_ if texts == {True} else np.float64)


def _telling(one: NDArray[Any], other: NDArray[Any], delta: float, risk: float) -> _Event:
    """The event with the best bound on the half that may choose."""
    values, counts = np.unique(np.concatenate((one, other)), return_counts=True)
    singles = values[np.argsort(-counts, kind="stable")[:_SINGLES]]
    candidates = [("equal to", mark) for mark in singles.tolist()]
    if values.dtype.kind == "f":
        marks = values[np.unique(np.linspace(0, len(values) - 1, _THRESHOLDS).astype(np.int64))].tolist()
        candidates += [(kind, mark) for mark in marks for kind in ("at most", "at least")]
    events = [_Event(kind, mark, likelier) for kind, mark in candidates for likelier in (True, False)]
    return max(events, key=lambda event: _bound(event, one, other, delta, risk))


def _bound(event: _Event, one: NDArray[Any], other: NDArray[Any], delta: float, risk: float) -> float:
    """The lower bound on epsilon by this event; minus infinity where the event is too rare to say anything."""
    likely, rare = (one, other) if event.first_is_likelier else (other, one)
    above = _at_least(int(event.holds(likely).sum()), len(likely), risk) - delta
    below = _at_most(int(event.holds(rare).sum()), len(rare), risk)
    return math.log(above / below) if above > 0 else -math.inf


def _at_least(hits: int, of: int, risk: float) -> float:
    return 0.0 if hits == 0 else float(betaincinv(hits, of - hits + 1, risk))


def _at_most(hits: int, of: int, risk: float) -> float:
    return 1.0 if hits == of else float(betaincinv(hits + 1, of - hits, 1 - risk))
