"""MCP configurations: servers, their traits, the keys they are given and the data they are pointed at."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petguard.model import EdgeKind, Facts, Gap, SinkKind, State, Trait
from petguard.parsers import Parser
from petguard.parsers.mcp import PARSER

Read = Callable[[Parser, dict[str, str]], tuple[Facts, list[Gap]]]

_KEY = "sk-proj-Qz7Lm2Rt9Vb4Xc6Kp1Ws8Yd3Nf5Hg0Jq"  # made for this test
_FILE = f"""\
{{
  // local and remote
  "mcpServers": {{
    "files": {{
      "command": "npx", "args": ["-y", "@scope/files", "./data/patient_emails.csv"],
      "autoApprove": ["read"]
    }},
    "pinned": {{"command": "uvx", "args": ["some-server==1.2.3"]}},
    "remote": {{"url": "http://mcp.example.org/sse", "headers": {{"Authorization": "Bearer ${{TOKEN}}"}}}},
    "keyed": {{"command": "node", "args": ["server.js"], "env": {{"OPENAI_API_KEY": "{_KEY}"}}}},
  }}
}}
"""


def test_servers_and_their_traits(read: Read) -> None:
    """Pins, approval, remote hosts, plain HTTP and literal keys are told apart."""
    facts, gaps = read(PARSER, {".mcp.json": _FILE})
    assert gaps == []
    found = {
        node.name: (node.endpoint, node.version, node.traits) for node in facts.nodes if node.asset == "mcp_server"
    }
    assert found == {
        "files": ("npx @scope/files", None, (Trait.LOCAL, Trait.MUTABLE_REFERENCE, Trait.AUTO_APPROVE)),
        "pinned": ("uvx some-server", "1.2.3", (Trait.LOCAL,)),
        "remote": ("mcp.example.org", None, (Trait.EXTERNAL, Trait.PLAIN_HTTP)),
        "keyed": ("node server.js", None, (Trait.LOCAL, Trait.SECRET)),
    }
    assert {node.name: node.sink for node in facts.nodes}["remote"] is SinkKind.THIRD_PARTY


def test_a_data_path_flows_to_its_server(read: Read) -> None:
    """A path among the arguments is data, classified by its words, and whoever asks the server reads it."""
    facts, _ = read(PARSER, {".mcp.json": _FILE})
    (data,) = (node for node in facts.nodes if node.kind == "data")
    assert (data.id, data.categories) == ("data:file/data/patient_emails.csv", ("user.contact.email",))
    flows = [(edge.source, edge.target) for edge in facts.edges if edge.kind is EdgeKind.FLOWS_TO]
    server = "mcp_server:.mcp.json#files"
    assert flows == [(data.id, server), (server, "assistant:.mcp.json")]


def test_a_literal_key_is_listed_and_masked(read: Read) -> None:
    """The credential carries its name, and its value is nowhere in the facts."""
    facts, _ = read(PARSER, {".mcp.json": _FILE.replace("\n", " ").replace("// local and remote", "")})
    (key,) = (node for node in facts.nodes if node.asset == "credential")
    assert (key.id, key.provider, key.traits) == ("credential:OPENAI_API_KEY", "openai", (Trait.SECRET,))
    assert _KEY not in facts.model_dump_json()


@pytest.mark.parametrize(
    ("entry", "traits"),
    [
        ('{"url": "http://localhost:3000/mcp"}', {Trait.LOCAL}),
        ('{"url": "https://10.0.0.5/mcp"}', {Trait.LOCAL}),
        ('{"url": "${MCP_URL}"}', {Trait.UNRESOLVED}),
        ('{"command": "npx", "args": ["mcp-remote@0.1.2", "https://x.example.org/"]}', {Trait.EXTERNAL}),
        ('{"command": "docker", "args": ["run", "-i", "--rm", "mcp/x:1"]}', {Trait.LOCAL, Trait.MUTABLE_REFERENCE}),
        ('{"command": "docker", "args": ["run", "-e", "A=b", "x@sha256:' + "a" * 64 + '"]}', {Trait.LOCAL}),
        ('{"command": "cmd", "args": ["/c", "npx", "-y", "x@latest"]}', {Trait.LOCAL, Trait.MUTABLE_REFERENCE}),
        ('{"command": "npx -y x@1.0.0", "trust": true}', {Trait.LOCAL, Trait.AUTO_APPROVE}),
        ('{"command": "npm", "args": ["run", "server"]}', {Trait.LOCAL}),
        ('{"command": "x", "args": ["--api-key", "9fK2mQ7xW4pLtR8v"]}', {Trait.LOCAL, Trait.SECRET}),
        ('{"command": "x", "env": {"API_KEY": "your-key-here"}}', {Trait.LOCAL}),
        ('{"url": "https://x.example.org/?api_key=9fK2mQ7xW4pLtR8v"}', {Trait.EXTERNAL, Trait.SECRET}),
    ],
)
def test_traits_of_one_server(read: Read, entry: str, traits: set[Trait]) -> None:
    """Wrappers, bridges, images, private addresses and placeholders are read for what they are."""
    facts, gaps = read(PARSER, {"mcp.json": f'{{"servers": {{"s": {entry}}}}}'})
    assert gaps == []
    assert set(facts.nodes[0].traits) == traits
    assert "9fK2mQ7xW4pLtR8v" not in facts.model_dump_json()


def test_wrong_types_are_gaps(read: Read) -> None:
    """A server that is a list, arguments that are a number and an entry without an address are all named."""
    text = '{"mcpServers": {\n"a": [],\n"b": {"command": "x", "args": 1},\n"c": {}}}'
    facts, gaps = read(PARSER, {"x.json": text})
    assert [node.name for node in facts.nodes] == ["b", "c"]
    assert [(gap.line, gap.state) for gap in gaps] == [(2, State.PARTIAL), (3, State.PARTIAL), (4, State.PARTIAL)]


def test_a_file_cut_off_in_the_middle_is_a_gap(read: Read) -> None:
    """Half a file is a failed input with its line."""
    _, gaps = read(PARSER, {".mcp.json": _FILE[: len(_FILE) // 2]})
    assert [(gap.state, gap.reason) for gap in gaps] == [(State.FAILED, "parse_error")]


def test_other_json_is_left_alone(read: Read) -> None:
    """`servers` alone means nothing outside a file named mcp.json."""
    assert read(PARSER, {"nginx.json": '{"servers": {"a": {"url": "http://x.example.org"}}}'}) == (Facts(), [])


@given(cut=st.integers(0, len(_FILE)), put=st.text(max_size=8) | st.sampled_from(["{}", "[1]", "null", '"x":']))
def test_a_damaged_file_gives_facts_or_gaps(read: Read, cut: int, put: str) -> None:
    """Cut off or changed anywhere, the file crashes nothing."""
    read(PARSER, {".mcp.json": _FILE[:cut] + put})
    read(PARSER, {".mcp.json": _FILE[:cut] + put + _FILE[cut:]})


@pytest.mark.parametrize("text", ['{"amp.mcpServers": %s}', '{"claude": {"mcpServers": %s}}', '[{"mcpServers": %s}]'])
def test_servers_in_an_unusual_place_are_found(read: Read, text: str) -> None:
    """A client that nobody here knows may look for them there."""
    facts, _ = read(PARSER, {"settings.json": text % '{"notes": {"command": "npx", "args": ["notes"]}}'})
    assert [node.name for node in facts.nodes] == ["notes"]


def test_a_schema_that_describes_servers_has_none(read: Read) -> None:
    """The name of the key alone says nothing."""
    facts, gaps = read(PARSER, {"schema.json": '{"properties": {"mcpServers": {"type": "object"}}}'})
    assert (facts.nodes, gaps) == ((), [])
