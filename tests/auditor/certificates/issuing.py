"""Certificates made on the spot: EC keys, fixed dates."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7
from cryptography.x509.oid import NameOID

Edwards = ed25519.Ed25519PrivateKey | ed448.Ed448PrivateKey
PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | Edwards

BEGINS = datetime(2026, 10, 1, tzinfo=UTC)
ENDS = datetime(2026, 12, 30, tzinfo=UTC)


@dataclass(frozen=True)
class Issued:
    """A certificate and its key."""

    certificate: x509.Certificate
    key: PrivateKey

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(Encoding.PEM).decode()


def named(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def issue(
    name: str,
    by: Issued | None = None,
    *,
    ca: bool = False,
    sans: Sequence[x509.GeneralName] = (),
    key: PrivateKey | None = None,
) -> Issued:
    """Make a certificate, signed by its own key unless somebody issues it."""
    own = key or ec.generate_private_key(ec.SECP256R1())
    signer = by.key if by else own
    builder = (
        x509.CertificateBuilder()
        .subject_name(named(name))
        .issuer_name(by.certificate.subject if by else named(name))
        .public_key(own.public_key())
        .serial_number(0xC0FFEE)
        .not_valid_before(BEGINS)
        .not_valid_after(ENDS)
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
    )
    if sans:
        builder = builder.add_extension(x509.SubjectAlternativeName(sans), critical=False)
    digest = None if isinstance(signer, Edwards) else hashes.SHA256()
    return Issued(builder.sign(signer, digest), own)


@cache
def family() -> tuple[Issued, Issued, Issued]:
    """Give a leaf for `*.a.example`, its intermediate and their root."""
    root = issue("Root", ca=True)
    middle = issue("Middle", root, ca=True)
    return issue("Leaf", middle, sans=[x509.DNSName("*.a.example")]), middle, root


@cache
def weak() -> Issued:
    """Give a self-signed certificate with an RSA key of 1024 bits."""
    return issue("Weak", key=rsa.generate_private_key(public_exponent=65537, key_size=1024))


def bundle(*certificates: Issued) -> bytes:
    """Give a PKCS#7 bundle in DER."""
    return pkcs7.serialize_certificates([one.certificate for one in certificates], Encoding.DER)


def base64(data: bytes) -> str:
    return b64encode(data).decode()
