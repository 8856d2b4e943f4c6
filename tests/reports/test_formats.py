"""What every report format promises, and what a real report looks like in each."""

import json
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode

from petguard.model import Outcome, State
from petguard.report import Finding, GapRow, Report
from petguard.reports import formats, sarif, text
from petguard.reports import json as json_report

NAMES = ("html", "json", "sarif", "text")


class OneFile(SingleFileSnapshotExtension):
    """Keeps each snapshot as a readable file of its own."""

    _write_mode = WriteMode.TEXT
    file_extension = "txt"


def sarif_run(report: Report) -> dict[str, Any]:
    """The only run of the SARIF report."""
    run: dict[str, Any] = json.loads(sarif.render(report))["runs"][0]
    return run


@pytest.mark.parametrize("name", NAMES)
def test_every_format_is_found_by_its_name(name: str) -> None:
    """The module's name is the format's name."""
    assert formats()[name].name == name


@pytest.mark.parametrize("name", NAMES)
def test_two_renders_are_equal_byte_for_byte(realistic: Report, name: str) -> None:
    """Nothing but the report decides the output."""
    render = formats()[name].render
    again = Report.model_validate(realistic.model_dump() | {"rules": realistic.rules})
    assert render(realistic) == render(again)


@pytest.mark.parametrize("name", NAMES)
def test_every_format_ends_with_one_line_break(clean: Report, name: str) -> None:
    """Files end as text files do."""
    out = formats()[name].render(clean)
    assert out.endswith("\n")
    assert not out.endswith("\n\n")


@pytest.mark.parametrize("name", ["json", "sarif", "text"])
def test_a_real_report_looks_as_it_did(realistic: Report, name: str, snapshot: SnapshotAssertion) -> None:
    """The output for machines and terminals changes on purpose only."""
    assert formats()[name].render(realistic) == snapshot(extension_class=OneFile)


def test_the_verbose_text_looks_as_it_did(realistic: Report, snapshot: SnapshotAssertion) -> None:
    """Witness paths, assumptions, suppressed findings and all gaps."""
    assert text.render(realistic, verbose=True) == snapshot(extension_class=OneFile)


def test_a_flow_that_starts_elsewhere_names_its_start(realistic: Report) -> None:
    """Many flows may end in one call; a reader tells them apart by where the data comes from."""
    (line,) = [line for line in text.render(realistic).splitlines() if "shop/llm.py:41" in line and "PG201" in line]
    assert "; from shop/models.py:14" in line


def test_colour_adds_nothing_but_colour(realistic: Report) -> None:
    """Without its escape sequences the coloured text is the plain one."""
    colored = text.render(realistic, color=True)
    for style in ("0", "1", "2", "31", "32", "33", "36", "1;31"):
        colored = colored.replace(f"\x1b[{style}m", "")
    assert colored == text.render(realistic)


def test_the_clean_text_claims_no_more_than_was_done(clean: Report) -> None:
    """Counts of files, rules and gaps, not a promise."""
    assert text.render(clean).splitlines()[-1] == "0 findings in 12 files, 4 rules; 0 things not checked"


def test_gaps_alone_are_listed_by_reason(gaps_only: Report) -> None:
    """Ten of twelve are shown, the rest is counted."""
    out = text.render(gaps_only)
    assert "  too_large (12)\n" in out
    assert "    and 2 more\n" in out
    assert out.endswith("0 findings in 123 files, 4 rules; 15 things not checked\n")


def test_suppressed_findings_are_counted_but_not_listed(realistic: Report) -> None:
    """The short text names their number only."""
    out = text.render(realistic)
    assert "1 suppressed" in out
    assert "Customer.phone is logged" not in out


def test_json_follows_the_order_of_the_interface(realistic: Report) -> None:
    """Readers may rely on the keys; `rules` is not among them."""
    assert list(json.loads(json_report.render(realistic))) == [
        "schema_version",
        "tool",
        "run",
        "scope",
        "execution_status",
        "policy_decision",
        "coverage",
        "inventory",
        "flows",
        "claims",
        "findings",
        "declared",
        "ledgers",
    ]


