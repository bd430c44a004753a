r"""A listener presents a certificate that has expired or is not valid yet.

## Why it matters
Every browser shows a full-page warning, and every program refuses to connect. The gateway itself
goes on presenting it.

## What fails
The certificate of a listener for HTTPS or TLS, which some rule serves, is past its `notAfter` or
before its `notBefore` at the moment of the audit. Both moments themselves are valid.

The answer is *unknown* when the certificate lies in Key Vault and the export does not show it, or
cannot be read. A certificate that no listener names is not judged.

## What to do
Put a valid one in its place. One in Key Vault: renew it there. An uploaded one:

    az network application-gateway ssl-cert update --resource-group GROUP \
        --gateway-name GATEWAY --name CERTIFICATE --cert-file new.pfx --cert-password PASSWORD

## References
- https://learn.microsoft.com/azure/application-gateway/renew-certificates
- https://www.rfc-editor.org/rfc/rfc5280#section-4.1.2.5
- Facts A-40, T-11
"""

from __future__ import annotations

from auditor.certificates import Validity, validity
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


@rule("TLS-002", severity=Severity.CRITICAL, since="0.1.0", of=served_certificates)
def invalid_certificate(network: Network, subject: SslCertificate | Doubt) -> Outcomes:
    """Find certificates in use outside their lifetime."""
    bound = settled(subject)
    leaf = chain_of(network, bound).leaf
    state = validity(leaf, network.as_of)
    if state is Validity.VALID:
        return
    gateway = gateway_of(network, bound)
    listeners = listeners_presenting(network, bound)
    names = ", ".join(one.label for one in listeners)
    if state is Validity.EXPIRED:
        what = f"expired on {leaf.not_after:%Y-%m-%d %H:%M} UTC"
    else:
        what = f"is not valid before {leaf.not_before:%Y-%m-%d %H:%M} UTC"
    yield Finding(
        bound.id,
        f"The certificate {bound.label} that {gateway.label} presents on {names} {what}",
        certificate_remedy(gateway, bound),
        related=tuple(one.id for one in listeners),
        evidence=(
            evidence(
                bound,
                "/properties/publicCertData",
                {
                    "notBefore": leaf.not_before.isoformat(),
                    "notAfter": leaf.not_after.isoformat(),
                    "serial": leaf.serial,
                },
            ),
        ),
        covers=(("TLS-001", bound.id),),
    )
