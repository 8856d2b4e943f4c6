"""Model signatures and hashes: whole files, whole lists, and who signed; judged without a network."""

import base64
import hashlib
import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

from petguard import verifiers
from petguard.claims import STATEMENT
from petguard.model import Claim, Location, Outcome, Reason, Verdict
from tests.benches import bench

NOW = datetime(2026, 1, 1, tzinfo=UTC)
KIND = "application/vnd.in-toto+json"
HASHES: dict[int, hashes.HashAlgorithm] = {256: hashes.SHA256(), 384: hashes.SHA384(), 521: hashes.SHA512()}
KEY = ec.generate_private_key(ec.SECP256R1())
FILES = {"config.json": b"{}", "weights/w.bin": b"abc" * 100}


def pem(key: Any = KEY) -> str:
    """The public half."""
    return str(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode())


def statement(files: dict[str, bytes], **changes: Any) -> dict[str, Any]:
    """The list that is signed, as model-signing 1.1 writes it."""
    listed = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    root = hashlib.sha256(b"".join(map(bytes.fromhex, listed.values()))).hexdigest()
    resources = [{"name": name, "algorithm": "sha256", "digest": digest} for name, digest in listed.items()]
    ignored = {"method": "files", "hash_type": "sha256", "ignore_paths": [".git", "notes"], "allow_symlinks": False}
    said = {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": "m", "digest": {"sha256": root}}],
        "predicateType": "https://model_signing/signature/v1.0",
        "predicate": {"resources": resources, "serialization": ignored},
    }
    return {**said, **changes}


def signed(payload: dict[str, Any], key: Any = KEY, material: Any = None) -> dict[str, Any]:
    """A sigstore bundle over the list: DSSE 1.0.0, ECDSA."""
    raw = json.dumps(payload).encode()
    encoded = f"DSSEv1 {len(KIND)} {KIND} {len(raw)} ".encode() + raw
    signature = key.sign(encoded, ec.ECDSA(HASHES[key.key_size]))
    return bundle(raw, signature, material)


def bundle(raw: bytes, signature: bytes, material: Any = None) -> dict[str, Any]:
    """The envelope and what stands around it."""
    envelope = {
        "payload": base64.b64encode(raw).decode(),
        "payloadType": KIND,
        "signatures": [{"sig": base64.b64encode(signature).decode(), "keyid": ""}],
    }
    return {"verificationMaterial": material or {"publicKey": {"hint": "x"}}, "dsseEnvelope": envelope}


def written(root: Path, held: Any, files: dict[str, bytes] = FILES) -> None:
    """A model of these files below `m`, and the signature beside it."""
    for name, content in files.items():
        (root / "m" / name).parent.mkdir(parents=True, exist_ok=True)
        (root / "m" / name).write_bytes(content)
    (root / "m.sig").write_text(held if isinstance(held, str) else json.dumps(held), "utf-8")


def judge(root: Path, **said: Any) -> Verdict:
    """The verdict on a claim about what lies below `root`."""
    read = STATEMENT.validate_python({"technique": "model_signature", **said})
    claim = Claim(id="c", statement=read, location=Location(path="m/m.petguard.yaml"), subject="m")
    return verifiers.judge_all([claim], bench(root=root, now=NOW))[0]


def judge_signature(root: Path, **said: Any) -> Verdict:
    """The verdict on the signature beside the model, with the right key unless another is said."""
    return judge(root, **{"artefact": "m", "signature": "m.sig", "public_key": pem(), **said})


def test_a_file_with_the_stated_hash_is_verified(tmp_path: Path) -> None:
    """In either case of the letters."""
    (tmp_path / "w.bin").write_bytes(b"weights")
    verdict = judge(tmp_path, artefact="w.bin", sha256=hashlib.sha256(b"weights").hexdigest().upper())
    assert verdict.outcome is Outcome.VERIFIED


