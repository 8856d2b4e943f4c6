"""The register of AI in use: what counts as one, and what is held against it."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from petguard.reports import cyclonedx
from petguard.scan import Request, scan

APP = """
from openai import OpenAI

client = OpenAI()
client.chat.completions.create(model="gpt-4o", messages=[])
"""

LIBRARY = {"bomFormat": "CycloneDX", "components": [{"type": "library", "name": "openai", "purl": "pkg:pypi/openai@1"}]}
SPDX_3 = "https://spdx.org/rdf/3.0.1/spdx-context.jsonld"


def _marked(folder: Path, files: Mapping[str, Any]) -> set[tuple[str, str]]:
    """The findings about the register, as (rule, what it is about)."""
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content if isinstance(content, str) else json.dumps(content), "utf-8")
    found = scan(Request(paths=(folder,))).findings
    return {(each.rule, each.message) for each in found if each.rule in {"PG114", "PG115"}}


def _rules(folder: Path, files: Mapping[str, Any]) -> list[str]:
    return sorted(rule for rule, _ in _marked(folder, files))


def test_without_a_register_nothing_is_missing_from_it(tmp_path: Path) -> None:
    """Nobody promised anything."""
    assert _rules(tmp_path, {"app.py": APP}) == []


def test_an_empty_register_registers_nothing(tmp_path: Path) -> None:
    """The service and the model are both missing; the SDK is not compared where no package is listed."""
    assert _rules(tmp_path, {"app.py": APP, "petguard.yaml": "ai_register: []"}) == ["PG114", "PG114"]


@pytest.mark.parametrize(
    "bill",
    [
        {"bomFormat": "CycloneDX", "components": [{"type": "machine-learning-model", "name": "gpt-4o"}]},
        {"spdxVersion": "SPDX-2.3", "packages": [{"name": "gpt-4o", "primaryPackagePurpose": "MODEL"}]},
        {"@context": SPDX_3, "@graph": [{"type": "ai_AIPackage", "name": "gpt-4o"}]},
    ],
)
def test_a_bill_of_materials_with_a_model_is_a_register(bill: object, tmp_path: Path) -> None:
    """CycloneDX, SPDX 2 and SPDX 3: the model is registered, the service is not."""
    assert _marked(tmp_path, {"app.py": APP, "bom.json": bill}) == {
        ("PG114", "ai service OpenAI is in use, but not in the register")
    }


def test_a_bill_of_ordinary_software_is_none(tmp_path: Path) -> None:
    """That openai is among the libraries does not make it a register of AI."""
    assert _rules(tmp_path, {"app.py": APP, "bom.json": LIBRARY}) == []


def test_a_library_in_a_register_makes_libraries_count(tmp_path: Path) -> None:
    """`ai-bom.json` lists the SDK: it is found; the model and the service are missing."""
    assert _rules(tmp_path, {"app.py": APP, "ai-bom.json": LIBRARY}) == ["PG114", "PG114"]


def test_an_entry_without_use_is_named_where_it_stands(tmp_path: Path) -> None:
    """The finding points at the register's own line."""
    (tmp_path / "app.py").write_text(APP, "utf-8")
    entries = ["ai_service, name: openai", "model, name: 'gpt-4*'", "model, name: o1"]
    (tmp_path / "petguard.yaml").write_text("ai_register:\n" + "".join(f"- {{kind: {each}}}\n" for each in entries))
    (unused,) = [each for each in scan(Request(paths=(tmp_path,))).findings if each.rule == "PG115"]
    assert (unused.location.path, unused.location.line) == ("petguard.yaml", 4)


def test_our_own_bill_of_materials_registers_everything(tmp_path: Path) -> None:
    """What petguard wrote down is what petguard finds again."""
    (tmp_path / "app.py").write_text(APP, "utf-8")
    bill = cyclonedx.render(scan(Request(paths=(tmp_path,))))
    assert _rules(tmp_path, {"app.py": APP, "ai-bom.json": bill}) == []


@pytest.mark.parametrize("components", ["x", [1], [{"type": 3, "name": []}], [{"purl": 5}], {"a": 1}])
def test_a_broken_bill_is_no_crash(components: object, tmp_path: Path) -> None:
    """Wrong types are a gap, or say nothing."""
    bill = {"bomFormat": "CycloneDX", "components": components, "services": [{"endpoints": [1, "x"], "name": None}]}
    assert _rules(tmp_path, {"app.py": APP, "ai-bom.json": bill}) == ["PG114", "PG114"]
