r"""An entry point from the internet has no web application firewall in front of it.

## Why it matters
Scanners find a public web application within minutes and try the known attacks: injection, path
traversal, remote execution in well-known libraries. A web application firewall (WAF) stops most of
them while the application is being mended.

## What fails
**Application Gateway.** Some listener for HTTP or HTTPS on a public frontend, with a rule, is
inspected by no active firewall: the gateway's tier is not WAF or WAF_v2, or nothing attaches a
policy (path rule, listener, gateway, in this order) or enables the gateway's own configuration, or
the policy in effect is switched off. Where the gateway as a whole has an active firewall and a
listener escapes it, WAF-004 speaks. A gateway that listens on private addresses only is no entry
from the internet, and listeners for TCP and TLS cannot be inspected at all: neither is judged. A
stopped gateway is judged, because starting it is one command.

**Front Door, Standard and Premium.** An enabled endpoint, or a custom domain that a route uses, is
named by no security policy with an enabled WAF policy. A list of profiles does not hold security
policies, so the answer is *unknown* when the snapshot has none at all, and for a profile of which
it has no endpoint.

**Front Door, classic.** A frontend endpoint has no link to a WAF policy, or its policy is off.

The answer is also *unknown* when a policy is named and not in the snapshot.

## What to do
Create a policy in Prevention mode and attach it; a gateway of generation v1 takes none, and has to
be migrated first. For a gateway:

    az network application-gateway waf-policy create --resource-group GROUP --name waf
    az network application-gateway waf-policy policy-setting update --resource-group GROUP \
        --policy-name waf --state Enabled --mode Prevention
    az network application-gateway update --resource-group GROUP --name GATEWAY \
        --set sku.tier=WAF_v2 sku.name=WAF_v2 firewallPolicy.id=POLICY-ID

## References
- https://learn.microsoft.com/azure/web-application-firewall/ag/ag-overview
- https://learn.microsoft.com/azure/web-application-firewall/afds/afds-overview
- Facts A-13, A-50, E-9
"""

from __future__ import annotations

from typing import TypeAlias

from auditor.finding import Evidence, Finding, Severity, Unknown
from auditor.network.front_door import (
    Entry,
    entries,
    require_enabled,
    security_policies_known,
    silent_profiles,
    waf_policies_of,
)
from auditor.network.gateways import is_v2
from auditor.network.graph import Network, evidence, possibly
from auditor.network.waf import (
    Mode,
    Waf,
    exposed_gateways,
    gateway_waf,
    has_waf_tier,
    mode_of,
    unprotected,
)
from auditor.network.waf_commands import WAF_TIER, by_new_policy, switch_on
from auditor.remedy import az
from auditor.resources import walk
from auditor.resources.application_gateways import ApplicationGateway
from auditor.resources.front_doors import ClassicEndpoint, ClassicFrontDoor, FrontDoorProfile
from auditor.resources.web_application_firewalls import WafPolicy
from auditor.rule import Outcomes, rule

Subject: TypeAlias = ApplicationGateway | Entry | FrontDoorProfile


def entry_points(network: Network) -> tuple[Subject, ...]:
    """Name the subjects: gateways that answer the internet, and host names of Front Door."""
    return (*exposed_gateways(network), *entries(network), *silent_profiles(network))


@rule(
    "WAF-001",
    severity=Severity.HIGH,
    since="0.1.0",
    of=entry_points,
    controls=("CIS 5.0/7.10", "CIS 6.0/7.10", "MCSB/NS-6"),
    peers=(
        "PSR:AppGw.UseWAF",
        "PSR:AppGw.WAFEnabled",
        "PSR:FrontDoor.UseWAF",
        "CKV_AZURE_120",
        "CKV_AZURE_121",
        "SPP:application_gateway_waf_enabled",
        "SPP:frontdoor_waf_enabled",
        "AZQ:8d9223c4",
        "AZQ:1bd2b7e8",
        "POL:564feb30",
        "POL:055aa869",
        "KICS:WAF Is Disabled For Azure Application Gateway",
        "AZTS:ApplicationGateway_Enable_WAF",
        "AZTS:FrontDoor_Enable_WAF",
    ),
)
def entry_without_waf(network: Network, entry: Subject) -> Outcomes:
    """Find entry points from the internet that no active firewall inspects."""
    if isinstance(entry, ApplicationGateway):
        yield from _gateway(network, entry)
    elif isinstance(entry, FrontDoorProfile):
        yield _untold(entry)
    else:
        yield from _front_door(network, entry)


