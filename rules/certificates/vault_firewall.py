"""The firewall of a key vault keeps out the gateway that fetches its certificate there.

## Why it matters
A gateway asks its vault every four hours, and when it starts. When the vault's firewall turns it
away it goes on with what it has, until it restarts or the certificate expires; then the listeners
are switched off. Nothing on the gateway shows it before.

## What fails
The certificate of a listener for HTTPS or TLS, which some rule serves, is fetched from a vault that
denies by default or has its public access disabled, and none of these leads through:

- trusted services of Azure pass (`bypass`);
- a rule names the gateway's subnet, and the subnet has the service endpoint `Microsoft.KeyVault`;
- the vault has an approved private endpoint, a private zone that the gateway's network asks has the
  vault's record with the endpoint's address, and the gateway reaches it on port 443.

*Unknown* when the vault, the private endpoint, its private zone with its links, the DNS servers of
the network or the `bypass` are not told, and when rules for addresses may let in the gateway, or
the NAT gateway of its subnet. Whether the gateway's identity may read secrets is TLS-007.

## What to do
Let trusted services pass, or open one of the other ways:

    az keyvault update --resource-group GROUP --name VAULT --bypass AzureServices

## References
- https://learn.microsoft.com/azure/application-gateway/key-vault-certs
- https://learn.microsoft.com/azure/key-vault/general/network-security
- Facts T-8, T-9, T-10, A-8, L-11, L-12, L-15
"""

from __future__ import annotations

from auditor.errors import Undetermined
from auditor.finding import Evidence
from auditor.network.doubt import Doubt, settled
from auditor.network.graph import Network, evidence
from auditor.network.tls import listeners_presenting
from auditor.reach.told import told_of
from auditor.reach.vaults import Fetch, Shut, fetches, shut_out
from auditor.remedy import az
from auditor.resources.key_vault import KeyVault
from auditor.rule import Finding, Outcomes, Reads, Severity, Unknown, rule


@rule(
    "TLS-008",
    severity=Severity.CRITICAL,
    since="0.1.0",
    of=fetches,
    reads=Reads(subjects=("applicationGateways", "Microsoft.KeyVault/vaults")),
)
def vault_firewall(network: Network, subject: Fetch | Doubt) -> Outcomes:
    """Judge the ways from one gateway into one vault."""
    fetch = settled(subject)
    host = fetch.reference.host
    try:
        shut = shut_out(network, fetch)
    except Undetermined as unknown:
        missing = f"whether {fetch.gateway.label} gets through the firewall of {host}"
        related = (unknown.resource,) if unknown.resource else ()
        yield Unknown(
            fetch.id,
            f"{missing}: {unknown.missing}",
            remedy=unknown.remedy,
            related=related,
            key=host,
            told_by=unknown.resource,
        )
        return
    if shut is not None:
        yield _finding(network, fetch, shut)


def _finding(network: Network, fetch: Fetch, shut: Shut) -> Finding:
    vault, blocked = shut.vault, shut.blocked
    told = told_of(network, blocked) if blocked is not None else None
    names = ", ".join(one.label for one in fetch.certificates)
    listeners = {
        one.id: None for each in fetch.certificates for one in listeners_presenting(network, each)
    }
    return Finding(
        subject=fetch.id,
        message=f"the firewall of {vault.label} keeps out {fetch.gateway.label}, which fetches "
        f"{names} there: {'; '.join(shut.whys)}",
        remedy=f"let trusted services pass{_or(vault)}: "
        + az(
            *("keyvault", "update"),
            resource_group=vault.resource_group,
            name=vault.label,
            bypass="AzureServices",
        ),
        related=(vault.id, *listeners),
        evidence=(
            _denial(vault),
            *(told.evidence if told is not None else ()),
        ),
        key=fetch.reference.host,
        witness=told.witness if told is not None else None,
        hops=told.hops if told is not None else (),
    )


def _or(vault: KeyVault) -> str:
    """What else would do: rules count only while there is public access."""
    return ", or name the gateway's subnet" if not _is_private(vault) else ""


def _is_private(vault: KeyVault) -> bool:
    return (vault.properties.public_network_access or "").lower() == "disabled"


def _denial(vault: KeyVault) -> Evidence:
    p = vault.properties
    if _is_private(vault):
        return evidence(vault, "/properties/publicNetworkAccess", p.public_network_access)
    acls = p.network_acls
    action = acls.default_action if acls is not None else None
    return evidence(vault, "/properties/networkAcls/defaultAction", action)
