"""Prisma schemas: models as tables with columns."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petguard.graph import SystemGraph
from petguard.model import Facts, Gap, Node, State, Trait
from petguard.parsers import Parser, prisma

Read = Callable[[Parser, dict[str, str]], tuple[Facts, list[Gap]]]

_SCHEMA = """\
datasource db {
  provider = "postgresql"
  url      = env("DATABASE_URL")
}

/// Everybody who signs in
model User {
  id            String    @id @default(uuid()) // no model Fake {
  email         String    @unique @map("e_mail")
  emailVerified DateTime?
  password      String    @default("http://x//") /// @encrypted
  /// @pii
  ref           String
  posts         Post[]
  address       Address

  @@index([
    email,
    ref
  ])
  @@map("users")
}

enum Role {
  ADMIN
}

model Post {
  title    String
  author   User   @relation(fields: [authorId], references: [id],
    onDelete: Cascade)
  authorId String
}

type Address {
  street_address String
}
"""


def _nodes(facts: Facts) -> dict[str, Node]:
    return {node.id: node for node in SystemGraph([facts]).nodes()}


def _columns(facts: Facts) -> set[str]:
    return {node.name for node in facts.nodes if "column" in node.details}


def test_fields_are_columns(read: Read) -> None:
    """Fields about people, with what is said of them; relations, enums and moments in time are none."""
    facts, gaps = read(prisma.PARSER, {"prisma/schema.prisma": _SCHEMA})
    nodes = _nodes(facts)
    home = "data:prisma/prisma/User"
    assert gaps == []
    assert _columns(facts) == {"User.email", "User.password", "User.ref", "Address.street_address"}
    assert nodes[f"{home}.email"].details["stored_as"] == "users.e_mail"
    assert nodes[f"{home}.email"].locations[0].line == 9
    assert nodes[f"{home}.password"].traits == (Trait.SAID_MASKED,)
    assert nodes[f"{home}.ref"].traits == (Trait.SAID_PERSONAL,)
    assert "stored_as" not in nodes["data:prisma/prisma/Address.street_address"].details


def test_an_encrypted_field_passes_its_protection(read: Read) -> None:
    """The model gets what the extension encrypted, and is no row of the inventory of AI."""
    facts, _ = read(prisma.PARSER, {"schema.prisma": _SCHEMA})
    ends = {(edge.source, edge.target) for edge in facts.edges}
    by = "protection:prisma/./User.password"
    assert {("data:prisma/./User.password", by), (by, "data:prisma/./User")} <= ends
    assert _nodes(facts)[by].technique == "encryption_at_rest"
    assert _nodes(facts)["data:prisma/./User"].asset is None


def test_a_schema_may_have_several_files(read: Read) -> None:
    """A model of another file of the folder is a relation; one of another folder is another model."""
    files = {"p/a.prisma": "model Email {\n  id Int\n}\n", "p/b.prisma": "model User {\n  email Email\n}\n"}
    assert _columns(read(prisma.PARSER, files)[0]) == set()
    files["q/b.prisma"] = files.pop("p/b.prisma")
    assert _columns(read(prisma.PARSER, files)[0]) == {"User.email"}


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("model User {\n  email String\n", 3),
        ("model User {\n  email\n}\n", 2),
        ("model User {\n  @@index([a,\n", 3),
        ("model User {\n  = String\n}\n", 2),
    ],
)
def test_what_cannot_be_read_is_a_gap(read: Read, text: str, line: int) -> None:
    """A block without an end, and a line that is no field, are named with their line."""
    _, gaps = read(prisma.PARSER, {"a.prisma": text})
    assert [(gap.path, gap.line, gap.state) for gap in gaps] == [("a.prisma", line, State.PARTIAL)]


def test_a_cut_off_model_still_counts(read: Read) -> None:
    """What stands before the end of the file is read."""
    facts, _ = read(prisma.PARSER, {"a.prisma": "model User {\n  email String\n"})
    assert _columns(facts) == {"User.email"}


@pytest.mark.parametrize("text", ["enum Role {\n  A\n}\n", "", "// model User {"])
def test_files_without_models_are_not_read(read: Read, text: str) -> None:
    """A file that only configures says nothing about data."""
    assert read(prisma.PARSER, {"a.prisma": text}) == (Facts(), [])


def test_a_hostile_file_takes_no_time(read: Read) -> None:
    """Long lines, open quotes and thousands of brackets are gone through once."""
    lines = ["model User {", "  a String " + '"' * 50_000, "  b String " + "(" * 50_000, "x " * 50_000, "\\" * 50_000]
    _, gaps = read(prisma.PARSER, {"a.prisma": "\n".join(lines)})
    assert gaps


@given(cut=st.integers(0, 900), put=st.text(max_size=8) | st.sampled_from(["}", "{", '"', "(", "model X {\n", "//"]))
def test_damaged_files_give_facts_or_gaps(read: Read, cut: int, put: str) -> None:
    """Cut off or changed anywhere, a schema crashes nothing, and every edge has two ends."""
    for damaged in (_SCHEMA[:cut] + put, _SCHEMA[:cut] + put + _SCHEMA[cut:]):
        SystemGraph([read(prisma.PARSER, {"a.prisma": damaged})[0]]).flows()
