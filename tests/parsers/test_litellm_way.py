"""LiteLLM guardrails and callbacks: what a prompt passes on its way through the gateway, and who gets a copy."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petguard.model import Facts, Gap, Node, SinkKind, State, Trait
from petguard.parsers import Parser, litellm

Read = Callable[[Parser, dict[str, str]], tuple[Facts, list[Gap]]]

_MODELS = "model_list:\n  - {model_name: chat, litellm_params: {model: openai/gpt-4o%s}}\n"


def _read(read: Read, rest: str, more: str = "") -> tuple[dict[str, Node], set[tuple[str, str]], list[Gap]]:
    facts, gaps = read(litellm.PARSER, {"c.yaml": _MODELS % more + rest})
    edges = {(edge.source, edge.target) for edge in facts.edges if edge.kind == "flows_to"}
    assert {end for edge in edges for end in edge} <= {node.id for node in facts.nodes}
    return {node.id: node for node in facts.nodes}, edges, gaps


def _guard(**params: str) -> str:
    given = ", ".join(f"{key}: {value}" for key, value in params.items())
    return f"guardrails:\n  - {{guardrail_name: pii, litellm_params: {{{given}}}}}\n"


def test_guards_stand_in_a_row(read: Read) -> None:
    """Two that are on: the second gets what the first let through."""
    first = _guard(guardrail="presidio", mode="pre_call", default_on="true")
    second = (
        "  - {guardrail_name: injection, litellm_params: {guardrail: lakera, mode: [pre_call], default_on: true}}\n"
    )
    nodes, edges, gaps = _read(read, first + second)
    assert gaps == []
    assert edges == {
        ("model:chat", "protection:c.yaml#pii/chat"),
        ("protection:c.yaml#pii/chat", "system:lakera"),
        ("protection:c.yaml#pii/chat", "protection:c.yaml#injection/chat"),
        ("protection:c.yaml#injection/chat", "ai_service:openai"),
    }
    assert nodes["protection:c.yaml#injection/chat"].technique is None
    assert nodes["system:lakera"].sink is SinkKind.THIRD_PARTY


@pytest.mark.parametrize(
    ("params", "why"),
    [
        ({"mode": "pre_call"}, "default_on is not true: it runs only when a request asks for it"),
        ({"mode": "logging_only", "default_on": "true"}, "its mode is logging_only, and not pre_call"),
        ({"mode": "during_call", "default_on": "true"}, "its mode is during_call, and not pre_call"),
        ({"mode": "pre_mcp_call", "default_on": "true"}, "its mode is pre_mcp_call, and not pre_call"),
        ({"default_on": "true"}, "its mode is not stated, and not pre_call"),
        (
            {"mode": "pre_call", "default_on": "true", "presidio_filter_scope": "output"},
            "presidio_filter_scope is output: it looks only at what comes back",
        ),
    ],
)
def test_a_guard_that_stands_aside_says_why(read: Read, params: dict[str, str], why: str) -> None:
    """It is a node that nothing flows to."""
    nodes, edges, _ = _read(read, _guard(guardrail="presidio", **params))
    assert nodes["protection:c.yaml#pii"].details["aside"] == why
    assert edges == {("model:chat", "ai_service:openai")}


@pytest.mark.parametrize(
    ("params", "technique"),
    [
        ({"guardrail": "presidio"}, "redaction"),
        ({"guardrail": "bedrock", "mask_request_content": "true"}, "redaction"),
        ({"guardrail": "custom", "pii_entities_config": "{PERSON: MASK}"}, "redaction"),
        ({"guardrail": "hide-secrets"}, None),
        ({"guardrail": "lakera"}, None),
    ],
)
def test_only_some_guards_take_out_personal_data(read: Read, params: dict[str, str], technique: str | None) -> None:
    """Others look for keys or attacks, and let it pass."""
    text = _guard(mode="pre_call", default_on="true", **params).replace("guardrail_name: pii", "guardrail_name: guard")
    nodes, _, _ = _read(read, text)
    assert nodes["protection:c.yaml#guard/chat"].technique == technique


def test_what_is_declared_of_a_guard_is_kept(read: Read) -> None:
    """Mode, entities and how sure one may be."""
    config = "{EMAIL_ADDRESS: MASK, US_SSN: BLOCK}"
    text = _guard(guardrail="presidio", mode="pre_call", default_on="true", pii_entities_config=config)
    nodes, _, _ = _read(read, text)
    assert dict(nodes["protection:c.yaml#pii/chat"].details) == {
        "evidence": "declared",
        "guardrail": "presidio",
        "mode": ("pre_call",),
        "default_on": True,
        "entities": ("EMAIL_ADDRESS", "US_SSN"),
    }


@pytest.mark.parametrize(
    ("params", "target"),
    [
        ({"guardrail": "lakera", "mode": "during_call"}, "system:lakera"),
        ({"guardrail": "openai_moderation", "mode": "post_call"}, "ai_service:openai"),
        (
            {"guardrail": "generic_guardrail_api", "api_base": "https://api.guard.example/v1"},
            "system:api.guard.example",
        ),
        ({"guardrail": "lakera", "api_base": "http://lakera:8000"}, None),
        ({"guardrail": "lakera", "mode": "logging_only"}, None),
        ({"guardrail": "presidio"}, None),
    ],
)
def test_a_service_that_does_the_work_sees_the_prompt(read: Read, params: dict[str, str], target: str | None) -> None:
    """Whether it protects or only looks on; one in the own network, or none, is nobody else."""
    nodes, edges, _ = _read(read, _guard(**({"mode": "pre_call", "default_on": "true"} | params)))
    own = {"ai_service:openai"} if target != "ai_service:openai" else set()
    others = {end for _, end in edges if not end.startswith("protection:")} - own
    assert others == ({target} if target else set())
    assert target is None or nodes[target].sink is not None


def test_a_guard_claims_once_what_it_does(read: Read) -> None:
    """However many models pass it; one that stands aside claims nothing."""
    more = "  - {model_name: other, litellm_params: {model: gpt-4o}}\n"
    config = "{EMAIL_ADDRESS: MASK}"
    guard = _guard(guardrail="presidio", mode="pre_call", default_on="true", pii_entities_config=config)
    facts, _ = read(litellm.PARSER, {"c.yaml": _MODELS % "" + more + guard})
    assert [(claim.subject, claim.stated | claim.parameters) for claim in facts.claims] == [
        ("c.yaml#pii", {"config": "c.yaml", "entities": ["EMAIL_ADDRESS"]})
    ]
    aside, _ = read(litellm.PARSER, {"c.yaml": _MODELS % "" + _guard(guardrail="presidio", mode="post_call")})
    assert aside.claims == ()


def test_a_guard_that_a_model_asks_for_stands_on_the_way_of_that_model(read: Read) -> None:
    """It is off for all others."""
    text = "  - {model_name: other, litellm_params: {model: gpt-4o}}\n" + _guard(guardrail="presidio", mode="pre_call")
    _, edges, _ = _read(read, text, ", guardrails: [pii]")
    assert ("protection:c.yaml#pii/chat", "ai_service:openai") in edges
    assert ("model:other", "ai_service:openai") in edges


@pytest.mark.parametrize(
    ("settings", "guarded"),
    [
        ("callbacks: [presidio]", True),
        ("guardrails: [{pii: {callbacks: [presidio], default_on: true}}]", True),
        ("guardrails: [{pii: {callbacks: [presidio], default_on: false}}]", False),
        ("{callbacks: [presidio], presidio_logging_only: true}", False),
    ],
)
def test_the_older_ways_to_write_a_guard_count(read: Read, settings: str, *, guarded: bool) -> None:
    """Presidio was a callback before there were guardrails."""
    nodes, edges, _ = _read(read, f"litellm_settings:\n  {settings}\n".replace("\n  {", " {"))
    assert any(node.technique == "redaction" for node in nodes.values())
    assert (("model:chat", "ai_service:openai") not in edges) == guarded


@pytest.mark.parametrize(
    ("name", "sink"),
    [("langfuse", SinkKind.THIRD_PARTY), ("s3", SinkKind.FILE), ("otel", SinkKind.LOG), ("prometheus", None)],
)
def test_callbacks_get_every_prompt(read: Read, name: str, sink: SinkKind | None) -> None:
    """All but those that only count."""
    for key in ("callbacks", "success_callback", "failure_callback"):
        nodes, edges, _ = _read(read, f"litellm_settings: {{{key}: [{name}]}}\n")
        assert (("model:chat", f"system:{name}") in edges) == (sink is not None)
        assert sink is None or nodes[f"system:{name}"].sink is sink


def test_a_hook_that_asks_a_service_shows_it_the_prompt(read: Read) -> None:
    """A moderation among the callbacks is a recipient too."""
    _, edges, _ = _read(read, "litellm_settings: {callbacks: [lakera_prompt_injection]}\n")
    assert ("model:chat", "system:lakera") in edges


def test_the_callbacks_of_a_team_count(read: Read) -> None:
    """Which team a call belongs to is not known here."""
    _, edges, _ = _read(read, "litellm_settings: {default_team_settings: [{team_id: a, success_callback: [langfuse]}]}")
    assert ("model:chat", "system:langfuse") in edges


@pytest.mark.parametrize(
    "off",
    [
        "litellm_settings: {callbacks: [datadog], turn_off_message_logging: true}",
        "litellm_settings: {callbacks: [datadog], datadog_params: {turn_off_message_logging: true}}",
        "litellm_settings: {callbacks: [datadog]}\ncallback_settings: {datadog: {message_logging: false}}",
    ],
)
def test_a_callback_without_messages_gets_none(read: Read, off: str) -> None:
    """It is still there, as somebody who was declared."""
    nodes, edges, _ = _read(read, off)
    assert "messages" in nodes["system:datadog"].details
    assert edges == {("model:chat", "ai_service:openai")}


def test_a_callback_of_ones_own_leads_nobody_knows_where(read: Read) -> None:
    """What it does stands in code."""
    nodes, edges, _ = _read(read, "litellm_settings: {callbacks: hooks.handler}\n")
    assert nodes["system:c.yaml#hooks.handler"].traits == (Trait.UNRESOLVED,)
    assert ("model:chat", "system:c.yaml#hooks.handler") in edges


def test_an_unknown_provider_stays_the_end_of_its_way(read: Read) -> None:
    """That a listener is known does not make the way known."""
    text = (
        "model_list:\n  - {model_name: x, litellm_params: {model: nobody/knows}}\nlitellm_settings: {callbacks: [s3]}\n"
    )
    facts, _ = read(litellm.PARSER, {"c.yaml": text})
    nodes = {node.id: node for node in facts.nodes}
    assert {edge.target for edge in facts.edges if edge.kind == "flows_to"} == {"model:x/unknown", "system:s3"}
    assert (nodes["model:x/unknown"].traits, nodes["model:x/unknown"].sink) == ((Trait.UNRESOLVED,), None)


def test_wrong_types_are_gaps_and_protect_nothing(read: Read) -> None:
    """`default_on: yes please` is not true, a mode by tags is not sure."""
    text = "guardrails:\n  - 1\n  - {litellm_params: {}}\n  - guardrail_name: a\n    litellm_params:\n"
    text += "      mode: {tags: {x: pre_call}}\n      default_on: yes please\nlitellm_settings: {callbacks: [1]}\n"
    _, edges, gaps = _read(read, text)
    assert edges == {("model:chat", "ai_service:openai")}
    assert sorted(gap.line or 0 for gap in gaps) == [4, 4, 5, 8, 9, 10]


def test_a_flood_is_bounded(read: Read) -> None:
    """Guards and callbacks times models could fill the memory; none is counted then, and the reader is told."""
    models = "".join(f"  - {{model_name: m{number}, litellm_params: {{model: gpt-4o}}}}\n" for number in range(499))
    callbacks = ", ".join(f"c{number}" for number in range(101))
    _, edges, gaps = _read(read, f"{models}litellm_settings: {{callbacks: [{callbacks}]}}\n")
    assert {end for _, end in edges} == {"ai_service:openai"}
    assert [(gap.state, gap.reason) for gap in gaps] == [(State.PARTIAL, "too_large")]


@given(cut=st.integers(0, 700), put=st.text(max_size=8) | st.sampled_from(["{}", "[1]", "null", "x:", "- "]))
def test_damaged_files_give_facts_or_gaps(read: Read, cut: int, put: str) -> None:
    """Cut off or changed anywhere, nothing crashes and every edge has its ends."""
    text = _MODELS % ", guardrails: [pii]" + _guard(guardrail="presidio", mode="pre_call", pii_entities_config="{A: B}")
    text += "litellm_settings:\n  callbacks: [s3, a.b]\n  guardrails: [{x: {callbacks: [presidio]}}]\n"
    for each in (text[:cut] + put, text[:cut] + put + text[cut:]):
        facts, _ = read(litellm.PARSER, {"c.yaml": each})
        assert {end for edge in facts.edges for end in (edge.source, edge.target)} <= {node.id for node in facts.nodes}
