"""Files that are said to be encrypted: what shows that they are not, and what shows nothing."""

import base64
import bz2
import gzip
import hashlib
import hmac
import io
import json
import lzma
import os
import sqlite3
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest

from petguard import verifiers
from petguard.claims import STATEMENT
from petguard.model import Claim, Location, Outcome, Reason, Verdict
from petguard.verifiers import _ciphertext
from tests.benches import bench


def noise(seed: int, length: int = 40_000) -> bytes:
    """What a good cipher's output looks like."""
    return hashlib.shake_256(b"%d" % seed).digest(length)


RANDOM = noise(7)
TABLE = "name,born,diagnosis\n" + "".join(f"Ada Lovelace {n},1815-12-10,influenza\n" for n in range(200))


def judge(root: Path, raw: bytes | str | None = None, name: str = "backup.enc", **said: Any) -> Verdict:
    """The verdict on the claim that a file with these bytes is encrypted."""
    if raw is not None:
        (root / name).write_bytes(raw if isinstance(raw, bytes) else raw.encode())
        said["artefact"] = name
    statement = STATEMENT.validate_python({"technique": "encryption_at_rest", **said})
    claim = Claim(id="c", statement=statement, location=Location(path="petguard.yaml"), subject=name)
    return verifiers.judge_all([claim], bench(root=root))[0]


