"""The SARIF report is valid against the schema that OASIS publishes."""

import hashlib
import json
from pathlib import Path

import jsonschema
import pytest

from petguard.report import Report
from petguard.reports import sarif

SCHEMA = Path(__file__).parents[1] / "schemas" / "sarif-schema-2.1.0.json"
DIGEST = "c3b4bb2d6093897483348925aaa73af03b3e3f4bd4ca38cef26dcb4212a2682e"
pytestmark = pytest.mark.skipif(not SCHEMA.exists(), reason="the schema is not here; see tests/schemas/README.md")


@pytest.fixture
def schema() -> jsonschema.Draft4Validator:
    """The published schema, byte for byte."""
    raw = SCHEMA.read_bytes()
    assert hashlib.sha256(raw).hexdigest() == DIGEST
    return jsonschema.Draft4Validator(json.loads(raw))


@pytest.mark.parametrize("kind", ["realistic", "hostile", "clean", "gaps_only"])
def test_sarif_is_valid(schema: jsonschema.Draft4Validator, kind: str, request: pytest.FixtureRequest) -> None:
    """Whatever was found, the file is SARIF 2.1.0."""
    report = request.getfixturevalue(kind)
    assert isinstance(report, Report)
    schema.validate(json.loads(sarif.render(report)))
