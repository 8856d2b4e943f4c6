"""Certificate authorities of the tests' own, for evidence that no vendor signed."""

import warnings
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey

BEGIN, END = datetime(2025, 12, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Signer:
    """A key with its certificate."""

    key: Key
    certificate: x509.Certificate

    @property
    def pem(self) -> bytes:
        """The certificate as text."""
        return self.certificate.public_bytes(Encoding.PEM)

    @property
    def der(self) -> bytes:
        """The certificate as bytes."""
        return self.certificate.public_bytes(Encoding.DER)


def signer(
    name: str,
    key: Key,
    issuer: Signer | None = None,
    *,
    ca: bool = False,
    extra: dict[str, bytes] | None = None,
    valid: tuple[datetime, datetime] = (BEGIN, END),
) -> Signer:
    """A certificate of `issuer`, or one that signs itself; `extra` are extensions by their OID."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    above = issuer.certificate if issuer is not None else None
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(above.subject if above is not None else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(valid[0])
        .not_valid_after(valid[1])
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    for oid, value in (extra or {}).items():
        builder = builder.add_extension(x509.UnrecognizedExtension(x509.ObjectIdentifier(oid), value), critical=False)
    signing = issuer.key if issuer is not None else key
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return Signer(key, builder.sign(signing, _hash(signing)))


def _hash(key: Key) -> hashes.SHA256 | hashes.SHA384:
    return hashes.SHA384() if isinstance(key, ec.EllipticCurvePrivateKey) and key.key_size == 384 else hashes.SHA256()


def revocations(issuer: Signer) -> bytes:
    """A list of revoked certificates with nothing on it."""
    identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.key.public_key())
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(issuer.certificate.subject)
        .last_update(BEGIN)
        .next_update(END)
        .add_extension(x509.CRLNumber(1), critical=False)
        .add_extension(identifier, critical=False)
    )
    return builder.sign(issuer.key, _hash(issuer.key)).public_bytes(Encoding.DER)
