"""A security admin rule always allows what a security group denies.

## Why it matters
Admin rules of a network manager are asked before every security group, and AlwaysAllow is final:
the packet is delivered and no group is asked (N-50). Whoever reads the groups believes the port
closed, and nothing in them says that it is not.

## What fails
An admin rule with access AlwaysAllow which lets some packet past a security group that denies it,
at a subnet or at a NIC in it, by a rule of its own or by Azure's default ones. Exact over
addresses, protocols and ports; what earlier admin rules decide is not the rule's.

The rule is judged **as written**: whether its configuration is deployed is in no export (N-52). It
is for the networks that are members of its network groups by name; whom a policy adds is in no
export either (N-54). A collection without groups is for nobody. Left out are the subnets that admin
rules do not apply to: of Bastion, firewalls and gateways, of application gateways without network
isolation, and networks with SQL managed instances or Databricks unless the configuration includes
them (N-53).

*Unknown* where a network group has no member by name, or a member that the input lacks, where it is
not told what a rule matches, and where a manager shows no configuration, a configuration no
collection, or a collection no rule: Azure lists each of these apart. `auditor snapshot` asks for
all. Rules that are meant to be final are approved by their ids:

    [params.NSG-025]
    allow = ["*/rules/always-allow-scanner"]

## What to do
Make it Allow, so that the groups have their say, or name the sources and ports that need it.

## References
- https://learn.microsoft.com/azure/virtual-network-manager/concept-security-admins
- Facts N-50 to N-54
"""

from __future__ import annotations

from msgspec import Struct

from auditor import ids
from auditor.finding import Evidence
from auditor.network.approval import approved
from auditor.network.filters import place_name
from auditor.network.graph import evidence
from auditor.network.network_managers import Unshown
from auditor.reach.overrides import Override, always_allows, override
from auditor.reach.wording import packet_values, sent_words
from auditor.remedy import az
from auditor.resources.network_manager import AdminRule
from auditor.resources.security import NetworkSecurityGroup
from auditor.rule import Finding, Network, Outcomes, Severity, Unknown, rule


class Params(Struct, frozen=True):
    """Which rules may be final."""

    allow: tuple[str, ...] = ()
    """Globs of ids of admin rules; letter case does not matter."""


@rule(
    "NSG-025",
    severity=Severity.HIGH,
    since="0.1.0",
    of=always_allows,
    parameters=Params,
)
def admin_rule_overrides_deny(
    network: Network, admin_rule: AdminRule | Unshown, params: Params
) -> Outcomes:
    """Judge one admin rule that always allows, as written."""
    if isinstance(admin_rule, Unshown):
        yield Unknown(admin_rule.id, admin_rule.missing, remedy=_export(admin_rule))
        return
    if approved(params.allow, admin_rule.id):
        return
    found = override(network, admin_rule)
    if found is None:
        return
    if found.packet is None or found.doubt:
        where = place_name(found.nic or found.subnet)
        missing = f"whether {admin_rule.label} opens what a group denies at {where}: {found.doubt}"
        yield Unknown(admin_rule.id, missing)
        return
    told = packet_values(found.packet)
    yield Finding(
        subject=admin_rule.id,
        message=f"{admin_rule.label}, if it is deployed as written, lets "
        f"{sent_words(found.packet, told)} past {_denial(found)}",
        remedy="make it Allow, so that the groups have their say, and deploy the configuration: "
        + _command(admin_rule),
        related=tuple(each.id for each in (_group(found), found.nic or found.subnet) if each),
        evidence=(
            evidence(admin_rule, "/properties/access", admin_rule.properties.access),
            *_written(found),
        ),
        witness=told,
    )


def _export(unshown: Unshown) -> str:
    url = f"{unshown.id}/{unshown.lacks}?api-version=2024-05-01"
    return f"export them with the rest: {az('rest', method='get', url=url)}"


def _group(found: Override) -> NetworkSecurityGroup | None:
    return found.group.group if found.group is not None else None


def _denial(found: Override) -> str:
    group = _group(found)
    name = group.label if group is not None else "the group"
    by = f" by {found.by.filter.name}" if found.by is not None else ""
    return f"{name} at {place_name(found.nic or found.subnet)}, which denies it{by}"


def _written(found: Override) -> tuple[Evidence, ...]:
    written = found.by.written if found.by is not None else None
    if written is None:
        return ()
    return (evidence(written, "/properties/access", written.properties.access),)


def _command(admin_rule: AdminRule) -> str:
    return az(
        "network", "manager", "security-admin-config", "rule-collection", "rule", "update",
        resource_group=ids.resource_group(admin_rule.id),
        network_manager_name=ids.segment(admin_rule.id, "networkManagers"),
        configuration_name=ids.segment(admin_rule.id, "securityAdminConfigurations"),
        rule_collection_name=ids.segment(admin_rule.id, "ruleCollections"),
        rule_name=admin_rule.label,
        kind="Custom",
        access="Allow",
    )  # fmt: skip
