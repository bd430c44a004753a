"""From the text in an export to certificates.

`publicCertData` is base64 of a PKCS#7 bundle (A-40), `trustedRootCertificates[].data` base64 of
one certificate (A-43); real exports also hold PEM, and base64 of PEM.
"""

from __future__ import annotations

import binascii
import warnings
from functools import lru_cache
from typing import TYPE_CHECKING

from auditor.certificates.certificate import Certificate, CertificateError, Chain
from auditor.certificates.chain import link

if TYPE_CHECKING:
    from cryptography import x509

# Larger than any chain a gateway accepts; a bound on the work that hostile input can ask for.
_MOST_CHARACTERS = 1 << 20
_MOST_CERTIFICATES = 64

_SIGNED_DATA = bytes.fromhex("06092a864886f70d010702")
_BEGIN, _END, _DASHES = b"-----BEGIN ", b"-----END ", b"-----"
_CERTIFICATE_LABELS = (b"CERTIFICATE", b"X509 CERTIFICATE", b"PKCS7", b"CMS")

_ADVICE = "export the gateway again, or remove the field so that the certificate counts as unknown"


@lru_cache(maxsize=512)
def parse_public_cert_data(text: str) -> Chain:
    """Read the certificates of `sslCertificates[].publicCertData` and put them into a chain.

    Takes base64 of PKCS#7 or X.509 DER, PEM of one or several certificates (line breaks may be
    lost), and base64 of PEM; white space and absent padding do not matter (A-40).
    Raises `CertificateError` for everything else.
    """
    if len(text) > _MOST_CHARACTERS:
        raise _refusal("the text is longer than any certificate chain")
    data = _bytes(text)
    # cryptography warns of old habits of issuers (negative serial numbers, BER); and its readers
    # raise many kinds of exception on damaged input.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        certificates, a_set = _from_pem(data) if _BEGIN in data else _from_der(data)
        if not certificates:
            raise _refusal("the bundle holds no certificate")
        if len(certificates) > _MOST_CERTIFICATES:
            raise _refusal(f"the bundle holds more than {_MOST_CERTIFICATES} certificates")
        try:
            return link(certificates, a_set=a_set)
        except Exception:
            # From None: the library's message may repeat what the certificate holds.
            raise _refusal("a certificate holds fields that cannot be decoded") from None


def parse_root(text: str) -> Certificate:
    """Read the one certificate of `trustedRootCertificates[].data` (A-43).

    Takes the same encodings as `parse_public_cert_data`. Raises `CertificateError` also when the
    text holds several certificates.
    """
    chain = parse_public_cert_data(text)
    if len(chain.certificates) > 1:
        raise _refusal(f"there are {len(chain.certificates)} certificates where one root belongs")
    return chain.leaf


def _refusal(what: str, advice: str = _ADVICE) -> CertificateError:
    return CertificateError(what, advice=advice)


def _private() -> CertificateError:
    return _refusal(
        "the text holds a private key, which no export should",
        "remove the key from the file, and replace it where it is used",
    )


def _bytes(text: str) -> bytes:
    """Undo base64, unless the text is PEM."""
    bare = "".join(text.lstrip("\ufeff").split())
    if not bare:
        raise _refusal("the text is empty")
    if not bare.strip("*"):
        raise _refusal("the text was masked with asterisks before it reached this audit")
    raw = text.encode("utf-8", "replace")
    return raw if _BEGIN in raw else _decoded(bare.encode("utf-8", "replace"))


def _decoded(bare: bytes) -> bytes:
    digits = bare.rstrip(b"=")
    try:
        return binascii.a2b_base64(digits + b"=" * (-len(digits) % 4), strict_mode=True)
    except binascii.Error:
        raise _refusal("the text is not base64") from None


def _from_pem(data: bytes) -> tuple[list[x509.Certificate], bool]:
    """Read every block in order; true when they came as a set."""
    certificates: list[x509.Certificate] = []
    a_set = False
    at = data.find(_BEGIN)
    while at >= 0:
        label, dashes, _ = data[at + len(_BEGIN) : at + 80].partition(_DASHES)
        if b"PRIVATE KEY" in label:
            raise _private()
        if not dashes or label not in _CERTIFICATE_LABELS:
            raise _refusal("a PEM block holds something other than a certificate")
        start = at + len(_BEGIN) + len(label) + len(_DASHES)
        end = data.find(_END + label + _DASHES, start)
        if end < 0:
            raise _refusal("a PEM block has no end")
        found, found_set = _from_der(_decoded(b"".join(data[start:end].split())))
        certificates += found
        a_set = a_set or found_set
        if len(certificates) > _MOST_CERTIFICATES:
            break
        at = data.find(_BEGIN, end)
    return certificates, a_set


def _from_der(data: bytes) -> tuple[list[x509.Certificate], bool]:
    """Read a PKCS#7 bundle (true: a set) or one certificate."""
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import pkcs7

    bundle = _SIGNED_DATA in data[:24]
    try:
        if bundle:
            return pkcs7.load_der_pkcs7_certificates(data), True
        return [x509.load_der_x509_certificate(data)], False
    except Exception:
        if _is_private(data):
            raise _private() from None
        what = "a PKCS#7 bundle" if bundle else "a certificate"
        raise _refusal(f"the bytes are not {what} that can be decoded") from None


def _is_private(data: bytes) -> bool:
    """Tell whether the bytes are a private key or a PFX, which usually holds one."""
    from cryptography.hazmat.primitives.serialization import load_der_private_key

    if data[:1] == b"\x30" and b"\x02\x01\x03\x30" in data[2:10]:
        return True
    try:
        load_der_private_key(data, password=None)
    except TypeError:
        return True  # it is encrypted
    except Exception:
        return False
    return True
