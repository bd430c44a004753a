from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from ipaddress import ip_address

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    pkcs12,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.certificates import CertificateError, Key, parse_public_cert_data, parse_root

from .issuing import ENDS, base64, bundle, family, issue, weak

LEAF, MIDDLE, ROOT = family()


def lines(text: str, width: int = 64) -> str:
    return "\r\n".join(text[at : at + width] for at in range(0, len(text), width))


SPELLINGS = {
    "PKCS#7 as Azure gives it": base64(bundle(LEAF)),
    "PKCS#7 without padding": base64(bundle(LEAF)).rstrip("="),
    "PKCS#7 over several lines": lines(base64(bundle(LEAF))),
    "PKCS#7 amid white space": f"\n  {base64(bundle(LEAF))} \t\n",
    "X.509": base64(LEAF.der),
    "X.509 after a byte order mark": "\ufeff" + base64(LEAF.der),
    "PEM": LEAF.pem,
    "PEM without line breaks": LEAF.pem.replace("\n", ""),
    "PEM after words of its own": f"subject=Löwe\n{LEAF.pem}",
    "PEM in base64": base64(LEAF.pem.replace("\n", "\r\n").encode()),
    "PKCS#7 as PEM": f"-----BEGIN PKCS7-----\n{lines(base64(bundle(LEAF)))}\n-----END PKCS7-----\n",
}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_A_40_every_spelling_of_one_certificate_gives_the_same(spelling: str) -> None:
    chain = parse_public_cert_data(SPELLINGS[spelling])

    assert chain.certificates == (chain.leaf,)
    assert chain.leaf.subject == "CN=Leaf"
    assert chain.leaf.thumbprint == parse_root(base64(LEAF.der)).thumbprint


def test_a_certificate_tells_who_when_and_how() -> None:
    sans = [
        x509.DNSName("*.Shop.example"),
        x509.DNSName("shop.example"),
        x509.IPAddress(ip_address("203.0.113.7")),
        x509.IPAddress(ip_address("2001:db8::7")),
        x509.RFC822Name("who@shop.example"),
    ]

    leaf = parse_root(base64(issue("Shop, Inc.", ROOT, sans=sans).der))

    assert leaf.subject == "CN=Shop\\, Inc."
    assert leaf.issuer == "CN=Root"
    assert leaf.serial == "c0ffee"
    assert len(leaf.thumbprint) == 64
    assert (leaf.not_before, leaf.not_after) == (datetime(2026, 10, 1, tzinfo=UTC), ENDS)
    assert leaf.dns_names == ("*.Shop.example", "shop.example")
    assert leaf.ip_addresses == ("203.0.113.7", "2001:db8::7")
    assert leaf.signature_hash == "sha256"
    assert not leaf.self_signed
    assert not leaf.is_ca


def test_T_4_a_common_name_is_no_host_name() -> None:
    assert parse_root(base64(issue("www.shop.example").der)).dns_names == ()


@pytest.mark.parametrize(
    ("key", "expected", "shown"),
    [
        (ec.generate_private_key(ec.SECP384R1()), Key("EC", 384, "secp384r1"), "EC secp384r1"),
        (ed25519.Ed25519PrivateKey.generate(), Key("Ed25519", 256), "Ed25519"),
        (
            rsa.generate_private_key(public_exponent=65537, key_size=2048),
            Key("RSA", 2048),
            "RSA 2048",
        ),
    ],
    ids=["EC", "Ed25519", "RSA"],
)
def test_keys_have_a_kind_and_a_size(
    key: ec.EllipticCurvePrivateKey, expected: Key, shown: str
) -> None:
    found = parse_root(base64(issue("any", key=key).der)).key

    assert found == expected
    assert str(found) == shown


def test_a_weak_key_and_a_weak_hash_are_seen() -> None:
    strong_oid, sha1_oid = (bytes.fromhex(f"2a864886f70d0101{end}") for end in ("0b", "05"))

    assert parse_root(base64(weak().der)).key == Key("RSA", 1024)
    old = parse_root(base64(weak().der.replace(strong_oid, sha1_oid)))
    assert old.signature_hash == "sha1"


def test_algorithms_nobody_knows_are_named_by_number() -> None:
    ed, unknown = (bytes.fromhex(f"06032b65{end}") for end in ("70", "63"))
    signed = issue("any", key=ed25519.Ed25519PrivateKey.generate()).der

    strange = parse_root(base64(signed.replace(ed, unknown)))

    assert str(strange.key) == "1.3.101.99"
    assert strange.key.size is None
    assert strange.signature_hash == "1.3.101.99"
    assert parse_root(base64(signed)).signature_hash is None


