"""OpenAPI and JSON Schema: what extensions such as `x-pii` say of a property."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petguard.model import EdgeKind, Facts, Gap, Node, State, Trait
from petguard.parsers import Parser
from petguard.parsers.openapi import PARSER

Read = Callable[[Parser, dict[str, str]], tuple[Facts, list[Gap]]]

_API = """\
openapi: 3.0.3
info: {title: Shop, version: "1"}
servers: [{url: "https://api.shop.example/v1"}]
security: [{bearer: []}]
paths:
  /orders/{email}:
    get:
      parameters:
        - {name: email, in: path, x-pii: true, schema: {type: string}}
components:
  schemas:
    Person:
      properties:
        code: {type: string, x-pii: true}
        mail: {type: string, x-data-classification: contact email}
        note: {type: string, x-classification: public}
        left: {type: string}
        dateOfBirth: {type: string, x-pii: true}
        home:
          type: object
          properties:
            line: {x-personal-data: {kind: postal address}}
"""


def _read(read: Read, text: str, path: str = "openapi.yaml") -> tuple[dict[str, Node], list[Gap]]:
    facts, gaps = read(PARSER, {path: text})
    assert {end for edge in facts.edges for end in (edge.source, edge.target)} <= {node.id for node in facts.nodes}
    return {node.name: node for node in facts.nodes}, gaps


def test_properties_and_parameters_that_say_what_they_hold(read: Read) -> None:
    """By schema and property, also nested ones; what says nothing is not listed."""
    nodes, gaps = _read(read, _API)
    found = {name: (node.categories, node.traits) for name, node in nodes.items() if node.kind == "data"}
    personal = (Trait.SAID_PERSONAL,)
    assert gaps == []
    assert found == {
        "/orders/{email}.get.email": (("user.contact.email",), personal),
        "Person.code": (("user",), personal),
        "Person.mail": (("user.contact.email",), personal),
        "Person.note": ((), (Trait.SAID_CLEAN,)),
        "Person.dateOfBirth": (("user.demographic.date_of_birth",), personal),
        "Person.home.line": (("user.contact.address",), personal),
    }
    assert nodes["Person.code"].locations[0].line == 14


def test_the_api_declares_them(read: Read) -> None:
    """With its address and its way in."""
    facts, _ = read(PARSER, {"openapi.yaml": _API})
    api = next(node for node in facts.nodes if node.kind == "system")
    assert (api.endpoint, dict(api.details)) == (
        "api.shop.example",
        {"servers": ("api.shop.example",), "security": ("bearer",)},
    )
    assert {edge.kind for edge in facts.edges} == {EdgeKind.DECLARES}


@pytest.mark.parametrize(
    ("extension", "categories", "traits"),
    [
        ({"x-pii": True}, ("user",), (Trait.SAID_PERSONAL,)),
        ({"x-pii": False}, (), (Trait.SAID_CLEAN,)),
        ({"x-pii": "high"}, ("user",), (Trait.SAID_PERSONAL,)),
        ({"x-pii": "none"}, (), (Trait.SAID_CLEAN,)),
        ({"x-gdpr": ["health"]}, ("user.health_and_medical",), (Trait.SAID_PERSONAL,)),
        ({"x-sensitive": True}, (), ()),
        ({"x-sensitivity": "internal"}, (), ()),
        ({"x-classification": "public", "x-pii": True}, ("user",), (Trait.SAID_PERSONAL,)),
        ({"x-pii": False, "x-pii-action": "keep"}, (), (Trait.SAID_CLEAN,)),
    ],
)
def test_what_an_extension_means(
    read: Read, extension: dict[str, Any], categories: tuple[str, ...], traits: tuple[Trait, ...]
) -> None:
    """Sensitive may mean a password, a level says nothing about persons."""
    schema = {"title": "T", "properties": {"code": {"type": "string", **extension}}}
    nodes, _ = _read(read, json.dumps(schema), "t.schema.json")
    assert (nodes["T.code"].categories, nodes["T.code"].traits) == (categories, traits)


def test_a_whole_schema_may_be_classified(read: Read) -> None:
    """And columns of a pipeline's schema."""
    text = "definitions:\n  Person: {x-data-classification: PII, properties: {}}\n"
    text += "tables:\n  t: {columns: {a: {x-pii: true}}}\n"
    nodes, _ = _read(read, text)
    assert nodes["Person.*"].categories == ("user",)
    assert "t.a" in nodes


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.yaml", "components: {schemas: {A: {properties: {email: {type: string}}}}}"),
        ("a.yaml", "headers: {X-Data-Classification: pii}\nproperties: {}"),
        ("a.md", '"x-pii": true, properties'),
    ],
)
def test_other_files_are_not_read(read: Read, path: str, text: str) -> None:
    """Without such an extension nobody pays for reading them."""
    assert _read(read, text, path) == ({}, [])


def test_an_extension_outside_of_any_schema_says_nothing(read: Read) -> None:
    """At the top of a file it speaks of the file, not of a property."""
    assert _read(read, "properties: {}\nx-pii: true\n") == ({}, [])


def test_a_broken_file_is_a_gap(read: Read) -> None:
    """With its line."""
    _, gaps = _read(read, 'properties:\n  a: {x-pii: true}\n b: "')
    assert [(gap.state, gap.reason, bool(gap.line)) for gap in gaps] == [(State.FAILED, "parse_error", True)]


_JSON = st.recursive(
    st.none() | st.booleans() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["properties", "x-pii", "name", "parameters", "items", "servers"]), inner)
    ),
    max_leaves=15,
)


@given(value=_JSON, cut=st.integers(0, 900))
def test_a_hostile_schema_gives_facts_or_gaps(read: Read, value: Any, cut: int) -> None:
    """Wrong types anywhere, or cut off."""
    _read(read, json.dumps({"properties": {"x": value}, "y": value, "z": {"x-pii": True}}), "a.json")
    _read(read, _API[:cut] + "\nproperties: {q: {x-pii: true}}")
