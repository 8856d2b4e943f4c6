"""Attestation evidence: what is signed, of its time and expected is verified; all else is refuted or says why not."""

import base64
import hashlib
import json
import struct
import sys
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from petguard.claims import Expectation, TeeAttestation
from petguard.model import Claim, Location, Outcome, Reason, Verdict
from petguard.scan import Request, scan
from petguard.verifiers import judge_all
from tests import attestations
from tests.attestations import CODE, IMAGE, MAKERS, RESULT, Made
from tests.authorities import signer
from tests.benches import bench

CORPUS = Path(__file__).parents[3] / "shared/corpus/tee"
CAN_BE_VERIFIED = sorted(set(MAKERS) - {"nvidia"})
RANGES = 8
STRIDE = 17  # bytes between two that are changed, so that no test takes more than a second

needs_corpus = pytest.mark.skipif(not CORPUS.is_dir(), reason="needs ../shared/corpus")


def judge(root: Path, expect: dict[str, Any] | None = None, **fields: Any) -> Verdict:
    """The verdict on a claim about files below `root`."""
    wanted = Expectation.model_validate(expect) if expect is not None else None
    statement = TeeAttestation(expect=wanted, **fields)
    claim = Claim(id="claim", statement=statement, location=Location(path="petguard.yaml"), subject="enclave")
    return judge_all([claim], bench(root=root))[0]


def judged(made: Made, folder: Path, **changes: Any) -> Verdict:
    """The verdict on evidence of the tests' own; `changes` replace expectations."""
    return judge(folder, {**made.expect, **changes}, **made.files(folder))


@pytest.mark.parametrize("kind", CAN_BE_VERIFIED)
def test_what_is_signed_and_expected_is_verified(kind: str, tmp_path: Path) -> None:
    """A signature, a chain, a root, debugging off and the expected program are enough."""
    verdict = judged(MAKERS[kind](), tmp_path)
    assert verdict.outcome is Outcome.VERIFIED, verdict.explanation