def test_Ed448_is_known_by_name() -> None:
    leaf = issue("any", ROOT, key=ed448.Ed448PrivateKey.generate())

    assert parse_root(base64(leaf.der)).key == Key("Ed448", 456)


def test_A_43_a_root_is_one_certificate() -> None:
    with pytest.raises(CertificateError, match="2 certificates where one root belongs"):
        parse_root(MIDDLE.pem + ROOT.pem)


SECRET = LEAF.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
LOCKED = LEAF.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, BestAvailableEncryption(b"x"))
SECRET_PEM = LEAF.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
PUBLIC_PEM = LEAF.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def pfx(password: bytes | None) -> bytes:
    assert isinstance(LEAF.key, ec.EllipticCurvePrivateKey)
    lock = BestAvailableEncryption(password) if password else NoEncryption()
    return pkcs12.serialize_key_and_certificates(None, LEAF.key, LEAF.certificate, None, lock)


REFUSED = {
    "": "empty",
    " \n\t": "empty",
    "*****": "masked",
    "[concat('a')]": "not base64",
    "Zm9v!": "not base64",
    "A": "not base64",
    "AAAA=AAA": "not base64",
    "\ud800": "not base64",
    "AAAA": "not a certificate",
    base64(LEAF.der[:-1]): "not a certificate",
    base64(LEAF.der + b"\0"): "not a certificate",
    base64(bundle(LEAF)[:-1]): "not a PKCS#7 bundle",
    "MAsGCSqGSIb3DQEHAg==": "not a PKCS#7 bundle",
    "-----BEGIN CERTIFICATE-----\nAAAA": "no end",
    "-----BEGIN CERTIFICATE": "other than a certificate",
    PUBLIC_PEM.decode(): "other than a certificate",
    LEAF.pem * 65: "more than 64",
    "A" * ((1 << 20) + 1): "longer than any",
    base64(SECRET): "private key",
    base64(LOCKED): "private key",
    base64(pfx(None)): "private key",
    base64(pfx(b"secret")): "private key",
    SECRET_PEM: "private key",
    LEAF.pem + SECRET_PEM: "private key",
    base64(SECRET_PEM.encode()): "private key",
}


@pytest.mark.parametrize("text", REFUSED, ids=range(len(REFUSED)))
def test_what_is_no_certificate_is_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(CertificateError, match=REFUSED[text]) as refused:
        parse_public_cert_data(text)

    assert refused.value.advice
    assert refused.value.__suppress_context__ or refused.value.__context__ is None
    assert not text.strip() or text.strip()[:20] not in str(refused.value) + refused.value.advice


def test_a_damaged_extension_does_not_become_an_absent_name() -> None:
    name = b"*.a.example"
    damaged = LEAF.der.replace(bytes([0x82, len(name)]) + name, bytes([0x82, 0x7F]) + name)
    assert damaged != LEAF.der

    with pytest.raises(CertificateError, match="cannot be decoded"):
        parse_public_cert_data(base64(damaged))


def attempt(text: str) -> None:
    """Anything but a chain or the one kind of error fails the test."""
    try:
        parse_public_cert_data.__wrapped__(text)
    except CertificateError:
        return


@settings(max_examples=150, deadline=None)
@given(st.one_of(st.text(), st.binary().map(base64)))
def test_garbage_never_gives_another_error(text: str) -> None:
    attempt(text)


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from([bundle(*family()), LEAF.der, ROOT.pem.encode()]),
    st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 255)), min_size=1, max_size=4),
    st.booleans(),
)
def test_damaged_certificates_never_give_another_error(
    data: bytes, changes: list[tuple[int, int]], cut: bool
) -> None:
    damaged = bytearray(data)
    for at, value in changes:
        damaged[at % len(damaged)] = value
    attempt(base64(bytes(damaged[: changes[0][0] % len(damaged)] if cut else damaged)))


def test_many_unfinished_blocks_are_refused_at_once() -> None:
    with pytest.raises(CertificateError, match="no end"):
        parse_public_cert_data("-----BEGIN CERTIFICATE-----" * 38_000)


def test_the_same_text_is_read_once() -> None:
    text = base64(bundle(*family()))

    assert parse_public_cert_data(text) is parse_public_cert_data(text)


def test_certificates_cost_nothing_until_one_is_read() -> None:
    program = "import sys, auditor.certificates; sys.exit('cryptography' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
