"""The rule files: strict, complete, and in agreement with the frameworks they name."""

from pathlib import Path

import pytest

from petguard import rules
from petguard.errors import ConfigurationError
from petguard.handwritten import nearest
from petguard.rules._schema import RuleFile

RULE = """\
id: PG900
name: something-bad
severity: high
confidence: high
why: It is bad for reasons that take a sentence.
fix: Do the other thing, which takes a sentence too.
check:
  node: {asset: ai_service}
message: "{name} is there"
clauses:
  - {framework: gdpr, clause: "Art. 25(1)"}
examples:
  bad: [{files: {a.py: "1"}}]
  good: [{files: {a.py: "2"}}]
"""


def load(folder: Path, *texts: str) -> tuple[rules.Rule, ...]:
    """Read rules out of a folder with one file per text."""
    for number, text in enumerate(texts):
        (folder / str(number)).mkdir()
        (folder / str(number) / "PG900-something-bad.yaml").write_text(text)
    return rules.load(folder)


def error(folder: Path, before: str, after: str) -> str:
    """What is said about the rule above with one change."""
    assert before in RULE
    with pytest.raises(ConfigurationError) as caught:
        load(folder, RULE.replace(before, after))
    return str(caught.value)


def test_the_shipped_rules_load_in_id_order() -> None:
    """At least fourteen rules over four families, each with reasons and clauses."""
    found = rules.load()
    assert [rule.id for rule in found] == sorted(rule.id for rule in found)
    assert len(found) >= 14
    assert all(rule.card.clauses for rule in found)


def test_a_rule_is_read(tmp_path: Path) -> None:
    """The file above is a rule."""
    assert [rule.id for rule in load(tmp_path, RULE)] == ["PG900"]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("severity: high", "severty: high", "PG900-something-bad.yaml:3: severty: no such key; did you mean severity?"),
        (
            "{asset: ai_service}",
            "{asset: ai_service, traits: {al: [secret]}}",
            ".traits.al: no such key; did you mean all?",
        ),
        ("{asset: ai_service}", "{asset: []}", "check.node.asset"),
        ("node: {asset: ai_service}", "claim: {}", "an empty test would match everything"),
        ("severity: high", "severity: hgh", "'hgh' is not possible; did you mean high?"),
        ("why: It is bad for reasons that take a sentence.\n", "", "why: is missing"),
        ("asset: ai_service", "aset: ai_service", ":8: check.node.aset: no such key; did you mean asset?"),
        ("asset: ai_service", "", "an empty test would match everything"),
        ("  node: {asset: ai_service}", "  {}", "give exactly one of node, deny_flow, policy_data, claim"),
        ("{name} is", "{nmae} is", "the message cannot use {nmae}"),
        ("{name} is", "{name.__class__} is", "the message cannot use {name.__class__}"),
        ("{name} is", "{} is", "the message cannot use {}"),
        ("Art. 25(1)", "Art. 25(9)", ":11: clauses.0: no such clause as gdpr Art. 25(9); did you mean Art. 25("),
        ("framework: gdpr", "framework: gdrp", "no such clause as gdrp Art. 25(1); did you mean gdpr?"),
        ("name: something-bad", "name: something-else", "must be called PG900-something-else.yaml"),
        ("  bad: [{files", "  bad: []\n  god: [{files", "examples"),
        ("id: PG900", "id: [", "not YAML"),
    ],
)
def test_a_mistake_in_a_rule_stops_the_scan(tmp_path: Path, before: str, after: str, expected: str) -> None:
    """A rule that is only half understood would find less than its author thinks."""
    assert expected in error(tmp_path, before, after)


def test_two_rules_with_one_id_are_an_error(tmp_path: Path) -> None:
    """An id in a report must mean one thing."""
    with pytest.raises(ConfigurationError, match="PG900"):
        load(tmp_path, RULE, RULE)


def test_no_rules_are_an_error(tmp_path: Path) -> None:
    """Nothing would ever be found."""
    with pytest.raises(ConfigurationError, match="no rule"):
        load(tmp_path)


def test_the_digest_changes_with_any_byte(tmp_path: Path) -> None:
    """A cached result must not outlive the rules that made it."""
    (tmp_path / "a.yaml").write_text("x: 1")
    before = rules.digest(tmp_path)
    assert rules.digest(tmp_path) == before
    (tmp_path / "a.yaml").write_text("x: 2")
    assert rules.digest(tmp_path) != before


def test_every_framework_says_where_it_was_read() -> None:
    """A clause id without version and source cannot be checked by the reader."""
    assert all(each.source.startswith("https://") for each in rules.frameworks().values())


def test_the_schema_of_a_rule_takes_one_value_or_several() -> None:
    """An editor must not underline `asset: ai_service`."""
    asset = RuleFile.model_json_schema()["$defs"]["NodeTest"]["properties"]["asset"]
    assert [sorted(each) for each in asset["anyOf"]] == [["$ref"], ["items", "minItems", "type"], ["type"]]


def test_a_file_in_which_nothing_is_right_names_what_is_known() -> None:
    """Where no known word is near, all are listed."""
    assert nearest("zzz", ["b", "a"]) == "known are a, b"
