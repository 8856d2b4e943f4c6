"""Exit codes are an interface: every way to end has its own, whatever the output format."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Program = Callable[..., "subprocess.CompletedProcess[str]"]
Project = Callable[..., Path]

BREAK = """
import sys
import petguard.scan
def broken(*_): {how}
petguard.scan.scan = broken
sys.argv = ["petguard", "scan", "."]
from petguard.__main__ import main
main()
"""


def test_a_complete_scan_without_findings_is_0(petguard: Program, clean: Path) -> None:
    """Success needs both: nothing found and nothing left out."""
    done = petguard("scan", clean)
    assert (done.returncode, "0 findings" in done.stdout) == (0, True)


@pytest.mark.parametrize("form", ["text", "json", "sarif", "html"])
def test_a_violation_is_1_in_every_format(petguard: Program, violating: Path, form: str) -> None:
    """The format never changes the answer."""
    done = petguard("scan", violating, "-o", form)
    assert done.returncode == 1
    assert "PG201" in done.stdout


def test_a_violation_outweighs_a_gap(petguard: Program, project: Project, violating: Path, incomplete: Path) -> None:
    """Findings and gaps together are 1, and the report says both."""
    both = project(app_py=(violating / "app.py").read_text(), web_scala=(incomplete / "web.scala").read_text())
    done = petguard("scan", both, "-o", "json")
    report = json.loads(done.stdout)
    assert done.returncode == 1
    assert (report["policy_decision"], report["execution_status"]) == ("fail", "incomplete")


def test_the_threshold_decides_what_is_a_violation(petguard: Program, violating: Path) -> None:
    """`--fail-on never` reports and passes."""
    done = petguard("scan", violating, "--fail-on", "never")
    assert (done.returncode, "PG201" in done.stdout) == (0, True)


def test_exit_zero_is_for_dashboards(petguard: Program, violating: Path) -> None:
    """The findings are still printed, and the remark still says what it would have been."""
    done = petguard("scan", violating, "--exit-zero")
    assert (done.returncode, "PG201" in done.stdout, "exit 1" in done.stderr) == (0, True, True)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["scan", "--no-such-option"], "--no-such-option"),
        (["no-such-command"], "no-such-command"),
        (["scan", "nowhere"], "nowhere does not exist"),
        (["scan", "-o", "xml"], "choose from cyclonedx, fides, html, json,"),
        (["scan", "-o", "json", "-o", "sarif"], "two reports on stdout"),
        (["scan", "-o", "json", "-o", "text=-"], "two reports on stdout"),
        (["scan", "-o", "json=a", "-o", "sarif=./a"], "overwrite each other"),
        (["scan", "-o", "json="], "names no file"),
        (["scan", "-o", "json=nowhere/a.json"], "folder must exist"),
        (["scan", "--fail-on", "terrible"], "terrible"),
        (["scan", "--policy", "nowhere.yaml"], "nowhere.yaml"),
        (["rules", "show", "PG999"], "no such rule"),
        (["rules", "show", "unpinned-model"], "did you mean unpinned-model-reference?"),
        (["schema", "everything"], "everything"),
        ([], "Usage"),
    ],
)
def test_wrong_usage_is_2_and_says_what_is_wrong(petguard: Program, arguments: list[str], said: str) -> None:
    """A typing error is neither a finding nor a clean scan, and stdout stays empty."""
    done = petguard(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr.replace("\n", " ")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("policy", ["aproved: {}\n", "fail_on: [\n", "exclude: ['!a']\n"])
def test_a_wrong_policy_is_2(petguard: Program, project: Project, policy: str) -> None:
    """A policy with a slip is not half a policy."""
    done = petguard("scan", project(app_py="x = 1\n", petguard_yaml=policy))
    assert (done.returncode, done.stdout) == (2, "")
    assert "Traceback" not in done.stderr


def test_exit_zero_does_not_hide_errors(petguard: Program) -> None:
    """A dashboard must not show success for a scan that never was."""
    assert petguard("scan", "nowhere", "--exit-zero").returncode == 2


def test_nothing_to_scan_is_3(petguard: Program, project: Project) -> None:
    """An empty folder is not clean."""
    done = petguard("scan", project(), "--exit-zero")
    assert (done.returncode, done.stdout) == (3, "")


def test_gaps_alone_are_4(petguard: Program, incomplete: Path) -> None:
    """Nothing found, but not everything looked at."""
    done = petguard("scan", incomplete)
    assert done.returncode == 4
    assert "web.scala" in done.stdout


def test_gaps_may_be_allowed(petguard: Program, incomplete: Path) -> None:
    """Who allows gaps still reads them."""
    done = petguard("scan", incomplete, "--allow-incomplete")
    assert (done.returncode, "web.scala" in done.stdout) == (0, True)


@pytest.mark.parametrize("how", ["1 / 0", "raise SystemExit(1)", "raise MemoryError", "raise BrokenPipeError"])
def test_a_crash_is_70_with_a_traceback(petguard: Program, how: str) -> None:
    """Never 1, which is a finding, and never 0, which is clean."""
    done = petguard(code=BREAK.format(how=how))
    assert (done.returncode, done.stdout) == (70, "")
    assert "Traceback" in done.stderr
    assert "crashed" in done.stderr


def test_a_broken_installation_is_70(petguard: Program) -> None:
    """Even a missing library must not look like a finding."""
    code = "import sys; sys.modules['click'] = None; from petguard.__main__ import main; main()"
    assert petguard(code=code).returncode == 70


def test_an_interrupt_is_130(petguard: Program) -> None:
    """Ctrl-C is quiet, and is what shells expect."""
    done = petguard(code=BREAK.format(how="raise KeyboardInterrupt"))
    assert (done.returncode, done.stderr) == (130, "")


def test_a_reader_that_goes_away_changes_nothing(violating: Path) -> None:
    """`petguard scan | head` is quiet and keeps its exit code."""
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "petguard", "scan", str(violating), "--quiet"]
    done = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, check=False)  # noqa: S603
    os.close(writer)
    assert (done.returncode, done.stderr) == (1, b"")


@pytest.mark.parametrize(
    ("claim", "code", "outcome"),
    [
        ("epsilon: 3.0", 0, "VERIFIED"),
        ("epsilon: 0.1", 1, "REFUTED"),
        ("unit: example", 4, "UNVERIFIABLE"),
    ],
)
def test_verify_ends_with_the_worst_claim(
    petguard: Program, project: Project, claim: str, code: int, outcome: str
) -> None:
    """0 only when every claim is verified; a refuted one is a violation, an unverifiable one a gap."""
    numbers = "noise_multiplier: 1.1, batch_size: 256, dataset_size: 60000, epochs: 15, sampling: poisson"
    stated = f"claims:\n  - {{technique: dp_sgd, delta: 1.0e-5, {numbers}, {claim}}}\n"
    done = petguard("verify", project(train_py="x = 1\n", petguard_yaml=stated))
    assert (done.returncode, outcome in done.stdout) == (code, True)


def test_verify_without_claims_is_3(petguard: Program, clean: Path) -> None:
    """No claim is not a verified claim."""
    assert petguard("verify", clean).returncode == 3


BUDGET = """
budgets:
  data: {{"p.csv": {{epsilon: {budget}, delta: 1.0e-6}}}}
