r"""A certificate that a listener presents expires soon.

## Why it matters
On the day it expires every browser and every client refuses the site. Renewals that are said to be
automatic fail quietly: the identity lost a right, the DNS zone moved, the gateway is pinned to an
old version. The remaining days are the only sign.

## What fails
The certificate of a listener for HTTPS or TLS, which some rule serves, has few days left at the
moment of the audit: at most `notice-days` (30) is of medium severity, at most `warning-days` (14)
of high, at most `alarm-days` (3), or none at all, critical. Let's Encrypt's certificates live 90
days and are renewed 30 days before their end, so a finding of medium severity may be a renewal
that is about to happen. Where the certificate has expired, TLS-002 speaks if it runs.

Only the certificate itself is judged, not those of its issuers. One that no listener names is never
shown to anybody and is not judged. The answer is *unknown* when the certificate lies in Key Vault
and the export does not show it, or cannot be read.

## What to do
Renew it. One in Key Vault, then let the gateway follow (TLS-005); an uploaded one by

    az network application-gateway ssl-cert update --resource-group GROUP \
        --gateway-name GATEWAY --name CERTIFICATE --cert-file new.pfx --cert-password PASSWORD

## References
- https://learn.microsoft.com/azure/application-gateway/renew-certificates
- https://learn.microsoft.com/azure/application-gateway/key-vault-certs
- Facts A-40, T-8, T-11
"""

from __future__ import annotations

from typing import Annotated, TypeAlias

from msgspec import Meta, Struct

from auditor.certificates import days_left
from auditor.finding import Finding, Severity
from auditor.network.doubt import Doubt, settled
from auditor.network.gateways import gateway_of
from auditor.network.graph import Network, evidence
from auditor.network.tls import (
    certificate_remedy,
    chain_of,
    listeners_presenting,
    served_certificates,
)
from auditor.resources.gateway_tls import SslCertificate
from auditor.rule import Outcomes, rule

Days: TypeAlias = Annotated[int, Meta(ge=0)]


class Params(Struct, frozen=True):
    """When a certificate's end is near."""

    notice_days: Days = 30
    """At most so many days left: medium."""
    warning_days: Days = 14
    """At most so many days left: high."""
    alarm_days: Days = 3
    """At most so many days left: critical."""


@rule(
    "TLS-001",
    severity=Severity.HIGH,
    since="0.1.0",
    of=served_certificates,
    parameters=Params,
    peers=("POL:f772fb64", "PSR:APIM.CertificateExpiry", "PRW:keyvault_*_expiration_set"),
)
def expiring_certificate(
    network: Network, subject: SslCertificate | Doubt, params: Params
) -> Outcomes:
    """Find certificates in use with few days left."""
    bound = settled(subject)
    leaf = chain_of(network, bound).leaf
    left = days_left(leaf, network.as_of)
    severity = _severity(left, params)
    if severity is None:
        return
    gateway = gateway_of(network, bound)
    listeners = listeners_presenting(network, bound)
    names = ", ".join(one.label for one in listeners)
    end = leaf.not_after.strftime("%Y-%m-%d %H:%M UTC")
    yield Finding(
        bound.id,
        f"The certificate {bound.label} that {gateway.label} presents on {names} "
        f"{_when(left)}, on {end}",
        certificate_remedy(gateway, bound),
        related=tuple(one.id for one in listeners),
        evidence=(
            evidence(
                bound,
                "/properties/publicCertData",
                {"notAfter": leaf.not_after.isoformat(), "serial": leaf.serial},
            ),
        ),
        severity=severity,
    )


def _severity(left: float, params: Params) -> Severity | None:
    if left <= params.alarm_days:
        return Severity.CRITICAL
    if left <= params.warning_days:
        return Severity.HIGH
    return Severity.MEDIUM if left <= params.notice_days else None


def _when(left: float) -> str:
    if left < 0:
        return "has expired"
    days = int(left)
    if days == 0:
        return "expires within a day"
    return f"expires in {days} day{'' if days == 1 else 's'}"
