"""dbt: what a project says about its columns, and which exposure gets them."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petguard.graph import SystemGraph
from petguard.model import Asset, EdgeKind, Facts, Gap, Node, SinkKind, State, Trait
from petguard.parsers import Parser, dbt

Read = Callable[[Parser, dict[str, str]], tuple[Facts, list[Gap]]]

_SCHEMA = """\
version: 2
models:
  - name: dim_users
    columns:
      - name: user_id
      - name: email
        config:
          meta:
            contains_pii: true
      - name: phone
        meta: {masking_policy: phone_hash}
      - name: nickname
        tags: [pii]
      - name: birthday
        meta: {pii: false}
  - name: fct_orders
    columns: [{name: amount}]
sources:
  - name: crm
    meta: {contains_pii: true}
    tables:
      - name: leads
        columns: [{name: notes}]
exposures:
  - name: churn_model
    type: ml
    owner: {name: Growth, email: growth@example.com}
    depends_on:
      - ref('dim_users')
      - source('crm', 'leads')
  - name: revenue
    type: dashboard
    depends_on: ref('fct_orders')
"""
_EXPOSED = "version: 2\nexposures:\n  - name: board\n    type: dashboard\n    depends_on: [ref('{}')]\n"


def _nodes(facts: Facts) -> dict[str, Node]:
    return {node.id: node for node in SystemGraph([facts]).nodes()}


def _flows(facts: Facts) -> set[tuple[str, str]]:
    return {(flow.source.id, flow.target.id) for flow in SystemGraph([facts]).flows()}


def test_columns_carry_what_is_said_of_them(read: Read) -> None:
    """Metadata on the column, in `config` or as tags speaks; what nobody speaks of is told by its name."""
    facts, gaps = read(dbt.PARSER, {"models/schema.yml": _SCHEMA})
    nodes = _nodes(facts)
    assert gaps == []
    assert nodes["data:dbt/dim_users.email"].traits == (Trait.SAID_PERSONAL,)
    assert nodes["data:dbt/dim_users.email"].categories == ("user.contact.email",)
    assert nodes["data:dbt/dim_users.email"].locations[0].line == 6
    assert nodes["data:dbt/dim_users.nickname"].categories == ("user.name.nickname",)
    assert (nodes["data:dbt/dim_users.phone"].traits) == (Trait.SAID_MASKED,)
    assert nodes["protection:dbt/dim_users.phone"].technique == "pseudonymisation"
    birthday = nodes["data:dbt/dim_users.birthday"]
    assert (birthday.traits, birthday.categories) == ((Trait.SAID_CLEAN,), ())
    assert "data:dbt/dim_users.user_id" not in nodes


def test_an_exposure_gets_what_its_tables_hold(read: Read) -> None:
    """Personal columns reach the exposure, a masked one through its protection, a table that is personal as a whole."""
    facts, _ = read(dbt.PARSER, {"models/schema.yml": _SCHEMA})
    assert _flows(facts) == {
        ("data:dbt/dim_users.email", "system:churn_model"),
        ("data:dbt/dim_users.nickname", "system:churn_model"),
        ("data:dbt/dim_users.phone", "system:churn_model"),
        ("data:dbt/crm/leads", "system:churn_model"),
    }
    edges = {(edge.source, edge.target) for edge in facts.edges}
    assert ("protection:dbt/dim_users.phone", "system:churn_model") in edges
    assert ("data:dbt/dim_users.phone", "system:churn_model") not in edges
    nodes = _nodes(facts)
    assert (nodes["system:churn_model"].sink, nodes["system:revenue"].sink) == (SinkKind.TRAINING, SinkKind.RESPONSE)
    assert nodes["system:churn_model"].details == {"exposure": "ml", "owner": "Growth"}
    assert "growth@" not in facts.model_dump_json()


def test_only_tables_with_personal_data_are_rows(read: Read) -> None:
    """A warehouse has hundreds of tables; the inventory lists those that matter."""
    nodes = _nodes(read(dbt.PARSER, {"models/schema.yml": _SCHEMA})[0])
    assert nodes["data:dbt/dim_users"].asset is Asset.DATASET
    assert nodes["data:dbt/crm/leads"].asset is Asset.DATASET
    assert nodes["data:dbt/fct_orders"].asset is None


def test_lineage_is_no_flow(read: Read) -> None:
    """Tables that are made from each other are related; nothing has left the warehouse."""
    files = {
        "shop/dbt_project.yml": "name: shop\n",
        "shop/models/a.yml": _SCHEMA.partition("exposures:")[0],
        "shop/models/mart.sql": "select *\nfrom {{ ref('dim_users') }}\njoin {{source(\"crm\", 'leads')}}\n",
        "shop/models/other.sql": "select ref('x') -- {# ref('dim_users') #}\n{% set t = ref('pkg', 'mart') %}",
        "shop/macros/m.sql": "{{ ref('dim_users') }}",
        "elsewhere/models/x.sql": "select * from {{ ref('dim_users') }}",
    }
    facts, gaps = read(dbt.PARSER, files)
    related = {
        (edge.source, edge.kind, edge.target, edge.location.line) for edge in facts.edges if "phone" not in edge.source
    }
    assert gaps == []
    assert related == {
        ("data:dbt/mart", EdgeKind.DERIVED_FROM, "data:dbt/dim_users", 2),
        ("data:dbt/mart", EdgeKind.DERIVED_FROM, "data:dbt/crm/leads", 3),
        ("data:dbt/other", EdgeKind.DERIVED_FROM, "data:dbt/mart", 2),
    }
    assert _flows(facts) == set()


def test_an_exposed_table_without_columns_is_a_gap(read: Read) -> None:
    """A mart that lists no columns may hold all that it is made from."""
    files = {
        "dbt_project.yml": "name: shop\n",
        "models/a.yml": _SCHEMA,
        "models/mart.sql": "select * from {{ ref('dim_users') }}",
        "models/board.yml": _EXPOSED.format("mart"),
    }
    _, gaps = read(dbt.PARSER, files)
    assert [(gap.path, gap.line, gap.reason) for gap in gaps] == [("models/board.yml", 5, "unresolved")]
    assert "dim_users" in gaps[0].detail


def test_an_unknown_table_is_a_gap(read: Read) -> None:
    """What an exposure gets from a table that nobody defines is not known."""
    _, gaps = read(dbt.PARSER, {"models/x.yml": _EXPOSED.format("nowhere")})
    assert [(gap.line, gap.reason, gap.state) for gap in gaps] == [(5, "unresolved", State.PARTIAL)]


def test_a_template_that_decides_is_a_gap(read: Read) -> None:
    """`contains_pii` out of a variable is neither yes nor no."""
    text = "models:\n  - name: t\n    columns:\n      - name: x\n        meta: {contains_pii: \"{{ var('p') }}\"}\n"
    _, gaps = read(dbt.PARSER, {"models/x.yml": text})
    assert [(gap.line, gap.reason) for gap in gaps] == [(4, "unresolved")]


def test_a_description_may_say_it(read: Read) -> None:
    """`PII` in prose counts, `no PII` and `PII removed` do not."""
    text = "models:\n  - name: t\n    columns:\n"
    text += "      - {name: a, description: The nickname. PII.}\n      - {name: b, description: no PII here}\n"
    nodes = _nodes(read(dbt.PARSER, {"m/x.yml": text})[0])
    assert nodes["data:dbt/t.a"].traits == (Trait.SAID_PERSONAL,)
    assert "data:dbt/t.b" not in nodes


@pytest.mark.parametrize(
    "text",
    [
        "models:\n  - name: GPT\n    provider: openai\n    model: gpt-4o\n    config: {}\n",  # an editor's list
        "name: chart\nsources:\n  - https://example.com\ntags:\n  - x\n",  # Helm
        "models:\n  shop:\n    +meta: {pii: true}\n",  # dbt_project.yml in a wrong place
    ],
)
def test_other_files_with_these_keys_are_silent(read: Read, text: str) -> None:
    """`models` and `sources` are common words."""
    facts, gaps = read(dbt.PARSER, {"config.yml": text})
    assert (facts.nodes, gaps) == ((), [])


def _manifest(**sections: Any) -> str:
    schema = {"dbt_schema_version": "https://schemas.getdbt.com/dbt/manifest/v12.json"}
    return json.dumps({"metadata": schema, "nodes": {}, **sections}, indent=1)


def test_a_manifest_says_the_same(read: Read) -> None:
    """Tables, columns, lineage and exposures of `manifest.json` are those of the property files."""
    nodes: dict[str, Any] = {
        "model.shop.dim_users.v2": {
            "name": "dim_users",
            "columns": {"email": {"name": "email", "meta": {}, "tags": ["pii"]}, "id": {"name": "id"}},
            "depends_on": {"nodes": ["source.shop.crm.leads", "macro.x"]},
        },
        "test.shop.not_null": {"name": "x", "columns": {"email": {"name": "email"}}},
    }
    exposure = {"name": "churn", "type": "application", "depends_on": {"nodes": ["model.shop.dim_users.v2"]}}
    source = {"name": "leads", "source_name": "crm", "columns": {}, "meta": {"contains_pii": True}}
    text = _manifest(
        nodes=nodes, sources={"source.shop.crm.leads": source}, exposures={"exposure.shop.churn": exposure}
    )
    facts, gaps = read(dbt.PARSER, {"target/manifest.json": text})
    assert gaps == []
    assert _flows(facts) == {("data:dbt/dim_users.email", "system:churn")}
    assert _nodes(facts)["system:churn"].sink is SinkKind.THIRD_PARTY
    derived = [(e.source, e.target) for e in facts.edges if e.kind is EdgeKind.DERIVED_FROM]
    assert derived == [("data:dbt/dim_users", "data:dbt/crm/leads")]


def test_wrong_types_are_gaps(read: Read) -> None:
    """Each part that is not what dbt wants is named with its line; the rest counts."""
    text = "version: 2\nmodels:\n  - name: t\n    columns: 7\n  - 5\n  - name: u\n    meta: [x]\n    columns:\n"
    text += "      - name: email\n      - {description: x}\n"
    facts, gaps = read(dbt.PARSER, {"models/x.yml": text})
    assert {gap.line for gap in gaps} == {4, 5, 7}
    assert "data:dbt/u.email" in _nodes(facts)


def test_a_broken_file_is_a_gap_with_its_line(read: Read) -> None:
    """Jinja without quotes is no YAML."""
    text = "version: 2\nmodels:\n  - name: t\n    description: {{ doc('t') }}\n"
    _, gaps = read(dbt.PARSER, {"models/x.yml": text})
    assert [(gap.state, gap.line) for gap in gaps] == [(State.FAILED, 4)]


def test_several_documents_and_repeated_keys_are_read(read: Read) -> None:
    """The last of two equal keys counts, as dbt has it; each document of a stream is read."""
    text = "version: 2\nmodels:\n  - name: a\n    columns: [{name: email}]\n---\n"
    text += "version: 2\nmodels:\n  - name: b\n    columns: [{name: x}]\n    columns: [{name: email}]\n"
    nodes = _nodes(read(dbt.PARSER, {"models/x.yml": text})[0])
    assert {"data:dbt/a.email", "data:dbt/b.email"} <= nodes.keys()


@given(cut=st.integers(0, 900), put=st.text(max_size=8) | st.sampled_from(["{}", "[1]", "null", "x:", "{{ x }}"]))
def test_damaged_files_give_facts_or_gaps(read: Read, cut: int, put: str) -> None:
    """Cut off or changed anywhere, no file of dbt crashes anything, and every edge has two ends."""
    node = {"columns": {"email": {"tags": ["pii"]}}, "depends_on": {"nodes": ["model.a.u"]}}
    manifest = _manifest(nodes={"model.a.t": node}, exposures={"e": {"depends_on": {"nodes": ["model.a.t"]}}})
    for name, text in (("models/x.yml", _SCHEMA), ("manifest.json", manifest)):
        for damaged in (text[:cut] + put, text[:cut] + put + text[cut:]):
            facts, _ = read(dbt.PARSER, {"dbt_project.yml": put, name: damaged, "models/y.sql": damaged})
            SystemGraph([facts]).flows()
