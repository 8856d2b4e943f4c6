"""The privacy loss of Gaussian noise on a sample, cut into cells: one step of DP-SGD, or one release about everybody.

Noise is in units of the sensitivity, and the sample holds each unit with the given rate; at rate 1 it is everybody.
"""

import math

import numpy as np
from scipy import special

from petguard.verifiers import _pld
from petguard.verifiers._pld import Floats

_TINY = 1e-290  # masses below this have lost their digits


def reach(delta: float, steps: int) -> float:
    """How many standard deviations to keep, so that all steps together cut less than TAIL_SHARE of delta."""
    return math.sqrt(2 * (math.log(steps) - math.log(delta) - math.log(_pld.TAIL_SHARE)))


def _loss(at: float, noise: float, rate: float) -> float:
    if rate == 1:
        return (at - 0.5) / noise**2
    return float(np.logaddexp(math.log1p(-rate), math.log(rate) + (at - 0.5) / noise**2))


def span(noise: float, rate: float, reach: float) -> float:
    """How far apart the losses of one step are within `reach` standard deviations."""
    return _loss(1 + reach * noise, noise, rate) - _loss(-reach * noise, noise, rate)


def _where(losses: Floats, noise: float, rate: float) -> Floats:
    """The outcome at which each loss occurs; minus infinity below the smallest loss there is."""
    if rate == 1:
        return 0.5 + noise**2 * losses
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        lifted = np.expm1(losses) / rate
        ratio = np.where(losses > 500, losses - math.log(rate), np.log1p(np.maximum(lifted, -1.0)))
    places: Floats = 0.5 + noise**2 * ratio
    return places


def _bands(edges: Floats) -> Floats:
    """Standard normal mass between neighbouring edges, each difference taken in the smaller tail."""
    below, above = special.ndtr(edges), special.ndtr(-edges)
    bands: Floats = np.where(edges[:-1] > 0, above[:-1] - above[1:], below[1:] - below[:-1])
    return bands


def _log_ratio(top: Floats, bottom: Floats, otherwise: Floats) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio: Floats = np.where((top > _TINY) & (bottom > _TINY), np.log(top) - np.log(bottom), otherwise)
    return ratio


def _cells(edges: Floats, noise: float, rate: float) -> tuple[Floats, Floats, Floats]:
    """Mass with and without the example between the outcomes `edges`, and the relative error of these masses."""
    without = _bands(edges / noise)
    present = (1 - rate) * without + rate * _bands((edges - 1) / noise)
    with np.errstate(invalid="ignore"):
        width = np.maximum(np.diff(edges) / noise, 1e-15)
        away = (1 + np.maximum(np.abs(edges[:-1]), np.abs(edges[1:]))) / noise
        blurred = np.where(np.isfinite(width), (2e-15 + 1e-15 * away) / width, 0.0)
    return present, without, 4e-14 + blurred


def up(noise: float, rate: float, reach: float, step: float, *, added: bool) -> _pld.Grid:
    """One step, pessimistic. The far tail on the high side is left out: it counts against delta."""
    first = math.floor(_loss(-reach * noise, noise, rate) / step)
    last = math.ceil(_loss(1 + reach * noise, noise, rate) / step)
    marks = np.arange(first, last + 1, dtype=np.int64)
    edges = _where(marks.astype(np.float64) * step, noise, rate)
    present, without, doubt = _cells(edges, noise, rate)
    mass, other, cell = (without, present, -marks[:-1] - 1) if added else (present, without, marks[:-1])
    loss = _log_ratio(mass, other, (cell + 1).astype(np.float64) * step)
    low_end = float(special.ndtr(-edges[-1] / noise) if added else special.ndtr(edges[0] / noise))
    lowest = int(cell.min())
    return _pld.split_up(
        np.append(mass, low_end), np.append(loss, lowest * step), np.append(cell, lowest), step, np.append(doubt, 0.0)
    )


def down(noise: float, rate: float, reach: float, step: float) -> _pld.Grid:
    """One step, a unit removed, optimistic: cells are centred on the grid, so that rounding loses little."""
    first = math.floor(_loss(-reach * noise, noise, rate) / step)
    last = math.ceil(_loss(1 + reach * noise, noise, rate) / step)
    marks = (np.arange(first, last + 1, dtype=np.float64) - 0.5) * step
    edges: Floats = np.pad(_where(marks, noise, rate), 1, constant_values=(-np.inf, np.inf))
    present, without, doubt = _cells(edges, noise, rate)
    floor = np.concatenate(([math.log1p(-rate) if rate < 1 else -np.inf], marks))
    ceiling = np.concatenate((marks, [np.inf]))
    loss = np.clip(_log_ratio(present, without, floor), floor, ceiling) - 2 * np.minimum(doubt, step)
    keep = (present > 0) & (edges[:-1] < edges[1:]) & np.isfinite(loss)
    return _pld.round_down(present[keep], loss[keep], step)


def replaced_up(noise: float, rate: float, reach: float, step: float) -> _pld.Grid:
    """One step with a sample of a fixed size, drawn anew, one unit of which is replaced; pessimistic.

    Balle, Barthe and Gaboardi (2018): the divergence at e^epsilon' = 1 + rate (e^epsilon - 1), epsilon' > 0, is at most
    rate times that of the noise at e^epsilon. This is also what a Poisson sample has when a unit with the same
    sensitivity is removed, so the losses above 0 are taken from there. Those below 0 mirror them, because replacing is
    symmetric, and what remains has no loss. `noise` is in units of what replacing moves: twice the clipping norm.
    """
    marks = np.arange(0, math.ceil(_loss(1 + reach * noise, noise, rate) / step) + 1, dtype=np.int64)
    places = marks.astype(np.float64) * step
    edges = _where(places, noise, rate)
    present, without, doubt = _cells(edges, noise, rate)
    rise, fall = _log_ratio(present, without, places[1:]), _log_ratio(without, present, -places[:-1])
    end, same = float(special.ndtr(-edges[-1] / noise)), (1 - rate) * float(special.erf(0.5 / noise / math.sqrt(2)))
    mass = np.concatenate((present, without, [end, same]))
    loss = np.concatenate((rise, fall, [-places[-1], 0.0]))
    cell = np.concatenate((marks[:-1], -marks[1:], [-marks[-1], 0]))
    return _pld.split_up(mass, loss, cell, step, np.concatenate((doubt, doubt, [0.0, 0.0])))
