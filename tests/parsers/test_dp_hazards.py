"""Hazards beside a claim in code: each fires on its own case, and stays quiet on the closest thing that is fine."""

from collections.abc import Callable, Mapping

import pytest

from petguard.hazards import Hazard
from petguard.model import Claim, Facts, Gap
from petguard.parsers import Parser
from petguard.parsers.python import PARSER

Read = Callable[[Parser, Mapping[str, str]], tuple[Facts, list[Gap]]]

_NUMPY = "import numpy as np\nimport pandas as pd\nepsilon = 0.5\nsensitivity = 1\n"
_ADD = "np.random.laplace(0, sensitivity / epsilon)"
_TOOLS = "import pandas as pd\nfrom diffprivlib import tools\nfrom diffprivlib.mechanisms import Laplace\n"
_OPACUS = (
    "import torch\nfrom torch import nn\nfrom opacus import PrivacyEngine\n"
    "from opacus.validators import ModuleValidator\n"
    "from torch.utils.data import DataLoader, WeightedRandomSampler\n"
)
_TRAIN = "PrivacyEngine().make_private(module={}, data_loader=loader, noise_multiplier=1.1, max_grad_norm=1.0{})\n"
_TUMULT = (
    "from tmlt.analytics import Session, PureDPBudget, AddMaxRows, AddOneRow\n"
    "Session.from_dataframe(PureDPBudget(1), 'visits', {}, {})\n"
)
_PIPELINE = "import pipeline_dp\npipeline_dp.NaiveBudgetAccountant(1, 1e-6)\npipeline_dp.AggregateParams(metrics=m{})\n"
_FLOWER = "from flwr.client.mod import LocalDpMod\nfrom flwr.server import ServerConfig\nServerConfig(num_rounds={})\n"
_KERAS = "import tensorflow_privacy as tfp\nimport tensorflow as tf\n"

