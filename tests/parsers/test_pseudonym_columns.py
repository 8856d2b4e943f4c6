"""Columns that are named as pseudonyms, and code that makes them: claims only where both name and cells say so."""

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petguard.collect import collect
from petguard.errors import NothingToScan
from petguard.model import Claim, Facts, Gap, Origin
from petguard.parsers import Parser, hashed_columns, pseudonym_columns, read_all
from petguard.semgrep import SEMGREP

Read = Callable[[Parser, Mapping[str, str]], tuple[Facts, list[Gap]]]
DIGESTS = [hashlib.sha256(bytes([number])).hexdigest() for number in range(5)]


def claims(folder: Path, name: str, content: str | bytes) -> tuple[Claim, ...]:
    """What the file claims."""
    (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    parser = pseudonym_columns.PARSER
    assert parser.recognises is not None
    try:
        collection = collect([folder], {}, (), {parser.name: parser.recognises})
    except NothingToScan:
        return ()
    facts, gaps = read_all([parser], collection, SEMGREP)
    assert not gaps
    return tuple(claim for each in facts for claim in each.claims)


@pytest.mark.parametrize(
    ("column", "said"),
    [
        *[(each, "hash") for each in ("email_hash", "phoneHash", "hashed_ssn", "email_sha256", "md5_email")],
        *[(each, "hash") for each in ("user_hash", "ip_hash", "customer_md5", "Hashed_Customer_ID")],
        *[(each, "token") for each in ("patient_pseudonym", "pseudonym", "pseudo_id", "PseudoPatientID")],
        *[(each, None) for each in ("file_hash", "patch_sha256", "commit_sha", "tx_hash", "from_address_hash")],
        *[(each, None) for each in ("password_hash", "hash", "sha256", "hashtag", "email", "user_id")],
        *[(each, None) for each in ("name_hash", "water_project", "pseudo_r2")],
    ],
)  # fmt: skip
def test_the_name_must_say_whom_it_hides(column: str, said: str | None) -> None:
    """Most hashes are those of files, commits and blocks."""
    assert pseudonym_columns.method(column, "export") == said


def test_a_column_of_digests_is_a_claim(tmp_path: Path) -> None:
    """With the file, the column and how it is hidden."""
    lines = ["id;email_hash;n", *(f"{number};{digest};1" for number, digest in enumerate(DIGESTS))]
    (claim,) = claims(tmp_path, "out.csv", "\n".join(lines))
    assert claim.origin is Origin.DECLARED
    assert claim.parameters == {"artefact": "out.csv", "column": "email_hash", "method": "hash"}
    assert (claim.location.path, claim.location.line) == ("out.csv", 1)


def test_records_claim_as_well(tmp_path: Path) -> None:
    """JSON lines have their names in every row."""
    lines = [f'{{"patient_pseudonym": "P-{number:04}", "n": 1}}' for number in range(4)]
    assert [claim.subject for claim in claims(tmp_path, "out.jsonl", "\n".join(lines))] == [
        "out.jsonl:patient_pseudonym"
    ]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", "title,pseudonym\nx,Mark Twain\ny,George Eliot\nz,Voltaire\n"),
        ("a.csv", "email_hash\nyes\nno\nyes\n"),
        ("a.csv", "email_hash\n"),
        ("a.csv", f"email_hash\n{DIGESTS[0]}\n"),
        ("a.csv", "file_hash\n" + "\n".join(DIGESTS)),
        ("a.csv", "email_hash,email_hash\n" + "\n".join(f"{each},{each}" for each in DIGESTS)),
        ("a.csv", b"\xff\xfe\x00email_hash"),
        ("a.csv", 'email_hash\n"unclosed'),
        ("a.jsonl", '{"email_hash": \n[]\n7\n'),
        ("a.txt", "email_hash\n" + "\n".join(DIGESTS)),
    ],
)
def test_what_does_not_look_like_it_claims_nothing(tmp_path: Path, name: str, content: str | bytes) -> None:
    """A pen name, a flag, an empty file, a broken one."""
    assert claims(tmp_path, name, content) == ()


def test_of_many_columns_only_some_are_claims(tmp_path: Path) -> None:
    """Each is tried for seconds."""
    names = [f"email{number}_hash" for number in range(200)]
    rows = [",".join([digest] * 200) for digest in DIGESTS]
    assert len(claims(tmp_path, "a.csv", "\n".join([",".join(names).replace("email0_", "email_"), *rows]))) <= 3


@given(content=st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_bytes_are_read(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    """A file is hostile until shown otherwise."""
    claims(tmp_path_factory.mktemp("any"), "a.csv", b"email_hash\n" + content)


# --- code


CODE = """
import hashlib
import hmac
import pandas as pd

def digest(value):
    return hashlib.sha256(value.encode()).hexdigest()

def export():
    df = pd.read_csv("in.csv")
    other = df
    %s
    %s
"""
HASHED = 'df["email"] = df["email"].apply(lambda x: hashlib.sha256(x.encode()).hexdigest())'
WRITTEN = 'df.to_csv("out/people.csv", index=False)'


@pytest.mark.parametrize(
    ("line", "column", "method"),
    [
        (HASHED, "email", "hash"),
        ('df["email_hash"] = df["email"].map(digest)', "email_hash", "hash"),
        ('df["code"] = [digest(x) for x in df["ssn"]]', "code", "hash"),
        ('df["phone"] = df["phone"].str.strip().apply(digest)', "phone", "hash"),
        ('df["email"] = df["email"].map(lambda x: hmac.new(KEY, x.encode(), "sha256").hexdigest())', "email", "hmac"),
    ],
)
def test_a_hashed_column_that_is_written_is_a_claim_about_the_file(
    read: Read, line: str, column: str, method: str
) -> None:
    """Whether it holds is tried on the file."""
    facts, _ = read(hashed_columns.PARSER, {"make.py": CODE % (line, WRITTEN)})
    (claim,) = facts.claims
    assert claim.parameters == {"artefact": "out/people.csv", "column": column, "method": method}
    assert (claim.origin, claim.location.line) == (Origin.DETECTED, 12)


@pytest.mark.parametrize(
    ("line", "written"),
    [
        (HASHED, 'other.to_csv("out.csv")'),
        (HASHED, "df.to_csv(path)"),
        (HASHED, 'df.to_csv("/srv/out.csv")'),
        (HASHED, 'df.to_csv("../out.csv")'),
        (HASHED, 'df.to_csv("s3://bucket/out.csv")'),
        (HASHED, "df.to_csv()"),
        ('df["row"] = df["row"].apply(digest)', WRITTEN),
        ('df["email"] = df["email"].str.lower()', WRITTEN),
        ("df = digest(df['email'])", WRITTEN),
        (WRITTEN, HASHED),
    ],
)
def test_what_is_not_certain_claims_nothing(read: Read, line: str, written: str) -> None:
    """Another frame, another place, another column, another order."""
    facts, gaps = read(hashed_columns.PARSER, {"make.py": CODE % (line, written)})
    assert (facts.claims, gaps) == ((), [])


def test_broken_code_is_a_gap(read: Read) -> None:
    """It may have claimed something."""
    _, gaps = read(hashed_columns.PARSER, {"make.py": CODE % (HASHED, WRITTEN) + "def ("})
    assert [gap.path for gap in gaps] == ["make.py"]
