"""Commands that put a web application firewall before a gateway, with the real names."""

from __future__ import annotations

from auditor.network.graph import Network
from auditor.network.namesakes import names_of
from auditor.remedy import az, unused_name
from auditor.resources.application_gateways import ApplicationGateway
from auditor.resources.web_application_firewalls import WafPolicy

_GATEWAY = ("network", "application-gateway")
_POLICY = (*_GATEWAY, "waf-policy")

WAF_TIER = ("sku.tier=WAF_v2", "sku.name=WAF_v2")
"""What a gateway of generation v2 is set to, to have a firewall; one of v1 cannot become v2."""


def switch_on(policy: WafPolicy, mode: str = "Prevention") -> str:
    """Give the command that switches a policy on."""
    return _set_up(policy.resource_group, policy.label, mode)


def by_new_policy(
    network: Network,
    gateway: ApplicationGateway,
    mode: str = "Prevention",
    *,
    changes: tuple[str, ...] = (),
    remove: str | None = None,
) -> str:
    """Give the commands that make a policy, switch it on, and attach it to the gateway.

    `changes` go with it, as `sku.tier=WAF_v2`; `remove` is what the policy takes the place of.
    """
    group = gateway.resource_group
    name = unused_name(f"{gateway.label}-waf", names_of(network, WafPolicy))
    attached = f"firewallPolicy.id={_policy_id(gateway, name)}"
    return " && ".join(
        (
            az(*_POLICY, "create", resource_group=group, name=name),
            _set_up(group, name, mode),
            az(
                *_GATEWAY,
                "update",
                resource_group=group,
                name=gateway.label,
                set=(*changes, attached),
                remove=remove,
            ),
        )
    )


def _set_up(group: str, name: str, mode: str) -> str:
    return az(
        *(*_POLICY, "policy-setting", "update"),
        resource_group=group,
        policy_name=name,
        state="Enabled",
        mode=mode,
    )


def _policy_id(gateway: ApplicationGateway, policy: str) -> str:
    return (
        f"/subscriptions/{gateway.subscription}/resourceGroups/{gateway.resource_group}/providers/"
        f"Microsoft.Network/ApplicationGatewayWebApplicationFirewallPolicies/{policy}"
    )
