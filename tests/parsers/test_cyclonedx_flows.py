"""CycloneDX: data that services get and give, and data sets that models were trained on."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from petguard.model import EdgeKind, Facts, Gap, Node, SinkKind, Trait
from petguard.parsers import Parser, register
from petguard.scan import Request, scan

Read = Callable[[Parser, dict[str, str]], tuple[Facts, list[Gap]]]

_SERVICES = [
    {
        "bom-ref": "shop",
        "name": "Shop",
        "endpoints": ["https://shop.example.internal"],
        "data": [
            {"name": "orders", "classification": "PII", "flow": "inbound"},
            {
                "name": "summaries",
                "classification": "PHI",
                "flow": "outbound",
                "destination": ["https://api.openai.com/v1", "urn:cdx:3e671687-395b/1#mail"],
            },
            {"name": "prices", "classification": "public", "flow": "outbound", "destination": ["mail"]},
        ],
        "services": [
            {"bom-ref": "mail", "name": "Mailer", "x-trust-boundary": True, "endpoints": ["https://mail.example.com"]}
        ],
    }
]
_MODEL = {
    "type": "machine-learning-model",
    "group": "clinic",
    "name": "triage",
    "modelCard": {
        "modelParameters": {
            "datasets": [
                {"type": "dataset", "name": "visits", "sensitiveData": ["Names", "diagnoses"]},
                {"ref": "prices"},
            ]
        }
    },
}
_DATA = {
    "type": "data",
    "bom-ref": "prices",
    "name": "Prices",
    "data": [{"type": "dataset", "classification": "public"}],
}


def _read(read: Read, **parts: Any) -> tuple[dict[str, Node], list[tuple[str, str, str]], list[Gap]]:
    facts, gaps = read(register.PARSER, {"bom.json": json.dumps({"bomFormat": "CycloneDX", **parts}, indent=1)})
    nodes = {node.id: node for node in facts.nodes}
    edges = [(edge.source, str(edge.kind), edge.target) for edge in facts.edges]
    assert {end for start, _, target in edges for end in (start, target)} <= nodes.keys()
    return nodes, edges, gaps


def test_data_goes_into_a_service_or_to_its_destinations(read: Read) -> None:
    """By reference, BOM link or address; what crosses a trust boundary is a third party."""
    nodes, edges, gaps = _read(read, services=_SERVICES)
    assert gaps == []
    assert edges == [
        ("data:cyclonedx/Shop.orders #0", "flows_to", "system:Shop"),
        ("data:cyclonedx/Shop.summaries #1", "flows_to", "ai_service:openai"),
        ("data:cyclonedx/Shop.summaries #1", "flows_to", "system:Mailer"),
        ("data:cyclonedx/Shop.prices #2", "flows_to", "system:Mailer"),
    ]
    assert (nodes["system:Shop"].sink, nodes["system:Mailer"].sink) == (None, SinkKind.THIRD_PARTY)
    assert nodes["ai_service:openai"].sink is SinkKind.AI_SERVICE


def test_the_classification_says_which_data_it_is(read: Read) -> None:
    """Personal, special or none."""
    nodes, _, _ = _read(read, services=_SERVICES)
    said = {node.details["column"]: (node.categories, node.traits) for node in nodes.values() if node.kind == "data"}
    assert said == {
        "orders": (("user",), (Trait.SAID_PERSONAL,)),
        "summaries": (("user.health_and_medical",), (Trait.SAID_PERSONAL,)),
        "prices": ((), (Trait.SAID_CLEAN,)),
    }


def test_a_declared_flow_is_a_flow_of_the_report(tmp_path: Path) -> None:
    """With the place in the bill."""
    (tmp_path / "bom.json").write_text(json.dumps({"bomFormat": "CycloneDX", "services": _SERVICES}, indent=1))
    flows = {(flow.source.name, flow.sink.name) for flow in scan(Request(paths=(tmp_path,))).flows}
    assert flows == {("Shop.summaries", "OpenAI"), ("Shop.summaries", "Mailer")}


def test_a_model_is_trained_on_its_data_sets(read: Read) -> None:
    """Described in place, or in a component of their own."""
    nodes, edges, gaps = _read(read, components=[_DATA, _MODEL])
    assert gaps == []
    assert edges == [
        ("model:clinic/triage", "trained_on", "dataset:visits"),
        ("model:clinic/triage", "trained_on", "dataset:Prices"),
    ]
    assert nodes["dataset:visits"].categories == ("user.health_and_medical", "user.name")
    assert nodes["dataset:Prices"].traits == (Trait.SAID_CLEAN,)


def test_sensitive_data_of_unknown_kind_is_personal(read: Read) -> None:
    """Somebody wrote down that it is sensitive."""
    component = json.loads(json.dumps(_MODEL).replace('["Names", "diagnoses"]', '["see annex"]'))
    nodes, _, _ = _read(read, components=[_DATA, component])
    assert nodes["dataset:visits"].categories == ("user",)


def test_nothing_in_a_bill_is_an_asset(read: Read) -> None:
    """Else every entry of the register would be in use, because the register says so."""
    nodes, _, _ = _read(read, components=[_DATA, _MODEL], services=_SERVICES)
    assert [node.id for node in nodes.values() if node.asset is not None] == []


def test_what_leads_nowhere_is_a_gap(read: Read) -> None:
    """A direction that is missing, a reference to nothing, a service without a name."""
    lost = {"data": [{"classification": "PII"}]}
    lead = {"name": "a", "data": [{"classification": "PII", "flow": "sideways", "destination": ["nowhere"]}]}
    model = {"type": "machine-learning-model", "name": "m"} | {
        "modelCard": {"modelParameters": {"datasets": [{"ref": "nothing"}, {"type": "dataset"}]}}
    }
    nodes, edges, gaps = _read(read, services=[lost, lead], components=[model])
    assert edges == [("data:cyclonedx/a.PII #0", "flows_to", "system:a")]
    assert {gap.detail for gap in gaps} == {
        "a service with data but without a name",
        "the flow of this data is not stated: taken as unknown",
        "nowhere is nothing in this bill",
        "the data set nothing is nothing in this bill",
        "a data set without name and address",
    }
    assert all(gap.line for gap in gaps)
    assert "model:m" in nodes


def test_an_address_of_the_own_network_is_no_third_party(read: Read) -> None:
    """It is somebody of the same house."""
    data = [
        {"classification": "PII", "flow": "outbound", "destination": ["https://10.0.0.8/x", "https://x.example.com"]}
    ]
    nodes, _, _ = _read(read, services=[{"name": "a", "data": data}])
    assert (nodes["system:10.0.0.8"].sink, nodes["system:x.example.com"].sink) == (None, SinkKind.THIRD_PARTY)


_XML = """\
<?xml version="1.0"?>
<bom xmlns="http://cyclonedx.org/schema/bom/1.6">
  <components>
    <component type="data" bom-ref="prices"><name>Prices</name><properties><property name="a">b</property></properties>
      <data><type>dataset</type><classification>public</classification></data></component>
    <component type="machine-learning-model"><group>clinic</group><name>triage</name>
      <modelCard><modelParameters><datasets>
        <dataset><name>visits</name><contents><url>https://x.example</url></contents>
          <sensitiveData>Names</sensitiveData><sensitiveData>diagnoses</sensitiveData></dataset>
        <dataset><ref>prices</ref></dataset>
      </datasets></modelParameters></modelCard></component>
  </components>
  <services>
    <service bom-ref="shop"><name>Shop</name>
      <data>
        <dataflow name="summaries"><classification flow="outbound">PHI</classification>
          <destination><url>https://api.openai.com/v1</url><url>urn:cdx:3e671687-395b/1#mail</url></destination></dataflow>
        <dataflow name="unsaid"/>
        <classification flow="inbound">PII</classification>
      </data>
      <services>
        <service bom-ref="mail"><name>Mailer</name><x-trust-boundary>true</x-trust-boundary></service>
      </services>
    </service>
  </services>
