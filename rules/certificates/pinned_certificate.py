r"""A gateway is pinned to one version of its certificate in Key Vault.

## Why it matters
The gateway asks Key Vault every four hours for the current version, and so follows a renewal
without anybody's doing; but not when the reference names a version. Then the renewed certificate
lies in the vault, every check of the vault is green, and the gateway presents the old one until it
expires.

## What fails
The certificate of a listener for HTTPS or TLS, which some rule serves, has a `keyVaultSecretId`
that ends with a version: `https://VAULT.vault.azure.net/secrets/NAME/VERSION`. A slash at the end
without a version is fine.

The answer is *unknown* when the reference is not one to a Key Vault that can be read. A certificate
that was uploaded is not judged here, nor is one that no listener names.

## What to do
Name the secret without a version:

    az network application-gateway ssl-cert update --resource-group GROUP \
        --gateway-name GATEWAY --name CERTIFICATE \
        --key-vault-secret-id https://VAULT.vault.azure.net/secrets/NAME

## References
- https://learn.microsoft.com/azure/application-gateway/key-vault-certs
- Fact T-8
"""

from __future__ import annotations

from auditor.certificates import key_vault_secret
from auditor.errors import quoted
from auditor.finding import Finding, Severity, Unknown
from auditor.network.doubt import Doubt, settled
from auditor.network.gateways import gateway_of
from auditor.network.graph import Network, evidence
from auditor.network.tls import certificates_from_vaults, listeners_presenting
from auditor.remedy import az
from auditor.resources.gateway_tls import SslCertificate
from auditor.rule import Outcomes, rule


@rule("TLS-005", severity=Severity.HIGH, since="0.1.0", of=certificates_from_vaults)
def pinned_certificate(network: Network, subject: SslCertificate | Doubt) -> Outcomes:
    """Find certificates whose renewals never reach the gateway."""
    bound = settled(subject)
    text = bound.properties.key_vault_secret_id or ""
    reference = key_vault_secret(text)
    if reference is None:
        yield Unknown(
            bound.id,
            f"what the certificate {bound.label} refers to: {quoted(text)} is no Key Vault secret",
            evidence=(evidence(bound, "/properties/keyVaultSecretId", text),),
        )
        return
    if reference.version is None:
        return
    gateway = gateway_of(network, bound)
    listeners = listeners_presenting(network, bound)
    yield Finding(
        bound.id,
        f"The certificate {bound.label} of {gateway.label} is pinned to version "
        f"{reference.version} of {reference.name} in {reference.host}, so renewals never reach "
        f"{', '.join(one.label for one in listeners)}",
        "name the secret without a version: "
        + az(
            *("network", "application-gateway", "ssl-cert", "update"),
            resource_group=gateway.resource_group,
            gateway_name=gateway.label,
            name=bound.label,
            key_vault_secret_id=f"https://{reference.host}/secrets/{reference.name}",
        ),
        related=tuple(one.id for one in listeners),
        evidence=(evidence(bound, "/properties/keyVaultSecretId", text),),
    )
