"""LiteLLM and Fides: where the models of a gateway run, and which declared data flows to which system."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petguard.model import EdgeKind, Facts, Gap, SinkKind, State, Trait
from petguard.parsers import Parser, fides, litellm

Read = Callable[[Parser, dict[str, str]], tuple[Facts, list[Gap]]]

_CONFIG = """\
model_list:
  - model_name: chat
    litellm_params:
      model: openai/gpt-4o
      api_key: os.environ/OPENAI_API_KEY
  - model_name: here
    litellm_params: {model: openai/qwen, api_base: "http://127.0.0.1:8000/v1"}
  - model_name: claude
    litellm_params:
      model: bedrock/anthropic.claude-3
      aws_region_name: eu-west-1
  - model_name: nobody
    litellm_params: {model: nobody/knows}
general_settings:
  master_key: sk-Qz7Lm2Rt9Vb4Xc6Kp1Ws8Yd3Nf5Hg0Jq
guardrails:
  - guardrail_name: no-pii
    litellm_params: {guardrail: presidio, mode: pre_call}
"""
_FIDES = """\
dataset:
  - fides_key: users
    collections:
      - name: people
        fields:
          - name: email
            data_categories: [user.contact.email]
            fides_meta: {masking_strategy_override: {strategy: hash}}
          - name: id
            data_categories: [system.operations]
system:
  - fides_key: shop
    privacy_declarations:
      - data_categories: [user.contact, user.financial]
        dataset_references: [users]
    egress:
      - {fides_key: openai, type: system, data_categories: [user.contact]}
      - {fides_key: mailer, type: system}