def test_a_file_with_another_hash_is_refuted_by_both(tmp_path: Path) -> None:
    """The witness has the hash it really has."""
    (tmp_path / "w.bin").write_bytes(b"weights")
    verdict = judge(tmp_path, artefact="w.bin", sha256="0" * 64)
    actual = hashlib.sha256(b"weights").hexdigest()
    assert verdict.outcome is Outcome.REFUTED
    assert verdict.witness == {"file": "w.bin", "stated": "0" * 64, "actual": actual}


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"sha256": "0" * 64}, Reason.MISSING_PARAMETER),
        ({"artefact": "w.bin"}, Reason.MISSING_PARAMETER),
        ({"artefact": "gone.bin", "sha256": "0" * 64}, Reason.ARTEFACT_ABSENT),
        ({"artefact": "folder", "sha256": "0" * 64}, Reason.GAP),
    ],
)
def test_a_missing_field_is_named(tmp_path: Path, said: dict[str, Any], reason: Reason) -> None:
    """Neither the file nor what to compare it with may be missing."""
    (tmp_path / "w.bin").write_bytes(b"weights")
    (tmp_path / "folder").mkdir()
    assert judge(tmp_path, **said).reason is reason


@pytest.mark.parametrize(("oid", "outcome"), [("ab" * 32, Outcome.UNVERIFIABLE), ("cd" * 32, Outcome.REFUTED)])
def test_a_pointer_stands_for_its_file(tmp_path: Path, oid: str, outcome: Outcome) -> None:
    """The file of the stated hash is not there to be looked at; one of another hash will never come."""
    text = f"version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize 7\n"
    (tmp_path / "w.bin").write_text(text, "utf-8")
    assert judge(tmp_path, artefact="w.bin", sha256="ab" * 32).outcome is outcome


@pytest.mark.parametrize("curve", [ec.SECP256R1(), ec.SECP384R1(), ec.SECP521R1()])
def test_a_signed_folder_is_verified(tmp_path: Path, curve: ec.EllipticCurve) -> None:
    """With every curve that model-signing knows."""
    key = ec.generate_private_key(curve)
    written(tmp_path, signed(statement(FILES), key))
    verdict = judge_signature(tmp_path, public_key=pem(key))
    assert verdict.outcome is Outcome.VERIFIED


def test_a_key_may_be_a_file(tmp_path: Path) -> None:
    """Inside the model's folder, too: it is no part of what was signed."""
    written(tmp_path, signed(statement(FILES)))
    (tmp_path / "m" / "key.pem").write_text(pem(), "utf-8")
    assert judge_signature(tmp_path, public_key="m/key.pem").outcome is Outcome.VERIFIED


def test_a_model_of_one_file_is_verified(tmp_path: Path) -> None:
    """Its name in the list is a dot."""
    written(tmp_path, signed(statement({".": FILES["config.json"]})))
    assert judge_signature(tmp_path, artefact="m/config.json").outcome is Outcome.VERIFIED
    assert judge_signature(tmp_path, artefact="m/weights/w.bin").outcome is Outcome.REFUTED


@pytest.mark.parametrize(
    ("change", "problem", "file"),
    [
        (lambda root: (root / "m/weights/w.bin").write_bytes(b"abd" * 100), "changed", "m/weights/w.bin"),
        (lambda root: (root / "m/weights/w.bin").unlink(), "missing", "m/weights/w.bin"),
        (lambda root: (root / "m/weights/x.py").write_bytes(b"1"), "not signed", "m/weights/x.py"),
        (lambda root: (root / "m/linked").symlink_to(root / "m/weights"), "not signed", "m/linked"),
    ],
)
def test_another_file_is_the_witness(tmp_path: Path, change: Any, problem: str, file: str) -> None:
    """A changed, a missing and an added file are found without the extra, and before the key is asked for."""
    written(tmp_path, signed(statement(FILES)))
    change(tmp_path)
    verdict = judge(tmp_path, artefact="m", signature="m.sig")
    assert verdict.outcome is Outcome.REFUTED
    assert (verdict.witness["problem"], verdict.witness["file"]) == (problem, file)


def test_files_that_the_signer_left_out_may_differ(tmp_path: Path) -> None:
    """And the verdict says which."""
    written(tmp_path, signed(statement(FILES)))
    (tmp_path / "m" / "notes").mkdir()
    (tmp_path / "m" / "notes" / "a.txt").write_bytes(b"1")
    verdict = judge_signature(tmp_path)
    assert verdict.outcome is Outcome.VERIFIED
    assert "notes" in verdict.assumptions[0]


def test_what_stands_in_the_list_cannot_be_left_out(tmp_path: Path) -> None:
    """A listed file below an ignored folder has to be there."""
    written(tmp_path, signed(statement({**FILES, "notes/a.txt": b"1"})))
    assert judge_signature(tmp_path).witness["problem"] == "missing"


