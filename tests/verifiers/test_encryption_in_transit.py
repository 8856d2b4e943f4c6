"""Connections that are said to be encrypted: the setting or the certificate that refutes it."""

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from petguard import verifiers
from petguard.claims import STATEMENT
from petguard.model import Claim, Location, Outcome, Reason, Verdict
from petguard.unprotected import Reach, Weakness, reach, settings
from tests.benches import bench

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SHORT = 1024  # bits of an RSA key


def judge(root: Path, text: str | bytes | None = None, **said: Any) -> Verdict:
    """The verdict on the claim that the connection which `app.conf` describes is encrypted."""
    if text is not None:
        (root / "app.conf").write_bytes(text if isinstance(text, bytes) else text.encode())
        said = {"config": "app.conf", **said}
    statement = STATEMENT.validate_python({"technique": "encryption_in_transit", **said})
    claim = Claim(id="c", statement=statement, location=Location(path="petguard.yaml"), subject="app.conf")
    return verifiers.judge_all([claim], bench(root=root, now=NOW))[0]


@pytest.mark.parametrize(
    "text",
    [
        '"""Never say verify=False here.\n\nNor ssl: false.\n"""\nimport requests\n',
        "# why\ndef ask():\n    'Not with verify=False.'\n    return 1\n",
        'requests.get("https://api.clinic.org/#a")  # verify=False is forbidden\n',
    ],
)
def test_what_a_python_file_only_talks_about_is_no_setting(tmp_path: Path, text: str) -> None:
    """Neither in a docstring nor in a remark."""
    (tmp_path / "ask.py").write_text(text)
    assert judge(tmp_path, config="ask.py").reason is Reason.NOT_SUFFICIENT


@pytest.mark.parametrize(
    "text",
    [
        'x = 1\n"{}".format(requests.get(url, verify=False))\n',
        '"""A."""\nrequests.get("https://api.clinic.org/#a", verify=False)\n',
        'requests.get("https://api.clinic.org/ # a", verify=False)\n',
        "requests.get(url, verify=False\n",
    ],
)
def test_what_a_python_file_does_is_one(tmp_path: Path, text: str) -> None:
    """Whatever texts and signs stand around it, and even where the file is broken."""
    (tmp_path / "ask.py").write_text(text)
    assert judge(tmp_path, config="ask.py").outcome is Outcome.REFUTED


@pytest.mark.parametrize("text", ["url: https://a.clinic.org  # ssl: false for tests\n", "port = 1 // ssl: false\n"])
def test_a_remark_behind_a_setting_is_none(tmp_path: Path, text: str) -> None:
    """It says what might be there."""
    assert judge(tmp_path, text).reason is Reason.NOT_SUFFICIENT


WEAK = [
    "DATABASE_URL=postgresql://app@db.clinic.org/patients?sslmode=disable",
    "sslmode: prefer",
    "PGSSLMODE=allow",
    "jdbc.url=jdbc:mysql://db.clinic.org/patients?useSSL=false",
    "spring.datasource.url=jdbc:mysql://db.clinic.org/p?sslMode=PREFERRED",
    '  "use_tls": false,',
    "use_ssl = no",
    "xpack.security.http.ssl.enabled: false",
    "ssl: false",
    "SSL: False",
    "security.protocol=PLAINTEXT",
    'security_protocol="SASL_PLAINTEXT"',
    'channel = grpc.insecure_channel("model.clinic.org:50051")',
    "requests.post(url, json=patient, verify=False)",
    "  rejectUnauthorized: false,",
    "NODE_TLS_REJECT_UNAUTHORIZED=0",
    "tls := &tls.Config{InsecureSkipVerify: true}",
    "insecure_skip_verify = true",
    "tls_verify: false",
    "verify_certs: False",
    "ssl_verify: 0",
    "client.tls_insecure_set(True)",
    "ssl_context.verify_mode = ssl.CERT_NONE",
    "uri: mongodb://db.clinic.org/?tls=true&tlsAllowInvalidCertificates=true",
    "Server=db.clinic.org;TrustServerCertificate=True;",
    'context.minimum_version = "TLSv1.1"',
    "ssl_min_protocol_version = TLSv1",
    "api_base: http://llm.clinic.org/v1",
    "REDIS_URL=redis://:secret@cache.clinic.org:6379/0",
    "broker: mqtt://10.0.0.5",
    "MQTT_PORT=1883",
    "AMQP=amqp://user:pass@10.2.3.4:5672/",
    "server: ldap://directory.clinic.org",
]


@pytest.mark.parametrize("line", WEAK)
def test_a_weak_setting_is_the_witness(tmp_path: Path, line: str) -> None:
    """With its line, in the languages of configurations and code."""
    verdict = judge(tmp_path, f"name: app\n{line}\n")
    assert verdict.outcome is Outcome.REFUTED
    assert verdict.witness["line"] == 2


FINE = [
    "DATABASE_URL=postgresql://app@db.clinic.org/patients?sslmode=verify-full",
    "use_tls: true",
    "security.protocol=SASL_SSL",
    "verify=True",
    "rejectUnauthorized: true",
    "api_base: https://llm.clinic.org/v1",
    "api_base: http://localhost:11434",
    "api_base: http://127.0.0.1:8000",
    "REDIS_URL=redis://redis:6379",
    "url: http://llm.default.svc.cluster.local:8000",
    "url: http://api.example.com",
    "REDIS_URL=rediss://cache.clinic.org:6380",
    "MQTT_PORT=8883",
    "# sslmode=disable",
    "// rejectUnauthorized: false",
    '<beans xmlns="http://www.springframework.org/schema/beans">',
    "$schema: http://json-schema.org/draft-07/schema",
    "licence text at http://clinic.org/licence",
    "minimum_version = TLSv1.2",
    "port: 18830",
    "thesslmode: 3",
    "render(mail, { plainText: true })",
    "ssl_certificate_checks_disabled_in: never",
]