def test_json_reads_back_as_the_same_report(realistic: Report) -> None:
    """Nothing is lost but the rule cards."""
    back = Report.model_validate_json(json_report.render(realistic))
    assert back == realistic.model_copy(update={"rules": ()})


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_a_number_that_is_not_finite_is_null_in_json(realistic: Report, number: float) -> None:
    """In an interval, in a witness, in the run: JSON has no infinity."""
    claim = realistic.claims[0].model_copy(update={"interval": (0.5, number), "witness": {"ratio": [number]}})
    run = realistic.run.model_copy(update={"duration_s": number})
    report = realistic.model_copy(update={"claims": (claim,), "run": run})
    shown = json.loads(json_report.render(report))
    assert shown["claims"][0]["interval"] == [0.5, None]
    assert shown["claims"][0]["witness"] == {"ratio": [None]}
    assert shown["run"]["duration_s"] is None
    assert json.loads(sarif.render(report))["runs"][0]["properties"]["claims"][0]["interval"] == [0.5, None]


def test_a_path_that_is_not_utf_8_survives_in_json(realistic: Report) -> None:
    """The undecodable byte stays an escaped surrogate."""
    gap = GapRow(path="caf\udce9.py", line=None, state=State.FAILED, reason="encoding", detail="not UTF-8")
    coverage = realistic.coverage.model_copy(update={"gaps": (gap,)})
    out = json_report.render(realistic.model_copy(update={"coverage": coverage}))
    assert '"caf\\udce9.py"' in out
    assert json.loads(out)["coverage"]["gaps"][0]["path"] == "caf\udce9.py"


def test_sarif_has_what_github_requires(realistic: Report) -> None:
    """The properties without which an upload is rejected or shown badly."""
    run = sarif_run(realistic)
    for rule in run["tool"]["driver"]["rules"]:
        assert rule["shortDescription"]["text"]
        assert rule["fullDescription"]["text"]
        assert rule["help"]["text"]
        assert rule["help"]["markdown"]
    for result in run["results"]:
        region = result["locations"][0]["physicalLocation"]["region"]
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
        assert region["startLine"] == region["endLine"]
        assert region["startColumn"] < region["endColumn"]
        assert result["partialFingerprints"]["petguard/v1"]
    assert run["automationDetails"]["id"] == "petguard/"


def test_sarif_orders_results_by_severity(realistic: Report) -> None:
    """The worst stand first, because readers cut the end."""
    assert [each["level"] for each in sarif_run(realistic)["results"]] == ["error", "error", "error", "warning", "note"]


def test_info_is_no_security_result(realistic: Report) -> None:
    """Without security-severity GitHub shows a note."""
    rules = {rule["id"]: rule["properties"] for rule in sarif_run(realistic)["tool"]["driver"]["rules"]}
    assert rules["PG301"]["security-severity"] == "9.5"
    assert "security-severity" not in rules["PG130"]


def test_the_precision_of_a_rule_is_that_of_its_least_sure_finding(realistic: Report) -> None:
    """PG201 has one finding of high and one of medium confidence."""
    rules = {rule["id"]: rule["properties"] for rule in sarif_run(realistic)["tool"]["driver"]["rules"]}
    assert rules["PG201"]["precision"] == "medium"


def test_a_flow_becomes_a_code_flow(realistic: Report) -> None:
    """Every step with its place."""
    flowing = next(each for each in sarif_run(realistic)["results"] if "codeFlows" in each)
    steps = flowing["codeFlows"][0]["threadFlows"][0]["locations"]
    assert [step["location"]["physicalLocation"]["region"]["startLine"] for step in steps] == [14, 88, 9, 41]


def test_related_places_are_linked_from_the_message(realistic: Report) -> None:
    """GitHub shows them only then; brackets inside a label would end the link."""
    messages = [each["message"]["text"] for each in sarif_run(realistic)["results"]]
    assert any(each.endswith("(see [source](1), [protection (redaction)](2))") for each in messages)


def test_a_suppressed_finding_is_a_suppressed_result(realistic: Report) -> None:
    """It is kept, and marked."""
    marked = [each for each in sarif_run(realistic)["results"] if "suppressions" in each]
    assert [each["partialFingerprints"]["petguard/v1"] for each in marked] == ["aa05"]


def test_clauses_are_taxa_that_rules_are_relevant_to(realistic: Report) -> None:
    """Each relationship points at the clause it names."""
    run = sarif_run(realistic)
    for rule in run["tool"]["driver"]["rules"]:
        for link in rule.get("relationships", []):
            target = link["target"]
            taxonomy = run["taxonomies"][target["toolComponent"]["index"]]
            assert taxonomy["name"] == target["toolComponent"]["name"]
            assert taxonomy["taxa"][target["index"]]["id"] == target["id"]
            assert link["kinds"] == ["relevant"]