def test_a_signature_by_another_key_is_refuted(tmp_path: Path) -> None:
    """The files are right, the signer is not."""
    written(tmp_path, signed(statement(FILES), ec.generate_private_key(ec.SECP256R1())))
    verdict = judge_signature(tmp_path)
    assert verdict.outcome is Outcome.REFUTED
    assert "private key" in verdict.explanation


@pytest.mark.parametrize("field", ["payload", "sig"])
def test_a_tampered_envelope_is_never_verified(tmp_path: Path, field: str) -> None:
    """A bit of the payload (in white space) or of the signature."""
    held = signed(statement(FILES))
    envelope = held["dsseEnvelope"]
    if field == "payload":
        raw = base64.b64decode(envelope["payload"]).replace(b'", "', b'",  "', 1)
        envelope["payload"] = base64.b64encode(raw).decode()
    else:
        raw = base64.b64decode(envelope["signatures"][0]["sig"])
        envelope["signatures"][0]["sig"] = base64.b64encode(raw[:-1] + bytes([raw[-1] ^ 1])).decode()
    written(tmp_path, held)
    assert judge_signature(tmp_path).outcome is Outcome.REFUTED


def test_the_encoding_of_version_0_2_is_verified(tmp_path: Path) -> None:
    """It signed the payload as Python shows bytes, and had no list of ignored files."""
    subjects = [{"name": name, "digest": {"sha256": hashlib.sha256(held).hexdigest()}} for name, held in FILES.items()]
    raw = json.dumps({"predicateType": "https://model_signing/Digests/v0.1", "subject": subjects}).encode()
    signature = KEY.sign(f"DSSEV1 {len(KIND)} {KIND} {len(raw)} {raw!r}".encode(), ec.ECDSA(hashes.SHA256()))
    written(tmp_path, bundle(raw, signature))
    assert judge_signature(tmp_path).outcome is Outcome.VERIFIED


def test_without_a_key_nobody_knows_who_signed(tmp_path: Path) -> None:
    """The files alone verify nothing: anybody can make a list of hashes."""
    written(tmp_path, signed(statement(FILES)))
    assert judge(tmp_path, artefact="m", signature="m.sig").reason is Reason.MISSING_PARAMETER


def test_a_keyless_signature_needs_the_network(tmp_path: Path) -> None:
    """Sigstore's roots and its log are elsewhere."""
    written(tmp_path, signed(statement(FILES), material={"certificate": {"rawBytes": "AA=="}, "tlogEntries": [{}]}))
    assert judge(tmp_path, artefact="m", signature="m.sig").reason is Reason.NEEDS_NETWORK


