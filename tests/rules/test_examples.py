"""Every rule proves itself: its bad examples make it speak, its good ones keep it quiet."""

from pathlib import Path

import pytest

from petguard import rules
from petguard.rules import Example, Rule

scan = pytest.importorskip("petguard.scan", reason="the scan is not there yet")

RULES = rules.load()
BAD = [pytest.param(rule, each, id=f"{rule.id}-{n}") for rule in RULES for n, each in enumerate(rule.examples.bad)]
GOOD = [pytest.param(rule, each, id=f"{rule.id}-{n}") for rule in RULES for n, each in enumerate(rule.examples.good)]


def findings_of(example: Example, folder: Path) -> set[str]:
    """The ids of the rules that find something in the project of an example, under its policy."""
    for name, text in example.files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")
    if example.policy is not None:
        (folder / "petguard.yaml").write_text(example.policy, "utf-8")
    report = scan.scan(scan.Request(paths=(folder,), today=example.today))
    return {finding.rule for finding in report.findings}


@pytest.mark.parametrize(("rule", "example"), BAD)
def test_a_bad_example_fires(rule: Rule, example: Example, tmp_path: Path) -> None:
    """A rule that misses its own example finds nothing elsewhere either."""
    assert rule.id in findings_of(example, tmp_path)


@pytest.mark.parametrize(("rule", "example"), GOOD)
def test_a_good_example_stays_quiet(rule: Rule, example: Example, tmp_path: Path) -> None:
    """The closest thing that is fine must not be reported."""
    assert rule.id not in findings_of(example, tmp_path)
