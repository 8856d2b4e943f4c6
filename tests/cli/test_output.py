"""What goes where: results to stdout, remarks to stderr, files whole or not at all."""

import json
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import click
import jsonschema
import pytest

from petguard import cli

Program = Callable[..., "subprocess.CompletedProcess[str]"]
Project = Callable[..., Path]
SCHEMAS = Path(__file__).parents[2] / "docs" / "schema"


def test_help_needs_no_heavy_library(petguard: Program) -> None:
    """`--help` answers at once: nothing is imported that only a scan needs."""
    code = """
import sys
sys.argv = ["petguard", "--help"]
from petguard.__main__ import main
try:
    main()
finally:
    heavy = {"networkx", "jinja2", "dp_accounting", "semgrep", "pydantic", "numpy", "scipy", "ruamel"}
    heavy |= {"pyarrow", "cryptography", "asn1crypto", "torch"}
    print(sorted(heavy & set(sys.modules)))
"""
    done = petguard(code=code)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "[]")


@pytest.mark.parametrize(("name", "said"), cli.COMMANDS.items())
def test_the_overview_says_what_each_command_says(name: str, said: str) -> None:
    """The overview is written down apart from the commands, so both must agree."""
    command = cli.program.get_command(click.Context(cli.program), name)
    assert command is not None
    assert command.get_short_help_str(limit=200) == said


def test_the_version_is_printed(petguard: Program) -> None:
    """For bug reports."""
    assert petguard("--version").stdout == "petguard 0.1.0\n"


def test_several_reports_come_from_one_scan(petguard: Program, violating: Path, tmp_path: Path) -> None:
    """Files get their format, and stdout the one without a file."""
    done = petguard(
        "scan", violating, "-o", "text", "-o", f"json={tmp_path / 'r.json'}", "-o", f"sarif={tmp_path / 'r.sarif'}"
    )
    assert json.loads((tmp_path / "r.json").read_text())["policy_decision"] == "fail"
    assert json.loads((tmp_path / "r.sarif").read_text())["version"] == "2.1.0"
    assert done.stdout.startswith("high")
    assert "wrote sarif to" in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["r.json", "r.sarif"]


def test_a_scan_that_fails_leaves_the_old_report_alone(petguard: Program, project: Project, tmp_path: Path) -> None:
    """A file is opened only when there is something to write."""
    (tmp_path / "r.json").write_text("old")
    assert petguard("scan", project(), "-o", f"json={tmp_path / 'r.json'}").returncode == 3
    assert (tmp_path / "r.json").read_text() == "old"


def test_a_report_can_go_to_a_device(petguard: Program, clean: Path) -> None:
    """A device is written to, not replaced."""
    assert petguard("scan", clean, "-o", "json=/dev/null").returncode == 0
    assert not Path("/dev/null").is_file()


def test_a_report_of_a_linked_file_goes_to_its_target(petguard: Program, clean: Path, tmp_path: Path) -> None:
    """The link stays a link."""
    (tmp_path / "link.json").symlink_to("real.json")
    petguard("scan", clean, "-o", f"json={tmp_path / 'link.json'}")
    assert (tmp_path / "link.json").is_symlink()
    assert json.loads((tmp_path / "real.json").read_text())["schema_version"] == "1"


def test_quiet_says_nothing_on_stderr(petguard: Program, violating: Path) -> None:
    """Remarks can be switched off; the report cannot."""
    done = petguard("scan", violating, "-q")
    assert (done.stderr, "PG201" in done.stdout) == ("", True)


def test_verbose_shows_the_way_of_the_data(petguard: Program, violating: Path) -> None:
    """More detail on request."""
    assert len(petguard("scan", violating, "-v").stdout) > len(petguard("scan", violating).stdout)


@pytest.mark.parametrize(
    ("env", "coloured"), [({}, False), ({"FORCE_COLOR": "1"}, True), ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False)]
)
def test_colours_are_for_terminals(
    petguard: Program, violating: Path, env: Mapping[str, str], *, coloured: bool
) -> None:
    """A pipe gets none unless forced, and NO_COLOR wins."""
    assert ("\x1b[" in petguard("scan", violating, env=env).stdout) is coloured


def test_two_scans_differ_only_under_run(petguard: Program, violating: Path) -> None:
    """Reports can be compared."""
    first, second = (json.loads(petguard("scan", violating, "-o", "json").stdout) for _ in range(2))
    assert first.pop("run") is not None
    assert second.pop("run") is not None
    assert first == second


def test_any_file_name_can_be_printed_anywhere(petguard: Program, project: Project) -> None:
    """A terminal without the characters gets escapes, not a crash."""
    folder = project(**{"caf\u00e9 \u2603_scala": "fetch('https://api.openai.com')\n", "app_py": "x = 1\n"})
    done = petguard("scan", folder, env={"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii"})
    assert done.returncode == 4
    assert "caf" in done.stdout


def test_a_command_in_a_file_name_is_not_obeyed(petguard: Program, project: Project) -> None:
    """CI logs act on lines that start with `::`, terminals on escapes."""
    folder = project(app_py="x = 1\n")
    (folder / "a\n::error::b\x1b[2J.scala").write_text("fetch('https://api.openai.com')\n")
    done = petguard("scan", folder, "-v")
    assert "\x1b" not in done.stdout + done.stderr
    assert not any(line.lstrip().startswith("::") for line in (done.stdout + done.stderr).splitlines())


@pytest.mark.parametrize("name", ["report", "policy", "rule"])
def test_the_committed_schemas_are_current(petguard: Program, name: str) -> None:
    """A changed model is a changed interface; `petguard schema` renews the file."""
    assert petguard("schema", name).stdout == (SCHEMAS / f"{name}.json").read_text("utf-8")


def test_the_json_report_obeys_its_schema(petguard: Program, violating: Path) -> None:
    """What machines are promised is what they get."""
    report = json.loads(petguard("scan", violating, "-o", "json").stdout)
    jsonschema.validate(report, json.loads((SCHEMAS / "report.json").read_text("utf-8")))


def test_rules_are_listed_and_explained(petguard: Program) -> None:
    """One line each; `show` says why, and how to mend it."""
    listed = petguard("rules", "list").stdout.splitlines()
    assert all(line.startswith("PG") for line in listed)
    shown = petguard("rules", "show", listed[0][:5].lower()).stdout
    assert listed[0].split()[-1] in shown
    assert "why: " in shown
    assert "fix: " in shown


def test_a_rule_is_explained_by_its_name_too(petguard: Program) -> None:
    """Reports show both, so both are what a reader may type."""
    by_name = petguard("rules", "show", "personal-data-reaches-external-ai")
    assert (by_name.returncode, by_name.stdout) == (0, petguard("rules", "show", "PG201").stdout)


def test_verify_gives_the_claims_to_machines(petguard: Program, project: Project) -> None:
    """The rows are those of the report."""
    stated = "claims:\n  - {technique: dp_sgd, epsilon: 1.0}\n"
    done = petguard("verify", project(train_py="x = 1\n", petguard_yaml=stated), "-o", "json")
    (row,) = json.loads(done.stdout)
    assert (row["technique"], row["outcome"], row["reason"]) == ("dp_sgd", "unverifiable", "missing_parameter")


def test_the_demo_shows_a_failing_project_and_ends_with_0(petguard: Program) -> None:
    """Nothing of the user's was judged; the remark says what a scan would end with."""
    done = petguard("demo")
    assert (done.returncode, "exit 1" in done.stderr) == (0, True)
    assert "PG2" in done.stdout
