"""Croissant descriptions: fields, provenance, terms of use, and what is said about people."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petguard.graph import SystemGraph
from petguard.model import EdgeKind, Facts, Gap, Node, State, Trait
from petguard.parsers import Parser, croissant

Read = Callable[[Parser, dict[str, str]], tuple[Facts, list[Gap]]]


def _text(prefix: str = "", **more: Any) -> str:
    sub = [{"@id": "users/address/street_address", "name": "users/address/street_address"}]
    fields = [
        {"@id": "users/email", "name": "users/email", "dataType": "sc:Text"},
        {"@id": "users/n", "name": "n"},
        {"@id": "users/address", "name": "users/address", f"{prefix}subField": sub},
    ]
    top = {
        "@context": {"cr": "http://mlcommons.org/croissant/"},
        "@type": "sc:Dataset",
        "name": "people",
        f"{prefix}distribution": [{"@id": "f", "contentUrl": "data/people.csv"}, {"contentUrl": "data/*.csv"}],
        f"{prefix}recordSet": {"@id": "users", "name": "users", f"{prefix}field": fields},
        **more,
    }
    return json.dumps(top, indent=1)


def _nodes(facts: Facts) -> dict[str, Node]:
    return {node.id: node for node in SystemGraph([facts]).nodes()}


@pytest.mark.parametrize("prefix", ["", "cr:", "ml:"])
def test_fields_are_columns(read: Read, prefix: str) -> None:
    """Whatever prefix the keys have; a part has the path of its field, without the name of the record set."""
    facts, gaps = read(croissant.PARSER, {"croissant.json": _text(prefix)})
    nodes = _nodes(facts)
    assert gaps == []
    assert nodes["data:dataset/people.email"].categories == ("user.contact.email",)
    assert nodes["data:dataset/people.address.street_address"].categories == ("user.contact.address.street",)
    assert "data:dataset/people.n" not in nodes


def test_the_record_set_is_context(read: Read) -> None:
    """`age` alone is nobody's; in a record set of patients it is."""
    for name, found in (("patients", True), ("wines", False)):
        record = [{"@id": name, "field": [{"name": "age"}]}]
        facts, _ = read(croissant.PARSER, {"c.json": _text(name="d", recordSet=record)})
        assert ("data:dataset/d.age" in _nodes(facts)) is found


def test_files_beside_it_flow_into_the_data_set(read: Read) -> None:
    """A file of the tree is part of the data set; a pattern names none."""
    facts, _ = read(croissant.PARSER, {"d/croissant.json": _text()})
    into = {edge.source for edge in facts.edges if edge.kind is EdgeKind.FLOWS_TO}
    assert "data:file/d/data/people.csv" in into
    assert not any("*" in node.id for node in facts.nodes)


def test_the_name_on_the_hub_wins(read: Read) -> None:
    """A data set of a hub has the name by which model cards and code call it."""
    facts, _ = read(croissant.PARSER, {"c.json": _text(url="https://huggingface.co/datasets/clinic/visits")})
    assert "dataset:clinic/visits" in _nodes(facts)
    tree = [{"contentUrl": "https://huggingface.co/datasets/mnist/tree/main"}]
    assert "dataset:mnist" in _nodes(read(croissant.PARSER, {"c.json": _text(distribution=tree)})[0])


@pytest.mark.parametrize(
    ("value", "trait"),
    [
        ("None. No personal data is part of it.", Trait.SAID_CLEAN),
        (["Gender", "Geography"], Trait.SAID_PERSONAL),
        ({"@value": "The data contains personal information."}, Trait.SAID_PERSONAL),
        ("The dataset may contain e-mail addresses.", None),
        (["No personal data is included.", "It includes phone numbers of customers."], Trait.SAID_PERSONAL),
    ],
)
def test_what_is_said_about_people(read: Read, value: Any, trait: Trait | None) -> None:
    """Prose counts where it is plain, a short entry by the kind that it names, and that there is some wins."""
    facts, _ = read(croissant.PARSER, {"c.json": _text(**{"rai:personalSensitiveInformation": value})})
    assert _nodes(facts)["dataset:people"].traits == ((trait,) if trait else ())


