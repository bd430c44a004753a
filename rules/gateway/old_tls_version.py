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
from auditor.resources import walk
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
    yield Finding(
        holder.id,
        f"{where} accepts {minimum} on {names} ({minimum.value})",
        "accept TLS 1.2 and newer only: "
        + (_profile(gateway, holder) if isinstance(holder, SslProfile) else _policy(gateway)),
        related=tuple(one.id for one in listeners),
        evidence=(evidence(holder, minimum.pointer, minimum.value),),
    )


_NEWEST = "AppGwSslPolicy20220101"


def _policy(gateway: ApplicationGateway) -> str:
    return az(
        *("network", "application-gateway", "ssl-policy", "set"),
        resource_group=gateway.resource_group,
        gateway_name=gateway.label,
        name=_NEWEST,
        policy_type="Predefined",
    )


def _profile(gateway: ApplicationGateway, profile: SslProfile) -> str:
    """An update keeps what it is not told: a version, which a named policy may not have."""
    policy = walk.peek(profile.properties, "ssl_policy")
    own = any(walk.peek(policy, each) for each in ("min_protocol_version", "cipher_suites"))
    return az(
        *("network", "application-gateway", "ssl-profile", "update"),
        resource_group=gateway.resource_group,
        gateway_name=gateway.label,
        name=profile.label,
        min_protocol_version="TLSv1_2" if own else None,
        policy_type=None if own else "Predefined",
        policy_name=None if own else _NEWEST,
    )
