"""Measures verdicts: one of each kind after imports, and a scan of a repository with many claims.

    python benchmarks/verifiers.py                 the figures, each beside its target
    python benchmarks/verifiers.py --claims 1000   another number of claims in the repository

A verdict is timed in a new process, after the libraries are imported and with nothing computed before. The repository
is made for the purpose: claims of every technique with a verifier, their parameters all different but for one in five.
"""

import argparse
import itertools
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from run import measure

Said = dict[str, Any]

_ONE: dict[str, tuple[float, Said]] = {
    "DP-SGD, MNIST, verified": (1.0, {
        "technique": "dp_sgd", "noise_multiplier": 1.1, "batch_size": 256, "dataset_size": 60_000, "epochs": 15,
        "sampling": "poisson", "epsilon": 3.0, "delta": 1e-5,
    }),
    "DP-SGD, MNIST, refuted, with its remedy": (1.0, {
        "technique": "dp_sgd", "noise_multiplier": 1.1, "batch_size": 256, "dataset_size": 60_000, "epochs": 15,
        "sampling": "poisson", "epsilon": 1.0, "delta": 1e-5,
    }),
    "DPCA-PSI, a million rows, verified": (0.5, {
        "technique": "dp_psi", "epsilon": 2.0, "maximum_queries": 10, "ids_num": 3, "precomputed_tau": 1440,
        "use_precomputed_tau": True, "input_dp": True, "dataset_size": 10**6,
    }),
    "MPC-DualDP": (0.5, {
        "technique": "mpc_dual_dp", "epsilon": 1.0, "delta": 1e-5, "sensitivity": 1.0, "n": 98,
    }),
    "GCMS": (0.5, {"technique": "local_dp", "protocol": "gcms", "m": 1024, "s": 56, "p": 0.5, "epsilon": 2.85}),
    "federated, Poisson-sampled clients": (1.0, {
        "technique": "federated_dp", "noise_multiplier": 1.0, "clients_per_round": 10, "clients_total": 100,
        "rounds": 100, "sampling": "poisson", "epsilon": 8.0, "delta": 1e-5,
    }),
    "federated, a fixed number of clients": (1.0, {
        "technique": "federated_dp", "noise_multiplier": 1.0, "clients_per_round": 10, "clients_total": 100,
        "rounds": 100, "sampling": "fixed", "epsilon": 40.0, "delta": 1e-5,
    }),
}  # fmt: skip

_TIMED = """
import json, sys, time
import dp_accounting.pld.privacy_loss_distribution, scipy.special
from datetime import UTC, datetime
from pathlib import Path
from petguard import verifiers
from petguard.artefacts import Artefacts
from petguard.claims import STATEMENT
from petguard.model import Budget, Claim, Location
from petguard.verifiers import _federated, _hypergeometric, _local, _second_opinion, _training
claim = Claim(id="c", statement=STATEMENT.validate_python(json.loads(sys.argv[1])), location=Location(path="c"),
              subject="c")
bench = verifiers.Bench(Budget(), Artefacts(Path()), datetime(2026, 1, 1, tzinfo=UTC))
started, used = time.perf_counter(), time.process_time()
(verdict,) = verifiers.judge_all([claim], bench)
print(time.perf_counter() - started, time.process_time() - used, verdict.outcome)
"""


def one(said: Said) -> tuple[float, float, str]:
    """Seconds and processor seconds of one verdict after imports, the median of three processes, and the verdict."""
    runs = [
        subprocess.run([sys.executable, "-c", _TIMED, json.dumps(said)], capture_output=True, text=True, check=True)  # noqa: S603
        for _ in range(3)
    ]
    results = sorted(
        (float(wall), float(used), outcome) for wall, used, outcome in (run.stdout.split() for run in runs)
    )
    return results[1]


def many(count: int) -> Iterator[Said]:
    """Claims of all kinds; every fifth one repeats the first of its kind."""
    for number, (_, said) in zip(range(count), itertools.cycle(_ONE.values()), strict=False):
        own = 0 if number % 5 == 0 else number
        changed = {"epsilon": said["epsilon"] * (1 + own / 1000)}
        if "noise_multiplier" in said:
            changed |= {"noise_multiplier": said["noise_multiplier"] * (1 + own / 500)}
        yield {**said, **changed, "subject": f"claim {number}"}


def main() -> None:
    """Print one line per figure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--claims", type=int, default=200, help="claims in the repository that is scanned")
    given = parser.parse_args()
    for what, (target, said) in _ONE.items():
        seconds, used, outcome = one(said)
        sys.stdout.write(f"{what:<50}{seconds:7.2f} s {used:7.2f} CPU s  target {target:g} s  {outcome}\n")
        sys.stdout.flush()
    with tempfile.TemporaryDirectory() as place, tempfile.TemporaryDirectory() as cache:
        tree = Path(place) / "tree"
        tree.mkdir()
        claims = list(many(given.claims))
        (tree / "petguard.yaml").write_text(json.dumps({"claims": claims}), "utf-8")
        scan = [sys.executable, "-m", "petguard", "scan", "--quiet", str(tree)]
        figure = measure(["env", f"XDG_CACHE_HOME={cache}", *scan], 1)
    what = f"a repository with {given.claims} claims, on {os.cpu_count()} cores"
    sys.stdout.write(f"{what:<50}{figure.columns}  target 20 s\n")


if __name__ == "__main__":
    main()
