"""What files declare about data, through a whole scan: flows, findings and gaps."""

import json
from pathlib import Path

import pytest

from petguard.report import Report
from petguard.scan import Request, scan

_CARD = """\
---
dataset_info:
  features:
  - name: patient_email
    dtype: string
---
# Dataset Card for Visits

    load_dataset("clinic/visits")
"""
_MODEL = "---\nlibrary_name: transformers\nbase_model: org/base\ndatasets:\n- clinic/visits\n---\n# A model\n"
_CONTRACT = """\
kind: DataContract
apiVersion: v3.1.0
id: people
schema:
- name: users
  properties:
  - name: ref
    classification: PII
"""
_DBT = """\
version: 2
models:
- name: users
  columns:
  - name: ref
    meta: {contains_pii: true}
exposures:
- name: campaigns
  type: application
  url: https://api.openai.com/v1
  depends_on: [ref('users')]
"""


def _scan(root: Path, files: dict[str, str]) -> Report:
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, "utf-8")
    return scan(Request(paths=(root,)))


def _flows(report: Report) -> set[tuple[str, str]]:
    return {(flow.source.name, flow.sink.name) for flow in report.flows}


def _found(report: Report) -> set[tuple[str, str]]:
    return {(finding.rule, finding.location.path) for finding in report.findings}


def test_the_column_of_a_dataset_card_reaches_the_training_of_a_model_card(tmp_path: Path) -> None:
    """Two cards speak of one data set: what one lists as a column, the other trains on."""
    report = _scan(tmp_path, {"data/README.md": _CARD, "model/README.md": _MODEL})
    assert _flows(report) == {("clinic/visits.patient_email", "the training of model/README.md")}
    assert ("PG207", "model/README.md") in _found(report)
    assert report.execution_status == "complete"


def test_what_a_contract_calls_personal_reaches_a_provider_through_dbt(tmp_path: Path) -> None:
    """The contract knows what the column is, dbt who gets it: together they are a finding."""
    report = _scan(tmp_path, {"users.odcs.yaml": _CONTRACT, "models/schema.yml": _DBT})
    assert ("users.ref", "OpenAI") in _flows(report)
    assert "PG201" in {rule for rule, _ in _found(report)}


def test_only_a_masked_column_that_trains_is_no_violation(tmp_path: Path) -> None:
    """A job that aggregates what it reads protects it by its own word; a plain copy does not."""
    found = {}
    for masking in (True, False):
        step = {"type": "DIRECT", "subtype": "AGGREGATION", "masking": masking}
        field = {"namespace": "pg://h", "name": "raw", "field": "email", "transformations": [step]}
        facets = {"columnLineage": {"fields": {"n": {"inputFields": [field]}}}}
        url = {"schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json"}
        events = [
            {**url, "job": {"name": "count"}, "outputs": [{"namespace": "pg://h", "name": "n", "facets": facets}]},
            {**url, "job": {"name": "train_churn"}, "inputs": [{"namespace": "pg://h", "name": "n"}]},
        ]
        report = _scan(tmp_path / str(masking), {"events.jsonl": "\n".join(map(json.dumps, events))})
        assert ("raw.email", "job train_churn") in _flows(report)
        found[masking] = [(finding.rule, finding.result) for finding in report.findings]
    assert found == {True: [("PG207", "unverified")], False: [("PG207", "violation")]}


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("d/README.md", "---\ntask_categories: [\n---\n"),
        ("c.odcs.yaml", "kind: DataContract\nschema: [\n"),
        ("e.json", '{"schemaURL": "https://openlineage.io/", "namespace": "n", "inputs": ['),
        ("e.jsonl", '{"schemaURL": "https://openlineage.io/", "namespace": "n", "inputs": [\n'),
        ("croissant.json", '{"@context": {"cr": "http://mlcommons.org/croissant/"}, '),
        ("schema.prisma", "model User {\n  email"),
        ("models/schema.yml", "version: 2\nmodels:\n- name: x\n  columns: [\n"),
        ("dvc.yaml", "stages:\n  a: [\n"),
        ("m/MLmodel", "flavors: {\n"),
        (".fides/x.yml", "dataset:\n- fides_key: [\n"),
        ("openapi.yaml", "openapi: 3.0.0\nproperties:\n  a:\n    x-pii: true\npaths: [\n"),
        ("ai-bom.json", '{"bomFormat": "CycloneDX", '),
        ("m/README.md", "---\nbase_model: [\n---\n"),
        ("p.yaml", "deploymentSpec: {}\nexecutorLabel: a\ncomponentRef: x\nroot: [\n"),
        ("card.json", '{"model_details": {}, "model_parameters": '),
        ("data/x.csv.dvc", "outs: [\n"),
        ("PrivacyInfo.xcprivacy", "<plist><dict><key>NSPrivacyCollectedDataTypes</key>"),
    ],
)
def test_every_declaring_file_that_is_broken_is_a_gap(tmp_path: Path, path: str, text: str) -> None:
    """No format is dropped in silence: the report names the file and the reason."""
    report = _scan(tmp_path, {path: text})
    assert {(gap.path, bool(gap.detail)) for gap in report.coverage.gaps} == {(path, True)}
    assert report.execution_status == "incomplete"