def test_every_gap_is_a_notification(realistic: Report) -> None:
    """A warning with its place, and the execution still counts as successful."""
    invocation = sarif_run(realistic)["invocations"][0]
    notes = invocation["toolExecutionNotifications"]
    assert invocation["executionSuccessful"] is True
    assert len(notes) == 15
    assert {note["level"] for note in notes} == {"warning"}
    assert notes[0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "shop/legacy.py"


def test_every_claim_is_in_the_run_properties(realistic: Report) -> None:
    """Verified claims are no findings, and still belong into the evidence."""
    claims = sarif_run(realistic)["properties"]["claims"]
    assert [claim["outcome"] for claim in claims] == [Outcome.REFUTED, Outcome.VERIFIED, Outcome.UNVERIFIABLE]


def many(report: Report, number: int) -> Report:
    """The report with one critical finding behind `number` of severity info."""
    info, critical = report.findings[0], report.findings[-1]
    return report.model_copy(update={"findings": (*[info] * number, critical)})


def test_sarif_keeps_the_worst_5000_and_says_so(realistic: Report) -> None:
    """The critical finding stays although it comes last; what is left out is counted."""
    run = sarif_run(many(realistic, 5_000))
    assert len(run["results"]) == 5_000
    assert run["results"][0]["ruleId"] == "PG301"
    assert run["invocations"][0]["toolExecutionNotifications"][-1]["message"]["text"] == (
        "1 of 5,001 findings are not in this file; see the JSON report"
    )


def test_sarif_at_the_limit_says_nothing(realistic: Report) -> None:
    """Exactly 5,000 results are complete."""
    notes = sarif_run(many(realistic, 4_999))["invocations"][0]["toolExecutionNotifications"]
    assert all(note["descriptor"]["id"] == "not-checked" for note in notes)


def test_a_finding_without_a_rule_card_is_not_dropped(realistic: Report) -> None:
    """It brings its own description."""
    stray: Finding = realistic.findings[0].model_copy(update={"rule": "PG999"})
    run = sarif_run(realistic.model_copy(update={"findings": (stray,)}))
    assert run["tool"]["driver"]["rules"][run["results"][0]["ruleIndex"]]["id"] == "PG999"


def test_sarif_holds_no_time(realistic: Report) -> None:
    """Two scans of the same tree give the same file."""
    later = realistic.run.model_copy(update={"started_at": "2031-01-01T00:00:00Z", "duration_s": 9.0})
    assert sarif.render(realistic) == sarif.render(realistic.model_copy(update={"run": later}))


@pytest.mark.parametrize(
    ("bounds", "words"),
    [
        (None, "not computed"),
        ((None, None), "not computed"),
        ((None, 2.5), "computed at most 2.5"),
        ((0.25, None), "computed at least 0.25"),
        ((1.0, 1.0), "computed 1 "),
        ((1.0, 2.0), "computed 1 to 2 "),
    ],
)
def test_an_interval_says_only_what_is_known(
    realistic: Report, bounds: tuple[float | None, float | None] | None, words: str
) -> None:
    """An open side is open, not zero or infinite."""
    claim = realistic.claims[0].model_copy(update={"interval": bounds})
    assert words in text.render(realistic.model_copy(update={"claims": (claim,)}))


def test_switches_and_nested_values_are_readable(realistic: Report) -> None:
    """Not as Python writes them."""
    claim = realistic.claims[0].model_copy(update={"stated": {"debug": False, "ids": ["a", None], "of": {"k": 2}}})
    out = text.render(realistic.model_copy(update={"claims": (claim,)}))
    assert "stated debug = no, ids = [a, not known], of = {k = 2}; computed" in out


def test_sarif_without_clauses_has_no_taxonomies(realistic: Report) -> None:
    """Empty lists of frameworks are left out."""
    bare = [card.model_copy(update={"clauses": ()}) for card in realistic.rules]
    run = sarif_run(realistic.model_copy(update={"rules": tuple(bare)}))
    assert "taxonomies" not in run
    assert "supportedTaxonomies" not in run["tool"]["driver"]


def test_long_texts_stay_within_the_limits_of_github(realistic: Report) -> None:
    """A name has at most 255 characters, a description 1,024."""
    card = realistic.rules[0].model_copy(update={"name": "n" * 2_000, "why": "w" * 2_000})
    rule = sarif_run(realistic.model_copy(update={"rules": (card,)}))["tool"]["driver"]["rules"][0]
    assert len(rule["name"]) == 255
    assert len(rule["fullDescription"]["text"]) == 1_000
