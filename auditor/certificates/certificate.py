"""A certificate and a chain of them, as plain values, and what time does to them."""

from __future__ import annotations

import enum
from datetime import datetime, timedelta

import msgspec

from auditor.errors import AuditorError

_DAY = timedelta(days=1)


class CertificateError(AuditorError):
    """A text that gives no certificate; the sentence never repeats what the text holds."""


class Key(msgspec.Struct, frozen=True):
    """A public key.

    `kind` is `RSA`, `EC`, `Ed25519`, `Ed448`, `DSA`, or the dotted object identifier of an
    algorithm nobody here knows. `size` counts bits (the modulus of RSA, the field of EC), None
    when unknown. `curve` is the name of an EC key's curve, such as `secp256r1`.
    """

    kind: str
    size: int | None = None
    curve: str | None = None

    def __str__(self) -> str:
        detail = self.curve or (str(self.size) if self.size is not None else "")
        return (
            f"{self.kind} {detail}" if detail and self.kind in ("RSA", "EC", "DSA") else self.kind
        )


class Certificate(msgspec.Struct, frozen=True):
    """One X.509 certificate.

    `subject` and `issuer` are RFC 4514 text, `serial` and `thumbprint` (SHA-256) lower-case
    hexadecimal. The dates are in UTC and both belong to the lifetime (RFC 5280, 4.1.2.5).
    `dns_names` are the subject alternative names of kind dNSName as spelled; the common name is
    no host name (RFC 9525, T-4). `ip_addresses` are those of kind iPAddress.
    `signature_hash` is `sha256` and the like, None for algorithms that bring their own (Ed25519),
    the dotted object identifier when unknown. `self_signed` was proved with the certificate's own
    key where the algorithm is supported, else it rests on equal names.
    """

    subject: str
    issuer: str
    serial: str
    thumbprint: str
    not_before: datetime
    not_after: datetime
    dns_names: tuple[str, ...]
    ip_addresses: tuple[str, ...]
    key: Key
    signature_hash: str | None
    self_signed: bool
    is_ca: bool


class Chain(msgspec.Struct, frozen=True):
    """The certificates of one text, and how they hang together.

    `leaf` is the certificate that issued no other one here; `path` leads from it through the
    issuers that are present. `certificates` keeps the given order. `ordered` tells whether that
    order is leaf first, each followed by its issuer; None for a PKCS#7 bundle of several, which
    is a set: its encoding sorts them (RFC 5652, 5.1; X.690, 11.6), so the order that a gateway
    sends cannot be told from it. `complete` is true when the path ends at a self-signed
    certificate; otherwise `missing_issuer` names (RFC 4514) who is lacking.
    `problems` are sentences for a person.
    """

    leaf: Certificate
    path: tuple[Certificate, ...]
    certificates: tuple[Certificate, ...]
    ordered: bool | None
    complete: bool
    missing_issuer: str | None
    problems: tuple[str, ...]


class Validity(enum.Enum):
    """Where a moment lies in the life of a certificate."""

    NOT_YET = "not yet valid"
    VALID = "valid"
    EXPIRED = "expired"


def validity(certificate: Certificate, now: datetime) -> Validity:
    """Tell where `now` (timezone aware) lies; both end dates still count as valid."""
    if _aware(now) < certificate.not_before:
        return Validity.NOT_YET
    return Validity.EXPIRED if now > certificate.not_after else Validity.VALID


def days_left(certificate: Certificate, now: datetime) -> float:
    """Give the days from `now` (timezone aware) to the end; negative once it is past."""
    return (certificate.not_after - _aware(now)) / _DAY


def lifetime_days(certificate: Certificate) -> float:
    """Give the days from `not_before` to `not_after`."""
    return (certificate.not_after - certificate.not_before) / _DAY


def _aware(now: datetime) -> datetime:
    if now.utcoffset() is None:
        raise ValueError("the moment needs a timezone")
    return now
