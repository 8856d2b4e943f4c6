"""Data contracts: columns, what is said of them, what masks them, where they come from and where they are served."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petguard.graph import SystemGraph
from petguard.model import Asset, EdgeKind, Facts, Gap, Node, SinkKind, State, Trait
from petguard.parsers import Parser, odcs

Read = Callable[[Parser, dict[str, str]], tuple[Facts, list[Gap]]]

_CONTRACT = """\
kind: DataContract
apiVersion: v3.1.0
id: visits-contract
servers:
  - {server: lake, type: s3, location: 's3://bucket/visits/*.json'}
  - {server: near, type: local, path: ./data/visits.csv}
roles:
  - {role: analyst, access: read}
schema:
  - name: visits
    physicalName: visits_v1
    properties:
      - name: day
        classification: public
        transformSourceObjects: [raw_visits]
      - name: patient_ref
        classification: PII
        encryptedName: patient_ref_enc
      - name: email
        tags: [pii]
      - name: mood
        customProperties:
          - {property: anonymizationStrategy, value: none}
          - {property: contains_pii, value: true}
      - name: addresses
        logicalType: array
        items:
          logicalType: object
          properties:
            - {name: postcode, classification: non-PII}
            - {name: street_address}
  - name: raw
    physicalName: raw_visits
    properties: [{name: x}]
"""
_SPECIFICATION = """\
dataContractSpecification: 1.2.0
id: orders
servers:
  production: {type: snowflake, account: acme}
models:
  orders:
    fields:
      order_id: {$ref: '#/definitions/order_id', required: true}
      total: {type: long}
      email_address:
        pii: true
        lineage:
          inputFields:
            - {namespace: shop, name: db.orders, field: email}
definitions:
  order_id: {type: text, pii: true}