@pytest.mark.parametrize(
    "value",
    [
        "https://huggingface.co/datasets/clinic/raw",
        {"@id": "https://huggingface.co/datasets/clinic/raw"},
        [{"@id": "raw", "url": "https://huggingface.co/datasets/clinic/raw/tree/main"}],
    ],
)
def test_provenance_becomes_a_relation(read: Read, value: Any) -> None:
    """All of it, or one record set, comes from another data set."""
    for more in ({"prov:wasDerivedFrom": value}, {"recordSet": [{"name": "r", "prov:wasDerivedFrom": value}]}):
        facts, _ = read(croissant.PARSER, {"c.json": _text(**more)})
        edges = [(edge.source, edge.target) for edge in facts.edges if edge.kind is EdgeKind.DERIVED_FROM]
        assert edges == [("dataset:people", "dataset:clinic/raw")]


def test_terms_of_use_are_told(read: Read) -> None:
    """Terms stand alone or inside a permission; operators are none."""
    offer = {
        "@type": "odrl:Offer",
        "odrl:permission": {
            "odrl:action": {"@id": "duo:0000006", "name": "Health use"},
            "odrl:constraint": [{"odrl:operator": {"@id": "odrl:eq"}, "odrl:rightOperand": {"@id": "duo:0000018"}}],
        },
    }
    facts, _ = read(croissant.PARSER, {"c.json": _text(usageInfo=offer)})
    assert _nodes(facts)["dataset:people"].details["usage"] == ("duo:0000006 (Health use)", "duo:0000018")


@pytest.mark.parametrize(
    "more",
    [
        {"recordSet": 5},
        {"recordSet": [{"field": ["email"]}]},
        {"recordSet": [{"field": [{"dataType": "x"}]}]},
        {"rai:personalSensitiveInformation": 5},
        {"prov:wasDerivedFrom": {"@type": "x"}},
    ],
)
def test_what_cannot_be_read_is_a_gap(read: Read, more: dict[str, Any]) -> None:
    """Another type, a field without a name and an origin without one are named."""
    _, gaps = read(croissant.PARSER, {"c.json": _text(**more)})
    assert [(gap.path, gap.state) for gap in gaps] == [("c.json", State.PARTIAL)]


def test_other_files_are_not_read(read: Read) -> None:
    """JSON-LD of another vocabulary, and what only mentions Croissant, is none."""
    assert read(croissant.PARSER, {"c.json": '{"@context": "https://schema.org", "@type": "Dataset"}'})[0].nodes == ()
    assert read(croissant.PARSER, {"c.json": '{"docs": "http://mlcommons.org/croissant/"}'})[0].nodes == ()


def test_a_cut_off_file_is_a_gap(read: Read) -> None:
    """A file that ends in the middle is named."""
    _, gaps = read(croissant.PARSER, {"c.json": _text()[:-30]})
    assert [(gap.path, gap.state) for gap in gaps] == [("c.json", State.FAILED)]


@given(cut=st.integers(0, 1200), put=st.text(max_size=8) | st.sampled_from(["{}", "[1]", "null", '"', ","]))
def test_damaged_files_give_facts_or_gaps(read: Read, cut: int, put: str) -> None:
    """Cut off or changed anywhere, a description crashes nothing, and every edge has two ends."""
    more: dict[str, Any] = {"usageInfo": [{"@id": "duo:1"}], "prov:wasDerivedFrom": ["x"]}
    text = _text(**more)
    for damaged in (text[:cut] + put, text[:cut] + put + text[cut:]):
        SystemGraph([read(croissant.PARSER, {"c.json": damaged})[0]]).flows()


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["name", "@id", "field", "subField", "url", "@value", "x:field"]), inner)
        ),
        max_leaves=25,
    )
)
def test_any_shape_gives_facts_or_gaps(read: Read, value: Any) -> None:
    """Whatever stands where a description belongs, nothing crashes."""
    more = {"rai:personalSensitiveInformation": value, "prov:wasDerivedFrom": value, "usageInfo": value}
    text = _text(name=value, url=value, license=value, recordSet=value, distribution=value, **more)
    SystemGraph([read(croissant.PARSER, {"c.json": text})[0]]).flows()