def zipped(content: bytes) -> bytes:
    """A zip archive with one member."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.csv", content)
    return held.getvalue()


def tarred(content: bytes) -> bytes:
    """A tar archive with one member."""
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w") as archive:
        member = tarfile.TarInfo("a.csv")
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))
    return held.getvalue()


def database(path: Path) -> bytes:
    """An SQLite database with a table."""
    connection = sqlite3.connect(path)
    connection.execute("create table patients (name text)")
    connection.commit()
    connection.close()
    return path.read_bytes()


def xored(content: bytes, key: bytes) -> bytes:
    """The oldest cipher that is none."""
    return bytes(each ^ key[at % len(key)] for at, each in enumerate(content))


PLAIN = {
    "a table": TABLE.encode(),
    "JSON": json.dumps([{"name": "Ada Lovelace", "age": n} for n in range(50)]).encode(),
    "Latin-1": ("Schöne Grüße an alle Ämter, " * 20).encode("latin-1"),
    "UTF-16": TABLE.encode("utf-16"),
    "Greek": ("το ιατρικό ιστορικό του ασθενούς " * 10).encode(),
    "base64 of a table": base64.encodebytes(TABLE.encode()),
    "hex of a table": TABLE.encode().hex().encode(),
    "gzip": gzip.compress(TABLE.encode()),
    "bzip2": bz2.compress(TABLE.encode()),
    "xz": lzma.compress(TABLE.encode()),
    "gzip in base64": base64.b64encode(gzip.compress(TABLE.encode())),
    "gzip cut off": gzip.compress(noise(1, 2_000).hex().encode() + TABLE.encode() * 9)[:-20],
    "zip": zipped(TABLE.encode()),
    "tar": tarred(TABLE.encode()),
    "a PNG": b"\x89PNG\r\n\x1a\n" + RANDOM,
    "a PDF": b"%PDF-1.7\n1 0 obj\n<< >>\n" + RANDOM + b"\ntrailer << >>\n%%EOF\n",
    "XOR with a short key": xored((b"patient record, " * 8 + b"0" * 16) * 60, RANDOM[:13]),
    "a private key": b"-----BEGIN PRIVATE KEY-----\n"
    + base64.encodebytes(RANDOM[:900])
    + b"-----END PRIVATE KEY-----\n",
}


@pytest.mark.parametrize("raw", PLAIN.values(), ids=PLAIN.keys())
def test_what_anybody_can_read_is_refuted(tmp_path: Path, raw: bytes) -> None:
    """Whatever it is packed in, and never with a word of the content in the verdict."""
    verdict = judge(tmp_path, raw)
    assert verdict.outcome is Outcome.REFUTED
    assert verdict.witness["file"] == "backup.enc"
    assert "Lovelace" not in f"{verdict.explanation}{verdict.witness}"


def test_a_database_is_refuted(tmp_path: Path) -> None:
    """By its first sixteen bytes."""
    assert judge(tmp_path, database(tmp_path / "a.db")).witness["format"] == "an SQLite database"


def test_blocks_that_come_again_are_refuted(tmp_path: Path) -> None:
    """As a block cipher without chaining leaves them."""
    cipher = {n: hashlib.sha256(bytes([n])).digest()[:16] for n in range(40)}
    blocks = b"".join(cipher[n % 40] for n in noise(3, 2_000))
    verdict = judge(tmp_path, blocks)
    assert verdict.outcome is Outcome.REFUTED
    assert verdict.witness["repeated_blocks"] == 2_000 - 40


OPEN = {
    "random": RANDOM,
    "random in base64": base64.encodebytes(RANDOM),
    "random in hex": RANDOM.hex().encode(),
    "random in gzip": gzip.compress(RANDOM),
    "random in a zip": zipped(RANDOM),
    "random in a tar": tarred(RANDOM),
    "a head with padding": b"HEAD" + b"\0" * 4092 + RANDOM,
    "openssl": b"Salted__" + RANDOM,
    "Ansible": b"$ANSIBLE_VAULT;1.1;AES256\n" + RANDOM[:600].hex().encode(),
    "PGP": b"-----BEGIN PGP MESSAGE-----\n\n" + base64.encodebytes(RANDOM[:600]),
    "sops": b"patients: ENC[AES256_GCM,data:" + base64.b64encode(RANDOM[:60]) + b",type:str]\nversion: 3.8.1\n",
    "a column of tokens": b"".join(b"%d,%s\n" % (n, base64.b64encode(RANDOM[n : n + 60])) for n in range(30)),
    "an encrypted PDF": b"%PDF-1.7\ntrailer << /Encrypt 5 0 R >>\n" + RANDOM + b"%%EOF\n",
    "an encrypted key": b"-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n" + base64.encodebytes(RANDOM[:900]),
    "too short": b"name,age\n",
    "an Office file": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + RANDOM,
}


@pytest.mark.parametrize("raw", OPEN.values(), ids=OPEN.keys())
def test_what_looks_random_is_left_open(tmp_path: Path, raw: bytes) -> None:
    """It is never verified, and never refuted."""
    assert judge(tmp_path, raw).reason is Reason.NOT_SUFFICIENT


@pytest.mark.parametrize("seed", range(40))
def test_no_ciphertext_is_refuted(seed: int) -> None:
    """Random bytes of many lengths, as they are, in base64 and in base85."""
    raw = noise(seed, (33, 48, 64, 200, 1_000, 70_000)[seed % 6])
    assert not _ciphertext.look(raw).plain
    assert not _ciphertext.look(base64.b64encode(raw)).plain
    assert not _ciphertext.look(base64.b85encode(raw)).plain


def fernet(key: bytes, content: bytes = b"0123456789abcdef") -> bytes:
    """A token of the specification's form; what is inside does not matter to its HMAC."""
    head = b"\x80" + (1_700_000_000).to_bytes(8, "big") + RANDOM[:16] + content * 4
    secret = base64.urlsafe_b64decode(key)[:16]
    return base64.urlsafe_b64encode(head + hmac.new(secret, head, hashlib.sha256).digest())


def test_the_key_beside_a_token_is_the_witness(tmp_path: Path) -> None:
    """It proves itself by the token's HMAC, and is shown masked."""
    key = base64.urlsafe_b64encode(RANDOM[100:132])
    (tmp_path / "data").mkdir()
    (tmp_path / ".env").write_bytes(b"DEBUG=1\nFERNET_KEY=" + key + b"\n")
    verdict = judge(tmp_path, fernet(key), "data/names.enc")
    assert verdict.outcome is Outcome.REFUTED
    assert (verdict.witness["key_in"], verdict.witness["line"]) == (".env", 2)
    assert key.decode() not in f"{verdict.explanation}{verdict.witness}"


