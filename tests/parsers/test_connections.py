"""Connections to data and AI that a setting leaves open, and what is left alone because it matters to nobody."""

from collections.abc import Callable

import pytest

from petguard.collect import Candidate, Interest
from petguard.model import Facts, Gap, Trait
from petguard.parsers import Parser
from petguard.parsers.connections import PARSER

Read = Callable[[Parser, dict[str, str]], tuple[Facts, list[Gap]]]


def traits(read: Read, path: str, text: str) -> list[tuple[int, Trait]]:
    """Line and trait of each open connection in one file."""
    facts, gaps = read(PARSER, {path: text})
    assert gaps == []
    return [(node.locations[0].line, trait) for node in facts.nodes for trait in node.traits]


OPEN = [
    ("app/.env", "REDIS_URL=redis://cache.clinic.org:6379", Trait.UNENCRYPTED),
    ("app/settings.py", 'BROKER = "amqp://queue.clinic.org//"', Trait.UNENCRYPTED),
    ("app/mail.yaml", "ldap: {url: 'ldap://directory.clinic.org'}", Trait.UNENCRYPTED),
    ("app/ask.ts", "const openai = new OpenAI({ baseURL: 'http://llm.clinic.org/v1' });", Trait.UNENCRYPTED),
    ("app/db.go", 'dsn := "postgres://db.clinic.org/p?sslmode=disable"', Trait.UNENCRYPTED),
    (
        "kafka.properties",
        "bootstrap.servers=kafka.clinic.org:9092\nserver=kafka.clinic.org\nsecurity.protocol=PLAINTEXT",
        Trait.UNENCRYPTED,
    ),
    (
        "app/db.js",
        "new Pool({ host: 'db.clinic.org', ssl: { rejectUnauthorized: false } }); // postgres",
        Trait.UNCHECKED_PEER,
    ),
    ("app/mssql.js", "options: { trustServerCertificate: true }", Trait.UNCHECKED_PEER),
    ("start.sh", "export NODE_TLS_REJECT_UNAUTHORIZED=0", Trait.UNCHECKED_PEER),
    ("db.py", 'URL = "mysql+pymysql://app:Zt4Qx9Lm2Vb7@db.clinic.org/p"', Trait.SECRET),
    ("main.tf", 'resource "aws_db_instance" "a" {\n  storage_encrypted = false\n}', Trait.UNENCRYPTED_STORE),
    ("class.yaml", "kind: StorageClass\nparameters:\n  encrypted: 'false'\n", Trait.UNENCRYPTED_STORE),
]


@pytest.mark.parametrize(("path", "text", "trait"), OPEN)
def test_an_open_connection_is_found(read: Read, path: str, text: str, trait: Trait) -> None:
    """In code, settings and infrastructure."""
    assert [found for _, found in traits(read, path, text)] == [trait]


CLOSED = [
    ("app/.env", "REDIS_URL=redis://redis:6379"),
    ("app/.env", "REDIS_URL=redis://localhost:6379"),
    ("app/.env.example", "REDIS_URL=redis://cache.clinic.org:6379"),
    ("tests/db.py", 'URL = "postgres://app:Zt4Qx9Lm2Vb7@db.clinic.org/p?sslmode=disable"'),
    ("docs/setup.yaml", "url: redis://cache.clinic.org:6379"),
    ("app/ask.ts", "const page = await get({ url: 'http://clinic.org/about' });"),
    ("app/print.py", "requests.get(printer, verify=False)"),
    ("app/Store.java", "private boolean useTls = false; // qdrant"),
    ("app/db.py", 'URL = "postgres://app:${DB_PASSWORD}@db.clinic.org/p"'),
    ("app/db.py", 'URL = "postgres://app:changeme@db.clinic.org/p"'),
    ("app/db.py", 'URL = "https://app:Zt4Qx9Lm2Vb7@git.clinic.org/p"'),
    ("message.json", '{"encrypted": false}'),
    ("main.tf", 'resource "aws_db_instance" "a" {\n  storage_encrypted = true\n}'),
    ("notes.txt", "redis://cache.clinic.org:6379"),
    ("app/empty.py", ""),
]


@pytest.mark.parametrize(("path", "text"), CLOSED)
def test_what_concerns_nobody_is_left_alone(read: Read, path: str, text: str) -> None:
    """Near machines, tests, documentation, variables, and connections to neither data nor AI."""
    assert traits(read, path, text) == []


def test_the_password_is_masked(read: Read) -> None:
    """Wherever the node is shown."""
    facts, _ = read(PARSER, {"db.py": 'URL = "postgres://app:Zt4Qx9Lm2Vb7@db.clinic.org/p?sslmode=disable"'})
    assert len(facts.nodes) == 2
    assert "Zt4Qx9Lm2Vb7" not in facts.model_dump_json()


def test_a_file_with_nothing_open_is_analysed() -> None:
    """It was looked at, whatever came of it."""
    assert PARSER.interest(Candidate("app/.env", b"REDIS_URL=rediss://cache.clinic.org\n")) is Interest.CLEAR


@pytest.mark.parametrize(
    "text", ["http://" * 200_000, "verify" + " " * 1_000_000 + "=False", "://" + ":@" * 300_000, "ssl=\n" * 200_000]
)
def test_a_hostile_file_ends(read: Read, text: str) -> None:
    """No expression takes long, and no file gives more nodes than anybody reads."""
    facts, _ = read(PARSER, {"app/settings.py": text})
    assert len(facts.nodes) <= 200