claims:
  - {{technique: dp_query, data: p.csv, mechanism: laplace, sensitivity: 1.0, scale: 1.0, epsilon: 1.0}}
  - {{technique: dp_query, data: p.csv, mechanism: laplace, sensitivity: 1.0, scale: 1.0, epsilon: 1.0}}
"""


@pytest.mark.parametrize(("budget", "code"), [(2.5, 0), (1.5, 1)])
def test_verify_fails_when_true_claims_break_a_budget_together(
    petguard: Program, project: Project, budget: float, code: int
) -> None:
    """Each release keeps its promise, and their sum is what the policy bounds."""
    done = petguard("verify", project(petguard_yaml=BUDGET.format(budget=budget)))
    assert done.returncode == code
    assert "budget of data p.csv" in done.stdout


def test_verify_runs_a_probe_only_when_asked(petguard: Program, project: Project) -> None:
    """A function without noise is refuted by its audit; without the option it is not even imported."""
    stated = "claims:\n  - {technique: dp_query, subject: count, epsilon: 1.0, probe: 'dp:count'}\n"
    folder = project(dp_py="def count(side, runs):\n    return [side] * runs\n", petguard_yaml=stated)
    assert petguard("verify", folder).returncode == 4
    done = petguard("verify", folder, "--probe")
    assert done.returncode == 1
    assert "shows at 95% confidence" in done.stdout