"""


def test_an_alias_leads_to_its_provider(read: Read) -> None:
    """Hosted, local, regional and unknown deployments are told apart."""
    facts, gaps = read(litellm.PARSER, {"config.yaml": _CONFIG})
    nodes = {node.id: node for node in facts.nodes}
    assert gaps == []
    assert nodes["ai_service:openai"].traits == (Trait.EXTERNAL,)
    assert (nodes["ai_service:127.0.0.1"].traits, nodes["ai_service:127.0.0.1"].provider) == ((Trait.LOCAL,), None)
    assert nodes["ai_service:amazon-bedrock"].region == "eu-west-1"
    assert (nodes["model:nobody"].traits, nodes["model:chat"].locations[0].line) == ((Trait.UNRESOLVED,), 2)
    assert nodes["protection:config.yaml#no-pii"].technique == "redaction"
    assert nodes["credential:config.yaml:15"].traits == (Trait.SECRET,)
    assert nodes["credential:OPENAI_API_KEY"].traits == ()
    assert "Qz7Lm2Rt9Vb4" not in facts.model_dump_json()
    related = [(edge.source, edge.kind, edge.target) for edge in facts.edges if edge.source == "model:chat"]
    assert related == [
        ("model:chat", EdgeKind.FLOWS_TO, "ai_service:openai"),
        ("model:chat", EdgeKind.DERIVED_FROM, "model:gpt-4o"),
    ]


def test_a_configuration_inside_another_file_is_found(read: Read) -> None:
    """Helm values and the text block of a ConfigMap count, with the lines of the outer file."""
    block = "".join(f"    {line}\n" for line in _CONFIG.splitlines())
    text = f"kind: ConfigMap\ndata:\n  config.yaml: |\n{block}---\nproxy:\n{block}"
    facts, gaps = read(litellm.PARSER, {"k8s.yaml": text})
    lines = [node.locations[0].line for node in facts.nodes if node.id == "model:chat"]
    assert (gaps, lines) == ([], [5, 25])


def test_a_configuration_in_a_shell_script_is_a_gap(read: Read) -> None:
    """YAML wrapped in a here-string is not YAML, and is not passed over."""
    for head in ('@"\n', "cat <<EOF > config.yaml\n"):
        _, gaps = read(litellm.PARSER, {"litellm_config.yaml": head + _CONFIG})
        assert [(gap.path, gap.state, gap.reason) for gap in gaps] == [
            ("litellm_config.yaml", State.FAILED, "parse_error")
        ]
        assert gaps[0].line


def test_wrong_types_in_a_gateway_are_gaps(read: Read) -> None:
    """An entry that is no mapping and one without a model are named; the next one counts."""
    text = "model_list:\n  - 1\n  - model_name: x\n    litellm_params: []\n"
    text += "  - {model_name: y, litellm_params: {model: gpt-4o}}\n"
    facts, gaps = read(litellm.PARSER, {"c.yaml": text})
    assert facts.nodes[0].id == "model:y"
    assert {gap.line for gap in gaps} == {2, 3, 4}


def test_declared_data_flows_to_systems_and_on(read: Read) -> None:
    """Fields that a declaration covers flow to its system, through their masking; the rest gets a node of its own."""
    facts, gaps = read(fides.PARSER, {"fides.yml": _FIDES})
    flows = {(edge.source, edge.target) for edge in facts.edges}
    assert gaps == []
    assert flows == {
        ("data:fides/users/people/email", "protection:fides/users/people/email"),
        ("protection:fides/users/people/email", "system:shop"),
        ("data:fides/shop#0", "system:shop"),
        ("system:shop", "ai_service:openai"),
        ("system:shop", "system:mailer"),
    }
    nodes = {node.id: node for node in facts.nodes}
    assert nodes["data:fides/shop#0"].categories == ("user.financial",)
    assert nodes["protection:fides/users/people/email"].technique == "pseudonymisation"
    assert (nodes["system:mailer"].sink, nodes["system:mailer"].traits) == (SinkKind.THIRD_PARTY, (Trait.UNRESOLVED,))
    assert nodes["system:shop"].sink is None


def test_a_hidden_field_name_is_no_protection(read: Read) -> None:
    """`redact: name` hides what the field is called; its values flow as they are."""
    text = _FIDES.replace("{masking_strategy_override: {strategy: hash}}", "{redact: name}")
    facts, gaps = read(fides.PARSER, {"fides.yml": text})
    assert gaps == []
    assert ("data:fides/users/people/email", "system:shop") in {(edge.source, edge.target) for edge in facts.edges}
    assert [node.id for node in facts.nodes if node.kind == "protection"] == []


def test_a_field_is_known_as_a_column_and_says_what_it_holds(read: Read) -> None:
    """So that code and other declarations can be held against it."""
    facts, _ = read(fides.PARSER, {"fides.yml": _FIDES})
    found = {node.name: (node.details.get("table"), node.traits) for node in facts.nodes if node.kind == "data"}
    assert found["email"] == ("people", (Trait.SAID_PERSONAL,))
    assert found["id"] == ("people", (Trait.SAID_CLEAN,))
    assert found["people"] == (None, ())


def test_a_system_of_another_file_is_no_third_party(read: Read) -> None:
    """Manifests are read together; a data set that none of them defines is a gap."""
    other = "system:\n  - fides_key: mailer\n    privacy_declarations:\n      - dataset_references: [nowhere]\n"
    facts, gaps = read(fides.PARSER, {"a.yml": _FIDES, "b.yml": other})
    assert all(node.sink is None for node in facts.nodes if node.id == "system:mailer")
    assert [(gap.path, gap.line, gap.reason) for gap in gaps] == [("b.yml", 4, "unresolved")]


def test_wrong_types_in_a_manifest_are_gaps(read: Read) -> None:
    """A data set without key and fields that are a text are named."""
    text = "dataset:\n  - name: x\n  - fides_key: y\n    collections:\n      - {name: c, fields: z}\n"
    facts, gaps = read(fides.PARSER, {"x.yml": text})
    assert [node.id for node in facts.nodes] == ["data:fides/y", "data:fides/y/c"]
    assert [gap.line for gap in gaps] == [2, 5]


@given(cut=st.integers(0, 500), put=st.text(max_size=8) | st.sampled_from(["{}", "[1]", "null", "x:"]))
def test_damaged_files_give_facts_or_gaps(read: Read, cut: int, put: str) -> None:
    """Cut off or changed anywhere, neither kind of file crashes anything."""
    for parser, text in ((litellm.PARSER, _CONFIG), (fides.PARSER, _FIDES)):
        read(parser, {"x.yaml": text[:cut] + put})
        read(parser, {"x.yaml": text[:cut] + put + text[cut:]})


@pytest.mark.parametrize(
    "section",
    [
        "environment_variables: {OPENAI_API_KEY: %s}",
        "litellm_settings: {api_key: %s}",
        "credential_list: [{credential_name: x, credential_values: {api_key: %s}}]",
    ],
)
def test_a_key_in_any_section_is_found_and_masked(read: Read, section: str) -> None:
    """LiteLLM takes keys in more places than the entries of its models."""
    key = "sk-Qz7Lm2Rt9Vb4Xc6Kp1Ws8Yd3Nf5Hg0Jq"  # made for this test
    facts, _ = read(litellm.PARSER, {"c.yaml": f"model_list: []  # litellm_params\n{section % key}\n"})
    assert [node.traits for node in facts.nodes] == [(Trait.SECRET,)]
    assert key not in facts.model_dump_json()
