"""Differential-privacy claims that calls of libraries state: each with the fields that stand in the call."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from petguard.model import Claim, Facts, Gap
from petguard.parsers import Parser
from petguard.parsers.python import PARSER

Read = Callable[[Parser, Mapping[str, str]], tuple[Facts, list[Gap]]]

_TF = "import tensorflow_privacy\n"
_OPENDP = "import opendp.prelude as dp\n"
_TOOLS = "from diffprivlib import tools\n"
_TUMULT = (
    "from tmlt.analytics import Session, PureDPBudget, ApproxDPBudget, RhoZCDPBudget\n"
    "from tmlt.analytics import AddOneRow, AddMaxRows, AddRowsWithID\n"
)
_PIPELINE = "import pipeline_dp\n"
_FLOWER = (
    "from flwr.server import ServerConfig\nfrom flwr.server.strategy import *\nimport flwr\n"
    "from flwr.server.strategy import DifferentialPrivacyServerSideFixedClipping as Fixed\n"
)

# Code, the technique of its one claim, and the fields that must be read from it (None: nothing may be said about it).
_CASES: dict[str, tuple[str, str, dict[str, Any]]] = {
    "the delta at which an Opacus engine from elsewhere is asked": (
        "from opacus import PrivacyEngine\ndef spent(engine: PrivacyEngine):\n    return engine.get_epsilon(1e-5)",
        "dp_sgd",
        {"delta": 1e-5, "epsilon": None},
    ),
    "an optimizer of TensorFlow Privacy by position": (
        _TF + "o = tensorflow_privacy.DPKerasSGDOptimizer(1.0, 1.1, 256, learning_rate=0.1)\n"
        "model.fit(x, y, epochs=15, batch_size=256)",
        "dp_sgd",
        {"noise_multiplier": 1.1, "epochs": 15, "batch_size": 256, "sampling": "shuffle"},
    ),
    "an optimizer that is trained with a data set": (
        _TF + "o = tensorflow_privacy.DPKerasAdamOptimizer(l2_norm_clip=1.0, noise_multiplier=s)\n"
        "model.fit(train_data, epochs=15)",
        "dp_sgd",
        {"noise_multiplier": None, "epochs": 15, "sampling": None},
    ),
    "a statement of TensorFlow Privacy": (
        "from tensorflow_privacy.privacy.analysis.compute_dp_sgd_privacy_lib import compute_dp_sgd_privacy_statement\n"
        "compute_dp_sgd_privacy_statement(60000, 256, 15, 1.1, 1e-5, max_examples_per_user=3)",
        "dp_sgd",
        {
            "dataset_size": 60000, "batch_size": 256, "epochs": 15, "noise_multiplier": 1.1, "delta": 1e-5,
            "contributions": 3,
        },
    ),
    "the older function, whose arguments have another order": (
        "from tensorflow_privacy import compute_dp_sgd_privacy as c\nc(60000, 256, 1.1, 15, 1e-5)",
        "dp_sgd",
        {"dataset_size": 60000, "batch_size": 256, "epochs": 15, "noise_multiplier": 1.1, "delta": 1e-5},
    ),
    "a configuration of JAX Privacy": (
        "from jax_privacy import keras_api\nB = 64\n"
        "keras_api.DPKerasConfig(epsilon=2.0, delta=1e-6, clipping_norm=1.0, batch_size=B,\n"
        "    gradient_accumulation_steps=4, train_steps=1000, train_size=50000, poisson_sampling_in_fit=True)",
        "dp_sgd",
        {
            "epsilon": 2.0, "delta": 1e-6, "batch_size": 256, "steps": 1000, "dataset_size": 50000,
            "sampling": "poisson", "noise_multiplier": None,
        },
    ),
    "a Laplace measurement of OpenDP": (
        _OPENDP + "dp.m.make_laplace(space[0], space[1], 2.0)",
        "dp_query",
        {"mechanism": "laplace", "scale": 2.0, "implementation": "opendp"},
    ),
    "a Gaussian measurement in a chain": (
        _OPENDP + "m = space >> dp.t.then_sum() >> dp.m.then_gaussian(scale=4.0)",
        "dp_query",
        {"mechanism": "gaussian", "sigma": 4.0, "scale": None},
    ),
    "a measurement about a space that is handed over": (
        _OPENDP + "dp.m.make_laplace(*space, scale=2.0)",
        "dp_query",
        {"mechanism": "laplace", "scale": 2.0},
    ),
    "noise that OpenDP searches for": (
        _OPENDP + "dp.binary_search_chain(lambda s: space >> dp.m.then_laplace(s), d_in=1, d_out=0.5)",
        "dp_query",
        {"mechanism": "laplace", "epsilon": 0.5, "scale": None},
    ),
    "a randomised response of OpenDP": (
        "from opendp.measurements import make_randomized_response_bool\nmake_randomized_response_bool(prob=0.75)",
        "local_dp",
        {"protocol": "randomized_response", "p": 0.75},
    ),
    "a context of OpenDP": (
        _OPENDP + "LOSS = dp.loss_of(epsilon=1.0, delta=1e-7)\ncontext = dp.Context.compositor(\n"
        "    data=frame, privacy_unit=dp.unit_of(contributions=36), privacy_loss=LOSS, split_evenly_over=10)",
        "dp_composition",
        {"epsilon": 1.0, "delta": 1e-7, "contributions": 36, "neighbours": "add_remove"},
    ),
    "a context about changes": (
        _OPENDP + "dp.Context.compositor(frame, dp.unit_of(changes=1), dp.loss_of(rho=0.5), 2)",
        "dp_composition",
        {"epsilon": None, "contributions": 1, "neighbours": "replace"},
    ),
    "a context about persons": (
        _OPENDP + "dp.Context.compositor(data=f, privacy_unit=dp.unit_of(identifier='id'), privacy_loss=loss)",
        "dp_composition",
        {"epsilon": None, "unit": "user"},
    ),
    "a tool of diffprivlib": (
        _TOOLS + "tools.mean(x, 0.5, (0, 100))",
        "dp_query",
        {"epsilon": 0.5, "mechanism": "laplace", "implementation": "diffprivlib"},
    ),
    "a tool that is told no epsilon": (_TOOLS + "tools.count_nonzero(x)", "dp_query", {"epsilon": 1, "sensitivity": 1}),
    "a quantile, whose epsilon comes third": (_TOOLS + "tools.quantile(x, 0.5, 0.25)", "dp_query", {"epsilon": 0.25}),
    "a model of diffprivlib": (
        "from diffprivlib.models import GaussianNB\nGaussianNB(epsilon=3, bounds=(0, 1)).fit(x, y)",
        "dp_query",
        {"epsilon": 3, "mechanism": None},
    ),
    "a budget of diffprivlib": (
        "import diffprivlib as dpl\ndpl.BudgetAccountant(5, 1e-6)",
        "dp_composition",
        {"epsilon": 5, "delta": 1e-6},
    ),
    "a delta of nought is pure privacy": (
        "from diffprivlib.accountant import BudgetAccountant\nBudgetAccountant(epsilon=5, delta=0)",
        "dp_composition",
        {"epsilon": 5, "delta": None},
    ),
    "a session of Tumult": (
        _TUMULT + "Session.from_dataframe(privacy_budget=PureDPBudget(1.7), source_id='members', dataframe=df,\n"
        "    protected_change=AddOneRow())",
        "dp_composition",
        {"epsilon": 1.7, "data": "members", "contributions": 1, "neighbours": "add_remove"},
    ),
    "a session with an approximate budget and several rows": (
        _TUMULT + "B = ApproxDPBudget(epsilon=2, delta=1e-9)\n"
        "Session.from_dataframe(B, 'visits', df, AddMaxRows(5))",
        "dp_composition",
        {"epsilon": 2, "delta": 1e-9, "contributions": 5},
    ),
    "a session with a concentrated budget": (
        _TUMULT + "Session.from_dataframe(RhoZCDPBudget(0.1), 'visits', df, AddRowsWithID(id_column='id'))",
        "dp_composition",
        {"epsilon": None, "unit": "user"},
    ),
    "a builder of Tumult": (
        _TUMULT + "s = Session.Builder().with_privacy_budget(PureDPBudget(3)).with_private_dataframe(\n"
        "    'visits', df, protected_change=AddMaxRows(2)).build()",
        "dp_composition",
        {"epsilon": 3, "data": "visits", "contributions": 2},
    ),
    "an accountant of PipelineDP": (
        _PIPELINE + "a = pipeline_dp.NaiveBudgetAccountant(total_epsilon=1, total_delta=1e-6)\n"
        "p = pipeline_dp.AggregateParams(noise_kind=pipeline_dp.NoiseKind.LAPLACE, metrics=m,\n"
        "    max_partitions_contributed=3, max_contributions_per_partition=2, min_value=1, max_value=5)",
        "dp_composition",
        {"epsilon": 1, "delta": 1e-6, "contributions": 6, "unit": "user"},
    ),
    "an aggregation without its accountant": (
        _PIPELINE + "p = pipeline_dp.AggregateParams(m, pipeline_dp.NoiseKind.GAUSSIAN, 3, 2)",
        "dp_query",
        {"mechanism": "gaussian", "epsilon": None, "implementation": "google"},
    ),
    "a bounded sum of PyDP": (
        "from pydp.algorithms.laplacian import BoundedSum\n"
        "BoundedSum(epsilon=1.5, lower_bound=-10, upper_bound=4, l0_sensitivity=2, linf_sensitivity=3)",
        "dp_query",
        {"epsilon": 1.5, "sensitivity": 60, "contributions": 6, "implementation": "google"},
    ),
    "a bounded mean of PyDP by position": (
        "import pydp as dp\nfrom pydp.algorithms import laplacian as l\nl.BoundedMean(0.7, 0, 1, 100)",
        "dp_query",
        {"epsilon": 0.7, "delta": None, "sensitivity": None},
    ),
    "a count of PyDP": (
        "from pydp.algorithms.laplacian import Count\nCount(epsilon=1)",
        "dp_query",
        {"epsilon": 1, "sensitivity": 1},
    ),
    "a mechanism of PyDP": (
        "from pydp.algorithms.numerical_mechanisms import GaussianMechanism\nGaussianMechanism(1.0, 1e-5, 2.0)",
        "dp_query",
        {"mechanism": "gaussian", "epsilon": 1.0, "delta": 1e-5, "sensitivity": 2.0},
    ),
    "parameters of SmartNoise SQL": (
        "import snsql\nfrom snsql import Privacy\np = Privacy(epsilon=0.1)",
        "dp_query",
        {"epsilon": 0.1, "delta": 1e-15},
    ),
    "fixed clipping of Flower": (
        _FLOWER + "s = Fixed(strategy, 0.8, 1.0, 20)\nc = ServerConfig(num_rounds=50)",
        "federated_dp",
        {"noise_multiplier": 0.8, "clients_per_round": 20, "rounds": 50, "unit": "user"},
    ),
    "adaptive clipping of Flower": (
        "import flwr as fl\nfl.server.strategy.DifferentialPrivacyClientSideAdaptiveClipping(\n"
        "    strategy, noise_multiplier=1.2, num_sampled_clients=NUM)",
        "federated_dp",
        {"noise_multiplier": 1.2, "clients_per_round": None, "rounds": None},
    ),
    "local noise of Flower": (
        "from flwr.client.mod import LocalDpMod\nLocalDpMod(1.0, 2.0, 3.0, 1e-4)",
        "local_dp",
        {"epsilon": 3.0, "delta": 1e-4},
    ),
    "a sketch of PrivacyGo": (
        "from gcms_client import GCMSClient\nfrom gcms_utils import Paremeters\n"
        "c = Paremeters(k=1000, m=1024, s=56, p=0.5)\n"
        "GCMSClient().on_device_ldp_algorithm(c.k, c.m, data, c.s, c.p, key)",
        "local_dp",
        {"protocol": "gcms", "m": 1024, "s": 56, "p": 0.5},
    ),
    "an unknown domain of PrivacyGo": (
        "from unknown_domain_aux_server import UnknownDomainAuxServer\nepsilon = 0.5\nscale = 1 / epsilon\n"
        "UnknownDomainAuxServer(key).dp_protection(messages, T, scale)",
        "dp_query",
        {"scale": 2.0, "epsilon": 0.5, "sensitivity": 1},
    ),
}  # fmt: skip

# The same epsilon, held in different ways (None: it may be another one when the call runs).
_HELD: dict[str, tuple[str, float | None]] = {
    "a row that is unpacked": ("EPS, DELTA = 0.5, 1e-6\ntools.mean(x, EPS)", 0.5),
    "a row that is unpacked in another function": (
        "def a():\n    eps, n = 0.5, 1\ndef b(eps):\n    tools.mean(x, eps)",
        None,
    ),
    "a row that is unpacked twice": ("e, d = 0.5, 1\ne, d = 0.6, 1\ntools.mean(x, e)", None),
    "a dictionary": ("CONFIG = {'epsilon': 0.5}\ntools.mean(x, CONFIG['epsilon'])", 0.5),
    "a dictionary that is changed": (
        "CONFIG = {'epsilon': 0.5}\nCONFIG['epsilon'] = 9\ntools.mean(x, CONFIG['epsilon'])",
        None,
    ),
    "a dictionary that is updated": (
        "CONFIG = {'epsilon': 0.5}\nprint(CONFIG.get('a'))\nCONFIG.update(read())\ntools.mean(x, CONFIG['epsilon'])",
        None,
    ),
    "an object": ("c = Settings(epsilon=0.5)\ntools.mean(x, c.epsilon)", 0.5),
    "an object that is changed": ("c = Settings(epsilon=0.5)\nc.epsilon = 9\ntools.mean(x, c.epsilon)", None),
}

# What looks like a claim and is none.
_NONE = {
    "a budget without a bound": "from diffprivlib import BudgetAccountant\nBudgetAccountant()",
    "a function of the same name from elsewhere": "from statistics import mean\nimport diffprivlib\nmean([1], 2)",
    "the mean of numpy beside a tool that is imported": "import diffprivlib.tools\nimport numpy\nnumpy.mean(x)",
    "an engine of something else": "def run(engine):\n    return engine.get_epsilon(1e-5)",
    "the model of another library": "from jax_privacy import keras_api\nkeras_api.make_private(model, settings)",
    "a table with a column of privacy": "import snsql\nclass Privacy: ...\nPrivacy(epsilon=1)",
}


@pytest.fixture(scope="module")
def claims(read: Read) -> Callable[[str], list[Claim]]:
    """The claims of each case; all cases are read in one go."""
    codes = {**{name: code for name, (code, _, _) in _CASES.items()}, **_NONE}
    folders = {name: f"case{number}" for number, name in enumerate(codes)}
    facts, gaps = read(PARSER, {f"{folders[name]}/a.py": f"{code}\n" for name, code in codes.items()})
    assert gaps == []
    return lambda name: [each for each in facts.claims if each.location.path == f"{folders[name]}/a.py"]


@pytest.mark.parametrize("name", _CASES)
def test_a_call_states_its_claim(claims: Callable[[str], list[Claim]], name: str) -> None:
    """One call, one claim, with what the call says for certain and nothing else."""
    (claim,) = claims(name)
    _, technique, wanted = _CASES[name]
    statement = claim.statement.model_dump()
    assert (claim.technique, {key: statement[key] for key in wanted}) == (technique, wanted)


@pytest.mark.parametrize("name", _NONE)
def test_what_looks_alike_states_nothing(claims: Callable[[str], list[Claim]], name: str) -> None:
    """The closest thing that claims no privacy."""
    assert claims(name) == []


_ABSURD = {
    "an epsilon of nought": _TOOLS + "tools.mean(x, epsilon=0)",
    "a negative budget": _PIPELINE + "pipeline_dp.PLDBudgetAccountant(-1, 1e-6)",
    "a delta above one": _OPENDP + "dp.Context.compositor(f, unit, dp.loss_of(epsilon=1.0, delta=1.5))",
    "an infinite budget": _TUMULT + "Session.from_dataframe(PureDPBudget(float('inf')), 'a', df, AddOneRow())",
    "a scale of text": _OPENDP + "dp.m.then_laplace(scale='much')",
    "half a client": "import flwr.server.strategy as s\ns.DifferentialPrivacyServerSideFixedClipping(b, 1.0, 1.0, 0.5)",
    "a negative noise multiplier": _TF + "tensorflow_privacy.DPKerasSGDOptimizer(1.0, -1.1)",
}


@pytest.mark.parametrize("name", _ABSURD)
def test_an_absurd_number_is_a_gap(read: Read, name: str) -> None:
    """What cannot be meant is no claim, and is not dropped either."""
    facts, gaps = read(PARSER, {"a.py": f"{_ABSURD[name]}\n"})
    assert facts.claims == ()
    assert [gap.reason for gap in gaps] == ["invalid_value"]


@pytest.mark.parametrize("name", _HELD)
def test_a_value_is_read_where_it_is_held(read: Read, name: str) -> None:
    """Through rows, tables and objects that are made once and never changed."""
    code, wanted = _HELD[name]
    facts, _ = read(PARSER, {"a.py": f"{_TOOLS}{code}\n"})
    assert [claim.stated.get("epsilon") for claim in facts.claims] == [wanted]


def test_what_is_no_constant_is_left_open_with_its_source(read: Read) -> None:
    """Positional arguments are named like any other."""
    code = "from pydp.algorithms.laplacian import BoundedMean\nBoundedMean(config.epsilon, lower_bound=1)\n"
    facts, _ = read(PARSER, {"a.py": code})
    assert [claim.unresolved for claim in facts.claims] == [{"epsilon": "config.epsilon is not a constant"}]


def test_a_concentrated_budget_says_why_epsilon_is_open(read: Read) -> None:
    """Rho is no epsilon, and is not dropped."""
    code = _TUMULT + "Session.from_dataframe(RhoZCDPBudget(0.1), 'visits', df, AddOneRow())\n"
    facts, _ = read(PARSER, {"a.py": code})
    assert facts.claims[0].unresolved["epsilon"].startswith("0.1 states zero-concentrated privacy")


def test_a_function_that_is_given_its_epsilon_claims_at_each_call(read: Read) -> None:
    """Each call is a release, and what it says is read; the subject stays the function with the mechanism."""
    code = (
        f"{_TOOLS}def average(values, epsilon):\n    return tools.mean(values, epsilon=epsilon, bounds=(0, 1))\n"
        "average(ages, 0.5)\naverage(heights, epsilon=args.epsilon)\n"
    )
    facts, _ = read(PARSER, {"a.py": code})
    assert [(each.location.line, each.subject, dict(each.unresolved)) for each in facts.claims] == [
        (4, "a.py:average", {}),
        (5, "a.py:average", {"epsilon": "args.epsilon is not a constant"}),
    ]


def test_arguments_in_a_mapping_leave_the_defaults_open(read: Read) -> None:
    """`**settings` may hold the epsilon that the call does not show."""
    facts, _ = read(PARSER, {"a.py": _TOOLS + "tools.mean(x, **settings)\n"})
    assert facts.claims[0].stated == {}
    assert any("mapping" in doubt for doubt in facts.claims[0].doubts)


@pytest.mark.parametrize(("code", "doubted"), [("make_laplace(*s, scale=2.0)", False), ("make_laplace(*s)", True)])
def test_a_row_of_arguments_is_a_doubt_when_it_may_hold_a_field(read: Read, code: str, *, doubted: bool) -> None:
    """What stands by name in the call is certain, whatever the row holds."""
    facts, _ = read(PARSER, {"a.py": f"{_OPENDP}dp.m.{code}\n"})
    assert bool(facts.claims[0].doubts) == doubted


def test_a_library_that_builds_on_another_states_nothing(read: Read) -> None:
    """PipelineDP takes its noise from PyDP."""
    code = "from pydp.algorithms.numerical_mechanisms import LaplaceMechanism\nLaplaceMechanism(epsilon=b)\n"
    noise = "import numpy as np\ndef f(v, epsilon):\n    return v + np.random.laplace(0, 1 / epsilon)\n"
    files = {"pipeline_dp/__init__.py": "", "pipeline_dp/computations.py": code, "pipeline_dp/by_hand.py": noise}
    facts, _ = read(PARSER, files)
    assert facts.claims == ()


def test_a_folder_that_bears_a_library_s_name_is_not_the_library(read: Read) -> None:
    """Scripts that use Opacus may stand in a folder that is called so."""
    code = "from opacus import PrivacyEngine\nPrivacyEngine().make_private(noise_multiplier=1.0)\n"
    facts, _ = read(PARSER, {"opacus/train.py": code})
    assert len(facts.claims) == 1


def test_a_test_of_a_program_that_uses_a_library_is_a_use(read: Read) -> None:
    """Only the library's own tests are about the library."""
    facts, _ = read(PARSER, {"tests/test_a.py": "from diffprivlib.tools import mean\nmean(x, bounds=(0, 1))\n"})
    assert len(facts.claims) == 1


