r"""An application gateway accepts TLS 1.0 or 1.1.

## Why it matters
TLS 1.0 and 1.1 have known weaknesses and were withdrawn in 2021 (RFC 8996); no browser of this
decade needs them. Azure ended them on Application Gateway on 31 August 2025.

## What fails
The TLS policy in effect for a listener for HTTPS or TLS accepts a version below 1.2: its
`minProtocolVersion` says so, or it is a predefined policy that does (AppGwSslPolicy20150501 accepts
1.0, AppGwSslPolicy20170401 accepts 1.1), or its older form leaves them enabled. A listener's TLS
profile goes before the gateway's policy when the profile has a policy of its own.

A gateway without any policy has the default of the API version that created it, which Azure shows
as `defaultPredefinedSslPolicy`; without it the answer is *unknown*, as it is for a predefined
policy that this version does not know. A gateway without an encrypted listener is not judged.

## What to do
Choose a predefined policy of 2022:

    az network application-gateway ssl-policy set --resource-group GROUP \
        --gateway-name GATEWAY --policy-type Predefined --name AppGwSslPolicy20220101

## References
- https://learn.microsoft.com/azure/application-gateway/application-gateway-ssl-policy-overview
- https://learn.microsoft.com/azure/application-gateway/application-gateway-tls-version-retirement
- Facts A-44 to A-46
"""

from __future__ import annotations

from auditor.finding import Finding, Severity
from auditor.network.gateways import gateway_of
from auditor.network.graph import Network, evidence
from auditor.network.tls import (
    listeners_with_policy,
    minimum_version,
    require_profiles,
    tls_policies,
)
from auditor.remedy import az
from auditor.resources.application_gateways import ApplicationGateway
from auditor.resources.gateway_tls import SslProfile
from auditor.rule import Outcomes, rule

_FIRST_SOUND = (1, 2)


@rule(
    "GW-011",
    severity=Severity.HIGH,
    since="0.1.0",
    of=tls_policies,
    controls=("CIS 5.0/7.12", "CIS 6.0/7.12", "MCSB/DP-3", "MCSB/NS-8"),
    peers=(
        "PSR:AppGw.SSLPolicy",
        "CKV_AZURE_218",
        "SPP:application_gateway_min_tls_1_2",
        "AZTS:ApplicationGateway_Use_Secure_TLS_Version",
    ),
)
def old_tls_version(network: Network, holder: ApplicationGateway | SslProfile) -> Outcomes:
    """Find TLS policies in effect that accept a version below 1.2."""
    minimum = minimum_version(holder)
    if minimum.version >= _FIRST_SOUND:
        require_profiles(network, holder)
        return
    gateway = gateway_of(network, holder)
    listeners = listeners_with_policy(network, holder)
    names = ", ".join(one.label for one in listeners)
    where = (
        f"The gateway {gateway.label}"
        if holder is gateway
        else f"The TLS profile {holder.label} of {gateway.label}"
    )
    command = ("ssl-policy", "set") if holder is gateway else ("ssl-profile", "update")
    yield Finding(
        holder.id,
        f"{where} accepts {minimum} on {names} ({minimum.value})",
        "accept TLS 1.2 and newer only: "
        + az(
            *("network", "application-gateway", *command),
            resource_group=gateway.resource_group,
            gateway_name=gateway.label,
            name="AppGwSslPolicy20220101" if holder is gateway else holder.label,
            policy_type="Predefined",
            policy_name=None if holder is gateway else "AppGwSslPolicy20220101",
        ),
        related=tuple(one.id for one in listeners),
        evidence=(evidence(holder, minimum.pointer, minimum.value),),
    )