def _gateway(network: Network, gateway: ApplicationGateway) -> Outcomes:
    whole = gateway_waf(network, gateway)
    if whole.mode is not Mode.NONE:
        return
    open_listeners = unprotected(network, gateway)
    if not open_listeners:
        return
    names = ", ".join(one.label for one in open_listeners)
    yield Finding(
        gateway.id,
        f"The gateway {gateway.label} answers the internet on {names} without a web application "
        f"firewall: {whole.why}",
        _mend_gateway(network, gateway, whole),
        related=tuple(one.id for one in open_listeners),
        evidence=(_proof(gateway, whole),),
    )


def _proof(gateway: ApplicationGateway, waf: Waf) -> Evidence:
    p = gateway.properties
    values = {
        "/properties/sku/tier": p.sku.tier if p.sku else None,
        "/properties/firewallPolicy/id": p.firewall_policy.id if p.firewall_policy else None,
        "/properties/webApplicationFirewallConfiguration/enabled": False,
    }
    return evidence(gateway, waf.pointer, values.get(waf.pointer))


def _mend_gateway(network: Network, gateway: ApplicationGateway, waf: Waf) -> str:
    if waf.policy is not None:
        return f"switch the policy on: {switch_on(waf.policy)}"
    if not is_v2(gateway):
        return _mend_v1(gateway)
    if has_waf_tier(gateway):
        return f"attach a WAF policy: {by_new_policy(network, gateway)}"
    ref = walk.peek(gateway.properties, "firewall_policy")
    if ref is None:
        made = by_new_policy(network, gateway, changes=WAF_TIER)
        return f"move the gateway to the tier WAF_v2, with a WAF policy: {made}"
    there = network.find(ref)
    off = isinstance(there, WafPolicy) and possibly(_is_off, there)
    on = [switch_on(there)] if isinstance(there, WafPolicy) and off else []
    moved = az(
        *("network", "application-gateway", "update"),
        resource_group=gateway.resource_group,
        name=gateway.label,
        set=WAF_TIER,
    )
    return "move the gateway to the tier WAF_v2: " + " && ".join([*on, moved])


def _is_off(policy: WafPolicy) -> bool:
    return mode_of(policy) is Mode.NONE


def _mend_v1(gateway: ApplicationGateway) -> str:
    """A gateway of v1 takes no policy, and cannot become one of v2."""
    moved = f"migrate {gateway.label} to v2, of tier WAF_v2 with a WAF policy"
    if not has_waf_tier(gateway):
        return moved
    none_yet = walk.peek(gateway.properties, "web_application_firewall_configuration") is None
    return f"{moved}; until then, switch on what is inside it: " + az(
        *("network", "application-gateway", "waf-config", "set"),
        resource_group=gateway.resource_group,
        gateway_name=gateway.label,
        enabled=True,
        firewall_mode="Prevention",
        # az wants a version where there is no configuration yet; OWASP 3.0 is the newest of v1.
        rule_set_version="3.0" if none_yet else None,
    )


def _untold(profile: FrontDoorProfile) -> Unknown:
    return Unknown(
        profile.id,
        f"the endpoints of Front Door {profile.label}: the input has none; were they exported?",
        remedy="export the endpoints and the security policies of the profile as well: "
        + az(
            *("afd", "endpoint", "list"),
            resource_group=profile.resource_group,
            profile_name=profile.label,
        ),
        key="endpoints",
    )


def _front_door(network: Network, entry: Entry) -> Outcomes:
    if isinstance(entry, ClassicFrontDoor):
        require_enabled(entry)
        return
    policies = waf_policies_of(network, entry)
    if any(mode_of(policy) is not Mode.NONE for policy in policies):
        return
    classic = isinstance(entry, ClassicEndpoint)
    if not policies and not classic and not security_policies_known(network):
        yield Unknown(
            entry.id,
            "the security policies of the Front Door profile (Microsoft.Cdn/profiles/"
            "securityPolicies): the snapshot holds none at all",
            remedy="export the security policies of the profile as well",
        )
        return
    require_enabled(entry)
    off = ", ".join(policy.label for policy in policies)
    why = f"its WAF policy {off} is switched off" if off else "no WAF policy covers it"
    host = entry.properties.host_name or entry.label
    yield Finding(
        entry.id,
        f"The Front Door host {host} answers the internet without a web application firewall: "
        f"{why}",
        "attach a WAF policy in Prevention mode to this host"
        + (" (frontend endpoint, WAF policy link)" if classic else " with a security policy"),
        related=tuple(policy.id for policy in policies),
        evidence=(evidence(entry, "/properties/hostName", entry.properties.host_name),),
    )
