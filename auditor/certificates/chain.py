"""Who issued whom, among the certificates of one bundle."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from auditor.certificates.certificate import Certificate, Chain, Key

if TYPE_CHECKING:
    from cryptography import x509


def link(raw: Sequence[x509.Certificate], *, a_set: bool) -> Chain:
    """Put at least one decoded certificate into a chain; `a_set` when their order means nothing.

    Whatever `cryptography` raises on damaged fields passes through.
    """
    unique = list(dict.fromkeys(raw))
    issuers = [[i for i, other in enumerate(unique) if _issued(one, other)] for one in unique]
    plain = [_plain(one, at in issuers[at]) for at, one in enumerate(unique)]
    heads = _heads(plain, issuers)
    path = _path(plain, issuers, heads[0])
    last = plain[path[-1]]
    return Chain(
        leaf=plain[heads[0]],
        path=tuple(plain[at] for at in path),
        certificates=tuple(plain[unique.index(one)] for one in raw),
        ordered=True if len(raw) == 1 else None if a_set else path == list(range(len(raw))),
        complete=last.self_signed,
        missing_issuer=None if last.self_signed else last.issuer,
        problems=tuple(_problems(plain, heads, path, repeated=len(raw) - len(unique))),
    )


def _issued(one: x509.Certificate, other: x509.Certificate) -> bool:
    """Tell whether `other` issued `one`: by name and, where it can be checked, by signature."""
    from cryptography.exceptions import InvalidSignature

    if one.issuer != other.subject:
        return False
    try:
        one.verify_directly_issued_by(other)
    except InvalidSignature:
        return False
    except Exception:
        return True  # an algorithm that this build cannot verify (MD5, GOST): the names agree
    return True


def _heads(plain: Sequence[Certificate], issuers: Sequence[Sequence[int]]) -> list[int]:
    """Give who may be the leaf, the best first: issued nobody, is no authority, came first."""
    busy = {i for at, found in enumerate(issuers) for i in found if i != at}
    free = [at for at in range(len(plain)) if at not in busy] or list(range(len(plain)))
    ends = [at for at in free if not plain[at].is_ca]
    return ends or free


def _path(plain: Sequence[Certificate], issuers: Sequence[Sequence[int]], leaf: int) -> list[int]:
    """Walk from the leaf to issuers, a self-signed one first, never twice to the same."""
    path = [leaf]
    while not plain[path[-1]].self_signed:
        onward = [at for at in issuers[path[-1]] if at not in path]
        if not onward:
            break
        path.append(min(onward, key=lambda at: (not plain[at].self_signed, at)))
    return path


def _problems(
    plain: Sequence[Certificate], heads: Sequence[int], path: Sequence[int], *, repeated: int
) -> list[str]:
    problems = []
    if repeated:
        problems.append(f"given more than once: {repeated} of the certificates")
    if len(heads) > 1:
        problems.append(f"{len(heads)} certificates could be the leaf")
    problems += [
        f"{one.subject} takes no part in the leaf's chain"
        for at, one in enumerate(plain)
        if at not in path
    ]
    last = plain[path[-1]]
    if not last.self_signed:
        problems.append(f"the issuer of {last.subject} is missing: {last.issuer}")
    return problems


def _plain(raw: x509.Certificate, self_signed: bool) -> Certificate:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes

    extensions = raw.extensions
    dns: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    is_ca = False
    for extension in extensions:
        if isinstance(extension.value, x509.SubjectAlternativeName):
            dns = tuple(extension.value.get_values_for_type(x509.DNSName))
            addresses = tuple(map(str, extension.value.get_values_for_type(x509.IPAddress)))
        elif isinstance(extension.value, x509.BasicConstraints):
            is_ca = extension.value.ca
    return Certificate(
        subject=raw.subject.rfc4514_string(),
        issuer=raw.issuer.rfc4514_string(),
        serial=format(raw.serial_number, "x"),
        thumbprint=raw.fingerprint(hashes.SHA256()).hex(),
        not_before=raw.not_valid_before_utc,
        not_after=raw.not_valid_after_utc,
        dns_names=dns,
        ip_addresses=addresses,
        key=_key(raw),
        signature_hash=_signature_hash(raw),
        self_signed=self_signed,
        is_ca=is_ca,
    )


def _key(raw: x509.Certificate) -> Key:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa

    try:
        key = raw.public_key()
    except (UnsupportedAlgorithm, ValueError):
        return Key(raw.public_key_algorithm_oid.dotted_string)
    if isinstance(key, rsa.RSAPublicKey):
        return Key("RSA", key.key_size)
    if isinstance(key, ec.EllipticCurvePublicKey):
        return Key("EC", key.key_size, key.curve.name)
    if isinstance(key, dsa.DSAPublicKey):
        return Key("DSA", key.key_size)
    if isinstance(key, ed25519.Ed25519PublicKey):
        return Key("Ed25519", 256)
    if isinstance(key, ed448.Ed448PublicKey):
        return Key("Ed448", 456)
    return Key(raw.public_key_algorithm_oid.dotted_string)


def _signature_hash(raw: x509.Certificate) -> str | None:
    from cryptography.exceptions import UnsupportedAlgorithm

    try:
        algorithm = raw.signature_hash_algorithm
    except UnsupportedAlgorithm:
        return raw.signature_algorithm_oid.dotted_string
    return algorithm.name if algorithm is not None else None
