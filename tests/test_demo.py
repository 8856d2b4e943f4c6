"""The demo shows on one small project what petguard is for: every family of rules fires, and every verdict occurs."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

CLINIC = Path(__file__).parents[1] / "examples" / "clinic"
FAMILIES = sorted(path.name for path in (CLINIC.parents[1] / "rules" / "policy").iterdir())
KEY = "gsk_q7VtL2mXw9RzK4bNc8YpD3hJs6FgT1vE5uAoQiMxWyZr"

Report = Mapping[str, Any]


def run(*arguments: str | Path, home: Path) -> "subprocess.CompletedProcess[str]":
    """The real program, from an empty folder and with a bare environment."""
    return subprocess.run(  # noqa: S603 - petguard itself
        [sys.executable, "-m", "petguard", *map(str, arguments)],
        env={"PATH": os.environ["PATH"], "HOME": str(home), "XDG_CACHE_HOME": str(home)},
        cwd=home,
        capture_output=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> "subprocess.CompletedProcess[str]":
    """`petguard demo`."""
    return run("demo", home=tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="module")
def scans(tmp_path_factory: pytest.TempPathFactory) -> "list[subprocess.CompletedProcess[str]]":
    """`petguard scan examples/clinic -o json`, twice; the second may use what the first remembered."""
    home = tmp_path_factory.mktemp("home")
    return [run("scan", CLINIC, "-o", "json", home=home) for _ in range(2)]


@pytest.fixture(scope="module")
def report(scans: "list[subprocess.CompletedProcess[str]]") -> Report:
    """What the scan reports."""
    read: Report = json.loads(scans[0].stdout)
    return read


def claims(report: Report, outcome: str) -> dict[str, Mapping[str, Any]]:
    """The claims with this outcome, by subject."""
    return {claim["subject"]: claim for claim in report["claims"] if claim["outcome"] == outcome}


def test_the_demo_judges_nobody(demo: "subprocess.CompletedProcess[str]") -> None:
    """Nothing of the user's was scanned, so the demo succeeds and says what a scan would have ended with."""
    assert demo.returncode == 0
    assert "ends with exit 1 there" in demo.stderr


def test_the_demo_and_a_scan_say_the_same(demo: "subprocess.CompletedProcess[str]", report: Report) -> None:
    """The demo is no show piece: every finding of the scan is in it."""
    assert all(f"{each['rule']} {each['name']}  {each['message']}" in demo.stdout for each in report["findings"])


def test_the_example_violates_its_policy(scans: "list[subprocess.CompletedProcess[str]]", report: Report) -> None:
    """Exit 1, by the project's own policy, over a complete scan."""
    assert scans[0].returncode == 1
    assert (report["policy_decision"], report["execution_status"]) == ("fail", "complete")
    assert report["scope"]["policy"] == "petguard.yaml"
    assert report["coverage"]["gaps"] == []


def test_two_scans_are_equal_except_for_the_run(scans: "list[subprocess.CompletedProcess[str]]") -> None:
    """Same tree, same report, byte for byte, with and without remembered results."""
    first, second = ({**json.loads(each.stdout), "run": None} for each in scans)
    assert json.dumps(first) == json.dumps(second)


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_of_rules_fires(family: str, report: Report) -> None:
    """A family that the demo does not show is one that newcomers do not learn of."""
    folder = CLINIC.parents[1] / "rules" / "policy" / family
    rules = {path.name.partition("-")[0] for path in folder.iterdir()}
    assert rules & {finding["rule"] for finding in report["findings"]}


def test_the_unprotected_path_is_a_violation_through_the_gateway(report: Report) -> None:
    """Symptoms go through the wrapper and the gateway's alias to the provider that the LiteLLM config names."""
    (finding,) = (
        each for each in report["findings"] if each["rule"] == "PG202" and each["location"]["path"] == "app/llm.py"
    )
    flow = next(each for each in report["flows"] if each["id"] == finding["flow"])
    assert (finding["result"], finding["severity"]) == ("violation", "critical")
    assert flow["source"]["path"] == "app/intake.py"
    assert {"app/intake.py", "app/llm.py", "deploy/litellm.yaml"} <= {step["path"] for step in flow["steps"]}


def test_the_redacted_path_rests_on_a_word(report: Report) -> None:
    """`redact()` stands on the way, and nobody verified it: neither a pass nor a violation."""
    results = {each["result"] for each in report["findings"] if each["rule"] == "PG201"}
    assert results == {"unverified"}


def test_the_triage_model_keeps_its_promise(report: Report) -> None:
    """The epsilon of the model card is verified from the constants of the training script."""
    claim = claims(report, "verified")["train/triage.py:train"]
    assert claim["stated"] == {"epsilon": 1.5, "delta": 1e-06}
    assert claim["interval"][1] <= 1.5
    assert any(each.startswith("dataset_size is as stated in petguard.yaml:") for each in claim["assumptions"])


def test_the_no_show_model_does_not(report: Report) -> None:
    """Its noise is too small for what was told, and the remedy says how much would do."""
    claim = claims(report, "refuted")["train/no_show.py:train"]
    assert claim["interval"][0] > 3.0
    assert claim["remedy"]["noise_multiplier"] > claim["parameters"]["noise_multiplier"]
    assert claim["remedy"]["epsilon"] <= 3.0


def test_one_intersection_is_verified_and_one_has_its_noise_switched_off(report: Report) -> None:
    """The same protocol, configured well and badly."""
    assert "research/vaccination_overlap/receiver.json" in claims(report, "verified")
    assert claims(report, "refuted")["research/insurer_overlap/sender.json"]["witness"] == {"input_dp": False}


def test_the_export_is_not_as_anonymous_as_the_download_page_says(report: Report) -> None:
    """A class of one row is the witness."""
    claim = claims(report, "refuted")["exports/waiting_times.csv"]
    assert (claim["stated"], claim["witness"]["rows"]) == ({"k": 5}, 1)


def test_what_petguard_cannot_compute_is_said(report: Report) -> None:
    """The card gives an epsilon and nothing to compute it from."""
    assert claims(report, "unverifiable")["models/triage/README.md"]["reason"] == "missing_parameter"


def test_the_key_is_found_and_not_repeated(demo: "subprocess.CompletedProcess[str]", report: Report) -> None:
    """The report must not become a second leak."""
    assert KEY in (CLINIC / "app" / "transcribe.py").read_text("utf-8")
    assert "PG104" in {finding["rule"] for finding in report["findings"]}
    assert KEY not in demo.stdout + json.dumps(report)
