r"""A gateway may not read its certificate in Key Vault.

## Why it matters
A gateway that cannot fetch a certificate goes on with the last one it has, and switches the
listener off when it has none or is restarted. The error is shown in Advisor and in the activity
log, and nowhere on the gateway.

## What fails
The certificate of a listener for HTTPS or TLS, which some rule serves, is fetched from Key Vault,
and

- the gateway has no user-assigned managed identity, or
- the vault decides by access policies and none gives that identity the right *get* on secrets, or
- the vault decides by roles and the identity has none that reads secrets (Key Vault Secrets User,
  Secrets Officer, Certificate User, Administrator) on the secret, the vault or above.

The answer is *unknown* when the vault, the identity's principal or the role assignments that
concern the vault, the inherited ones among them, are not in the snapshot, when the identity has a
custom role, and when it may hold the right through a group: one with such a role, or a principal
of an access policy that is not known to be a single one.
The vault's firewall is judged by TLS-008; a certificate that was uploaded is not judged.

## What to do
Give the gateway an identity, and the identity the right:

    az network application-gateway identity assign --resource-group GROUP \
        --gateway-name GATEWAY --identity IDENTITY-ID
    az role assignment create --role "Key Vault Secrets User" --assignee-object-id PRINCIPAL \
        --assignee-principal-type ServicePrincipal --scope VAULT-ID

## References
- https://learn.microsoft.com/azure/application-gateway/key-vault-certs
- https://learn.microsoft.com/azure/application-gateway/application-gateway-key-vault-common-errors
- Facts T-9, T-10
"""

from __future__ import annotations

from auditor.certificates import key_vault_secret
from auditor.errors import Undetermined, quoted
from auditor.finding import Evidence, Finding, Severity
from auditor.network.doubt import Doubt, settled
from auditor.network.gateways import gateway_of
from auditor.network.graph import Network, evidence
from auditor.network.tls import certificates_from_vaults, listeners_presenting
from auditor.network.vault_access import Access, secret_access, vault_of
from auditor.remedy import az, home
from auditor.resources.application_gateways import ApplicationGateway
from auditor.resources.authorization import ManagedIdentity
from auditor.resources.gateway_tls import SslCertificate
from auditor.resources.key_vault import KeyVault
from auditor.rule import Outcomes, rule


@rule("TLS-007", severity=Severity.CRITICAL, since="0.1.0", of=certificates_from_vaults)
def unreadable_certificate(network: Network, subject: SslCertificate | Doubt) -> Outcomes:
    """Find certificates in Key Vault that their gateway has no right to fetch."""
    bound = settled(subject)
    gateway = gateway_of(network, bound)
    identities = gateway.identity.user_assigned_identities if gateway.identity else None
    kind = ((gateway.identity.type or "") if gateway.identity else "").lower()
    if not identities:
        if "userassigned" in kind:
            raise Undetermined(f"the identities of {gateway.label}", resource=gateway.id)
        yield _no_identity(network, gateway, bound)
        return
    text = bound.properties.key_vault_secret_id or ""
    reference = key_vault_secret(text)
    if reference is None:
        raise Undetermined(f"the vault that {quoted(text)} means", resource=bound.id)
    vault = vault_of(network, reference)
    principals = [_principal(network, gateway, identity) for identity in sorted(identities)]
    answers = [secret_access(network, vault, principal, reference.name) for principal in principals]
    if Access.ALLOWED not in answers:
        yield _no_right(network, gateway, bound, vault, answers[0], principals[0])


def _principal(network: Network, gateway: ApplicationGateway, identity: str) -> str:
    shown = (gateway.identity.user_assigned_identities or {}) if gateway.identity else {}
    own = shown[identity].principal_id if identity in shown else None
    if own:
        return own
    found = network.get(identity, ManagedIdentity)
    if found is None or not found.properties.principal_id:
        raise Undetermined(f"the principal of the identity {identity}", resource=identity)
    return found.properties.principal_id


def _no_identity(network: Network, gateway: ApplicationGateway, bound: SslCertificate) -> Finding:
    return Finding(
        bound.id,
        f"The gateway {gateway.label} has no user-assigned identity, so it cannot fetch "
        f"the certificate {bound.label} from Key Vault",
        "give the gateway an identity that may read secrets of the vault: "
        + az(
            *("network", "application-gateway", "identity", "assign"),
            resource_group=gateway.resource_group,
            gateway_name=gateway.label,
            identity="IDENTITY-ID",
        ),
        related=(gateway.id, *(one.id for one in listeners_presenting(network, bound))),
        evidence=(
            _reference(bound),
            evidence(
                gateway,
                "/identity" if gateway.identity else "",
                "no userAssignedIdentities" if gateway.identity else "no identity",
            ),
        ),
        key="identity",
    )


def _no_right(
    network: Network,
    gateway: ApplicationGateway,
    bound: SslCertificate,
    vault: KeyVault,
    access: Access,
    principal: str,
) -> Finding:
    if access is Access.NO_POLICY:
        lacking = "no access policy of the vault lets it get secrets"
        proof = _policies(vault)
        grant = az(
            *("keyvault", "set-policy"),
            name=vault.label,
            object_id=principal,
            secret_permissions="get",
            subscription=home(vault),
        )
    else:
        lacking = "it has no role that reads secrets there"
        proof = evidence(vault, "/properties/enableRbacAuthorization", True)
        grant = az(
            *("role", "assignment", "create"),
            role="Key Vault Secrets User",
            assignee_object_id=principal,
            assignee_principal_type="ServicePrincipal",
            scope=vault.id,
        )
    return Finding(
        bound.id,
        f"The gateway {gateway.label} may not read its certificate {bound.label} in the key vault "
        f"{vault.label}: {lacking} (principal {principal})",
        f"let the gateway's identity read secrets: {grant}",
        related=(vault.id, gateway.id, *(one.id for one in listeners_presenting(network, bound))),
        evidence=(_reference(bound), proof),
        key="right",
    )


def _policies(vault: KeyVault) -> Evidence:
    principals = [one.object_id for one in vault.properties.access_policies or ()]
    return evidence(vault, "/properties/accessPolicies", {"objectIds": list(principals)})


def _reference(bound: SslCertificate) -> Evidence:
    text = bound.properties.key_vault_secret_id
    return evidence(bound, "/properties/keyVaultSecretId", text)
