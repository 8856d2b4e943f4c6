"""Published privacy numbers beside petguard's own, as a table.

    python benchmarks/published.py                                  print it
    python benchmarks/published.py --write docs/verification.md     write it between its markers in a page

"classic" repeats how the old moments accountants turned Renyi divergence into epsilon, min over alpha of
RDP(alpha) + log(1 / delta) / (alpha - 1). It explains published figures and judges nothing: it is looser than what is
known today, so a figure made by it is larger than petguard's upper bound and still verified.
"""

import argparse
import math
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from petguard import verifiers
from petguard.artefacts import Artefacts
from petguard.claims import BY_TECHNIQUE, Release
from petguard.model import Budget, Claim, Location, Verdict
from petguard.verifiers import _composition, _floats, _hypergeometric
from petguard.verifiers.mpc_dual_dp import formula

_PART = re.compile(r"(?s)(<!-- generated: published-numbers -->\n).*?(<!-- end -->)")
_BENCH = verifiers.Bench(Budget(), Artefacts(Path(__file__).parent), datetime(2026, 1, 1, tzinfo=UTC))
_DELTA = 1e-5
_ORDERS = range(2, 257)


@dataclass(frozen=True)
class Row:
    """One published figure: who says what for which setting, and what petguard computes for it."""

    source: str
    setting: str
    published: str
    petguard: str
    remark: str = ""

    @property
    def line(self) -> str:
        """The row in Markdown."""
        return f"| {self.source} | {self.setting} | {self.published} | {self.petguard} | {self.remark} |"


def judged(technique: str, **said: object) -> Verdict:
    """The verdict on a claim that says just this."""
    statement = BY_TECHNIQUE[technique].model_validate(said)
    claim = Claim(id="published", statement=statement, location=Location(path="published"), subject="published")
    (verdict,) = verifiers.judge_all([claim], _BENCH)
    return verdict


def interval(verdict: Verdict, digits: int = 3) -> str:
    """The bounds of a verdict in words."""
    return enclosed(*(verdict.interval or (None, None)), digits)


def enclosed(low: float | None, high: float | None, digits: int = 3) -> str:
    """Two bounds, rounded outwards; one number where both are the same."""
    if low is None:
        return "∞"
    least, most = _rounded(low, math.floor, digits), _rounded(high, math.ceil, digits)
    near = high is not None and round(low, digits) == round(high, digits)
    return f"{low:.{digits}f}" if near else f"{least} to {most}"


def _rounded(value: float | None, direction: Callable[[float], int], digits: int) -> str:
    return "∞" if value is None else f"{direction(value * 10**digits) / 10**digits:.{digits}f}"


def classic(noise: float, rate: float, steps: int, delta: float) -> float:
    """Epsilon of Poisson-sampled Gaussian noise by whole Renyi orders (Mironov et al. 2019) and the old conversion."""
    return min(
        steps * _renyi(order, noise, rate) / (order - 1) + math.log(1 / delta) / (order - 1) for order in _ORDERS
    )


def _renyi(order: int, noise: float, rate: float) -> float:
    """(order - 1) times the Renyi divergence of one step."""
    terms = [
        math.lgamma(order + 1) - math.lgamma(k + 1) - math.lgamma(order - k + 1)
        + k * math.log(rate) + (order - k) * math.log1p(-rate) + k * (k - 1) / (2 * noise**2)
        for k in range(order + 1)
    ]  # fmt: skip
    most = max(terms)
    return most + math.log(math.fsum(math.exp(term - most) for term in terms))


# --- the published figures


