"""Where each client lists its MCP servers, and what the servers can do."""

import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petguard.model import EdgeKind, Facts, Gap, Node, Trait
from petguard.parsers import Parser
from petguard.parsers.mcp import PARSER

Read = Callable[[Parser, dict[str, str]], tuple[Facts, list[Gap]]]

_CLIENTS = {
    "codex": (".codex/config.toml", '[mcp_servers.s]\ncommand = "uvx"\nargs = ["mcp-server-git==2025.1.14"]\n'),
    "zed": (".zed/settings.json", '{"context_servers": {"s": {"source": "custom", "command": "x", "args": []}}}'),
    "zed, older": ("settings.json", '{"context_servers": {"s": {"command": {"path": "x", "args": ["y"]}}}}'),
    "zed, an extension": ("settings.json", '{"context_servers": {"s": {"settings": {"url": "x"}}}}'),
    "vs code": (".vscode/mcp.json", '{"inputs": [], "servers": {"s": {"command": "x"}}}'),
    "visual studio": (".mcp.json", '{"servers": {"s": {"type": "http", "url": "https://x.example.org/"}}}'),
    "vs code settings": ("settings.json", '{"mcp": {"servers": {"s": {"command": "x"}}}}'),
    "dotted": ("settings.json", '{"mcp.servers": {"s": {"command": "x"}}}'),
    "container": (
        ".devcontainer/devcontainer.json",
        '{"customizations": {"vscode": {"mcp": {"servers": {"s": {"command": "x"}}}}}}',
    ),
    "workspace": ("a.code-workspace", '{"settings": {"mcp": {"servers": {"s": {"command": "x"}}}}}'),
    "opencode": ("opencode.json", '{"mcp": {"s": {"type": "local", "command": ["x", "y"], "enabled": true}}}'),
    "crush": ("crush.json", '{"mcp": {"s": {"type": "stdio", "command": "x"}}}'),
    "goose": ("config.yaml", "extensions:\n  s:\n    type: stdio\n    cmd: uvx\n    args: [x]\n    envs: {}\n"),
    "goose recipe": ("recipe.yaml", "extensions:\n- type: stdio\n  name: s\n  cmd: uvx\n  args: [x]\n"),
    "continue": (".continue/config.yaml", "mcpServers:\n  - name: s\n    command: npx\n    args: [x]\n"),
    "continue, older": (
        "config.json",
        '{"experimental": {"modelContextProtocolServers": [{"name": "s", "transport": {"command": "x"}}]}}',
    ),
    "librechat": ("librechat.yaml", "mcpServers:\n  s:\n    type: sse\n    url: https://x.example.org/sse\n"),
    "augment": ("settings.json", '{"augment.advanced": {"mcpServers": [{"name": "s", "command": "x"}]}}'),
    "amp": ("settings.json", '{"amp.mcpServers": {"s": {"command": "x"}}}'),
    "mcp-agent": ("mcp_agent.config.yaml", "mcp:\n  servers:\n    s:\n      command: uvx\n      args: [x]\n"),
    "tiny-agents": (
        "agent.json",
        '{"model": "a/b", "servers": [{"name": "s", "type": "stdio", "config": {"command": "x"}}]}',
    ),
    "copilot agent": (
        ".github/agents/a.md",
        "---\nname: a\nmcp-servers:\n  s:\n    type: local\n    command: x\n---\nText\n",
    ),
    "spring ai": (
        "application.yml",
        "spring:\n  ai:\n    mcp:\n      client:\n        stdio:\n          connections: {s: {command: x}}\n",
    ),
    "docker": ("catalog.yaml", "registry:\n  s:\n    type: server\n    image: mcp/x@sha256:" + "a" * 64 + "\n"),
    "claude code": (".claude.json", '{"projects": {"/home/me": {"mcpServers": {"s": {"command": "x"}}}}}'),
    "registry": (
        "server.json",
        '{"$schema": "https://static.modelcontextprotocol.io/x.json", "name": "s", "packages": []}',
    ),
    "bundle": ("manifest.json", '{"name": "s", "server": {"type": "node", "mcp_config": {"command": "node"}}}'),
    "smithery": ("s/smithery.yaml", "startCommand:\n  type: stdio\n  commandFunction: |-\n    () => 1\n"),
    "fastmcp": ("s/fastmcp.json", '{"$schema": "https://gofastmcp.com/x.json", "source": {"path": "server.py"}}'),
}


