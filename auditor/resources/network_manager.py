"""Azure Virtual Network Manager: groups of networks, admin rules, connectivity (N-50 to N-54)."""

from auditor.resources.base import ArmId, Given, Node, Ports, Resource, Wire, Word, arm, settings

_MANAGER = "Microsoft.Network/networkManagers"


class ManagerProperties(Wire):
    """Settings of a network manager: what it may deploy at all is in its scope accesses."""

    network_manager_scope_accesses: list[str] | None = None
    provisioning_state: Word | None = None


@arm(_MANAGER)
class NetworkManager(Resource):
    """A network manager."""

    properties: ManagerProperties = settings(ManagerProperties)


@arm(f"{_MANAGER}/networkGroups")
class NetworkGroup(Node):
    """A group of virtual networks. The manager is its `owner`."""


class StaticMemberProperties(Wire, gc=False):
    """Settings of a static member."""

    resource_id: ArmId | None = None
    provisioning_state: Word | None = None


@arm(f"{_MANAGER}/networkGroups/staticMembers")
class StaticMember(Node):
    """A network that is in a group by name; policies may add others (N-54)."""

    properties: StaticMemberProperties = settings(StaticMemberProperties)


class ConnectivityItem(Wire):
    """One entry of `appliesToGroups`: whether its networks are joined with each other."""

    group_connectivity: Word | None = None
    network_group_id: ArmId | None = None


class ConnectivityProperties(Wire):
    """Settings of a connectivity configuration."""

    applies_to_groups: list[ConnectivityItem] | None = None
    connectivity_topology: str | None = None
    provisioning_state: Word | None = None


@arm(f"{_MANAGER}/connectivityConfigurations")
class ConnectivityConfiguration(Node):
    """Whom a manager connects without any peering of theirs (R-22)."""

    properties: ConnectivityProperties = settings(ConnectivityProperties)


class SecurityConfigurationProperties(Wire):
    """Settings of a security admin configuration."""

    apply_on_network_intent_policy_based_services: list[str] | None = None
    provisioning_state: Word | None = None


@arm(f"{_MANAGER}/securityAdminConfigurations")
class SecurityAdminConfiguration(Node):
    """Collections of admin rules that are deployed together (N-52). Its manager is its `owner`."""

    properties: SecurityConfigurationProperties = settings(SecurityConfigurationProperties)


class GroupItem(Wire):
    """One entry of `appliesToGroups`."""

    network_group_id: ArmId | None = None


class RuleCollectionProperties(Wire):
    """Settings of a collection of admin rules."""

    applies_to_groups: list[GroupItem] | None = None
    provisioning_state: Word | None = None


@arm(f"{_MANAGER}/securityAdminConfigurations/ruleCollections")
class RuleCollection(Node):
    """Admin rules for the same groups of networks."""

    properties: RuleCollectionProperties = settings(RuleCollectionProperties)


class AddressItem(Wire, gc=False):
    """One entry of `sources` or `destinations`: a prefix, a tag, or the id of a network group."""

    address_prefix: str | None = None
    address_prefix_type: str | None = None


class AdminRuleProperties(Wire):
    """Settings of an admin rule (N-51)."""

    priority: int | None = None
    direction: Word | None = None
    access: Word | None = None
    protocol: Word | None = None
    sources: list[AddressItem] | None = None
    destinations: list[AddressItem] | None = None
    source_port_ranges: list[Given[Ports]] | None = None
    destination_port_ranges: list[Given[Ports]] | None = None
    provisioning_state: Word | None = None


@arm(f"{_MANAGER}/securityAdminConfigurations/ruleCollections/rules")
class AdminRule(Node):
    """A rule that is asked before any security group: Allow, AlwaysAllow or Deny (N-50)."""

    properties: AdminRuleProperties = settings(AdminRuleProperties)
