"""Azure Firewall, its policies with their rules, and IP groups (E-20 to E-25)."""

from typing import Any

from msgspec import field

from auditor.resources.base import (
    ArmId,
    IpAddress,
    Named,
    Node,
    Port,
    Ref,
    Resource,
    Sku,
    Wire,
    Word,
    arm,
    naming_its_owner,
    settings,
)


class FirewallIpConfigurationProperties(Wire):
    """Settings of one ip configuration of a firewall."""

    private_ip_address: IpAddress | None = field(default=None, name="privateIPAddress")
    subnet: Ref | None = None
    public_ip_address: Ref | None = field(default=None, name="publicIPAddress")
    provisioning_state: Word | None = None


class FirewallIpConfiguration(Node):
    """One ip configuration of a firewall. The firewall is its `owner`."""

    properties: FirewallIpConfigurationProperties = settings(FirewallIpConfigurationProperties)


class HubPublicAddress(Wire, gc=False):
    """One public address of a firewall in a hub; there is no public IP resource (E-2)."""

    address: IpAddress | None = None


class HubPublicAddresses(Wire):
    """`hubIPAddresses.publicIPs`."""

    addresses: list[HubPublicAddress] | None = None
    count: int | None = None


class HubAddresses(Wire):
    """`hubIPAddresses` of a firewall in a hub."""

    private_ip_address: IpAddress | None = field(default=None, name="privateIPAddress")
    public_ips: HubPublicAddresses | None = field(default=None, name="publicIPs")


class RuleAction(Wire, gc=False):
    """`action`: `Allow`, `Deny` or `Dnat`."""

    type: str | None = None


class ApplicationProtocol(Wire, gc=False):
    """One entry of an application rule's `protocols`."""

    protocol_type: str | None = None
    port: Port | None = None


class ClassicRule(Wire):
    """A network or NAT rule of a firewall without a policy."""

    name: str | None = None
    protocols: list[str] | None = None
    source_addresses: list[str] | None = None
    source_ip_groups: list[ArmId] | None = None
    destination_addresses: list[str] | None = None
    destination_ip_groups: list[ArmId] | None = None
    destination_fqdns: list[str] | None = None
    destination_ports: list[str] | None = None
    translated_address: str | None = None
    translated_fqdn: str | None = None
    translated_port: str | None = None


class ClassicApplicationRule(Wire):
    """An application rule of a firewall without a policy."""

    name: str | None = None
    protocols: list[ApplicationProtocol] | None = None
    source_addresses: list[str] | None = None
    source_ip_groups: list[ArmId] | None = None
    target_fqdns: list[str] | None = None
    fqdn_tags: list[str] | None = None


class ClassicCollectionProperties(Wire):
    """Settings of a network or NAT rule collection."""

    priority: int | None = None
    action: RuleAction | None = None
    rules: list[ClassicRule] | None = None


class NetworkRuleCollection(Node):
    """A network rule collection. The firewall is its `owner`."""

    properties: ClassicCollectionProperties = settings(ClassicCollectionProperties)


class NatRuleCollection(Node):
    """A NAT rule collection. The firewall is its `owner`."""

    properties: ClassicCollectionProperties = settings(ClassicCollectionProperties)


class ClassicApplicationCollectionProperties(Wire):
    """Settings of an application rule collection."""

    priority: int | None = None
    action: RuleAction | None = None
    rules: list[ClassicApplicationRule] | None = None


class ApplicationRuleCollection(Node):
    """An application rule collection. The firewall is its `owner`."""

    properties: ClassicApplicationCollectionProperties = settings(
        ClassicApplicationCollectionProperties
    )