def test_another_key_is_no_witness(tmp_path: Path) -> None:
    """Forty-four characters that look like a key may open something else."""
    (tmp_path / ".env").write_bytes(b"KEY=" + base64.urlsafe_b64encode(RANDOM[200:232]))
    (tmp_path / "large").write_bytes(os.urandom(300_000))
    assert judge(tmp_path, fernet(base64.urlsafe_b64encode(RANDOM[100:132]))).reason is Reason.NOT_SUFFICIENT


@pytest.mark.parametrize(
    "line",
    [
        "  storage_encrypted = false",
        "  encrypted: false",
        '  "StorageEncrypted": false,',
        "at_rest_encryption_enabled = false",
        "enable_encryption: no",
        "  serverSideEncryption: disabled",
    ],
)
def test_a_store_whose_encryption_is_off_is_refuted(tmp_path: Path, line: str) -> None:
    """With the line, in the languages that describe infrastructure."""
    (tmp_path / "main.tf").write_text(f'resource "db" "a" {{\n{line}\n}}\n', "utf-8")
    verdict = judge(tmp_path, config="main.tf")
    assert verdict.outcome is Outcome.REFUTED
    assert verdict.witness["line"] == 2


@pytest.mark.parametrize(
    "line", ["storage_encrypted = true", "# encrypted: false", "encrypted_columns: []", "isAssertionEncrypted: false"]
)
def test_a_store_that_says_yes_is_left_open(tmp_path: Path, line: str) -> None:
    """A setting is no proof, and a comment is no setting."""
    (tmp_path / "main.tf").write_text(line, "utf-8")
    assert judge(tmp_path, config="main.tf").reason is Reason.NOT_SUFFICIENT


@pytest.mark.parametrize(
    ("raw", "said", "reason"),
    [
        (None, {}, Reason.MISSING_PARAMETER),
        (None, {"artefact": "gone"}, Reason.ARTEFACT_ABSENT),
        (None, {"config": "gone"}, Reason.ARTEFACT_ABSENT),
        (b"", {}, Reason.GAP),
        (b"\xff\xfe\xff", {"config": "backup.enc"}, Reason.GAP),
    ],
)
def test_a_missing_part_is_named(tmp_path: Path, raw: bytes | None, said: dict[str, Any], reason: Reason) -> None:
    """No file, no settings, nothing in it."""
    assert judge(tmp_path, raw, **said).reason is reason


def test_a_bomb_is_not_blown_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only a sample is unpacked, of however many layers."""
    monkeypatch.setattr(_ciphertext, "SAMPLE", 100_000)
    raw = b"0" * 1_000_000
    for _ in range(6):
        raw = gzip.compress(raw)
    assert judge(tmp_path, raw).outcome is not Outcome.VERIFIED


def test_a_file_of_one_byte_again_and_again_is_not_called_random(tmp_path: Path) -> None:
    """A hole of a sparse file holds nothing, encrypted or not."""
    verdict = judge(tmp_path, bytes(100_000))
    assert verdict.reason is Reason.NOT_SUFFICIENT
    assert "all its bytes are the same" in verdict.explanation
    assert "bits_per_byte 0.0" in verdict.explanation


@pytest.mark.parametrize(("note", "outcome"), [(500, Outcome.UNVERIFIABLE), (60_000, Outcome.REFUTED)])
def test_the_largest_file_of_a_tar_archive_decides(tmp_path: Path, note: int, outcome: Outcome) -> None:
    """A readable list of contents beside encrypted chunks shows nothing about the chunks."""
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w") as archive:
        for name, content in (("MANIFEST", (TABLE.encode() * 10)[:note]), ("chunk.enc", RANDOM)):
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    assert judge(tmp_path, held.getvalue()).outcome is outcome
    assert judge(tmp_path, held.getvalue()[:50_000]).outcome is outcome


@pytest.mark.parametrize(
    "raw", [b"PK\x03\x04" + RANDOM, b"\x1f\x8b\x08" + RANDOM, b"BZh91AY&SY" + RANDOM, b"\0" * 257 + b"ustar" + RANDOM]
)
def test_a_broken_archive_is_left_open(tmp_path: Path, raw: bytes) -> None:
    """What cannot be opened may be anything."""
    assert judge(tmp_path, raw).outcome is Outcome.UNVERIFIABLE
