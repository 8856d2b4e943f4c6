"""SPDX 3: data sets with personal data in them, how they were made anonymous, and what was trained on them."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petguard.model import Facts, Gap, Node, Trait
from petguard.parsers import Parser, register

Read = Callable[[Parser, dict[str, str]], tuple[Facts, list[Gap]]]

_CONTEXT = "https://spdx.org/rdf/3.0.1/spdx-context.jsonld"
_VISITS = {
    "type": "dataset_DatasetPackage",
    "spdxId": "urn:visits",
    "name": "visits",
    "dataset_hasSensitivePersonalInformation": "yes",
    "dataset_confidentialityLevel": "red",
    "dataset_anonymizationMethodUsed": ["names were removed"],
}
_MODEL = {
    "type": "ai_AIPackage",
    "spdxId": "urn:model",
    "name": "triage",
    "ai_useSensitivePersonalInformation": "no",
}
_FILE = {"type": "software_File", "spdxId": "urn:file", "name": "/train.csv"}


def _relation(kind: str, start: str, *ends: str) -> dict[str, Any]:
    return {"type": "Relationship", "relationshipType": kind, "from": start, "to": list(ends)}


def _read(read: Read, *graph: Any) -> tuple[dict[str, Node], set[tuple[str, str, str]], list[Gap]]:
    facts, gaps = read(register.PARSER, {"x.spdx3.json": json.dumps({"@context": _CONTEXT, "@graph": graph}, indent=1)})
    nodes = {node.id: node for node in facts.nodes}
    edges = {(edge.source, str(edge.kind), edge.target) for edge in facts.edges}
    assert {end for start, _, target in edges for end in (start, target)} <= nodes.keys()
    return nodes, edges, gaps


def test_a_data_set_says_what_is_in_it(read: Read) -> None:
    """Personal data, and the level of secrecy."""
    nodes, _, _ = _read(read, _VISITS)
    visits = nodes["dataset:visits"]
    assert (visits.categories, visits.traits) == (("user",), (Trait.SAID_PERSONAL, Trait.SAID_MASKED))
    assert (visits.details["confidentiality"], visits.asset) == ("red", None)


@pytest.mark.parametrize(
    ("method", "technique"),
    [
        ("names were removed", "redaction"),
        ("k-anonymity with k=5", "k_anonymity"),
        ("hashed ids", "pseudonymisation"),
        ("trust us", None),
    ],
)
def test_a_method_is_a_protection_that_somebody_declares(read: Read, method: str, technique: str | None) -> None:
    """It stands behind the data set, as a word."""
    nodes, edges, _ = _read(read, {**_VISITS, "dataset_anonymizationMethodUsed": [method]})
    assert ("dataset:visits", "flows_to", "protection:dataset:visits") in edges
    protection = nodes["protection:dataset:visits"]
    assert (protection.technique, dict(protection.details)) == (technique, {"evidence": "declared"})


@pytest.mark.parametrize(("said", "trait"), [("no", (Trait.SAID_CLEAN,)), ("noAssertion", ()), (None, ())])
def test_no_assertion_says_nothing(read: Read, said: str | None, trait: tuple[Trait, ...]) -> None:
    """Only `no` says that there is nothing personal."""
    nodes, _, _ = _read(read, {"type": "dataset_DatasetPackage", "name": "d"} | (
        {"dataset_hasSensitivePersonalInformation": said} if said else {}
    ))  # fmt: skip
    assert nodes["dataset:d"].traits == trait


def test_a_model_is_trained_on_a_data_set(read: Read) -> None:
    """And tested on another."""
    other = {"type": "dataset_DatasetPackage", "spdxId": "urn:other", "name": "other"}
    nodes, edges, gaps = _read(
        read, _VISITS, _MODEL, other, _relation("trainedOn", "urn:model", "urn:visits"),
        _relation("testedOn", "urn:model", "urn:other"),
    )  # fmt: skip
    assert gaps == []
    assert edges >= {("model:triage", "trained_on", "dataset:visits"), ("model:triage", "uses", "dataset:other")}
    assert nodes["model:triage"].traits == (Trait.SAID_CLEAN,)


def test_a_file_belongs_to_the_data_set_that_contains_it(read: Read) -> None:
    """Through a folder, and in a circle."""
    folder = {"type": "software_File", "spdxId": "urn:folder", "name": "data"}
    _, edges, _ = _read(
        read, _VISITS, _MODEL, _FILE, folder, _relation("contains", "urn:visits", "urn:folder"),
        _relation("contains", "urn:folder", "urn:file", "urn:folder"), _relation("trainedOn", "urn:model", "urn:file"),
    )  # fmt: skip
    assert edges >= {
        ("model:triage", "trained_on", "data:file/train.csv"),
        ("model:triage", "trained_on", "dataset:visits"),
    }


def test_a_relation_to_nothing_is_a_gap(read: Read) -> None:
    """With its line."""
    _, edges, gaps = _read(read, _MODEL, _relation("trainedOn", "urn:model", "urn:elsewhere"))
    assert (edges, [(gap.reason, bool(gap.line)) for gap in gaps]) == (set(), [("unresolved", True)])


_JSON = st.recursive(
    st.none() | st.integers() | st.sampled_from(["yes", "urn:a", "trainedOn", "contains", "dataset_DatasetPackage"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["type", "spdxId", "name", "relationshipType", "from", "to", *_VISITS]), inner, max_size=6
        )
    ),
    max_leaves=15,
)


@given(graph=st.lists(_JSON, max_size=4), cut=st.integers(60, 900))
def test_a_hostile_document_gives_facts_or_gaps(read: Read, graph: list[Any], cut: int) -> None:
    """Wrong types anywhere, or cut off: no crash, and every edge has its ends."""
    _read(read, *graph)
    whole = json.dumps(
        {"@context": _CONTEXT, "@graph": [_VISITS, _MODEL, _relation("trainedOn", "urn:model", "urn:x")]}
    )
    facts, gaps = read(register.PARSER, {"x.spdx3.json": whole[:cut]})
    assert facts.nodes or gaps