class FirewallProperties(Wire):
    """Settings of a firewall. Its `sku` stands here, not beside `properties`."""

    sku: Sku | None = None
    ip_configurations: list[FirewallIpConfiguration] | None = None
    management_ip_configuration: FirewallIpConfiguration | None = None
    hub_ip_addresses: HubAddresses | None = field(default=None, name="hubIPAddresses")
    virtual_hub: Ref | None = None
    firewall_policy: Ref | None = None
    network_rule_collections: list[NetworkRuleCollection] | None = None
    nat_rule_collections: list[NatRuleCollection] | None = None
    application_rule_collections: list[ApplicationRuleCollection] | None = None
    threat_intel_mode: Word | None = None
    additional_properties: dict[str, Any] | None = None
    provisioning_state: Word | None = None


@arm("Microsoft.Network/azureFirewalls")
class Firewall(Resource):
    """An Azure Firewall, in a VNet or in a hub."""

    properties: FirewallProperties = settings(FirewallProperties)

    @property
    @naming_its_owner
    def ip_configurations(self) -> tuple[FirewallIpConfiguration, ...]:
        """Its ip configurations for traffic; the management one apart."""
        return tuple(self.properties.ip_configurations or ())


class PolicyRule(Wire):
    """A rule of a policy: `rule_type` is `NetworkRule`, `NatRule` or `ApplicationRule`."""

    rule_type: Word | None = None
    name: str | None = None
    ip_protocols: list[str] | None = None
    protocols: list[ApplicationProtocol] | None = None
    source_addresses: list[str] | None = None
    source_ip_groups: list[ArmId] | None = None
    destination_addresses: list[str] | None = None
    destination_ip_groups: list[ArmId] | None = None
    destination_fqdns: list[str] | None = None
    destination_ports: list[str] | None = None
    ipv6_rule: bool | None = field(default=None, name="ipv6Rule")
    target_fqdns: list[str] | None = None
    target_urls: list[str] | None = None
    fqdn_tags: list[str] | None = None
    web_categories: list[str] | None = None
    translated_address: str | None = None
    translated_fqdn: str | None = None
    translated_port: str | None = None


class PolicyRuleCollection(Wire):
    """A rule collection of a policy: a filter or a NAT one, by `rule_collection_type`."""

    name: str | None = None
    rule_collection_type: str | None = None
    priority: int | None = None
    action: RuleAction | None = None
    rules: list[PolicyRule] | None = None


class RuleCollectionGroupProperties(Wire):
    """Settings of a rule collection group."""

    priority: int | None = None
    rule_collections: list[PolicyRuleCollection] | None = None
    provisioning_state: Word | None = None


@arm("Microsoft.Network/firewallPolicies/ruleCollectionGroups")
class RuleCollectionGroup(Node):
    """A rule collection group. The policy is its `owner`."""

    properties: RuleCollectionGroupProperties = settings(RuleCollectionGroupProperties)


class SnatSettings(Wire, gc=False):
    """`snat` of a policy (E-24)."""

    private_ranges: list[str] | None = None
    auto_learn_private_ranges: str | None = None


class FirewallPolicyProperties(Wire):
    """Settings of a firewall policy. A policy lists its groups by id only."""

    sku: Sku | None = None
    base_policy: Ref | None = None
    rule_collection_groups: list[RuleCollectionGroup] | None = None
    snat: SnatSettings | None = None
    threat_intel_mode: Word | None = None
    provisioning_state: Word | None = None


@arm("Microsoft.Network/firewallPolicies")
class FirewallPolicy(Resource):
    """A firewall policy."""

    properties: FirewallPolicyProperties = settings(FirewallPolicyProperties)


class IpGroupProperties(Wire):
    """Settings of an IP group: addresses, CIDRs, and ranges with a hyphen."""

    ip_addresses: list[str] | None = None
    firewalls: list[Named] | None = None
    firewall_policies: list[Named] | None = None
    provisioning_state: Word | None = None


@arm("Microsoft.Network/ipGroups")
class IpGroup(Resource):
    """A named set of addresses for firewall rules."""

    properties: IpGroupProperties = settings(IpGroupProperties)
