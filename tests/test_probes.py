"""Probes run in a locked process, and an audit of what they give can refute but never verify."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from petguard import audits, probes
from petguard.claims import STATEMENT
from petguard.model import Claim, Location, Outcome, Reason, Verdict, unverifiable
from petguard.probes import Limits
from petguard.verifiers import _audit

NOISE = """
import math, random
def _laplace(scale):
    u = random.random() - 0.5
    return -scale * math.copysign(math.log(1 - 2 * abs(u)), u)
def honest(side, count):
    return [side + _laplace(1.0) for _ in range(count)]
def quiet(side, count):
    return [side + _laplace(0.3) for _ in range(count)]
def same(side, count):
    return [side] * count
def words(side, count):
    return ["yes" if random.random() < 0.5 + 0.3 * side else "no" for _ in range(count)]
"""

Project = Callable[[str], Path]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Write a module called `dp` into a folder of its own."""

    def write(text: str) -> Path:
        (tmp_path / "dp.py").write_text(text)
        return tmp_path

    return write


def failure(folder: Path, **limits: int) -> str:
    """Why the probe `dp:probe` gave nothing."""
    return probes.run(folder, "dp:probe", (0, 10), Limits(**limits)).failure or ""


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("import socket\n    socket.create_connection(('127.0.0.1', 9))", "must not use socket"),
        ("open('left-behind', 'w')", "must not write 'left-behind'"),
        ("import os\n    os.system('true')", "must not use os.system"),
        ("import subprocess\n    subprocess.run(['true'])", "must not use"),
        ("import os\n    os.fork()", "must not use os.fork"),
        ("raise ValueError('no data')", "ValueError: no data"),
        ("raise SystemExit(0)", "SystemExit: 0"),
        ("return [object()]", "TypeError"),
    ],
)
def test_what_a_probe_must_not_do_is_its_failure(project: Project, body: str, said: str) -> None:
    """Neither network nor other programs nor files; and what it raises is told."""
    folder = project(f"def probe(side, count):\n    {body}\n")
    assert said in failure(folder)
    assert [path.name for path in folder.iterdir()] == ["dp.py"]


def test_a_probe_that_does_not_end_is_ended(project: Project) -> None:
    """Time is bounded from outside as well: a sleeping process uses none of its own."""
    folder = project("import time\ndef probe(side, count):\n    time.sleep(1000)\n")
    assert failure(folder, seconds=1) == "it did not end within 2 s"


def test_a_probe_cannot_take_all_memory(project: Project) -> None:
    """Memory is bounded by the system."""
    folder = project("def probe(side, count):\n    return bytearray(10**10)\n")
    assert "MemoryError" in failure(folder, megabytes=500)


def test_what_a_probe_prints_is_no_answer(project: Project) -> None:
    """Only what it returns counts, so that a library's greeting does not break the protocol."""
    folder = project("print('hello')\ndef probe(side, count):\n    print('x')\n    return [1.5] * count\n")
    assert probes.run(folder, "dp:probe", (0, 3)).outputs == (1.5, 1.5, 1.5)


def test_a_probe_gets_no_environment(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys in the environment of whoever scans are none of its business."""
    monkeypatch.setenv("SECRET_KEY", "hush")
    folder = project("import os\ndef probe(side, count):\n    return [os.environ.get('SECRET_KEY', 'none')]\n")
    assert probes.run(folder, "dp:probe", (0, 1)).outputs == ("none",)


@pytest.mark.parametrize("name", ["dp", "dp:", ":probe", "dp:probe()", "../dp:probe", "dp;x:probe", "os:system x"])
def test_only_a_module_and_a_function_are_a_probe(project: Project, name: str) -> None:
    """Nothing else is even tried."""
    folder = project("def probe(side, count):\n    return []\n")
    assert "is no probe" in (probes.run(folder, name, (0, 1)).failure or "")


def claim(probe: str, epsilon: float = 1.0) -> Claim:
    """A query that is said to have this epsilon, and can be tried."""
    said = {"technique": "dp_query", "epsilon": epsilon, "probe": probe}
    return Claim(id="c", statement=STATEMENT.validate_python(said), location=Location(path="a.py"), subject="a.py")


def audit(folder: Path, probe: str, epsilon: float = 1.0) -> Verdict:
    """The verdict on a claim with no numbers but its epsilon, after an audit."""
    said = claim(probe, epsilon)
    before = unverifiable(said, Reason.MISSING_PARAMETER, "not stated: scale")
    return audits.audited([said], [before], folder, run=True, samples=20_000)[0]


def test_a_mechanism_with_too_little_noise_is_refuted(project: Project) -> None:
    """Scale 0.3 has epsilon 3.33; 20,000 samples show more than 1."""
    verdict = audit(project(NOISE), "dp:quiet")
    assert verdict.outcome is Outcome.REFUTED
    assert 1.5 < verdict.witness["epsilon_at_least"] < 3.34


def test_an_honest_mechanism_is_not_verified_by_an_audit(project: Project) -> None:
    """That nothing was found proves nothing."""
    verdict = audit(project(NOISE), "dp:honest")
    assert (verdict.outcome, verdict.reason) == (Outcome.UNVERIFIABLE, Reason.NOT_SUFFICIENT)


def test_a_function_without_noise_is_refuted(project: Project) -> None:
    """It returns its input."""
    assert audit(project(NOISE), "dp:same", epsilon=5).outcome is Outcome.REFUTED


def test_words_can_be_audited_too(project: Project) -> None:
    """Randomised response: 0.8 against 0.5 is epsilon 0.92 by the rarer answer."""
    assert audit(project(NOISE), "dp:words", epsilon=0.5).outcome is Outcome.REFUTED


def test_a_probe_that_fails_leaves_the_claim_unverifiable(project: Project) -> None:
    """A crash is no pass."""
    verdict = audit(project(NOISE), "dp:missing")
    assert verdict.outcome is Outcome.UNVERIFIABLE
    assert "has no attribute 'missing'" in verdict.explanation


def test_without_the_option_nothing_runs(project: Project) -> None:
    """Scanned code is executed only when the user asks for it, and the verdict says that it was not."""
    folder = project("raise RuntimeError('imported')\n")
    said = claim("dp:probe")
    before = Verdict(claim="c", outcome=Outcome.VERIFIED, explanation="by numbers", method="closed form")
    (verdict,) = audits.audited([said], [before], folder, run=False)
    assert verdict.outcome is Outcome.VERIFIED
    assert "was not run" in verdict.assumptions[-1]


@settings(max_examples=15, deadline=None)
@given(scale=st.floats(0.5, 5.0), seed=st.integers(0, 2**31))
def test_an_audit_does_not_refute_what_holds(scale: float, seed: int) -> None:
    """At 99.99 % confidence the bound stays below the true epsilon, 1/scale."""
    source = np.random.default_rng(seed)
    one, other = (source.laplace(side, scale, 4000).tolist() for side in (0, 1))
    assert _audit.lower_bound(one, other, 0.0, confidence=0.9999).epsilon <= 1 / scale


def test_too_few_outputs_cannot_be_audited() -> None:
    """Ten samples say nothing about a probability of one in a thousand."""
    with pytest.raises(ValueError, match="at least 100"):
        _audit.lower_bound([1.0] * 10, [2.0] * 10, 0.0)
