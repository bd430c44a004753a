"""What rules ask of X.509 certificates: names, dates, keys, chains, Key Vault references.

Pure: no clock, no file, no network. `cryptography` is imported when the first certificate is
read, so that an audit without certificates does not pay for it.
"""

from __future__ import annotations

from auditor.certificates.certificate import (
    Certificate,
    CertificateError,
    Chain,
    Key,
    Validity,
    days_left,
    lifetime_days,
    validity,
)
from auditor.certificates.key_vault import KeyVaultReference, key_vault_secret
from auditor.certificates.names import Cover, Coverage, covers, matches
from auditor.certificates.reading import parse_public_cert_data, parse_root

__all__ = [
    "Certificate",
    "CertificateError",
    "Chain",
    "Cover",
    "Coverage",
    "Key",
    "KeyVaultReference",
    "Validity",
    "covers",
    "days_left",
    "key_vault_secret",
    "lifetime_days",
    "matches",
    "parse_public_cert_data",
    "parse_root",
    "validity",
]