def _training() -> Iterator[Row]:
    """Poisson-sampled DP-SGD, whose figures were made by the old conversion."""
    figures = (
        ("Abadi et al. 2016", 4.0, 0.01, 10_000, 1.26),
        ("TensorFlow Privacy, MNIST tutorial", 1.12, 256 / 60_000, 60 * 60_000 // 256, 2.92),
        ("TensorFlow Privacy, MNIST tutorial", 1.2, 256 / 60_000, 10 * 60_000 // 256, 1.2),
    )
    for source, noise, rate, steps, published in figures:
        verdict = judged(
            "dp_sgd", noise_multiplier=noise, sample_rate=rate, steps=steps, sampling="poisson",
            epsilon=published, delta=_DELTA,
        )  # fmt: skip
        old = f"classic {classic(noise, rate, steps, _DELTA):.3f}; {verdict.outcome}"
        yield Row(source, f"noise {noise:g}, rate {rate:.5g}, {steps} steps", f"{published:g}", interval(verdict), old)
    verdict = judged("dp_sgd", **_mnist(1.1, 15), sampling="poisson", epsilon=1.184, delta=_DELTA)
    yield Row("prv-accountant 0.2.0", "noise 1.1, batch 256 of 60000, 15 epochs", "1.084 to 1.184", interval(verdict))


def _mnist(noise: float, epochs: int) -> dict[str, object]:
    return {"noise_multiplier": noise, "batch_size": 256, "dataset_size": 60_000, "epochs": epochs}


def _shuffled() -> Iterator[Row]:
    """Shuffled batches: a lower bound after Chua et al. and one Gaussian for each epoch."""
    small = {"noise_multiplier": 1.1, "batch_size": 32, "dataset_size": 512, "epochs": 3}
    figures = (
        (small, "6.422 to 7.47"),
        (_mnist(1.1, 15), "6.002 to 20.56"),
        (_mnist(1.12, 60), "10.082 to 52.6"),
    )
    for run, published in figures:
        poisson, shuffled = (
            judged("dp_sgd", **run, sampling=how, epsilon=3.0, delta=_DELTA) for how in ("poisson", "shuffle")
        )
        batches = f"batch {run['batch_size']} of {run['dataset_size']}, {run['epochs']} epochs, shuffled"
        setting = f"noise {run['noise_multiplier']}, {batches}"
        remark = f"Poisson batches: {interval(poisson)}"
        yield Row("attack of Chua et al. 2024", setting, published, interval(shuffled), remark)


def _intersections() -> Iterator[Row]:
    """The numbers of dummies that ship with PrivacyGo's DPCA-PSI."""
    for size, shipped in ((10**3, 722), (10**4, 954), (10**5, 1194), (10**6, 1440), (10**7, 1690)):
        smallest = _hypergeometric.smallest_tau(30, 1 / (10 * size), 2.0)
        setting = f"smallest τ for ε 2, 10 queries of 3 ids, {size:,} rows"
        spare = "" if smallest == shipped else "the shipped one has a dummy to spare"
        yield Row("PrivacyGo DPCA-PSI", setting, str(shipped), str(smallest), spare)


def _coins() -> Iterator[Row]:
    """PrivacyGo's MPC-DualDP, whose formula overshoots for small epsilon and fails for large ones."""
    for epsilon, published in ((1.0, "at most 1"), (2.0, "at most 2"), (10.0, "at most 10")):
        n = int(formula(epsilon, _DELTA, 1.0))
        verdict = judged("mpc_dual_dp", n=n, sensitivity=1.0, epsilon=epsilon, delta=_DELTA)
        setting = f"{n} coins for ε {epsilon:g}, sensitivity 1"
        yield Row("PrivacyGo MPC-DualDP", setting, published, interval(verdict), verdict.outcome)


def _local() -> Iterator[Row]:
    """PrivacyGo's local protocols."""
    for m, s, epsilon in ((16, 4, math.log(3)), (1024, 56, math.log(968 / 56))):
        verdict = judged("local_dp", protocol="gcms", m=m, s=s, p=0.5, epsilon=epsilon + 1e-9, order="shuffled")
        setting = f"set of {s} of {m} hashes, p 1/2"
        yield Row("PrivacyGo GCMS", setting, f"{epsilon:.4f}", interval(verdict, 4), verdict.outcome)
    made = judged("local_dp", protocol="gcms", m=16, s=4, p=0.5, epsilon=1.0987, order="as_made")
    remark = f"its client sends the true hash first; {made.outcome}"
    yield Row("PrivacyGo GCMS, as its code sends it", "set of 4 of 16 hashes, p 1/2", "1.0986", interval(made), remark)
    threshold = 1 + math.log(1 / (2 * _DELTA))
    verdict = judged(
        "local_dp", protocol="unknown_domain", scale=1.0, threshold=threshold, epsilon=1.0, delta=_DELTA
    )  # fmt: skip
    yield Row("PrivacyGo, unknown domain", f"b 1, T {threshold:.4f}", "1", interval(verdict), verdict.outcome)


def _federated() -> Iterator[Row]:
    """Ten of a hundred clients in each of a hundred rounds, by dp-accounting."""
    run = {"noise_multiplier": 1.0, "clients_per_round": 10, "clients_total": 100, "rounds": 100}
    for sampling, published in (("poisson", "7.05"), ("none", "91.8"), ("fixed", "")):
        verdict = judged("federated_dp", **run, sampling=sampling, epsilon=7.1, delta=_DELTA)
        source, setting = "dp-accounting 0.6.0", f"noise 1, 10 of 100 clients, 100 rounds, sampling {sampling}"
        yield Row(source if published else "", setting, published or "none known", interval(verdict))


def _releases() -> Iterator[Row]:
    """Single answers and compositions, by dp-accounting and by closed forms."""
    daily, mixed = Release(mechanism="laplace", scale=10, count=365), Release(mechanism="laplace", scale=10, count=40)
    user = Release(mechanism="gaussian", scale=10)
    twenty = user.model_copy(update={"sensitivity": 20.0})
    answer = Release(mechanism="randomized_response", p=0.75)
    triple = Release(mechanism="laplace", scale=2, sensitivity=3)
    figures: tuple[tuple[str, str, str, float, list[Release]], ...] = (
        ("OpenDP", "Laplace scale 2, sensitivity 3", "1.5", 0.0, [triple]),
        ("closed form", "randomised response, truth 3/4", "1.0986", 0.0, [answer]),
        ("dp-accounting", "Gaussian sigma 4, δ 1e-6", "1.0607", 1e-6, [Release(mechanism="gaussian", scale=4)]),
        ("closed form", "Gaussian sigma 10, one row, δ 1e-6", "0.397", 1e-6, [user]),
        ("closed form", "the same, a user with 20 rows", "11.0", 1e-6, [twenty]),
        ("dp-accounting", "40 Laplace 0.1, 10 Gaussian sigma 20, δ 1e-6", "2.844", 1e-6,
         [mixed, Release(mechanism="gaussian", scale=20, count=10)]),
        ("basic composition", "365 Laplace 0.1, δ 0", "36.5", 0.0, [daily]),
        ("dp-accounting", "365 Laplace 0.1, δ 1e-6", "10.125", 1e-6, [daily]),
    )  # fmt: skip
    for source, setting, published, delta, releases in figures:
        yield Row(source, setting, published, enclosed(*_composition.bounds(releases, delta)))


def _floating_point() -> Iterator[Row]:
    """The attack on numpy's Laplace noise (Mironov 2012), with 2000 draws."""
    leak = _floats.replay(1.0, 1.0, 0.0, None)
    setting = "numpy's Laplace, scale 1, 2000 draws: what is proved at 95 %"
    remark = f"{leak.second - leak.first} of {leak.draws} outputs give the answer away"
    yield Row(
        "replay after Mironov 2012",
        setting,
        "at least 5.75",
        f"at least {_rounded(leak.epsilon, math.floor, 2)}",
        remark,
    )


PARTS: tuple[Callable[[], Iterator[Row]], ...] = (
    _training, _shuffled, _releases, _floating_point, _intersections, _coins, _local, _federated,
)  # fmt: skip


def table() -> str:
    """All figures, as one Markdown table."""
    head = (
        "| source | setting (δ = 1e-5 unless stated; DPCA-PSI: 1/(10 rows)) | published ε | petguard | |",
        "|---|---|---|---|---|",
    )
    return "\n".join([*head, *(row.line for part in PARTS for row in part())])


def main() -> None:
    """Print the table, or write it into a page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", type=Path, metavar="PAGE", help="write the table between its markers in this page")
    given = parser.parse_args()
    if given.write is None:
        sys.stdout.write(f"{table()}\n")
        return
    text = given.write.read_text("utf-8")
    places = list(_PART.finditer(text))
    if len(places) != 1:
        sys.exit(f"{given.write} has {len(places)} places for the table, and should have one")
    before, after = text[: places[0].end(1)], text[places[0].start(2) :]
    given.write.write_text(f"{before}{table()}\n{after}", "utf-8")


if __name__ == "__main__":
    main()