</bom>
"""


def test_a_bill_in_xml_says_the_same(read: Read) -> None:
    """In both ways to write the data of a service, with lines."""
    facts, gaps = read(register.PARSER, {"bom.xml": _XML})
    nodes = {node.id: node for node in facts.nodes}
    assert [(gap.reason, gap.line) for gap in gaps] == [("unresolved", 18)]
    assert [(edge.source, edge.target, edge.location.line) for edge in facts.edges] == [
        ("data:cyclonedx/Shop.summaries #0", "ai_service:openai", 16),
        ("data:cyclonedx/Shop.summaries #0", "system:Mailer", 16),
        ("data:cyclonedx/Shop.unsaid #1", "system:Shop", 18),
        ("data:cyclonedx/Shop.PII #2", "system:Shop", 19),
        ("model:clinic/triage", "dataset:visits", 8),
        ("model:clinic/triage", "dataset:Prices", 10),
    ]
    assert nodes["dataset:visits"].categories == ("user.health_and_medical", "user.name")
    assert "register:model/clinic/triage" in nodes


def test_an_xml_bill_with_a_document_type_is_refused(read: Read) -> None:
    """It may define entities."""
    facts, gaps = read(register.PARSER, {"bom.xml": _XML.replace("<bom", '<!DOCTYPE bom [<!ENTITY a "b">]>\n<bom', 1)})
    assert (facts.nodes, [gap.reason for gap in gaps]) == ((), ["parse_error"])


@given(cut=st.integers(0, 1_500), put=st.text(max_size=5))
def test_a_damaged_xml_bill_gives_facts_or_gaps(read: Read, cut: int, put: str) -> None:
    """Cut off or changed anywhere."""
    for text in (_XML[:cut] + put, _XML[:cut] + put + _XML[cut:]):
        facts, _ = read(register.PARSER, {"bom.xml": text})
        assert {end for edge in facts.edges for end in (edge.source, edge.target)} <= {node.id for node in facts.nodes}


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["name", "data", "flow", "destination", "ref", "services", "datasets", "endpoints", "type"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(services=_JSON, components=_JSON, cut=st.integers(0, 2_000))
def test_a_hostile_bill_gives_facts_or_gaps(read: Read, services: Any, components: Any, cut: int) -> None:
    """Wrong types anywhere, or cut off: no crash, and every edge has its ends."""
    _read(read, services=services, components=components)
    _read(
        read, services=[{"name": "a", "data": services}, components], components=[{**_MODEL, "modelCard": components}]
    )
    whole = json.dumps({"bomFormat": "CycloneDX", "services": _SERVICES, "components": [_DATA, _MODEL]})
    facts, gaps = read(register.PARSER, {"bom.json": whole[: max(cut, 30)]})
    assert facts.edges or gaps


def test_trained_on_is_no_flow(read: Read) -> None:
    """What a model has learnt does not leave by itself."""
    facts, _ = read(register.PARSER, {"b.json": json.dumps({"bomFormat": "CycloneDX", "components": [_DATA, _MODEL]})})
    assert {edge.kind for edge in facts.edges} == {EdgeKind.TRAINED_ON}