def _servers(facts: Facts) -> list[Node]:
    return [node for node in facts.nodes if node.asset == "mcp_server"]


@pytest.mark.parametrize(("path", "text"), _CLIENTS.values(), ids=_CLIENTS)
def test_the_servers_of_every_client_are_found(read: Read, path: str, text: str) -> None:
    """Whatever the keys above them are called, and in JSON, YAML, TOML and front matter."""
    facts, gaps = read(PARSER, {path: text})
    assert ([node.name for node in _servers(facts)], gaps) == (["s"], [])


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("values.yaml", "mcp:\n  enabled: true\n  url: https://istio.example.org\n"),
        ("conf.yaml", "extensions:\n  - url: https://hl7.example.org/fhir\n    uri: urn:x\n"),
        ("conf.yaml", "registry:\n  cache:\n    type: server\nmcp: no\n"),
        ("agent.json", '{"servers": ["a", "b"], "model": "X220"}'),
        ("server.json", '{"name": "s", "port": 80}'),
        ("manifest.json", '{"name": "s", "manifest_version": 3}'),
        ("compose.yaml", "services:\n  mcp:\n    command: x\n"),
    ],
)
def test_what_only_shares_a_key_is_no_server(read: Read, path: str, text: str) -> None:
    """Keys that mean something else elsewhere need company."""
    facts, gaps = read(PARSER, {path: text})
    assert (_servers(facts), gaps) == ([], [])


def _one(read: Read, entry: object) -> Node:
    facts, _ = read(PARSER, {"x.json": json.dumps({"mcpServers": {"s": entry}})})
    (node,) = _servers(facts)
    return node


_ABLE = {
    Trait.WRITES_FILES,
    Trait.RUNS_COMMANDS,
    Trait.REACHES_NETWORK,
    Trait.REACHES_DATABASE,
    Trait.WRITES_DATABASE,
    Trait.SPENDS_MONEY,
    Trait.BROAD_RIGHTS,
}


@pytest.mark.parametrize(
    ("entry", "can"),
    [
        ({"command": "npx", "args": ["-y", "@modelcontextprotocol/server-filesystem", "./docs"]}, {"writes_files"}),
        (
            {"command": "npx", "args": ["@modelcontextprotocol/server-filesystem", "/"]},
            {"writes_files", "broad_rights"},
        ),
        ({"command": "docker", "args": ["run", "-i", "mcp/filesystem:1", "/a"]}, {"writes_files"}),
        ({"command": "uvx", "args": ["mcp-server-git"]}, {"writes_files"}),
        ({"command": "uvx", "args": ["postgres-mcp"]}, {"reaches_database", "writes_database"}),
        ({"command": "uvx", "args": ["postgres-mcp", "--access-mode=restricted"]}, {"reaches_database"}),
        ({"command": "npx", "args": ["mongodb-mcp-server", "--readOnly"]}, {"reaches_database"}),
        (
            {"command": "npx", "args": ["mongodb-mcp-server", "--readOnly=false"]},
            {"reaches_database", "writes_database"},
        ),
        ({"url": "https://mcp.supabase.com/mcp?read_only=true"}, {"reaches_database", "reaches_network"}),
        ({"url": "https://mcp.stripe.com"}, {"reaches_network", "spends_money"}),
        ({"command": "x", "args": ["postgresql://localhost/app"]}, {"reaches_database"}),
        ({"command": "x", "env": {"DATABASE_URI": "mysql://localhost/app"}}, {"reaches_database"}),
        (
            {"command": "deno", "args": ["run", "--allow-write", "--allow-net", "s.ts"]},
            {"writes_files", "reaches_network"},
        ),
        ({"command": "docker", "args": ["run", "-v", "/var/run/docker.sock:/s", "x"]}, {"runs_commands"}),
        ({"command": "docker", "args": ["run", "--read-only", "mcp/filesystem"]}, {"writes_files"}),
        ({"command": "python", "args": ["-m", "mcp_server_git"]}, {"writes_files"}),
        ({"command": "node", "args": ["/opt/server-filesystem/dist/index.js", "./a"]}, {"writes_files"}),
        ({"type": "builtin", "name": "developer"}, {"runs_commands", "writes_files"}),
        ({"command": "acme"}, set()),
    ],
)
def test_what_a_server_can_do(read: Read, entry: object, can: set[str]) -> None:
    """By its package, image, address, arguments and settings; a read-only setting takes the writing away."""
    assert set(_one(read, entry).traits) & _ABLE == can