@pytest.mark.parametrize("part", range(RANGES))
@pytest.mark.parametrize("kind", sorted(MAKERS))
def test_no_changed_byte_passes(kind: str, part: int, tmp_path: Path) -> None:
    """Evidence that was changed anywhere is judged otherwise than what was signed."""
    made = MAKERS[kind]()
    right = judged(made, tmp_path)
    size = len(made.evidence)
    for at in range(part * size // RANGES, (part + 1) * size // RANGES, STRIDE):
        changed = bytearray(made.evidence)
        changed[at] ^= 0x01
        verdict = judged(replace(made, evidence=bytes(changed)), tmp_path)
        assert (verdict.outcome, verdict.reason) != (right.outcome, right.reason), at


@pytest.mark.parametrize("kind", sorted(MAKERS))
def test_truncated_evidence_is_a_gap(kind: str, tmp_path: Path) -> None:
    """Wherever evidence is cut off, nobody can say whether it was right."""
    made = MAKERS[kind]()
    for kept in (1, 7, 48, 100, len(made.evidence) // 2, len(made.evidence) - 1):
        verdict = judged(replace(made, evidence=made.evidence[:kept]), tmp_path)
        assert verdict.outcome is not Outcome.VERIFIED
        assert verdict.reason is Reason.GAP or "signature" in verdict.explanation


@pytest.mark.parametrize("kind", sorted(MAKERS))
def test_more_bytes_than_were_signed_are_a_gap(kind: str, tmp_path: Path) -> None:
    """Evidence does not bring anything that its signature does not cover."""
    made = MAKERS[kind]()
    verdict = judged(replace(made, evidence=made.evidence + b"A" * 8), tmp_path)
    assert verdict.outcome is Outcome.REFUTED or verdict.reason is Reason.GAP


@pytest.mark.parametrize("kind", sorted(MAKERS))
def test_another_root_refutes(kind: str, tmp_path: Path) -> None:
    """A root with the same name and another key did not sign the chain."""
    made = MAKERS[kind]()
    other = signer("root", signer("x", attestations.chain("p384-")[2].key).key, ca=True)
    verdict = judged(replace(made, root=other), tmp_path)
    assert verdict.outcome is Outcome.REFUTED
    assert "certificate" in verdict.witness


@pytest.mark.parametrize("kind", sorted(set(MAKERS) - {"nitro"}))
def test_without_a_root_nothing_is_said(kind: str, tmp_path: Path) -> None:
    """A signature that leads to nobody whom the user trusts proves nothing."""
    made = MAKERS[kind]()
    files = made.files(tmp_path)
    del files["trust_root"]
    assert judge(tmp_path, dict(made.expect), **files).reason is Reason.MISSING_PARAMETER


def test_a_nitro_document_below_no_published_root_is_not_believed(tmp_path: Path) -> None:
    """Without a root in the claim, only the root that AWS publishes counts."""
    made = attestations.nitro()
    made.files(tmp_path)
    assert judge(tmp_path, dict(made.expect), evidence="evidence").reason is Reason.MISSING_PARAMETER


@pytest.mark.parametrize("kind", sorted(MAKERS))
def test_expired_evidence_is_not_refuted(kind: str, tmp_path: Path) -> None:
    """After its certificates, right evidence says nothing more, and nothing false."""
    made = MAKERS[kind]()
    later = datetime(2027, 1, 1, tzinfo=UTC)
    verdict = judge(tmp_path, dict(made.expect), at=later, **made.files(tmp_path))
    assert verdict.reason is Reason.COLLATERAL_EXPIRED


@pytest.mark.parametrize("kind", sorted(MAKERS))
def test_a_wrong_signature_refutes_whenever(kind: str, tmp_path: Path) -> None:
    """That evidence is old does not make a forgery of it right."""
    made = MAKERS[kind]()
    at = 48 + (384 if kind == "sgx" else 584) + 4 if kind in ("sgx", "tdx") else 0x2A0 if kind == "sev_snp" else -20
    changed = bytearray(made.evidence)
    changed[at] = ord("A") if changed[at] != ord("A") else ord("B")
    files = replace(made, evidence=bytes(changed)).files(tmp_path)
    verdict = judge(tmp_path, dict(made.expect), at=datetime(2027, 1, 1, tzinfo=UTC), **files)
    assert verdict.outcome is Outcome.REFUTED
    assert "signature" in verdict.witness


def test_what_was_valid_then_and_is_not_today_is_said(tmp_path: Path) -> None:
    """A verdict about the past does not read as one about today."""
    made = attestations.token()
    fields: dict[str, Any] = made.files(tmp_path)
    then = datetime.fromtimestamp(1767225000, UTC)
    claim = Claim(
        id="claim",
        statement=TeeAttestation(at=then, expect=Expectation.model_validate(made.expect), **fields),
        location=Location(path="petguard.yaml"),
        subject="enclave",
    )
    verdict = judge_all([claim], bench(root=tmp_path, now=datetime(2026, 1, 20, tzinfo=UTC)))[0]
    assert verdict.outcome is Outcome.VERIFIED
    assert any(line.startswith("today it proves nothing") for line in verdict.assumptions)


@pytest.mark.parametrize("kind", sorted(MAKERS))
def test_without_expectations_the_evidence_is_shown(kind: str, tmp_path: Path) -> None:
    """That some program ran somewhere verifies nothing; the reader sees which one it was."""
    verdict = judge(tmp_path, None, **MAKERS[kind]().files(tmp_path))
    assert verdict.reason is (Reason.NOT_SUFFICIENT if kind == "nvidia" else Reason.MISSING_PARAMETER)
    assert CODE.hex()[:64] in verdict.explanation or IMAGE in verdict.explanation


DEBUGGED = {
    "confidential_space": lambda: attestations.token(dbgstat="enabled"),
    "nitro": lambda: attestations.nitro(pcr0=bytes(48)),
    "sev_snp": lambda: attestations.sev_snp(policy=1 << 19),
    "sgx": lambda: attestations.sgx(debug=True),
    "tdx": lambda: attestations.tdx(debug=True),
}


@pytest.mark.parametrize("kind", DEBUGGED)
def test_debugging_refutes(kind: str, tmp_path: Path) -> None:
    """Whoever can debug an enclave sees what is in it."""
    verdict = judge(tmp_path, None, **DEBUGGED[kind]().files(tmp_path))
    assert verdict.outcome is Outcome.REFUTED
    assert verdict.witness["debug"] is True


@pytest.mark.parametrize("kind", DEBUGGED)
def test_debugging_is_not_verified_when_it_is_expected(kind: str, tmp_path: Path) -> None:
    """An expectation cannot make a debugged enclave confidential."""
    made = DEBUGGED[kind]()
    verdict = judge(tmp_path, {"debug": True}, **made.files(tmp_path))
    assert verdict.reason is Reason.NOT_SUFFICIENT


@pytest.mark.parametrize("kind", sorted(set(MAKERS) - {"confidential_space"}))
def test_another_program_refutes(kind: str, tmp_path: Path) -> None:
    """The witness shows what ran and what was expected."""
    verdict = judged(MAKERS[kind](), tmp_path, measurement=["ab" * 48])
    assert verdict.outcome is Outcome.REFUTED
    assert verdict.witness["expected"] == ["ab" * 48]


def test_another_image_refutes(tmp_path: Path) -> None:
    """A token about another image is not about this one."""
    assert judged(attestations.token(), tmp_path, image_digest=["sha256:00"]).outcome is Outcome.REFUTED


def test_a_token_for_somebody_else_is_refuted(tmp_path: Path) -> None:
    """A token that was made for another audience may have been replayed."""
    assert judged(attestations.token(), tmp_path, audience="https://other.example").outcome is Outcome.REFUTED


@pytest.mark.parametrize("kind", sorted(MAKERS))
def test_a_nonce_that_is_not_the_hash_of_the_result_refutes(kind: str, tmp_path: Path) -> None:
    """Evidence about another result is not about this one."""
    made = MAKERS[kind]()
    files = made.files(tmp_path)
    (tmp_path / "result").write_bytes(RESULT + b"changed")
    verdict = judge(tmp_path, dict(made.expect), **files)
    assert verdict.outcome is Outcome.REFUTED
    assert "bound" in verdict.witness


def test_an_md5_nonce_is_refuted_by_its_name(tmp_path: Path) -> None:
    """Two files with one MD5 are made in seconds, so that it binds nothing."""
    made = attestations.token(eat_nonce=hashlib.md5(RESULT, usedforsecurity=False).hexdigest())
    files = made.files(tmp_path)
    verdict = judge(tmp_path, dict(made.expect), **files)
    assert verdict.outcome is Outcome.REFUTED
    assert "MD5" in verdict.explanation


@pytest.mark.parametrize("spelling", ["challenge", b"challenge".hex(), base64.b64encode(b"challenge").decode()])
def test_a_nonce_may_be_written_down_in_three_ways(spelling: str, tmp_path: Path) -> None:
    """Text, hex and base64 of the same challenge are the same."""
    assert judged(attestations.nitro(), tmp_path, nonce=spelling).outcome is Outcome.VERIFIED


def test_another_nonce_refutes(tmp_path: Path) -> None:
    """An answer to another challenge may be an old one."""
    assert judged(attestations.nitro(), tmp_path, nonce="other").outcome is Outcome.REFUTED


@pytest.mark.parametrize(
    ("kind", "expect"),
    [("sgx", {"image_digest": [IMAGE]}), ("sgx", {"audience": "a"}), ("tdx", {"measurement": ["PCR0:00"]})],
)
def test_what_a_format_does_not_say_cannot_be_expected_of_it(kind: str, expect: dict[str, Any], tmp_path: Path) -> None:
    """A format that carries no such field neither meets nor breaks the expectation."""
    assert judged(MAKERS[kind](), tmp_path, **expect).reason is Reason.NOT_SUFFICIENT


@pytest.mark.parametrize(
    ("kind", "measurement"),
    [
        ("sgx", f"MRSIGNER:{CODE[16:48].hex()}"),
        ("nitro", f"PCR1={CODE[::-1].hex()}"),
        ("nitro", "02" * 48),
        ("nitro", f"PCR2={'02' * 48}"),
    ],
)
def test_a_signer_or_a_kernel_is_not_a_program(kind: str, measurement: str, tmp_path: Path) -> None:
    """Measurements that many programs share do not say which one ran."""
    verdict = judged(MAKERS[kind](), tmp_path, measurement=[measurement])
    assert verdict.reason is Reason.MISSING_PARAMETER


@pytest.mark.parametrize(("kind", "words"), [("tdx", "RTMR"), ("sev_snp", "MEASUREMENT covers")])
def test_what_a_measurement_does_not_cover_is_assumed(kind: str, words: str, tmp_path: Path) -> None:
    """MRTD and MEASUREMENT are of the firmware; it starts the kernel."""
    assert any(words in line for line in judged(MAKERS[kind](), tmp_path).assumptions)


@pytest.mark.parametrize("kind", ["sgx", "tdx"])
def test_when_collateral_expired_is_said_as_a_date(kind: str, tmp_path: Path) -> None:
    """The library counts seconds, people do not."""
    made = MAKERS[kind]()
    late = datetime(2032, 1, 1, tzinfo=UTC)
    verdict = judge(tmp_path, dict(made.expect), **{**made.files(tmp_path), "at": late})
    assert verdict.reason is Reason.COLLATERAL_EXPIRED
    assert "UnixTime" not in verdict.explanation


def test_every_named_measurement_must_be_right(tmp_path: Path) -> None:
    """A right PCR0 does not excuse a wrong PCR1."""
    wrong = [f"PCR0:{CODE.hex()}", "PCR1:" + "00" * 48]
    assert judged(attestations.nitro(), tmp_path, measurement=wrong).outcome is Outcome.REFUTED


@pytest.mark.parametrize("alg", ["none", "HS256", "RS512", "ES256"])
def test_another_algorithm_is_refused(alg: str, tmp_path: Path) -> None:
    """No token chooses how it is checked: unsigned ones and those under a public key as a secret are refuted."""
    verdict = judged(attestations.token(alg=alg), tmp_path)
    assert verdict.outcome is Outcome.REFUTED
    assert verdict.witness["alg"] == alg


def test_an_unsigned_token_is_refuted(tmp_path: Path) -> None:
    """`alg: none` with an empty signature is a token that anybody can write."""
    made = attestations.token(alg="none")
    bare = made.evidence.rpartition(b".")[0] + b"."
    assert judged(replace(made, evidence=bare), tmp_path).outcome is Outcome.REFUTED


@pytest.mark.parametrize("header", [{"jwk": {"kty": "RSA"}}, {"jku": "https://x.example"}, {"crit": ["b64"]}])
def test_a_token_that_brings_its_key_is_not_believed(header: dict[str, Any], tmp_path: Path) -> None:
    """The key comes from the chain and from nowhere else."""
    assert judged(attestations.token(header=header), tmp_path).reason is Reason.GAP


def test_a_token_without_a_chain_needs_the_network(tmp_path: Path) -> None:
    """Tokens of the OIDC kind are checked with keys that have to be fetched."""
    assert judged(attestations.token(header={"x5c": None}), tmp_path).reason is Reason.NEEDS_NETWORK


@pytest.mark.parametrize(
    "changes",
    [
        {"submods": {"container": {"image_digest": IMAGE}}},
        {"swname": "GCE"},
        {"hwmodel": "GCP_SHIELDED_VM"},
        {"secboot": False},
    ],
)
def test_a_weak_environment_is_not_verified(changes: dict[str, Any], tmp_path: Path) -> None:
    """A right signature over an experimental image or plain hardware protects nothing."""
    assert judged(attestations.token(**changes), tmp_path).reason is Reason.NOT_SUFFICIENT


@pytest.mark.parametrize("changes", [{"exp": "soon"}, {"exp": True}, {"aud": 3}, {"submods": []}, {"exp": 10**12}])
def test_claims_of_a_wrong_type_are_a_gap(changes: dict[str, Any], tmp_path: Path) -> None:
    """Signed nonsense is still nonsense."""
    assert judged(attestations.token(**changes), tmp_path).reason is Reason.GAP


def test_a_token_by_somebody_else_is_refuted(tmp_path: Path) -> None:
    """Only Google's attestation service speaks for Confidential Space."""
    assert judged(attestations.token(iss="https://x.example"), tmp_path).outcome is Outcome.REFUTED


@pytest.mark.parametrize(
    "changes",
    [{"pcrs": {0: CODE}}, {"pcrs": {0: "x", 1: b"", 2: b""}}, {"digest": "SHA1"}, {"cabundle": []},
     {"certificate": None}, {"certificate": b"no certificate"}, {"nonce": b"n" * 2000},
     {"pcrs": {**dict.fromkeys(range(3), CODE), 99: CODE}}],
)  # fmt: skip
def test_a_document_of_a_wrong_form_is_a_gap(changes: dict[str, Any], tmp_path: Path) -> None:
    """Every part has the type and the length that AWS says."""
    assert judged(attestations.nitro(**changes), tmp_path).reason is Reason.GAP


def test_a_key_of_another_chip_is_refuted(tmp_path: Path) -> None:
    """The chip that the report names is the one that AMD made the key for."""
    verdict = judged(attestations.sev_snp(hwid=bytes(64)), tmp_path)
    assert verdict.outcome is Outcome.REFUTED
    assert "vcek_hwid" in verdict.witness


def test_firmware_other_than_the_key_was_made_for_is_refuted(tmp_path: Path) -> None:
    """A key is derived for one set of firmware versions."""
    assert judged(attestations.sev_snp(snp=23), tmp_path).outcome is Outcome.REFUTED


def test_a_migration_agent_is_not_verified(tmp_path: Path) -> None:
    """A guest whose memory may be taken elsewhere trusts more than its own chip."""
    assert judged(attestations.sev_snp(policy=1 << 18), tmp_path).reason is Reason.NOT_SUFFICIENT


@pytest.mark.parametrize(("changes", "words"), [({"chip": bytes(64)}, "hides"), ({"flags": 1 << 2}, "VLEK")])
def test_a_report_that_stands_for_no_chip_says_so(changes: dict[str, Any], words: str, tmp_path: Path) -> None:
    """A hidden chip and a key of the cloud provider are verified, and named as what is trusted."""
    verdict = judged(attestations.sev_snp(**changes), tmp_path)
    assert verdict.outcome is Outcome.VERIFIED
    assert any(words in line for line in verdict.assumptions)


def test_a_report_of_a_less_privileged_level_says_so(tmp_path: Path) -> None:
    """What runs at a higher privilege is part of what is trusted."""
    verdict = judged(attestations.sev_snp(vmpl=2), tmp_path)
    assert any("VMPL 2" in line for line in verdict.assumptions)


@pytest.mark.parametrize("make", [attestations.sgx, attestations.tdx])
@pytest.mark.parametrize(
    ("status", "outcome"),
    [("OutOfDate", Outcome.UNVERIFIABLE), ("SWHardeningNeeded", Outcome.UNVERIFIABLE), ("Revoked", None)],
)
def test_a_platform_that_is_not_up_to_date_is_not_verified(
    make: Any, status: str, outcome: Outcome | None, tmp_path: Path
) -> None:
    """Known holes of the platform are holes of every enclave on it."""
    verdict = judged(make(status=status), tmp_path)
    assert verdict.outcome is outcome or (outcome is None and verdict.outcome is not Outcome.VERIFIED)


@pytest.mark.parametrize("make", [attestations.sgx, attestations.tdx])
def test_a_quote_without_collateral_is_not_verified(make: Any, tmp_path: Path) -> None:
    """Only the collateral says that the quoting enclave is Intel's."""
    verdict = judged(replace(make(), collateral=None), tmp_path)
    assert verdict.reason is Reason.MISSING_PARAMETER
    assert "collateral" in verdict.explanation


@pytest.mark.parametrize("collateral", [b"", b"{}", b"[]", b"\xff\xfe", b'{"tcb_info": 1}'])
def test_collateral_that_is_none_is_a_gap(collateral: bytes, tmp_path: Path) -> None:
    """What should vouch for the platform is foreign data too."""
    for kind in ("sgx", "tdx", "sev_snp", "nvidia"):
        assert judged(replace(MAKERS[kind](), collateral=collateral), tmp_path).reason is Reason.GAP


def test_a_leaf_that_signs_certificates_is_refused(tmp_path: Path) -> None:
    """A certificate without the right to issue others cannot make a chain longer."""
    root, middle, leaf = attestations.chain("p384-")
    plain = signer("middle", middle.key, root)
    below = signer("leaf", leaf.key, plain)
    made = replace(attestations.nvidia(), collateral=below.pem + plain.pem)
    verdict = judged(made, tmp_path)
    assert verdict.outcome is Outcome.REFUTED
    assert "may not sign" in verdict.explanation


def test_a_chain_with_a_hole_names_what_is_missing(tmp_path: Path) -> None:
    """Nothing is forged when an intermediate certificate was forgotten."""
    leaf = attestations.chain("p384-")[2]
    verdict = judged(replace(attestations.nvidia(), collateral=leaf.pem), tmp_path)
    assert verdict.reason is Reason.MISSING_PARAMETER
    assert "CN=middle" in verdict.explanation


def test_a_root_may_stand_in_the_claim(tmp_path: Path) -> None:
    """A root as PEM text needs no file in the tree that is judged."""
    made = attestations.nitro()
    fields = {**made.files(tmp_path), "trust_root": made.root.pem.decode()}
    verdict = judge(tmp_path, dict(made.expect), **fields)
    assert verdict.outcome is Outcome.VERIFIED
    assert any("compare its SHA-256" in line for line in verdict.assumptions)


@pytest.mark.parametrize("encode", [base64.b64encode, base64.encodebytes, lambda raw: raw.hex().encode()])
def test_evidence_may_be_text(encode: Any, tmp_path: Path) -> None:
    """Base64 and hex, also over several lines, are the same evidence."""
    made = attestations.sev_snp()
    assert judged(replace(made, evidence=encode(made.evidence)), tmp_path).outcome is Outcome.VERIFIED


def test_a_mock_token_is_refuted_without_any_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a mock backend writes is no evidence, whatever is installed."""
    monkeypatch.setitem(sys.modules, "cryptography", None)
    (tmp_path / "custom_token").write_text("mock tee token with nonce d41d8cd98f00b204e9800998ecf8427e")
    verdict = judge(tmp_path, evidence="custom_token")
    assert verdict.outcome is Outcome.REFUTED
    assert str(verdict.witness["token"]).startswith("mock tee token")


@pytest.mark.parametrize(
    ("kind", "library"),
    [("confidential_space", "cryptography"), ("nitro", "cbor2"), ("sgx", "dcap_qvl"), ("tdx", "dcap_qvl")],
)
def test_a_missing_library_names_the_extra(
    kind: str, library: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the extra nothing is guessed."""
    made = MAKERS[kind]()
    monkeypatch.setitem(sys.modules, library, None)
    verdict = judged(made, tmp_path)
    assert verdict.reason is Reason.LIBRARY_MISSING
    assert "petguard[tee]" in verdict.explanation


def test_no_evidence_is_no_proof(tmp_path: Path) -> None:
    """That an environment is confidential is only said."""
    assert judge(tmp_path, kind="tdx").reason is Reason.ARTEFACT_ABSENT


def test_evidence_that_is_not_there_is_absent(tmp_path: Path) -> None:
    """A name is no evidence."""
    assert judge(tmp_path, evidence="nowhere").reason is Reason.ARTEFACT_ABSENT


@pytest.mark.parametrize("name", ["evidence", "trust_root", "collateral", "result"])
def test_each_file_that_is_not_there_is_absent(name: str, tmp_path: Path) -> None:
    """A claim that names a file is judged with that file or not at all."""
    made = attestations.sev_snp()
    fields = made.files(tmp_path)
    (tmp_path / name).unlink()
    assert judge(tmp_path, dict(made.expect), **fields).reason is Reason.ARTEFACT_ABSENT


def test_evidence_of_another_kind_than_stated_is_a_gap(tmp_path: Path) -> None:
    """What a claim calls TDX and is a token is not judged as either."""
    fields: dict[str, Any] = attestations.token().files(tmp_path)
    assert judge(tmp_path, kind="tdx", **fields).reason is Reason.GAP


@pytest.mark.parametrize(
    "content",
    [b"", b"\0" * 1184, b"x" * 70_000, b"\x84" * 5_000, b"\xd2\x84" + b"\x9f" * 500, b"a.b.c", b"....", b"{}",
     json.dumps({"a": 1}).encode(), struct.pack("<HHI", 3, 2, 0), struct.pack("<HHI", 9, 2, 0x81) * 200,
     b"\x11\xe0" + b"\xff" * 60, b"\x84\x43\xa1\x01\x38\xa0\x40\x40", b"A" * 3 + b"="],
)  # fmt: skip
def test_hostile_bytes_are_a_gap(content: bytes, tmp_path: Path) -> None:
    """Nothing that a scanned tree may hold as evidence stops the scan, or passes."""
    (tmp_path / "evidence").write_bytes(content)
    (tmp_path / "root").write_bytes(attestations.chain("p384-")[0].pem)
    assert judge(tmp_path, evidence="evidence", trust_root="root").reason is Reason.GAP


@pytest.mark.parametrize(
    "root", [b"", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", b"\x30" * 500]
)
def test_a_root_that_is_none_is_a_gap(root: bytes, tmp_path: Path) -> None:
    """A file that holds no certificate is nobody to trust."""
    made = attestations.nitro()
    fields = made.files(tmp_path)
    (tmp_path / "trust_root").write_bytes(root)
    assert judge(tmp_path, dict(made.expect), **fields).reason is Reason.GAP


@pytest.mark.parametrize("root", ["trust_root", None])
def test_a_claim_beside_its_evidence_is_verified_by_a_scan(root: str | None, tmp_path: Path) -> None:
    """Names are relative to the file that states the claim; a root may be written into it."""
    made = attestations.nitro()
    folder = tmp_path / "room"
    folder.mkdir()
    made.files(folder)
    said = {
        "technique": "tee_attestation",
        "evidence": "evidence",
        "trust_root": root or made.root.pem.decode(),
        "expect": made.expect,
    }
    (folder / "room.petguard.yaml").write_text(json.dumps({"claims": [said]}), "utf-8")
    report = scan(Request(paths=(tmp_path,), today=date(2026, 1, 1)))
    assert [row.outcome for row in report.claims] == [Outcome.VERIFIED]


@needs_corpus
def test_the_published_token_is_signed_and_debugged() -> None:
    """At its time the token of Google's service is right, and says that debugging is enabled."""
    root = "confidential-space-root.crt"
    then = datetime(2025, 6, 23, 15, tzinfo=UTC)
    verdict = judge(CORPUS, None, evidence="confidential-space-valid.jwt", trust_root=root, at=then)
    assert verdict.outcome is Outcome.REFUTED
    assert verdict.witness["debug"] is True
    today = judge(CORPUS, None, evidence="confidential-space-valid.jwt", trust_root=root)
    assert today.reason is Reason.COLLATERAL_EXPIRED


@needs_corpus
def test_the_published_token_with_a_broken_signature_is_refuted() -> None:
    """Its signature is the only thing that is wrong with it."""
    verdict = judge(
        CORPUS, evidence="confidential-space-invalid-signature.jwt", trust_root="confidential-space-root.crt"
    )
    assert verdict.outcome is Outcome.REFUTED
    assert "signature" in verdict.witness


@needs_corpus
def test_the_published_nitro_document_is_signed_and_debugged() -> None:
    """At its time it leads to the root that AWS publishes, and its PCR0 is zero; three hours later it is expired."""
    verdict = judge(CORPUS, evidence="nitro-valid.b64", at=datetime(2023, 9, 18, 16, tzinfo=UTC))
    assert verdict.outcome is Outcome.REFUTED
    assert verdict.witness["debug"] is True
    late = judge(CORPUS, evidence="nitro-valid.b64", at=datetime(2023, 9, 18, 18, tzinfo=UTC))
    assert late.reason is Reason.COLLATERAL_EXPIRED


@needs_corpus
def test_the_published_quote_is_verified_below_intels_root() -> None:
    """At its time the quote, its chain and its collateral lead to Intel; today the collateral is expired."""
    quote = (CORPUS / "tdx_quote").read_bytes()
    fields: dict[str, Any] = {
        "evidence": "tdx_quote",
        "collateral": "tdx_quote_collateral.json",
        "trust_root": quote[quote.rfind(b"-----BEGIN") :].rstrip(b"\0").decode(),
    }
    expect = {"measurement": [quote[48 + 136 : 48 + 184].hex()]}
    verdict = judge(CORPUS, expect, at=datetime(2025, 6, 20, tzinfo=UTC), **fields)
    assert verdict.outcome is Outcome.VERIFIED
    assert any("known for Intel SGX" in line for line in verdict.assumptions)
    assert judge(CORPUS, expect, **fields).reason is Reason.COLLATERAL_EXPIRED