@pytest.mark.parametrize("line", FINE)
def test_a_setting_that_looks_right_is_left_open(tmp_path: Path, line: str) -> None:
    """No looks verify, and what stays inside a machine or a cluster refutes nothing."""
    assert judge(tmp_path, f"name: app\n{line}\n").reason is Reason.NOT_SUFFICIENT


def test_the_witness_is_masked(tmp_path: Path) -> None:
    """The line may hold the password of the same connection."""
    verdict = judge(tmp_path, "REDIS_URL=redis://:hunter2secret@cache.clinic.org:6379/0")
    assert "hunter2secret" not in f"{verdict.explanation}{verdict.witness}"


@pytest.mark.parametrize(
    ("text", "said", "reason"),
    [
        (None, {}, Reason.MISSING_PARAMETER),
        (None, {"config": "gone.yaml"}, Reason.ARTEFACT_ABSENT),
        (b"\xff\xfe\x00\x01\x02", {}, Reason.GAP),
        ("", {}, Reason.NOT_SUFFICIENT),
        ("x" * 100_000 + " ssl: false", {}, Reason.NOT_SUFFICIENT),
        (None, {"artefact": "gone.pem"}, Reason.ARTEFACT_ABSENT),
        ("no certificate", {"config": None, "artefact": "app.conf"}, Reason.GAP),
        ("-----BEGIN CERTIFICATE-----\nAAAA", {"config": None, "artefact": "app.conf"}, Reason.GAP),
    ],
)
def test_what_cannot_be_judged_has_a_reason(
    tmp_path: Path, text: str | bytes | None, said: dict[str, Any], reason: Reason
) -> None:
    """Nothing stated, nothing there, nothing that can be read."""
    assert judge(tmp_path, text, **said).reason is reason


def certificate(key: Any, *, days: int = 9, algorithm: Any = None, issuer: str = "ca", by: Any = None) -> bytes:
    """A certificate in PEM that ends `days` after NOW."""
    names = [x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, each)]) for each in ("db.clinic.org", issuer)]
    made = (
        x509.CertificateBuilder()
        .subject_name(names[0])
        .issuer_name(names[1])
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(NOW - timedelta(days=20))
        .not_valid_after(NOW + timedelta(days=days))
        .sign(by or ec.generate_private_key(ec.SECP256R1()), algorithm or hashes.SHA256())
    )
    return made.public_bytes(Encoding.PEM)


def judge_certificate(root: Path, raw: bytes, **said: Any) -> Verdict:
    """The verdict on a certificate that is named as the artefact."""
    (root / "tls.crt").write_bytes(raw)
    return judge(root, artefact="tls.crt", **said)


@pytest.mark.parametrize("key", [ec.generate_private_key(ec.SECP256R1()), ed25519.Ed25519PrivateKey.generate()])
def test_a_good_certificate_proves_nothing(tmp_path: Path, key: Any) -> None:
    """Nobody sees whether a connection uses it."""
    assert judge_certificate(tmp_path, certificate(key)).reason is Reason.NOT_SUFFICIENT


def test_an_expired_certificate_is_refuted(tmp_path: Path) -> None:
    """At the moment that is stated, or now."""
    raw = certificate(ec.generate_private_key(ec.SECP256R1()), days=-5)
    assert judge_certificate(tmp_path, raw).witness == {
        "file": "tls.crt",
        "valid_until": "2025-12-27",
        "at": "2026-01-01",
    }
    assert judge_certificate(tmp_path, raw, at=NOW - timedelta(days=9)).outcome is Outcome.UNVERIFIABLE


def test_a_short_key_is_refuted(tmp_path: Path) -> None:
    """RSA below 2048 bits is disallowed by SP 800-131A."""
    verdict = judge_certificate(tmp_path, certificate(rsa.generate_private_key(65537, SHORT)))
    assert "1024 bits" in verdict.witness["flaw"]


def test_without_the_extra_its_name_is_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Certificates need a library."""
    monkeypatch.setitem(sys.modules, "cryptography.x509", None)
    verdict = judge_certificate(tmp_path, certificate(ec.generate_private_key(ec.SECP256R1())))
    assert verdict.reason is Reason.LIBRARY_MISSING
    assert "petguard[sign]" in verdict.explanation


@pytest.mark.parametrize(
    ("host", "far"),
    [
        ("localhost", Reach.LOCAL),
        ("127.0.0.1", Reach.LOCAL),
        ("[::1]", Reach.LOCAL),
        ("[::]", Reach.LOCAL),
        ("redis", Reach.NEAR),
        ("db.default.svc.cluster.local", Reach.NEAR),
        ("api.example.com", Reach.NEAR),
        ("10.0.0.5", Reach.FAR),
        ("db.clinic.org", Reach.FAR),
        (None, Reach.UNKNOWN),
        ("", Reach.UNKNOWN),
    ],
)
def test_how_far_a_host_is(host: str | None, far: Reach) -> None:
    """By its name alone."""
    assert reach(host) is far


def test_one_line_may_be_weak_twice() -> None:
    """A plain protocol and a check that is off."""
    line = "url: http://llm.clinic.org verify_ssl: false"
    assert {each.weakness for each in settings(line)} == {Weakness.PLAIN, Weakness.UNCHECKED}
