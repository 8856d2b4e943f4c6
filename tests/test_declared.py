"""Declared against detected, through the whole scan: a clinic with Fides manifests, a dbt project and code."""

from pathlib import Path

import pytest

from petguard.report import Compared, Report
from petguard.reports import formats
from petguard.scan import Request, scan

FIDES = """\
dataset:
  - fides_key: clinic
    collections:
      - name: patients
        fields:
          - name: phone
            data_categories: [user.contact.phone_number]
            fides_meta: {masking_strategy_override: {strategy: hash}}
system:
  - fides_key: intake
    system_type: Service
    privacy_declarations:
      - name: Answer letters
        data_categories: [user.contact]
        data_use: essential.service
        data_subjects: [patient]
    egress:
      - {fides_key: openai, type: system, data_categories: [user.contact]}
      - {fides_key: anthropic, type: system, data_categories: [user.contact]}
"""
DBT = """\
version: 2
models:
  - name: dim_patients
    columns:
      - name: email
        meta: {contains_pii: true, masking_policy: hash_email}
      - name: date_of_birth
        meta: {contains_pii: false}
exposures:
  - name: waiting times
    type: dashboard
    depends_on: [ref('dim_patients')]
"""
API = """\
openapi: 3.1.0
info: {title: Intake, version: "1"}
paths: {}
components:
  schemas:
    Visit:
      type: object
      properties:
        diagnosis: {type: string, x-pii: false}
"""
APP = """\
from openai import OpenAI
from pydantic import BaseModel

client = OpenAI()


class Visit(BaseModel):
    diagnosis: str


def answer(patient):
    return client.responses.create(model="gpt-4o", input=patient.phone)


def summarise(visit: Visit):
    return client.responses.create(model="gpt-4o", input=visit.diagnosis)


def remind(connection):
    row = connection.execute("SELECT email FROM dim_patients").fetchone()
    return client.responses.create(model="gpt-4o", input=row["email"])
"""


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    """The scan of the clinic."""
    home = tmp_path_factory.mktemp("clinic")
    files = {
        ".fides/clinic.yml": FIDES,
        "dbt_project.yml": "name: clinic\n",
        "models/schema.yml": DBT,
        "openapi.yaml": API,
        "app/intake.py": APP,
    }
    for name, text in files.items():
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(text, "utf-8")
    return scan(Request(paths=(home,)))


def row(report: Report, what: str) -> Compared:
    """The one row about something."""
    (found,) = (each for each in report.declared.rows if each.what == what)
    return found


def places(row: Compared) -> tuple[list[str], list[str]]:
    """Where it is declared and where it is found."""
    declared, detected = ([f"{each.path}:{each.line}" for each in side] for side in (row.declared, row.detected))
    return declared, detected


def test_every_declaration_is_named(report: Report) -> None:
    """The report tells what was held against the code."""
    assert report.declared.lists_flows
    assert [(each.format, each.path) for each in report.declared.declarations] == [
        ("dbt", "models/schema.yml"),
        ("fides", ".fides/clinic.yml"),
        ("openapi", "openapi.yaml"),
    ]


def test_a_declared_flow_is_found_in_code(report: Report) -> None:
    """The record says contacts, the code sends a telephone number and an e-mail address."""
    for category, line in (("phone_number", 12), ("email", 21)):
        found = row(report, f"user.contact.{category} goes to OpenAI")
        assert found.verdict == "matches"
        assert places(found) == ([".fides/clinic.yml:18"], [f"app/intake.py:{line}"])


def test_a_flow_of_health_data_is_in_no_record(report: Report) -> None:
    """Code sends a diagnosis, of which the record knows nothing."""
    found = row(report, "user.health_and_medical goes to OpenAI")
    assert (found.verdict, places(found)) == ("undeclared", ([], ["app/intake.py:16"]))


def test_masks_that_fides_and_dbt_declare_are_missing_in_code(report: Report) -> None:
    """One is met as the attribute of an object, the other as the column of a query."""
    assert row(report, "patients.phone is masked").verdict == "contradicts"
    assert places(row(report, "dim_patients.email is masked")) == (["models/schema.yml:5"], ["app/intake.py:21"])


def test_columns_that_are_no_personal_data_are(report: Report) -> None:
    """One by its name in a warehouse; one of a schema, which code reads as the field of a class."""
    assert row(report, "dim_patients.date_of_birth is no personal data").verdict == "contradicts"
    found = row(report, "Visit.diagnosis is no personal data")
    assert (found.verdict, places(found)[1]) == ("contradicts", ["app/intake.py:15"])


def test_a_declared_recipient_gets_nothing(report: Report) -> None:
    """The code beside the record sends nothing to Anthropic."""
    found = row(report, "personal data goes to Anthropic")
    assert (found.verdict, places(found)) == ("never_found", ([".fides/clinic.yml:19"], []))


def test_each_difference_is_a_finding(report: Report) -> None:
    """The rules say what the rows say, once."""
    rules = [finding.rule for finding in report.findings if finding.rule.startswith("PG21")]
    assert sorted(rules) == ["PG210", "PG211", "PG211", "PG212", "PG212", "PG213"]


@pytest.mark.parametrize("name", ["text", "html", "json"])
def test_every_report_for_readers_shows_the_comparison(report: Report, name: str) -> None:
    """What is in one is in all."""
    page = formats()[name].render(report)
    assert "dim_patients.email is masked" in page
    assert "user.health_and_medical goes to OpenAI" in page


def test_a_recipient_gets_only_what_its_entry_lists(tmp_path: Path) -> None:
    """A system that uses contacts and passes on names has not declared that its recipient gets contacts."""
    narrowed = FIDES.replace(
        "type: system, data_categories: [user.contact]}", "type: system, data_categories: [user.name]}"
    )
    (tmp_path / "fides.yml").write_text(narrowed, "utf-8")
    (tmp_path / "intake.py").write_text(APP, "utf-8")
    found = row(scan(Request(paths=(tmp_path,))), "user.contact.phone_number goes to OpenAI")
    assert (found.verdict, found.why) == ("undeclared", "only user.name is declared for OpenAI")


@pytest.mark.parametrize(("name", "file"), [("fides", "fides.yml"), ("cyclonedx", "ai-bom.json")])
def test_what_petguard_writes_down_it_knows(name: str, file: str, tmp_path: Path) -> None:
    """A draft that is put beside the code leaves no flow undeclared, and the next flow is."""
    (tmp_path / "intake.py").write_text(APP, "utf-8")
    (tmp_path / file).write_text(formats()[name].render(scan(Request(paths=(tmp_path,)))), "utf-8")
    again = scan(Request(paths=(tmp_path,))).declared
    assert again.lists_flows
    assert {str(each.verdict) for each in again.rows if each.subject == "flow"} == {"matches"}
    (tmp_path / "new.py").write_text(APP.replace("patient.phone", "patient.passport_number"), "utf-8")
    more = [each for each in scan(Request(paths=(tmp_path,))).declared.rows if each.verdict == "undeclared"]
    assert [place.path for each in more for place in each.detected] == ["new.py"]
