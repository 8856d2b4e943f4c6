"""Differential-privacy claims in Python code: what is certain, what is not, and what is impossible."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from petguard.model import Asset, Claim, Facts, Gap
from petguard.parsers import Parser
from petguard.parsers.python import PARSER

Read = Callable[[Parser, Mapping[str, str]], tuple[Facts, list[Gap]]]

_OPACUS = """from opacus import PrivacyEngine
from torch.utils.data import DataLoader
engine = PrivacyEngine()
"""

# Training code, and the fields of the claim that must be read from it (None: nothing may be said about it).
_TRAINING: dict[str, tuple[str, dict[str, Any]]] = {
    "a constant": ("engine.make_private(noise_multiplier=1.1)", {"noise_multiplier": 1.1, "sampling": "poisson"}),
    "a named constant": ("S = 1.1\nengine.make_private(noise_multiplier=S)", {"noise_multiplier": 1.1}),
    "arithmetic": (
        "engine.make_private_with_epsilon(target_epsilon=2 * 1.5, target_delta=1/60000, epochs=2 ** 3)",
        {"epsilon": 3.0, "delta": 1 / 60000, "epochs": 8},
    ),
    "a conversion": ("engine.make_private(noise_multiplier=float('0.8'))", {"noise_multiplier": 0.8}),
    "an argument of the program": ("engine.make_private(noise_multiplier=args.sigma)", {"noise_multiplier": None}),
    "a constant that is set twice": (
        "S = 1.1\nif fast:\n    S = 0.1\nengine.make_private(noise_multiplier=S)",
        {"noise_multiplier": None},
    ),
    "the default of a parameter": (
        "def train(sigma=1.1):\n    engine.make_private(noise_multiplier=sigma)",
        {"noise_multiplier": None},
    ),
    "a variable of the environment": (
        "import os\nengine.make_private(noise_multiplier=float(os.getenv('S', '1.1')))",
        {"noise_multiplier": None},
    ),
    "no Poisson sampling": ("engine.make_private(poisson_sampling=False)", {"sampling": "fixed_without_replacement"}),
    "no Poisson sampling of a shuffled loader": (
        "loader = DataLoader(d, shuffle=True)\nengine.make_private(data_loader=loader, poisson_sampling=False)",
        {"sampling": "shuffle"},
    ),
    "Poisson sampling, perhaps": ("engine.make_private(poisson_sampling=flag)", {"sampling": None}),
    "the batch size of the loader": (
        "loader = DataLoader(d, batch_size=256)\nengine.make_private(data_loader=loader)",
        {"batch_size": 256},
    ),
    "the batch size by position": ("engine.make_private(data_loader=DataLoader(d, 64))", {"batch_size": 64}),
    "a loader from elsewhere": ("engine.make_private(data_loader=loader)", {"batch_size": None}),
    "a loader that is one of two": (
        "loader = DataLoader(d, 64)\nif x:\n    loader = DataLoader(d, 32)\nengine.make_private(data_loader=loader)",
        {"batch_size": None},
    ),
    "the loop over epochs": (
        "N = 15\nengine.make_private(noise_multiplier=1)\nfor epoch in range(N):\n    pass",
        {"epochs": 15},
    ),
    "a loop that counts from one": (
        "N = 15\nengine.make_private(noise_multiplier=1)\nfor epoch in tqdm(range(1, N + 1)):\n    pass",
        {"epochs": 15},
    ),
    "a loader that the engine gives back": (
        "loader = DataLoader(d, 64)\nm, o, loader = engine.make_private(data_loader=loader)",
        {"batch_size": 64},
    ),
    "a loader that something else gives back": (
        "loader = DataLoader(d, 64)\nm, loader = wrap(loader)\nengine.make_private(data_loader=loader)",
        {"batch_size": None},
    ),
    "two loops over epochs": (
        "engine.make_private()\nfor epoch in range(3):\n    pass\nfor epoch in range(5):\n    pass",
        {"epochs": None},
    ),
    "a loop over epochs in another function": (
        "engine.make_private()\ndef other():\n    for epoch in range(3):\n        pass",
        {"epochs": None},
    ),
    "the delta that is asked for": ("engine.make_private()\nprint(engine.get_epsilon(delta=1e-5))", {"delta": 1e-5}),
    "two deltas that are asked for": (
        "engine.make_private()\nengine.get_epsilon(1e-5)\nengine.get_epsilon(1e-6)",
        {"delta": None},
    ),
}

_QUERIES: dict[str, tuple[str, dict[str, Any]]] = {
    "Laplace": ("Laplace(epsilon=0.5, sensitivity=1)", {"mechanism": "laplace", "epsilon": 0.5, "sensitivity": 1}),
    "Gaussian": ("Gaussian(epsilon=0.5, delta=1e-6, sensitivity=2)", {"mechanism": "gaussian", "delta": 1e-6}),
    "geometric": ("Geometric(epsilon=1)", {"mechanism": "discrete_laplace", "epsilon": 1}),
    "another mechanism": ("Staircase(epsilon=1, sensitivity=1)", {"mechanism": None, "epsilon": 1}),
    "an epsilon from outside": ("Laplace(epsilon=eps, sensitivity=1)", {"epsilon": None, "sensitivity": 1}),
    "an explicit None": ("Laplace(epsilon=1, delta=None, sensitivity=1)", {"delta": None, "epsilon": 1}),
}

_IMPOSSIBLE = {
    "negative": "-1",
    "zero": "0",
    "not a number": "float('nan')",
    "infinite": "float('inf')",
    "a text": "'much'",
    "a huge integer": "1" + "0" * 400,
    "a truth value": "True",
}


@pytest.fixture(scope="module")
def claims(read: Read) -> Callable[[str], Claim]:
    """The one claim of each case; all cases are read in one go."""
    files = {f"training{n}/a.py": f"{_OPACUS}{code}\n" for n, (code, _) in enumerate(_TRAINING.values())}
    for n, (code, _) in enumerate(_QUERIES.values()):
        files[f"query{n}/a.py"] = (
            f"from diffprivlib.mechanisms import *\nimport diffprivlib.mechanisms as m\nm.{code}\n"
        )
    facts, gaps = read(PARSER, files)
    assert gaps == []
    by_folder = {claim.location.path.partition("/")[0]: claim for claim in facts.claims}
    assert len(by_folder) == len(facts.claims) == len(files)
    return lambda folder: by_folder[folder]


@pytest.mark.parametrize("name", _TRAINING)
def test_training(claims: Callable[[str], Claim], name: str) -> None:
    """Only what must be so is read from training code; everything else stays open."""
    statement = claims(f"training{list(_TRAINING).index(name)}").statement.model_dump()
    assert {key: statement[key] for key in _TRAINING[name][1]} == _TRAINING[name][1]


@pytest.mark.parametrize("name", _QUERIES)
def test_mechanisms(claims: Callable[[str], Claim], name: str) -> None:
    """A mechanism states its own parameters."""
    statement = claims(f"query{list(_QUERIES).index(name)}").statement.model_dump()
    assert {key: statement[key] for key in _QUERIES[name][1]} == _QUERIES[name][1]


def test_what_is_no_constant_is_named_with_its_source(claims: Callable[[str], Claim]) -> None:
    """The reader learns which expression decides."""
    claim = claims(f"training{list(_TRAINING).index('an argument of the program')}")
    assert claim.unresolved == {"noise_multiplier": "args.sigma is not a constant"}


def test_a_claim_says_which_function_it_is_about(read: Read) -> None:
    """The subject is the function, or the file at module level."""
    code = f"{_OPACUS}def train():\n    engine.make_private()\nengine.make_private()\n"
    facts, _ = read(PARSER, {"t.py": code})
    assert [claim.subject for claim in facts.claims] == ["t.py:train", "t.py"]


def test_a_claim_comes_with_the_protection_it_speaks_of(read: Read) -> None:
    """The inventory lists the use of the technique, linked to the claim."""
    facts, _ = read(PARSER, {"t.py": f"{_OPACUS}engine.make_private()\n"})
    (claim,) = facts.claims
    assert [node.technique for node in facts.nodes if node.claim == claim.id and node.asset is Asset.PET] == ["dp_sgd"]


def test_a_loop_that_ends_at_an_argument_is_named_as_it_stands(read: Read) -> None:
    """A loop that counts from one to an argument of the program leaves the epochs open, with its source."""
    code = f"{_OPACUS}engine.make_private()\nfor epoch in range(1, args.epochs + 1):\n    pass\n"
    facts, gaps = read(PARSER, {"t.py": code})
    assert gaps == []
    assert [claim.unresolved for claim in facts.claims] == [{"epochs": "range(1, args.epochs + 1) is not a constant"}]


@pytest.mark.parametrize("name", _IMPOSSIBLE)
def test_an_impossible_number_is_a_gap_with_its_line(read: Read, name: str) -> None:
    """A claim that cannot be meant is not judged, and not dropped either; the next one still counts."""
    code = "import diffprivlib.mechanisms as m\n\n" + f"m.Laplace(epsilon={_IMPOSSIBLE[name]})\nm.Laplace(epsilon=1)\n"
    facts, gaps = read(PARSER, {"a.py": code})
    assert [(gap.path, gap.line, gap.reason) for gap in gaps] == [("a.py", 3, "invalid_value")]
    assert len(facts.claims) == 1
