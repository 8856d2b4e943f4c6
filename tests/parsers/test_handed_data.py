"""Data that servers and containers are pointed at: which texts name data, of whom, and where it flows."""

import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petguard.model import Facts, Gap, Location
from petguard.parsers import Parser, cloudformation, compose, kubernetes, mcp, terraform
from petguard.parsers._handed_data import data

Read = Callable[[Parser, dict[str, str]], tuple[Facts, list[Gap]]]

_HERE = Location(path="x")


@pytest.mark.parametrize(
    ("text", "key", "categories"),
    [
        ("./data/patients.csv", "data:file/data/patients.csv", ("user",)),
        ("data/patients.csv", "data:file/data/patients.csv", ("user",)),
        ("./data/synthetic", "data:file/data/synthetic", ()),
        ("../", "data:file/..", ()),
        ("redis://cache:6379", "data:database/redis://cache", ()),
        ("${workspaceFolder}/data/a.db", "data:file/data/a.db", ()),
        ("/data/phi:/in:ro", "data:file//data/phi", ("user.health_and_medical",)),
        ("type=bind,src=/data/customers,dst=/x", "data:file//data/customers", ("user",)),
        ("sqlite:///./data/users.db", "data:file/data/users.db", ("user",)),
        ("sqlite:////srv/x.db", "data:file//srv/x.db", ()),
        ("postgres://app:hunter2@db:5432/customers", "data:database/postgres://db/customers", ("user",)),
        ("jdbc:postgresql://h/stock", "data:database/postgresql://h/stock", ()),
        ("s3://clinic-phi/in", "data:store/s3://clinic-phi/in", ("user.health_and_medical",)),
        ("arn:aws:s3:::clinic-phi/in", "data:store/s3://clinic-phi/in", ("user.health_and_medical",)),
        ("C:\\data\\employees.xlsx", "data:file/C:/data/employees.xlsx", ("user",)),
    ],
)
def test_a_path_or_address_of_data(text: str, key: str, categories: tuple[str, ...]) -> None:
    """By its shape; whose data it is, by its words."""
    found = data(text, _HERE)
    assert found is not None
    assert (found.id, found.categories) == (key, categories)


@pytest.mark.parametrize(
    "text",
    [
        *("server.py", "./server.py", "@scope/files", "/usr/local/bin/node", "/var/run/docker.sock", "config.json"),
        *("https://example.com/patients", "postgres://[", "ftp://x/y", "file://", "--port", "", "x/" * 2_000 + "a.csv"),
    ],
)
def test_what_is_no_data(text: str) -> None:
    """Programs, packages, settings, web pages."""
    assert data(text, _HERE) is None


def test_a_home_folder_is_not_about_its_user() -> None:
    """`users` in the path of a home is no table of users."""
    found = data("/Users/me/Desktop", _HERE)
    assert found is not None
    assert found.categories == ()


@given(st.text(max_size=60))
def test_any_text_is_data_or_not(text: str) -> None:
    """Nothing crashes, and a password is never in a name."""
    data(text, _HERE)
    found = data(f"postgres://u:secret-{text}@h/x", _HERE)
    assert found is None or "secret-" not in found.name


def _flows(read: Read, parser: Parser, path: str, text: str) -> list[tuple[str, str]]:
    facts, gaps = read(parser, {path: text})
    assert gaps == []
    assert {end for edge in facts.edges for end in (edge.source, edge.target)} <= {node.id for node in facts.nodes}
    return [(edge.source, edge.target) for edge in facts.edges if edge.kind == "flows_to"]


def test_a_server_is_given_paths_addresses_and_settings(read: Read) -> None:
    """In arguments with and without an option, inside a shell, and in variables; a cache folder is none."""
    entry = {
        "command": "uvx",
        "args": ["clif@1.2.3", "--data-path", "data/patients.csv", "--db=postgres://u:p@db/members"],
        "env": {"DB": "sqlite:///leads.db", "CACHE_DIR": "/tmp/cache"},  # noqa: S108 - a path in a file to be read
    }
    shell = {"command": "sh", "args": ["-c", "serve ./data/phi"]}
    text = json.dumps({"mcpServers": {"a": entry, "b": shell}})
    assert set(_flows(read, mcp.PARSER, ".mcp.json", text)) == {
        ("data:file/data/patients.csv", "mcp_server:.mcp.json#a"),
        ("data:database/postgres://db/members", "mcp_server:.mcp.json#a"),
        ("data:file/leads.db", "mcp_server:.mcp.json#a"),
        ("data:file/data/phi", "mcp_server:.mcp.json#b"),
        ("mcp_server:.mcp.json#a", "assistant:.mcp.json"),
        ("mcp_server:.mcp.json#b", "assistant:.mcp.json"),
    }


