"""The SARIF report is valid against the schema that OASIS publishes."""

import hashlib
import json
from pathlib import Path

import jsonschema
import pytest

from petguard.report import Report
from petguard.reports import sarif

SCHEMAS = Path(__file__).parents[1] / "schemas"
DIGESTS = {
    "sarif-2.1.0-rtm.5.json": "2d99159ae54a3eea97f81781cff48780548657c35949f4b7f25e99a2ba4de4f8",
    "sarif-schema-2.1.0.json": "c3b4bb2d6093897483348925aaa73af03b3e3f4bd4ca38cef26dcb4212a2682e",
}


@pytest.fixture(params=DIGESTS)
def schema(request: pytest.FixtureRequest) -> jsonschema.Draft4Validator:
    """A published schema, byte for byte; tests/schemas/README.md says which of them is part of this repository."""
    path = SCHEMAS / request.param
    if request.param == "sarif-schema-2.1.0.json" and not path.exists():
        pytest.skip("the schema with errata is not here; see tests/schemas/README.md")
    raw = path.read_bytes()
    assert hashlib.sha256(raw).hexdigest() == DIGESTS[request.param]
    return jsonschema.Draft4Validator(json.loads(raw))


@pytest.mark.parametrize("kind", ["realistic", "hostile", "clean", "gaps_only"])
def test_sarif_is_valid(schema: jsonschema.Draft4Validator, kind: str, request: pytest.FixtureRequest) -> None:
    """Whatever was found, the file is SARIF 2.1.0."""
    report = request.getfixturevalue(kind)
    assert isinstance(report, Report)
    schema.validate(json.loads(sarif.render(report)))