# A hazard, the code beside which it stands, and the closest code beside which it does not.
_PAIRS: dict[str, tuple[Hazard, str, str]] = {
    "numpy seeded for the program": (
        Hazard.FIXED_SEED,
        f"{_NUMPY}np.random.seed(42)\nprint(n + {_ADD})",
        f"{_NUMPY}np.random.seed(args.seed)\nprint(n + {_ADD})",
    ),
    "a generator with a seed": (
        Hazard.FIXED_SEED,
        f"{_NUMPY}rng = np.random.default_rng(0)\nprint(n + rng.laplace(0, sensitivity / epsilon))",
        f"{_NUMPY}np.random.seed(0)\nrng = np.random.default_rng()\nprint(n + rng.laplace(0, sensitivity / epsilon))",
    ),
    "random_state of diffprivlib": (
        Hazard.FIXED_SEED,
        f"{_TOOLS}tools.mean(x, bounds=(0, 1), random_state=42)",
        f"{_TOOLS}import numpy as np\nnp.random.seed(42)\ntools.mean(x, bounds=(0, 1))",
    ),
    "torch seeded without secure mode": (
        Hazard.FIXED_SEED,
        f"{_OPACUS}torch.manual_seed(1)\n{_TRAIN.format('m', '')}",
        f"{_OPACUS}torch.manual_seed(1)\nengine = PrivacyEngine(secure_mode=True)\nengine.make_private(module=m)",
    ),
    "a seeded noise generator": (
        Hazard.FIXED_SEED,
        f"{_OPACUS}g = torch.Generator()\ng.manual_seed(7)\n{_TRAIN.format('m', ', noise_generator=g')}",
        f"{_OPACUS}g = torch.Generator()\n{_TRAIN.format('m', ', noise_generator=g')}",
    ),
    "a seed of another function": (
        Hazard.FIXED_SEED,
        f"{_NUMPY}def main():\n    np.random.seed(0)\n    print(n + {_ADD})",
        f"{_NUMPY}def make():\n    np.random.seed(0)\ndef main():\n    print(n + {_ADD})",
    ),
    "a generator for simulations": (
        Hazard.INSECURE_RANDOM,
        "import random\nsensitivity = 1\nprint(n + random.gauss(0, sensitivity))",
        "import random\nsensitivity = 1\nr = random.SystemRandom()\nprint(n + r.gauss(0, sensitivity))",
    ),
    "Opacus without secure mode": (
        Hazard.INSECURE_RANDOM,
        f"{_OPACUS}{_TRAIN.format('m', '')}",
        f"{_OPACUS}engine = PrivacyEngine(secure_mode=True)\nengine.make_private(module=m, noise_multiplier=1.1)",
    ),
    "textbook noise": (
        Hazard.NAIVE_FLOATING_POINT,
        f"{_NUMPY}print(n + {_ADD})",
        "import opendp.prelude as dp\ndp.m.then_laplace(scale=2.0)",
    ),
    "clipped after the noise": (
        Hazard.NOISE_BEFORE_CLIPPING,
        f"{_NUMPY}for_release = np.clip(x + {_ADD}, 0, 100)",
        f"{_NUMPY}for_release = np.clip(x, 0, 100) + {_ADD}",
    ),
    "an answer that is cut to its range": (
        Hazard.NOISE_BEFORE_CLIPPING,
        f"{_NUMPY}y = x + {_ADD}\nz = np.clip(y, 0, 100)",
        f"{_NUMPY}y = x.sum() + {_ADD}\nz = np.clip(y, 0, 100)",
    ),
    "negative counts set to nought": (
        Hazard.NOISE_BEFORE_CLIPPING,
        f"{_NUMPY}z = (x + {_ADD}).clip(0, 9)",
        f"{_NUMPY}z = np.clip(x + {_ADD}, 0, None)",
    ),
    "bounds of the data": (
        Hazard.DATA_DEPENDENT_BOUNDS,
        f"{_TOOLS}tools.mean(x, bounds=(x.min(), x.max()))",
        f"{_TOOLS}tools.mean(x, bounds=(0, max(90, 100)))",
    ),
    "no bounds": (Hazard.DATA_DEPENDENT_BOUNDS, f"{_TOOLS}tools.mean(x)", f"{_TOOLS}tools.mean(x, bounds=(0, 1))"),
    "a sensitivity of the data": (
        Hazard.DATA_DEPENDENT_BOUNDS,
        f"{_NUMPY}sens = df['age'].max() - df['age'].min()\nprint(n + np.random.laplace(0, sens / epsilon))",
        f"{_NUMPY}AGES = [0, 120]\nsens = max(AGES)\nprint(n + np.random.laplace(0, sens / epsilon))",
    ),
    "a sensitivity of the data that is handed over": (
        Hazard.DATA_DEPENDENT_BOUNDS,
        f"{_NUMPY}def f(v, s, epsilon):\n    return v + np.random.laplace(0, s / epsilon)\nf(df.sum(), df.max(), 1)",
        f"{_NUMPY}def f(v, s, epsilon):\n    return v + np.random.laplace(0, s / epsilon)\nf(df.sum(), 10, 1)",
    ),
    "rows that nobody cuts": (
        Hazard.UNBOUNDED_CONTRIBUTION,
        _TUMULT.format("df", "AddMaxRows(3)"),
        _TUMULT.format("df.groupBy('id').head(3)", "AddMaxRows(3)"),
    ),
    "bounds that are said to be enforced": (
        Hazard.UNBOUNDED_CONTRIBUTION,
        _PIPELINE.format(", contribution_bounds_already_enforced=True"),
        _PIPELINE.format(", contribution_bounds_already_enforced=False"),
    ),
    "partitions that are said to be filtered": (
        Hazard.GROUP_KEYS,
        _PIPELINE.format(", public_partitions_already_filtered=True"),
        _PIPELINE.format(""),
    ),
    "each column": (
        Hazard.BUDGET_PER_COLUMN,
        f"{_TOOLS}for column in df.columns:\n    tools.mean(df[column], epsilon=1.0, bounds=(0, 1))",
        f"{_TOOLS}for column in df.columns:\n    tools.mean(df[column], epsilon=1.0 / len(df.columns), accountant=a)",
    ),
    "each query": (
        Hazard.BUDGET_PER_QUERY,
        f"{_NUMPY}answers = [q(df) + {_ADD} for q in queries]",
        f"{_NUMPY}answer = q(df) + {_ADD}",
    ),
    "a loop": (
        Hazard.EPSILON_IN_LOOP,
        f"{_NUMPY}for _ in range(100):\n    print(n + {_ADD})",
        f"{_NUMPY}for _ in range(1):\n    print(n + {_ADD})",
    ),
    "noise for each answer, and for each entry of a vector": (
        Hazard.BUDGET_PER_QUERY,
        f"{_NUMPY}noisy = [a + {_ADD} for a in answers]",
        f"{_NUMPY}noisy = [v + {_ADD} for v in vector]",
    ),
    "a function that is called in a loop": (
        Hazard.EPSILON_IN_LOOP,
        f"{_NUMPY}def f(v, eps):\n    return v + np.random.laplace(0, 1 / eps)\nfor d in days:\n    f(total(d), 0.5)",
        f"{_NUMPY}def f(v, eps):\n    return v + np.random.laplace(0, 1 / eps)\nfor e in budgets:\n    f(total, e)",
    ),
    "a mechanism that is used in a loop": (
        Hazard.EPSILON_IN_LOOP,
        f"{_TOOLS}m = Laplace(epsilon=1, sensitivity=1)\nfor n in numbers:\n    m.randomise(n)",
        f"{_TOOLS}m = Laplace(epsilon=1, sensitivity=1)\nfor n in numbers:\n    print(n)\nm.randomise(sum(numbers))",
    ),
    "a loop over budgets": (
        Hazard.EPSILON_IN_LOOP,
        f"{_TOOLS}for seed in seeds:\n    tools.mean(x, epsilon=1, bounds=(0, 1))",
        f"{_TOOLS}for budget in budgets:\n    tools.mean(x, epsilon=budget, bounds=(0, 1))",
    ),
    "keys of a grouping": (
        Hazard.GROUP_KEYS,
        f"{_NUMPY}counts = df.groupby('zip').size()\nprint(counts + {_ADD})",
        f"{_NUMPY}counts = df.groupby('zip').size().reindex(ALL_ZIPS, fill_value=0)\nprint(counts + {_ADD})",
    ),
    "keys in a loop": (
        Hazard.GROUP_KEYS,
        f"{_NUMPY}for key, rows in df.groupby('zip'):\n    out[key] = len(rows) + {_ADD}",
        f"{_NUMPY}for key, rows in df.groupby('zip'):\n    noisy = len(rows) + {_ADD}\n"
        "    if noisy > 50:\n        out[key] = noisy",
    ),
    "batch normalisation": (
        Hazard.BATCH_NORM,
        f"{_OPACUS}net = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2))\n{_TRAIN.format('net', '')}",
        f"{_OPACUS}net = nn.Sequential(nn.Conv2d(1, 2, 3), nn.GroupNorm(1, 2))\n{_TRAIN.format('net', '')}",
    ),
    "batch normalisation in a class": (
        Hazard.BATCH_NORM,
        f"{_OPACUS}class Net(nn.Module):\n    def __init__(self):\n        self.b = nn.BatchNorm1d(3)\n"
        f"{_TRAIN.format('Net()', '')}",
        f"{_OPACUS}class Net(nn.Module):\n    def __init__(self):\n        self.b = nn.BatchNorm1d(3)\n"
        f"net = ModuleValidator.fix(Net())\n{_TRAIN.format('net', '')}",
    ),
    "microbatches": (
        Hazard.MICROBATCHES,
        f"{_KERAS}tfp.DPKerasSGDOptimizer(1.0, 1.1, num_microbatches=50)\nmodel.fit(x, y, epochs=1, batch_size=250)",
        f"{_KERAS}tfp.DPKerasSGDOptimizer(1.0, 1.1, num_microbatches=250)\nmodel.fit(x, y, epochs=1, batch_size=250)",
    ),
    "clipping of each layer to one number": (
        Hazard.PER_LAYER_CLIPPING,
        f"{_OPACUS}PrivacyEngine().make_private(module=m, max_grad_norm=1.0, clipping='per_layer')",
        f"{_OPACUS}PrivacyEngine().make_private(module=m, max_grad_norm=[1.0, 1.0], clipping='per_layer')",
    ),
    "adaptive clipping": (
        Hazard.UNACCOUNTED_RELEASE,
        f"{_OPACUS}{_TRAIN.format('m', ', clipping=' + repr('adaptive'))}",
        f"{_OPACUS}{_TRAIN.format('m', ', clipping=' + repr('flat'))}",
    ),
    "a weighted sampler": (
        Hazard.LIBRARY_TRAP,
        f"{_OPACUS}s = WeightedRandomSampler(w, 9)\nloader = DataLoader(d, 8, sampler=s)\n{_TRAIN.format('m', '')}",
        f"{_OPACUS}s = WeightedRandomSampler(w, 9)\nloader = DataLoader(d, 8, shuffle=True)\n{_TRAIN.format('m', '')}",
    ),
    "the older accounting of TensorFlow Privacy": (
        Hazard.LIBRARY_TRAP,
        f"{_KERAS}tfp.compute_dp_sgd_privacy(60000, 256, 1.1, 15, 1e-5)",
        f"{_KERAS}tfp.compute_dp_sgd_privacy_statement(60000, 256, 15, 1.1, 1e-5)",
    ),
    "Poisson accounting without Poisson batches": (
        Hazard.LIBRARY_TRAP,
        "from jax_privacy import keras_api\nkeras_api.DPKerasConfig(epsilon=1.0, delta=1e-5, batch_size=8)",
        "from jax_privacy import keras_api\nkeras_api.DPKerasConfig(epsilon=1.0, delta=1e-5, batch_size=8,\n"
        "    poisson_sampling_in_fit=True)",
    ),
    "an epsilon for each column of SQL": (
        Hazard.BUDGET_PER_COLUMN,
        "import snsql\np = snsql.Privacy(epsilon=1.0)",
        "import snsql\np = snsql.Privacy(epsilon=1.0)\nprint(reader.get_privacy_cost(query))",
    ),
    "a sensitivity below the clip": (
        Hazard.SENSITIVITY_TOO_SMALL,
        f"{_FLOWER.format(1)}LocalDpMod(2.0, 1.0, 3.0, 1e-4)",
        f"{_FLOWER.format(1)}LocalDpMod(1.0, 2.0, 3.0, 1e-4)",
    ),
    "local noise in every round": (
        Hazard.EPSILON_IN_LOOP,
        f"{_FLOWER.format(3)}LocalDpMod(1.0, 2.0, 3.0, 1e-4)",
        f"{_FLOWER.format(1)}LocalDpMod(1.0, 2.0, 3.0, 1e-4)",
    ),
    "a share of the noise": (
        Hazard.CLIENT_SIDE_ONLY,
        f"{_NUMPY}print(w + np.random.laplace(0, sensitivity / epsilon / num_clients))",
        f"{_NUMPY}import secagg\nprint(w + np.random.laplace(0, sensitivity / epsilon / num_clients))",
    ),
    "the table as it was read": (
        Hazard.MIXED_RELEASE,
        f"{_NUMPY}df = pd.read_csv('a.csv')\ndf.to_csv('b.csv')\nprint(df.age.sum() + {_ADD})",
        f"{_NUMPY}df = pd.read_csv('a.csv')\nother = pd.read_csv('c.csv')\nother.to_csv('b.csv')\n"
        f"print(df.age.sum() + {_ADD})",
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def claims(read: Read) -> Callable[[str], Claim]:
    """The last claim of each case; all cases are read in one go."""
    codes = [(f"{word}{number}/a.py", code) for number, (_, *both) in enumerate(_PAIRS.values())
             for word, code in zip(("bad", "good"), both, strict=True)]  # fmt: skip
    facts, gaps = read(PARSER, {path: f"{code}\n" for path, code in codes})
    assert gaps == []
    by_folder = {claim.location.path.partition("/")[0]: claim for claim in facts.claims}
    return lambda folder: by_folder[folder]


@pytest.mark.parametrize("name", _PAIRS)
def test_a_hazard_stands_beside_the_claim(claims: Callable[[str], Claim], name: str) -> None:
    """It is seen, with the line that shows it."""
    found = claims(f"bad{list(_PAIRS).index(name)}").dangers
    assert any(each.hazard is _PAIRS[name][0] and each.location.evidence for each in found)


@pytest.mark.parametrize("name", _PAIRS)
def test_the_closest_thing_that_is_fine_has_no_hazard(claims: Callable[[str], Claim], name: str) -> None:
    """The same claim, without what makes it fail."""
    found = claims(f"good{list(_PAIRS).index(name)}").dangers
    assert [each for each in found if each.hazard is _PAIRS[name][0]] == []