def test_a_database_is_known_and_its_password_is_not(read: Read) -> None:
    """Not in the name, not in the evidence."""
    env = {"DATABASE_URL": "postgres://app:Qz7Lm2Rt9Vb4Xc6Kp1Ws8@db/members"}  # made for this test
    facts, _ = read(
        mcp.PARSER, {".mcp.json": json.dumps({"mcpServers": {"a": {"command": "x", "env": env}}}, indent=1)}
    )
    assert "data:database/postgres://db/members" in {node.id for node in facts.nodes}
    assert "Qz7Lm2Rt9Vb4" not in facts.model_dump_json()


def test_a_compose_service_that_runs_ai_gets_what_is_mounted(read: Read) -> None:
    """Volumes in both forms and variables; models and settings are not data about people."""
    text = """
services:
  llm:
    image: ollama/ollama:0.5.1
    volumes:
      - ./data/patients.csv:/in/patients.csv
      - {type: bind, source: ./data/phi, target: /in/phi}
      - ollama:/root/.ollama
    environment:
      SOURCE: s3://clinic-pii/x
  other:
    image: nginx
    volumes: ["./data/patients.csv:/x"]
"""
    assert {start for start, _ in _flows(read, compose.PARSER, "docker-compose.yml", text)} == {
        "data:file/data/patients.csv",
        "data:file/data/phi",
        "data:store/s3://clinic-pii/x",
    }


def test_a_pod_that_runs_ai_gets_what_is_mounted(read: Read) -> None:
    """The path inside the pod tells what it is."""
    text = """
apiVersion: v1
kind: Pod
metadata: {name: a}
spec:
  containers:
    - name: llm
      image: vllm/vllm-openai:v0.6.0
      args: [--model, mistralai/Mistral-7B, --tokenizer=/models/x]
      volumeMounts: [{name: d, mountPath: /data/phi}, {name: m, mountPath: /models}]
"""
    assert [start for start, _ in _flows(read, kubernetes.PARSER, "pod.yaml", text)] == ["data:file//data/phi"]


def test_an_ai_resource_of_the_cloud_gets_the_bucket_it_names(read: Read) -> None:
    """A knowledge base and its documents, in both languages; other buckets are not listed."""
    text = """
resource "aws_bedrockagent_data_source" "notes" {
  name = "notes"
  data_source_configuration {
    s3_configuration { bucket_arn = "arn:aws:s3:::clinic-phi" }
  }
  server_side { log = "s3://logs/x" }
}
"""
    flows = _flows(read, terraform.PARSER, "main.tf", text)
    assert [start for start, _ in flows] == ["data:store/s3://clinic-phi"]
    template = """
Resources:
  Notes:
    Type: AWS::Bedrock::DataSource
    Properties: {DataSourceConfiguration: {S3Configuration: {BucketArn: "arn:aws:s3:::clinic-phi"}}}
"""
    flows = _flows(read, cloudformation.PARSER, "template.yaml", template)
    assert [start for start, _ in flows] == ["data:store/s3://clinic-phi"]


def test_an_object_that_serves_models_gets_the_data_it_names(read: Read) -> None:
    """A custom resource of the cluster."""
    text = """
apiVersion: kaito.sh/v1beta1
kind: Workspace
metadata: {name: tune}
tuning: {preset: {name: phi-3}, input: {urls: ["s3://clinic-pii/train.parquet"]}}
"""
    assert [start for start, _ in _flows(read, kubernetes.PARSER, "w.yaml", text)] == [
        "data:store/s3://clinic-pii/train.parquet"
    ]
