"""The replay of numpy's Laplace sampler: that it is exact, and what it shows."""

import math

import numpy as np
import pytest

from petguard.verifiers import _floats


@pytest.mark.parametrize("answer", [0.0, 1.0, -3.0])
@pytest.mark.parametrize("scale", [0.5, 1.0, 10.0])
def test_every_output_of_numpy_can_be_replayed(answer: float, scale: float) -> None:
    """Whatever numpy makes of an answer is found to be possible for that answer, bit for bit."""
    sampler = _floats._Sampler(scale, 0.0)
    outputs = np.random.default_rng(3).laplace(answer, scale, 500)
    assert all(sampler.reaches(float(output), answer) for output in outputs)


def test_most_outputs_of_numpy_cannot_come_from_the_neighbour() -> None:
    """Of real outputs on the answer 1 the answer 0 can give about a fifth."""
    sampler = _floats._Sampler(1.0, 0.0)
    outputs = np.random.default_rng(3).laplace(1.0, 1.0, 500)
    assert sum(sampler.reaches(float(output), 0.0) for output in outputs) < 200


def test_noise_added_to_an_answer_is_no_different() -> None:
    """Adding noise around 0 to the answer rounds like noise around the answer."""
    sampler = _floats._Sampler(1.0, 0.0)
    outputs = 1.0 + np.random.default_rng(3).laplace(0.0, 1.0, 500)
    assert all(sampler.reaches(float(output), 1.0) for output in outputs)


@pytest.mark.parametrize("scale", [0.1, 1.0, 2.0, 1000.0])
def test_the_replay_shows_more_than_the_published_bound(scale: float) -> None:
    """2000 replays prove an epsilon of at least 5.75."""
    leak = _floats.replay(scale, 1.0, 0.0, None)
    assert leak.epsilon > 5.75
    assert leak.first == 0


def test_a_large_delta_takes_from_what_is_shown() -> None:
    """The event has to be more likely than delta."""
    assert _floats.replay(1.0, 1.0, 0.5, None).epsilon < _floats.replay(1.0, 1.0, 0.0, None).epsilon
    assert _floats.replay(1.0, 1.0, 0.999, None).epsilon == 0.0


@pytest.mark.parametrize("rounding", [1.0, 0.01, 1e-9])
def test_rounded_outputs_can_come_from_both(rounding: float) -> None:
    """Nothing is shown where the low digits are not published."""
    assert _floats.replay(1.0, 1.0, 0.0, rounding).epsilon == 0.0


@pytest.mark.parametrize(("scale", "sensitivity"), [(1e-300, 1e300), (1e300, 1e-300), (5e-324, 1.0), (1e308, 1e308)])
def test_absurd_numbers_show_nothing(scale: float, sensitivity: float) -> None:
    """Outside the range of the replay the bound is 0."""
    assert _floats.replay(scale, sensitivity, 0.0, None).epsilon == 0.0


def test_the_bound_is_clopper_and_pearsons() -> None:
    """None of 2000 leaves at most 0.00184, all of 2000 at least the same from 1."""
    assert _floats._at_least(0, 2000) == 0.0
    assert 1 - _floats._at_least(2000, 2000) == pytest.approx(1 - 0.025 ** (1 / 2000))
    assert math.isclose(_floats._at_least(1000, 2000), 0.4778, abs_tol=1e-3)
