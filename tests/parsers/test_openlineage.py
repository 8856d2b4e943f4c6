"""OpenLineage events: columns that are made from others, what masks them, and where they end."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petguard.graph import SystemGraph
from petguard.model import Facts, Gap, Node, SinkKind, State, Trait
from petguard.parsers import Parser, openlineage

Read = Callable[[Parser, dict[str, str]], tuple[Facts, list[Gap]]]

_URL = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent"


def _data(name: str, *columns: str, namespace: str = "hive://host:9083", **facets: Any) -> dict[str, Any]:
    fields = [{"name": column, "type": "string"} for column in columns]
    return {"namespace": namespace, "name": name, "facets": {"schema": {"fields": fields}, **facets}}


def _from(*fields: tuple[str, str], **transformation: Any) -> dict[str, Any]:
    steps = [{"type": "DIRECT", "subtype": "IDENTITY", **transformation}] if transformation else []
    given = [
        {"namespace": "hive://host:9083", "name": name, "field": field, "transformations": steps}
        for name, field in fields
    ]
    return {"inputFields": given}


def _event(inputs: list[Any], outputs: list[Any], job: str = "copy", **more: Any) -> dict[str, Any]:
    named = {"namespace": "default", "name": job}
    return {"eventType": "COMPLETE", "schemaURL": _URL, "job": named, "inputs": inputs, "outputs": outputs, **more}


def _flows(facts: Facts) -> dict[tuple[str, str], list[str | None]]:
    flows = SystemGraph([facts]).flows()
    return {(flow.source.name, flow.target.name): [each.technique for each in flow.protections] for flow in flows}


def _nodes(facts: Facts) -> dict[str, Node]:
    return {node.id: node for node in SystemGraph([facts]).nodes()}


_LINEAGE = {
    "mail": _from(("db.raw", "email"), masking=False),
    "hash": _from(("db.raw", "email"), masking=True, description="sha256(email)"),
    "n": _from(("db.raw", "email"), masking=True, subtype="AGGREGATION"),
    "kept": _from(("db.raw", "email"), type="INDIRECT", subtype="FILTER", masking=False),
}


def test_columns_flow_to_where_they_are_written(read: Read) -> None:
    """A plain copy goes on unprotected, also where a masked copy stands beside it."""
    out = _data("db.out", *_LINEAGE, columnLineage={"fields": _LINEAGE})
    facts, gaps = read(openlineage.PARSER, {"e.json": json.dumps(_event([_data("db.raw", "email")], [out]))})
    assert gaps == []
    assert _flows(facts) == {("db.raw.email", "hive://host:9083 db.out"): []}
    assert _nodes(facts)["system:hive://host:9083 db.out"].sink is SinkKind.DATABASE


@pytest.mark.parametrize(("kept", "technique"), [("hash", "pseudonymisation"), ("n", "aggregation")])
def test_a_masked_column_passes_a_protection(read: Read, kept: str, technique: str) -> None:
    """What only masked values reach is reached through what masks them, and its name tells nothing."""
    out = _data("db.out", kept, columnLineage={"fields": {kept: _LINEAGE[kept]}})
    facts, _ = read(openlineage.PARSER, {"e.json": json.dumps(_event([_data("db.raw", "email")], [out]))})
    assert _flows(facts) == {("db.raw.email", "hive://host:9083 db.out"): [technique]}
    assert Trait.SAID_MASKED in _nodes(facts)[f"data:openlineage/hive://host:9083/db.out.{kept}"].traits


def test_a_masked_column_goes_on_through_later_jobs(read: Read) -> None:
    """The next job gets what the first one masked; the old spelling of masking counts too."""
    old = {"email": {**_from(("db.raw", "email")), "transformationType": "MASKED"}}
    first = _event([_data("db.raw", "email")], [_data("db.mid", "email", columnLineage={"fields": old})])
    copied = {"email": _from(("db.mid", "email"), masking=False)}
    second = _event([_data("db.mid", "email")], [_data("db.end", "email", columnLineage={"fields": copied})])
    lines = f"{json.dumps(first)}\n\n{json.dumps(second)}\n"
    facts, gaps = read(openlineage.PARSER, {"events.ndjson": lines})
    assert gaps == []
    assert _flows(facts)["db.raw.email", "hive://host:9083 db.end"] == ["pseudonymisation"]
    assert ("db.mid.email", "hive://host:9083 db.end") not in _flows(facts)


def test_filters_carry_nothing(read: Read) -> None:
    """A column that only decides about rows does not flow."""
    out = _data("db.out", "kept", columnLineage={"fields": {"kept": _LINEAGE["kept"]}})
    facts, _ = read(openlineage.PARSER, {"e.json": json.dumps(_event([_data("db.raw", "email")], [out]))})
    assert _flows(facts) == {}


def test_a_job_without_column_lineage_carries_everything(read: Read) -> None:
    """Where nobody says which column goes where, each may."""
    out = _data("index", namespace="pinecone://eu")
    facts, _ = read(openlineage.PARSER, {"e.json": json.dumps(_event([_data("db.raw", "email")], [out]))})
    assert _flows(facts) == {("db.raw.email", "pinecone://eu index"): []}
    assert _nodes(facts)["system:pinecone://eu index"].sink is SinkKind.VECTOR_STORE


def test_a_provider_of_ai_is_told_by_its_host(read: Read) -> None:
    """A data set that lives at an AI provider is the provider."""
    out = _data("files", namespace="https://api.openai.com")
    facts, _ = read(openlineage.PARSER, {"e.json": json.dumps(_event([_data("db.raw", "email")], [out]))})
    assert _flows(facts) == {("db.raw.email", "OpenAI"): []}


def test_a_training_job_ends_the_way(read: Read) -> None:
    """A job that calls itself a training gets what it reads."""
    facts, _ = read(
        openlineage.PARSER, {"e.json": json.dumps([_event([_data("db.raw", "email")], [], job="churn_model.train")])}
    )
    assert _flows(facts) == {("db.raw.email", "job churn_model.train"): []}


def test_tags_speak_of_fields_and_data_sets(read: Read) -> None:
    """A tag makes a column personal that no name gives away, or denies it, or speaks of all of it."""
    tags = [
        {"key": "pii", "value": "true", "field": "ref"},
        {"key": "classification", "value": "non-pii", "field": "email"},
    ]
    data = _data("db.raw", "ref", "email", tags={"tags": tags})
    event = {"schemaURL": _URL, "dataset": data}
    facts, _ = read(openlineage.PARSER, {"e.json": json.dumps(event)})
    assert _nodes(facts)["data:openlineage/hive://host:9083/db.raw.ref"].categories == ("user",)
    assert not _nodes(facts).get("data:openlineage/hive://host:9083/db.raw.email", facts.nodes[0]).categories
    whole = {"schemaURL": _URL, "dataset": _data("db.raw", "ref", tags={"tags": [{"key": "pii", "value": "true"}]})}
    facts, _ = read(openlineage.PARSER, {"e.json": json.dumps(whole)})
    assert _nodes(facts)["data:openlineage/hive://host:9083/db.raw"].categories == ("user",)


def test_a_deleted_facet_says_nothing(read: Read) -> None:
    """A facet that an event takes back is not there."""
    tags = {"_deleted": True, "tags": [{"key": "pii", "value": "true"}]}
    event = {"schemaURL": _URL, "dataset": _data("db.raw", "ref", tags=tags)}
    assert _flows(read(openlineage.PARSER, {"e.json": json.dumps(event)})[0]) == {}


def test_each_broken_line_is_a_gap(read: Read) -> None:
    """The lines around a broken one count."""
    good = json.dumps(_event([_data("db.raw", "email")], [_data("x")]))
    facts, gaps = read(openlineage.PARSER, {"e.jsonl": f"{good[:90]}\n{good}\n"})
    assert [(gap.line, gap.state) for gap in gaps] == [(1, State.PARTIAL)]
    assert _flows(facts)


@pytest.mark.parametrize(
    "event",
    [
        {"inputs": 5, "outputs": []},
        {"inputs": [7]},
        {"inputs": [{"name": "x"}]},
        {"outputs": [_data("x", columnLineage={"fields": {"a": {"inputFields": [{"name": "y"}]}}})]},
        {"outputs": [_data("x", tags={"tags": {}})]},
    ],
)
def test_what_cannot_be_read_is_a_gap(read: Read, event: dict[str, Any]) -> None:
    """Another type, and a data set or field that is not named."""
    text = json.dumps({"schemaURL": _URL, "namespace": "n", "inputs": [], **event})
    _, gaps = read(openlineage.PARSER, {"e.json": text})
    assert [(gap.path, gap.state) for gap in gaps] == [("e.json", State.PARTIAL)]


def test_a_cut_off_file_is_a_gap(read: Read) -> None:
    """A file that ends in the middle is named."""
    text = json.dumps(_event([_data("db.raw", "email")], [_data("x")]))
    _, gaps = read(openlineage.PARSER, {"e.json": text[:-20]})
    assert [(gap.path, gap.state) for gap in gaps] == [("e.json", State.FAILED)]


@given(cut=st.integers(0, 1500), put=st.text(max_size=8) | st.sampled_from(["{}", "[1]", "null", '"', ","]))
def test_damaged_files_give_facts_or_gaps(read: Read, cut: int, put: str) -> None:
    """Cut off or changed anywhere, events crash nothing, and every edge has two ends."""
    out = _data("db.out", *_LINEAGE, columnLineage={"fields": _LINEAGE})
    text = json.dumps(_event([_data("db.raw", "email")], [out]))
    for damaged in (text[:cut] + put, text[:cut] + put + text[cut:]):
        for name in ("e.json", "e.jsonl"):
            SystemGraph([read(openlineage.PARSER, {name: damaged})[0]]).flows()


@given(
    st.recursive(
        st.none() | st.booleans() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    ["namespace", "name", "facets", "schema", "fields", "columnLineage", "inputFields", "tags"]
                ),
                inner,
            )
        ),
        max_leaves=25,
    )
)
def test_any_shape_gives_facts_or_gaps(read: Read, value: Any) -> None:
    """Whatever stands where data sets belong, nothing crashes."""
    text = json.dumps({"schemaURL": _URL, "namespace": "n", "inputs": [value], "outputs": value, "dataset": value})
    SystemGraph([read(openlineage.PARSER, {"e.json": text})[0]]).flows()


def test_a_data_set_with_two_names_is_followed_under_both(read: Read) -> None:
    """One job writes a path, the next reads the table of the catalogue that stands for it."""
    link = {"identifiers": [{"namespace": "hive://host:9083", "name": "db.mid", "type": "TABLE"}]}
    copied = {"email": _from(("db.raw", "email"), masking=False)}
    path = _data("/mid", "email", namespace="s3://bucket", symlinks=link, columnLineage={"fields": copied})
    first = _event([_data("db.raw", "email")], [path])
    copied = {"mail": _from(("db.mid", "email"), masking=False)}
    second = _event([_data("db.mid", "email")], [_data("db.end", "mail", columnLineage={"fields": copied})])
    facts, gaps = read(openlineage.PARSER, {"e.json": json.dumps([first, second])})
    assert gaps == []
    assert ("db.raw.email", "hive://host:9083 db.end") in _flows(facts)
    assert not any(sink.startswith("s3:") for _, sink in _flows(facts))