def test_without_the_extra_its_name_is_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The files were compared all the same; only the signer is open."""
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives.serialization", None)
    written(tmp_path, signed(statement(FILES)))
    verdict = judge_signature(tmp_path)
    assert verdict.reason is Reason.LIBRARY_MISSING
    assert "petguard[sign]" in verdict.explanation


def certificate(
    subject: str, key: Any, issuer: str, by: Any, *, ca: bool = False, **times: datetime
) -> x509.Certificate:
    """A certificate for `key`, signed by `by`."""
    usage = dict.fromkeys(
        ["content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "crl_sign", "encipher_only"],
        False,
    )
    named = [x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, each)]) for each in (subject, issuer)]
    return (
        x509.CertificateBuilder()
        .subject_name(named[0])
        .issuer_name(named[1])
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(times.get("start", NOW - timedelta(days=9)))
        .not_valid_after(times.get("end", NOW + timedelta(days=9)))
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .add_extension(
            x509.KeyUsage(digital_signature=not ca, key_cert_sign=ca, decipher_only=False, **usage), critical=True
        )
        .sign(by, hashes.SHA256())
    )


ROOT_KEY, MIDDLE_KEY = ec.generate_private_key(ec.SECP384R1()), ec.generate_private_key(ec.SECP256R1())
ROOT = certificate("root", ROOT_KEY, "root", ROOT_KEY, ca=True)
MIDDLE = certificate("middle", MIDDLE_KEY, "root", ROOT_KEY, ca=True)
LEAF = certificate("leaf", KEY, "middle", MIDDLE_KEY)


def judge_chain(root: Path, *chain: x509.Certificate, trusted: x509.Certificate = ROOT, **said: Any) -> Verdict:
    """The verdict on a signature by the key of the first certificate."""
    raw = [{"rawBytes": base64.b64encode(each.public_bytes(Encoding.DER)).decode()} for each in chain]
    written(root, signed(statement(FILES), material={"x509CertificateChain": {"certificates": raw}}))
    return judge_signature(root, public_key=trusted.public_bytes(Encoding.PEM).decode(), **said)


def test_a_chain_to_the_trusted_root_is_verified(tmp_path: Path) -> None:
    """Over a certificate in between."""
    assert judge_chain(tmp_path, LEAF, MIDDLE).outcome is Outcome.VERIFIED


def test_the_own_certificate_may_be_the_trusted_one(tmp_path: Path) -> None:
    """Then nothing has to lead to it."""
    assert judge_chain(tmp_path, LEAF, trusted=LEAF).outcome is Outcome.VERIFIED


@pytest.mark.parametrize(
    "chain",
    [
        (LEAF,),
        (LEAF, certificate("middle", MIDDLE_KEY, "root", MIDDLE_KEY, ca=True)),
        (LEAF, certificate("middle", MIDDLE_KEY, "root", ROOT_KEY)),
        (certificate("leaf", KEY, "root", ROOT_KEY, ca=True),),
        (certificate("leaf", MIDDLE_KEY, "root", ROOT_KEY),),
    ],
    ids=["a gap", "a forged middle", "a middle that may not issue", "a leaf that may not sign", "another key"],
)
def test_a_chain_that_does_not_hold_is_refuted(tmp_path: Path, chain: tuple[x509.Certificate, ...]) -> None:
    """Whatever link of it is wrong."""
    assert judge_chain(tmp_path, *chain).outcome is Outcome.REFUTED


def test_an_expired_certificate_needs_the_moment_of_signing(tmp_path: Path) -> None:
    """A signature that was good once is not refuted by time; `at` says when to look."""
    old = certificate("leaf", KEY, "root", ROOT_KEY, start=NOW - timedelta(days=9), end=NOW - timedelta(days=5))
    assert judge_chain(tmp_path, old).reason is Reason.COLLATERAL_EXPIRED
    assert judge_chain(tmp_path, old, at=NOW - timedelta(days=7)).outcome is Outcome.VERIFIED


def altered(**changes: Any) -> dict[str, Any]:
    """A signed list with something odd in it."""
    return signed(statement(FILES, **changes))


SHARDS = {"method": "shards", "hash_type": "sha256", "shard_size": 10}
HOSTILE: dict[str, Any] = {
    "cut off": json.dumps(signed(statement(FILES)))[:200],
    "empty": "",
    "a list": [],
    "too deep": "[" * 100_000,
    "a number for an envelope": {"dsseEnvelope": 3},
    "no base64": {"dsseEnvelope": {"payload": "!!", "payloadType": KIND, "signatures": [{"sig": "AA=="}]}},
    "another payload": {"dsseEnvelope": {"payload": "AA==", "payloadType": "text", "signatures": [{"sig": "AA=="}]}},
    "two signatures": {"dsseEnvelope": {"payload": "AA==", "payloadType": KIND, "signatures": [{}, {}]}},
    "another predicate": altered(predicateType="https://slsa.dev/provenance/v1"),
    "another root": altered(subject=[{"name": "m", "digest": {"sha256": "0" * 64}}]),
    "no files": signed(statement({})),
    "a file outside": signed(statement({"../x": b""})),
    "shards": altered(predicate={"resources": [], "serialization": SHARDS}),
    "a number for a list": altered(predicate=3),
}


@pytest.mark.parametrize("held", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_signature_is_a_gap(tmp_path: Path, held: Any) -> None:
    """What cannot be read is judged by nothing."""
    written(tmp_path, held)
    assert judge_signature(tmp_path).reason is Reason.GAP


@pytest.mark.parametrize("key", [pem(rsa.generate_private_key(65537, 2048)), "-----BEGIN PUBLIC KEY-----\nAA==\n", "x"])
def test_a_key_of_no_use_is_no_refutation(tmp_path: Path, key: str) -> None:
    """An RSA key, half a key, and a file that is not there."""
    written(tmp_path, signed(statement(FILES)))
    assert judge_signature(tmp_path, public_key=key).reason in (Reason.GAP, Reason.ARTEFACT_ABSENT)


@pytest.mark.parametrize("file", ["m", "m/weights/w.bin"])
def test_a_signature_of_a_folder_is_none_of_a_file(tmp_path: Path, file: str) -> None:
    """Only the folder it was made for can be judged by it."""
    written(tmp_path, signed(statement(FILES)))
    verdict = judge_signature(tmp_path, artefact=file)
    assert verdict.reason is (None if file == "m" else Reason.GAP)
