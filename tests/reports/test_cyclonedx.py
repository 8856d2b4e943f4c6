"""The CycloneDX report is a valid bill of materials that says what was found, and where."""

import json
from pathlib import Path
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from petguard.model import Asset, EdgeKind, Location, Origin, Trait
from petguard.report import AssetRow, Relation, Report
from petguard.reports import cyclonedx
from petguard.scan import Request, scan

CLINIC = Path(__file__).parents[2] / "examples" / "clinic"


def _row(key: str, kind: Asset, name: str, **fields: Any) -> AssetRow:
    given = {"provider": None, "version": None, "model": None, "approved": None, "source": Origin.DETECTED} | fields
    return AssetRow(id=key, kind=kind, name=name, locations=(Location(path="app.py", line=3, column=5),), **given)


def _bom(report: Report) -> dict[str, Any]:
    bom: dict[str, Any] = json.loads(cyclonedx.render(report))
    return bom


def _with(report: Report, *rows: AssetRow) -> Report:
    return report.model_copy(update={"inventory": rows})


@pytest.mark.parametrize("kind", ["realistic", "hostile", "clean", "gaps_only"])
def test_it_is_valid(kind: str, request: pytest.FixtureRequest) -> None:
    """Whatever was found, the file is valid against the published schema of CycloneDX 1.7, strictly."""
    report = request.getfixturevalue(kind)
    assert JsonStrictValidator(SchemaVersion.V1_7).validate_str(cyclonedx.render(report)) is None


def test_a_real_scan_is_valid() -> None:
    """Also with everything that the example project holds."""
    report = scan(Request(paths=(CLINIC,)))
    assert JsonStrictValidator(SchemaVersion.V1_7).validate_str(cyclonedx.render(report)) is None


def test_every_kind_of_asset_is_valid(clean: Report) -> None:
    """No kind of the inventory is left out or breaks the schema."""
    bom = cyclonedx.render(_with(clean, *(_row(f"{kind}:x", kind, "x") for kind in Asset)))
    assert JsonStrictValidator(SchemaVersion.V1_7).validate_str(bom) is None
    document = json.loads(bom)
    assert len(document["components"]) + len(document["services"]) == len(Asset)


def test_two_runs_give_the_same_bytes(realistic: Report) -> None:
    """Neither the time of the scan nor its duration is in the file."""
    later = realistic.model_copy(update={"run": realistic.run.model_copy(update={"started_at": "2030-01-01"})})
    assert cyclonedx.render(later) == cyclonedx.render(realistic)


def test_a_model_has_a_card_with_its_data_sets(clean: Report) -> None:
    """The card refers to the data that the model was trained on."""
    trained = (Relation(kind=EdgeKind.TRAINED_ON, to="dataset:visits"),)
    model = _row("model:triage", Asset.MODEL, "triage", relations=trained)
    (component, _) = _bom(_with(clean, model, _row("dataset:visits", Asset.DATASET, "visits")))["components"]
    assert component["type"] == "machine-learning-model"
    assert component["modelCard"]["modelParameters"]["datasets"] == [{"ref": "dataset:visits"}]


def test_a_service_has_its_endpoint_and_stands_behind_a_trust_boundary(clean: Report) -> None:
    """What runs elsewhere is told from what runs here."""
    row = _row("ai_service:groq", Asset.AI_SERVICE, "Groq", provider="groq", traits=(Trait.EXTERNAL,))
    (service,) = _bom(_with(clean, row))["services"]
    assert service["endpoints"] == ["https://api.groq.com"]
    assert service["x-trust-boundary"] is True


def test_personal_data_that_reaches_a_service_is_listed_there() -> None:
    """The flows of a scan are the data of the service they end in."""
    services = _bom(scan(Request(paths=(CLINIC,))))["services"]
    assert any(entry["flow"] == "inbound" for service in services for entry in service.get("data", ()))


@pytest.mark.parametrize(
    ("key", "name", "purl"),
    [
        ("ai_sdk:pypi/openai", "openai", "pkg:pypi/openai@1.2"),
        ("ai_sdk:npm/@anthropic-ai/sdk", "@anthropic-ai/sdk", "pkg:npm/%40anthropic-ai/sdk@1.2"),
        ("ai_sdk:maven/dev.langchain4j:langchain4j", "x", "pkg:maven/dev.langchain4j/langchain4j@1.2"),
        ("ai_sdk:golang/github.com/sashabaranov/go-openai", "x", "pkg:golang/github.com/sashabaranov/go-openai@1.2"),
    ],
)
def test_a_package_has_its_package_url(clean: Report, key: str, name: str, purl: str) -> None:
    """Other tools find the package by it."""
    (component,) = _bom(_with(clean, _row(key, Asset.AI_SDK, name, version="1.2")))["components"]
    assert component["purl"] == purl


def test_every_place_is_evidence(realistic: Report) -> None:
    """A component says where it was found, with line and excerpt."""
    (model,) = [each for each in _bom(realistic)["components"] if each["type"] == "machine-learning-model"]
    (place,) = model["evidence"]["occurrences"]
    assert (place["location"], place["line"]) == ("shop/embed.py", 7)


def test_a_scan_with_gaps_is_an_incomplete_bom(gaps_only: Report) -> None:
    """What could not be checked may hold more."""
    assert _bom(gaps_only)["compositions"] == [{"aggregate": "incomplete"}]


def test_references_lead_to_something_that_is_there(realistic: Report) -> None:
    """Every dependency names an element of the same file."""
    bom = _bom(realistic)
    known = {each["bom-ref"] for each in (*bom["components"], *bom["services"], bom["metadata"]["component"])}
    named = {ref for each in bom["dependencies"] for ref in (each["ref"], *each.get("dependsOn", ()))}
    assert named <= known
