"""Noise that is added by hand: what is meant as differential privacy, and what is only noise."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from petguard.model import Claim, Facts, Gap, Outcome
from petguard.parsers import Parser
from petguard.parsers.python import PARSER
from petguard.verifiers import judge_all
from tests.benches import bench

Read = Callable[[Parser, Mapping[str, str]], tuple[Facts, list[Gap]]]

_NUMPY = "import numpy as np\nimport math\n"
_ADD = "np.random.laplace(0, sensitivity / epsilon)"

# Code, and the fields of its one claim.
_CASES: dict[str, tuple[str, dict[str, Any]]] = {
    "sensitivity by epsilon, in the call": (
        _NUMPY + "sensitivity = 1\nepsilon = 0.5\nprint(count + np.random.laplace(0, sensitivity / epsilon))",
        {"mechanism": "laplace", "scale": 2.0, "sensitivity": 1, "epsilon": 0.5, "implementation": "numpy"},
    ),
    "a number by epsilon, under a name": (
        _NUMPY + "eps = 0.1\nb = 2.0 / eps\nnoisy = total + np.random.laplace(loc=0, scale=b, size=3)",
        {"scale": 20.0, "sensitivity": 2.0, "epsilon": 0.1},
    ),
    "a generator of its own": (
        "from numpy.random import default_rng\nrng = default_rng()\nepsilon = 2\n"
        "noisy = n + rng.laplace(scale=1 / epsilon)",
        {"scale": 0.5, "epsilon": 2, "implementation": "numpy"},
    ),
    "the classic Gaussian mechanism": (
        _NUMPY + "sensitivity = 1\nepsilon = 0.5\ndelta = 1e-5\n"
        "sigma = sensitivity * math.sqrt(2 * math.log(1.25 / delta)) / epsilon\nnoisy = n + np.random.normal(0, sigma)",
        {"mechanism": "gaussian", "sensitivity": 1, "epsilon": 0.5, "delta": 1e-5, "sigma": None, "scale": None},
    ),
    "a Gaussian whose factor is no sensitivity": (
        _NUMPY + "epsilon = 0.5\nnoisy = n + np.random.normal(0, 4.8 / epsilon)",
        {"mechanism": "gaussian", "sensitivity": None, "epsilon": 0.5, "sigma": 9.6},
    ),
    "the generator of Python": (
        "import random\nsensitivity = 3\nnoisy = n + random.gauss(0, sensitivity * 4)",
        {"mechanism": "gaussian", "sensitivity": 3, "sigma": 12, "implementation": "random"},
    ),
    "a distribution of torch": (
        "import torch\nepsilon = 1.0\nd = torch.distributions.Laplace(0, 1 / epsilon)\nnoisy = n + d.sample()",
        {"mechanism": "laplace", "scale": 1.0, "epsilon": 1.0, "implementation": "torch"},
    ),
    "a distribution of scipy": (
        "from scipy.stats import laplace\nepsilon = 1.0\nnoisy = n + laplace.rvs(scale=1 / epsilon)",
        {"mechanism": "laplace", "scale": 1.0, "epsilon": 1.0},
    ),
    "epsilon where its inverse belongs": (
        _NUMPY + "epsilon = 2.0\nnoisy = n + np.random.laplace(0, epsilon)",
        {"scale": 2.0, "epsilon": 2.0, "sensitivity": None},
    ),
    "an epsilon from outside": (
        _NUMPY + "def noisy(n, sensitivity, epsilon):\n    return n + np.random.laplace(0, sensitivity / epsilon)",
        {"scale": None, "epsilon": None, "sensitivity": None},
    ),
    "twice the sensitivity, at a call": (
        _NUMPY + "def noisy(n, sensitivity, epsilon):\n    return n + np.random.laplace(0, 2 * sensitivity / epsilon)\n"
        "print(noisy(count, 3, 0.5))",
        {"scale": None, "epsilon": 0.5, "sensitivity": 3},
    ),
    "a call of the function that adds it": (
        _NUMPY + "def noisy(n, sensitivity, epsilon=0.5):\n    return n + np.random.laplace(0, sensitivity / epsilon)\n"
        "print(noisy(count, 3))",
        {"scale": 6.0, "epsilon": 0.5, "sensitivity": 3},
    ),
}

_NOT_MEANT = {
    "augmentation": "x = x + np.random.normal(0, 0.1, x.shape)",
    "simulation": "y = 3 * x + np.random.laplace(0, 1)",
    "exploration": "epsilon = 0.1\naction = action + np.random.normal(0, epsilon)",
    "a small number against division by zero": "eps = 1e-8\nx = x + np.random.normal(0, sigma / (std + eps))",
    "normalisation": "epsilon = 1e-5\nx = (x - m) / np.sqrt(v + epsilon) + np.random.normal(0, 0.1)",
    "a prior": "sensitivity = tp / (tp + fn)\nweights = np.random.laplace(0, 1, 10)",
}


@pytest.fixture(scope="module")
def claims(read: Read) -> Callable[[str], list[Claim]]:
    """The claims of each case; all cases are read in one go."""
    codes = {**{name: code for name, (code, _) in _CASES.items()}, **{k: _NUMPY + v for k, v in _NOT_MEANT.items()}}
    folders = {name: f"case{number}" for number, name in enumerate(codes)}
    facts, gaps = read(PARSER, {f"{folders[name]}/a.py": f"{code}\n" for name, code in codes.items()})
    assert gaps == []
    return lambda name: [each for each in facts.claims if each.location.path == f"{folders[name]}/a.py"]


@pytest.mark.parametrize("name", _CASES)
def test_noise_with_a_budget_is_a_claim(claims: Callable[[str], list[Claim]], name: str) -> None:
    """Scale, sensitivity and epsilon are read from the expression of the scale."""
    (claim,) = claims(name)
    statement = claim.statement.model_dump()
    assert {key: statement[key] for key in _CASES[name][1]} == _CASES[name][1]


@pytest.mark.parametrize("name", _NOT_MEANT)
def test_other_noise_is_no_claim(claims: Callable[[str], list[Claim]], name: str) -> None:
    """A scale that is not made of a budget claims nothing, whatever else is called epsilon nearby."""
    assert claims(name) == []


def test_each_call_of_a_noisy_function_is_a_claim(read: Read) -> None:
    """The release is where the function is called, with what that call gives."""
    code = (
        f"{_NUMPY}def noisy(n, sensitivity, epsilon):\n    return n + np.random.laplace(0, sensitivity / epsilon)\n"
        "a = noisy(count, 1, 0.5)\nb = noisy(total, sensitivity=100, epsilon=0.25)\n"
    )
    facts, _ = read(PARSER, {"a.py": code})
    assert [(claim.location.line, claim.stated["epsilon"], claim.parameters["scale"]) for claim in facts.claims] == [
        (5, 0.5, 2.0),
        (6, 0.25, 400.0),
    ]


def test_what_is_open_at_a_call_is_named_as_the_call_says_it(read: Read) -> None:
    """The reader learns which expression decides, and not how the function calls it."""
    code = (
        f"{_NUMPY}def noisy(n, sensitivity, epsilon):\n    return n + np.random.laplace(0, sensitivity / epsilon)\n"
        "a = noisy(count, 1, args.eps)\n"
    )
    facts, _ = read(PARSER, {"a.py": code})
    assert facts.claims[0].unresolved == {"epsilon": "args.eps is not a constant"}


def test_the_floating_point_hazard_does_not_lift_the_refutation_that_replays_it(read: Read) -> None:
    """The replay is the witness for the hazard; that the noise may be even worse is no reason to doubt it."""
    facts, _ = read(PARSER, {"a.py": f"{_NUMPY}sensitivity, epsilon = 1, 1.0\nprint(len(rows) + {_ADD})\n"})
    (verdict,) = judge_all(facts.claims, bench())
    assert (verdict.outcome, bool(verdict.witness)) == (Outcome.REFUTED, True)