"""


def _nodes(facts: Facts) -> dict[str, Node]:
    return {node.id: node for node in SystemGraph([facts]).nodes()}


def _ends(facts: Facts) -> set[tuple[str, str]]:
    return {(flow.source.name, flow.target.name) for flow in SystemGraph([facts]).flows()}


def test_columns_and_what_is_said_of_them(read: Read) -> None:
    """A classification, a tag and a custom property each make a column personal; a level of secrecy says nothing."""
    facts, gaps = read(odcs.PARSER, {"c.odcs.yaml": _CONTRACT})
    nodes = _nodes(facts)
    home = "data:contract/visits-contract/visits"
    assert gaps == []
    assert nodes[f"{home}.patient_ref"].traits == (Trait.SAID_MASKED, Trait.SAID_PERSONAL)
    assert nodes[f"{home}.email"].categories == ("user.contact.email",)
    assert nodes[f"{home}.mood"].categories == ("user",)
    assert nodes[f"{home}.addresses.postcode"].traits == (Trait.SAID_CLEAN,)
    assert nodes[f"{home}.addresses.street_address"].categories == ("user.contact.address.street",)
    assert f"{home}.day" not in nodes
    assert nodes[home].asset is Asset.DATASET
    assert nodes[home].details["roles"] == ("analyst",)


def test_a_server_gets_the_data_and_a_local_file_gives_them(read: Read) -> None:
    """Each personal column reaches the cloud, the encrypted one through its protection."""
    facts, _ = read(odcs.PARSER, {"c/c.odcs.yaml": _CONTRACT})
    lake = "s3 s3://bucket/visits/*.json"
    assert ("visits.email", lake) in _ends(facts)
    node = next(node for node in facts.nodes if node.name == lake)
    assert (node.sink, node.traits) == (SinkKind.FILE, (Trait.EXTERNAL,))
    flows = {flow.source.name: [each.name for each in flow.protections] for flow in SystemGraph([facts]).flows()}
    assert flows["visits.patient_ref"] == ["encrypted as patient_ref_enc"]
    assert flows["visits.email"] == []
    assert ("data:file/c/data/visits.csv", "data:contract/visits-contract/visits") in {
        (edge.source, edge.target) for edge in facts.edges if edge.kind is EdgeKind.FLOWS_TO
    }


def test_a_source_object_is_the_table_of_that_physical_name(read: Read) -> None:
    """Where one contract knows the name, the relation leads to its table, also in another file."""
    derived = [("data:contract/visits-contract/visits", "data:contract/visits-contract/raw")]
    facts, _ = read(odcs.PARSER, {"c.yaml": _CONTRACT})
    assert [(edge.source, edge.target) for edge in facts.edges if edge.kind is EdgeKind.DERIVED_FROM] == derived
    alone = _CONTRACT.replace("physicalName: raw_visits", "physicalName: other")
    facts, _ = read(odcs.PARSER, {"c.yaml": alone})
    assert [edge.target for edge in facts.edges if edge.kind is EdgeKind.DERIVED_FROM] == ["data:contract/raw_visits"]


def test_the_specification_is_read_too(read: Read) -> None:
    """Fields by name, definitions that are referred to, and the lineage of a field."""
    facts, gaps = read(odcs.PARSER, {"datacontract.yaml": _SPECIFICATION})
    assert gaps == []
    assert _ends(facts) == {
        ("orders.order_id", "snowflake acme"),
        ("orders.email_address", "snowflake acme"),
        ("db.orders.email", "snowflake acme"),
    }
    assert "data:openlineage/shop/db.orders.email" in _nodes(facts)


def test_version_2_is_read_too(read: Read) -> None:
    """Tables and columns had other keys."""
    text = (
        "kind: virtualDataset\nuuid: u\ndataset:\n- table: tbl\n  columns:\n"
        "  - {column: email, encryptedColumnName: enc}\n"
    )
    facts, _ = read(odcs.PARSER, {"c.yaml": text})
    assert _nodes(facts)["data:contract/u/tbl.email"].traits == (Trait.SAID_MASKED,)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("kind: DataContract\nschema: 5\n", 2),
        ("kind: DataContract\nschema:\n- {properties: [{name: email}]}\n", 3),
        ("kind: DataContract\nschema:\n- name: t\n  properties:\n  - 7\n", 5),
        ("kind: DataContract\nservers: x\n", 2),
        ("dataContractSpecification: 1\nmodels:\n  t:\n    fields:\n      a: {$ref: '#/definitions/b'}\n", 5),
    ],
)
def test_what_cannot_be_read_is_a_gap(read: Read, text: str, line: int) -> None:
    """Another type, a table without a name and a reference into nothing are named with their line."""
    _, gaps = read(odcs.PARSER, {"c.yaml": text})
    assert [(gap.line, gap.state) for gap in gaps] == [(line, State.PARTIAL)]


def test_a_definition_that_leads_to_itself_ends(read: Read) -> None:
    """A circle of references is followed a few times and no more."""
    text = "dataContractSpecification: 1\nmodels: {t: {fields: {email: {$ref: a}}}}\ndefinitions: {a: {$ref: a}}\n"
    facts, _ = read(odcs.PARSER, {"c.yaml": text})
    assert "data:contract/c.yaml/t.email" in _nodes(facts)


@pytest.mark.parametrize(
    "text", ["kind: Deployment\nschema: []\n", "models: {a: {fields: {email: {}}}}\n", "# kind: x"]
)
def test_other_files_are_not_read(read: Read, text: str) -> None:
    """Only a contract calls itself one."""
    assert read(odcs.PARSER, {"c.yaml": text}) == (Facts(), [])


def test_a_broken_file_is_a_gap(read: Read) -> None:
    """Cut off within a value, the file is named."""
    _, gaps = read(odcs.PARSER, {"c.yaml": _CONTRACT[: _CONTRACT.index("data/visits")]})
    assert [(gap.path, gap.state) for gap in gaps] == [("c.yaml", State.FAILED)]


@given(cut=st.integers(0, 1200), put=st.text(max_size=8) | st.sampled_from(["{}", "[1]", "null", "x:", "- name: 1"]))
def test_damaged_files_give_facts_or_gaps(read: Read, cut: int, put: str) -> None:
    """Cut off or changed anywhere, a contract crashes nothing, and every edge has two ends."""
    for text in (_CONTRACT, _SPECIFICATION):
        for damaged in (text[:cut] + put, text[:cut] + put + text[cut:]):
            SystemGraph([read(odcs.PARSER, {"c.yaml": damaged})[0]]).flows()


@pytest.mark.parametrize(
    ("strategy", "technique"),
    [("tokenization", "pseudonymisation"), ("SHA-256 hash", "pseudonymisation"), ("set to null", "redaction")],
)
def test_a_strategy_is_a_protection_by_its_word(read: Read, strategy: str, technique: str) -> None:
    """A custom property about anonymisation names how; `none` names nothing."""
    text = _CONTRACT.replace("value: none", f"value: {strategy}")
    facts, _ = read(odcs.PARSER, {"c.yaml": text})
    assert _nodes(facts)["protection:contract/visits-contract/visits.mood"].technique == technique
    facts, _ = read(odcs.PARSER, {"c.yaml": _CONTRACT})
    assert "protection:contract/visits-contract/visits.mood" not in _nodes(facts)


def test_a_schema_of_an_early_specification_has_no_tables(read: Read) -> None:
    """It was the text of another format."""
    text = (
        "dataContractSpecification: 0.9.0\nschema: {type: dbt, specification: x}\nmodels: {t: {fields: {email: {}}}}\n"
    )
    facts, gaps = read(odcs.PARSER, {"c.yaml": text})
    assert gaps == []
    assert "data:contract/c.yaml/t.email" in _nodes(facts)