def test_a_library_states_nothing_about_its_own_mechanisms(read: Read) -> None:
    """Inside of the package, a call is a definition; outside of it, it is a use of this very copy."""
    call = "from diffprivlib.mechanisms import Laplace\nLaplace(epsilon=1, sensitivity=1)\n"
    tree = {"diffprivlib/__init__.py": "", "diffprivlib/mechanisms.py": "class Laplace: ...\n"}
    files = {**tree, "diffprivlib/tools.py": call, "tests/test_tools.py": call, "examples/use.py": call}
    facts, _ = read(PARSER, files)
    assert [claim.location.path for claim in facts.claims] == ["examples/use.py"]
    assert any("taken from the scanned tree" in doubt for doubt in facts.claims[0].doubts)


_ABOUT = {
    "a file that is read": (
        "import pandas as pd\nimport diffprivlib.tools as t\ndf = pd.read_csv('ages.csv')\n"
        "t.mean(df['age'], bounds=(0, 9))",
        ("ages.csv",),
    ),
    "a path with a name": (
        "import pandas as pd\nimport diffprivlib.tools as t\nP = 'in/' + 'a.parquet'\n"
        "x = pd.read_parquet(P).age.dropna()\nt.sum(x, bounds=(0, 9))",
        ("in/a.parquet",),
    ),
    "a part of a split": (
        "import pandas as pd\nfrom diffprivlib.models import GaussianNB\nx = pd.read_csv('a.csv')\n"
        "train, test = split(x)\nm = GaussianNB(bounds=(0, 1))\nm.fit(train, y)",
        ("a.csv",),
    ),
    "a table of Spark by its name in the session": (
        _TUMULT + "df = spark.read.csv('s3://b/visits.csv', header=True)\n"
        "Session.from_dataframe(PureDPBudget(1), 'visits', df, AddOneRow())",
        ("visits", "s3://b/visits.csv"),
    ),
    "a named collection": (
        "from torchvision import datasets\nfrom opacus import PrivacyEngine\nfrom torch.utils.data import DataLoader\n"
        "loader = DataLoader(datasets.CIFAR10('.'), batch_size=8)\nPrivacyEngine().make_private(data_loader=loader)",
        ("CIFAR10",),
    ),
    "data that is made up": (
        "from sklearn import datasets\nimport diffprivlib.tools as t\nt.mean(datasets.make_blobs(9), bounds=(0, 1))",
        (),
    ),
    "a frame from elsewhere": ("import diffprivlib.tools as t\ndef f(df):\n    t.mean(df, bounds=(0, 1))", ()),
}


@pytest.mark.parametrize("name", _ABOUT)
def test_a_claim_names_the_data_that_it_is_about(read: Read, name: str) -> None:
    """As far as the file itself says where the data comes from."""
    code, wanted = _ABOUT[name]
    facts, _ = read(PARSER, {"a.py": f"{code}\n"})
    assert [claim.about for claim in facts.claims] == [wanted]