def test_the_details_say_why(read: Read) -> None:
    """Each ability with its reason, and the setting that keeps it from writing."""
    node = _one(read, {"command": "uvx", "args": ["postgres-mcp", "--read-only", "postgresql://localhost/app"]})
    assert node.details == {
        "known_as": "postgres",
        "can": ("reaches_database: known as postgres",),
        "read_only": "read-only",
    }


@pytest.mark.parametrize(
    "entry",
    [
        {"trust": True},
        {"autoApprove": ["*"]},
        {"alwaysAllow": ["a"]},
        {"args": ["mcp", "--dangerously-skip-permissions"]},
    ],
)
def test_servers_that_nobody_has_to_agree_to(read: Read, entry: dict[str, object]) -> None:
    """Each client has its own word for it."""
    assert Trait.AUTO_APPROVE in _one(read, {"command": "x", **entry}).traits


def test_an_entry_without_a_name_is_called_after_what_it_starts(read: Read) -> None:
    """The package, else the host."""
    text = '{"servers": [{"type": "stdio", "command": "npx", "args": ["x@1.0.0"]}, {"type": "sse", "url": "https://h.io/"}]}'
    facts, gaps = read(PARSER, {"agent.json": text})
    assert ([node.name for node in _servers(facts)], gaps) == (["x", "h.io"], [])


def test_the_assistant_uses_the_servers_in_its_file(read: Read) -> None:
    """A file that an assistant reads by itself is a row, and leads to its servers."""
    facts, _ = read(PARSER, {".mcp.json": '{"mcpServers": {"s": {"command": "x"}}}'})
    assert [(edge.kind, edge.source, edge.target) for edge in facts.edges] == [
        (EdgeKind.USES, "assistant_config:.mcp.json", "mcp_server:.mcp.json#s")
    ]


def test_a_key_in_a_header_is_hidden(read: Read) -> None:
    """Also where a client keeps the token beside the address."""
    node = _one(read, {"url": "https://x.example.org", "authorization_token": "9fK2mQ7xW4pLtR8v"})
    assert Trait.SECRET in node.traits
    assert "9fK2mQ7xW4pLtR8v" not in node.model_dump_json()


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("mcp.json", '{"mcpServers": 5}'),
        ("x.yaml", "mcpServers:\n  s: {command: x\n"),
        ("x.toml", "[mcp_servers.s\n"),
        ("x.yaml", "mcpServers:\n  {{ toYaml .Values.servers }}\n"),
        ("x.json", '{"mcpServers": {"s": ["x"]}}'),
    ],
)
def test_bad_files_are_gaps(read: Read, path: str, text: str) -> None:
    """Cut off, of the wrong type, or a template."""
    facts, gaps = read(PARSER, {path: text})
    assert _servers(facts) == []
    assert len(gaps) == 1


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from(["x", "stdio", "https://h.io"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["mcpServers", "servers", "mcp", "command", "args", "env", "url", "type", "headers", "config"]
            ),
            inner,
            max_size=3,
        )
    ),
    max_leaves=12,
)


@given(value=_JSON, path=st.sampled_from(["mcp.json", "agent.json", "opencode.json", "manifest.json", "server.json"]))
def test_any_shape_gives_facts_or_gaps(read: Read, value: object, path: str) -> None:
    """Whatever stands where, nothing crashes."""
    read(PARSER, {path: json.dumps({"mcpServers": value, "mcp": value, "servers": value, "model": "x"})})
