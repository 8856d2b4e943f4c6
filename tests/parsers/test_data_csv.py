"""Files of data: told by their header, of which no row is shown."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petguard.collect import Collection, collect
from petguard.errors import NothingToScan
from petguard.model import Gap, Node
from petguard.parsers import data_csv, read_all
from petguard.semgrep import SEMGREP

_PARSER = data_csv.PARSER


def _scan(folder: Path, name: str, content: str | bytes) -> tuple[Collection | None, list[Node], list[Gap]]:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    assert _PARSER.recognises is not None
    try:
        collection = collect([folder], {}, (), {_PARSER.name: _PARSER.recognises})
    except NothingToScan:
        return None, [], []
    facts, gaps = read_all([_PARSER], collection, SEMGREP)
    nodes = [node for each in facts for node in each.nodes]
    return collection, nodes, list(gaps)


@pytest.mark.parametrize(
    ("name", "content", "categories"),
    [
        ("a.csv", "id,email,amount\n1,ada@example.com,3\n", ("user.contact.email",)),
        ("a.csv", 'id;"E-Mail";"a, b"\r\n1;x;2\r\n', ("user.contact.email",)),
        ("a.tsv", "first_name\tdiagnosis\nAda\tflu\n", ("user.health_and_medical", "user.name.first")),
        ("patients.csv", "name,age\n", ("user.demographic.age", "user.name")),
        ("patients/2024-01.csv", "name,ward\n", ("user.name",)),
        ("train.csv", "PassengerId,Survived,Name,Sex\n1,0,x,male\n", ("user.demographic.gender", "user.name")),
        ("a.csv", "# exported\nsep=;\n\nssn;x\n", ("user.government_id.ssn",)),
        ("a.csv", "email\n", ("user.contact.email",)),
        ("a.csv", "email", ("user.contact.email",)),
        ("a.csv", "id,iban\r1,2\r", ("user.financial.bank_account",)),
        ("a.csv", "id,email\n".encode("utf-16"), ("user.contact.email",)),
        ("a.csv", b"\xef\xbb\xbfemail,id\n", ("user.contact.email",)),
        ("a.csv", "\0email,ssn\0,x", ("user.contact.email", "user.government_id.ssn")),
        ("a.csv", b"email,Stra\xdfe\n", ("user.contact.email",)),
        ("a.jsonl", '{"user": {"contact": [{"email": "ada@example.com"}]}}\n{"x', ("user.contact.email",)),
        ("a.csv", "email," + ",".join(f"c{i}" for i in range(2000)) + "\n1\n", ("user.contact.email",)),
    ],
)
def test_a_header_tells_personal_data(
    tmp_path: Path, name: str, content: str | bytes, categories: tuple[str, ...]
) -> None:
    """Whatever the delimiter, the encoding and what stands above, the names of the columns are classified."""
    collection, nodes, gaps = _scan(tmp_path, name, content)
    assert [(node.id, node.categories) for node in nodes] == [(f"data:file/{name}", categories)]
    assert collection is not None
    assert [(file.state, file.reason) for file in collection.files] == [("analysed", "read")]
    assert gaps == []


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", "id,name,price\n1,chair,3\n"),  # products have names, too
        ("a.csv", "age_band,district,weekday\n"),
        ("a.csv", "ada@example.com,email\nbob@example.com,phone\n"),  # a row
        ("a.csv", "1,email,2\n"),
        ("a.csv", "email,email,phone\n"),  # repeated values, and no names
        ("a.csv", "please send us your email\n"),
        ("a.csv", ""),
        ("a.csv", "\n\n"),
        ("a.jsonl", "[1]\n"),
        ("a.jsonl", '{"messages": [{"role": "user", "content": "hi"}]}\n'),
        ("a.jsonl", '{"email": '),
        ("a.jsonl", "[" * 5000),
        ("a.txt", "id,email\n"),
    ],
)
def test_other_files_stay_skipped_data(tmp_path: Path, name: str, content: str) -> None:
    """What is no header, or is none of personal data, makes no node and no gap: it is counted as before."""
    (tmp_path / "other.txt").write_text("x")
    assert _scan(tmp_path, name, content)[1:] == ([], [])


def test_no_row_is_shown(tmp_path: Path) -> None:
    """The details name the personal columns and how many there are, and nothing else of the file."""
    _, (node,), _ = _scan(tmp_path, "a.csv", "id,email,secret_words\n1,ada@example.com,hello world\n")
    assert node.details == {"path": "a.csv", "columns": ("email",), "column_count": 3}
    assert node.locations[0].evidence == ""
    assert "ada" not in node.model_dump_json()


def test_a_large_file_is_read_by_its_header(tmp_path: Path) -> None:
    """A table over the cap for text is analysed, not a gap: nothing but its header matters."""
    collection, (node,), gaps = _scan(tmp_path, "big.csv", "id,email\n" + "1,x\n" * 2_600_000)
    assert node.categories == ("user.contact.email",)
    assert collection is not None
    assert (collection.gaps, gaps) == ((), [])


def test_a_header_without_end_is_a_gap(tmp_path: Path) -> None:
    """Columns behind the part that is read may be personal, too."""
    _, nodes, gaps = _scan(tmp_path, "a.csv", "email," + ",".join(f"column_{i}" for i in range(20_000)))
    assert len(nodes) == 1
    assert [(gap.reason, gap.line) for gap in gaps] == [("too_large", 1)]


@given(head=st.binary(max_size=40), name=st.sampled_from(["a.csv", "a.tsv", "a.jsonl"]))
def test_any_bytes_are_survived(tmp_path_factory: pytest.TempPathFactory, head: bytes, name: str) -> None:
    """No content of such a file crashes anything, before or behind a header."""
    folder = tmp_path_factory.mktemp("data")
    for content in (head, head + b"id,email\n1,2\n", b"email,ssn" + head, b'{"email": "' + head):
        _scan(folder, name, content)
