"""The table of what is read: each type, how Azure lists it, with which api-version.

The collector follows it, and the page on permissions is generated from it.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote


class By(enum.Enum):
    """By what Azure lists a type."""

    SUBSCRIPTION = "subscription"
    """One list tells a whole subscription's (or, with another path, a resource group's)."""

    GROUP = "group"
    """Only a resource group at a time."""

    PARENT = "parent"
    """A list for each parent."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of list.

    `type` is what it gives. For a child, `parent` is the type it hangs from (which may be a child
    itself) and `suffix` what follows the parent's id in the path. `asked` means that it is only
    listed where the inventory shows one: types that rules name and do not read, and types that
    Azure is taking out of service, whose lists may fail one day.
    """

    type: str
    version: str
    by: By = By.SUBSCRIPTION
    parent: str = ""
    suffix: str = ""
    asked: bool = False

    @property
    def provider(self) -> str:
        """The namespace that serves it."""
        extension = self.suffix.startswith("providers/")
        owner = self.suffix.removeprefix("providers/") if extension else self.parent or self.type
        return owner.partition("/")[0]

    @property
    def action(self) -> str:
        """The permission that listing it takes: that of the path, whatever the elements are."""
        listed = f"{self.parent}/{self.suffix}" if self.parent else self.type
        return f"{listed.rpartition('/providers/')[2]}/read"

    def path(self, under: str) -> str:
        """Give the path of its list under a subscription, a resource group, or a parent's id."""
        rest = self.suffix if self.parent else f"providers/{self.type}"
        return f"{quote(under, safe=PLAIN)}/{rest}?api-version={self.version}"


PLAIN = "/!$&'()*+,;=:@~"
"""What stands in a path as it is (RFC 3986), besides letters and digits; names may hold more."""

_NETWORK = "2024-05-01"


def _network(*names: str) -> Iterator[Kind]:
    for name in names:
        yield Kind(f"Microsoft.Network/{name}", _NETWORK)


def _by_group(*names: str) -> Iterator[Kind]:
    for name in names:
        yield Kind(f"Microsoft.Network/{name}", _NETWORK, By.GROUP)


def _child(parent: str, name: str, version: str = _NETWORK, type: str = "") -> Kind:
    return Kind(type or f"{parent}/{name}", version, By.PARENT, parent, name)


def _asked(type: str, version: str) -> Kind:
    return Kind(type, version, asked=True)


def _extends(parent: str, type: str, version: str) -> Kind:
    return Kind(type, version, By.PARENT, parent, f"providers/{type}")


_HUB = "Microsoft.Network/virtualHubs"
_MANAGER = "Microsoft.Network/networkManagers"
_PROFILE = "Microsoft.Cdn/profiles"
_SCALE_SET = "Microsoft.Compute/virtualMachineScaleSets"
_SETTINGS = "Microsoft.Insights/diagnosticSettings"
_WATCHED = (
    "Microsoft.Cdn/profiles",
    "Microsoft.ContainerService/managedClusters",
    "Microsoft.DBforMySQL/flexibleServers",
    "Microsoft.KeyVault/vaults",
    "Microsoft.Network/applicationGateways",
    "Microsoft.Network/azureFirewalls",
)
"""Types whose diagnostic settings are read: one call for each resource, so not for all."""

_CDN = "2024-02-01"
_SCALE_SET_NETWORK = "2018-10-01"

KINDS: tuple[Kind, ...] = (
    *_network(
        "ApplicationGatewayWebApplicationFirewallPolicies",
        "applicationGateways",
        "applicationSecurityGroups",
        "azureFirewalls",
        "bastionHosts",
        "ddosProtectionPlans",
        "expressRouteCircuits",
        "expressRouteGateways",
        "firewallPolicies",
        "ipGroups",
        "loadBalancers",
        "natGateways",
        "networkInterfaces",
        "networkManagers",
        "networkSecurityGroups",
        "networkWatchers",
        "p2svpnGateways",
        "privateEndpoints",
        "privateLinkServices",
        "publicIPAddresses",
        "publicIPPrefixes",
        "routeTables",
        "virtualHubs",
        "virtualNetworks",
        "virtualWans",
        "vpnGateways",
        "vpnSites",
    ),
    *_by_group("connections", "localNetworkGateways", "virtualNetworkGateways"),
    Kind("Microsoft.Network/dnsZones", "2018-05-01"),
    Kind("Microsoft.Network/privateDnsZones", "2020-06-01"),
    Kind("Microsoft.Network/trafficManagerProfiles", "2022-04-01"),
    Kind("Microsoft.Network/FrontDoorWebApplicationFirewallPolicies", "2022-05-01"),
    Kind("Microsoft.Cdn/profiles", _CDN),
    Kind("Microsoft.Compute/virtualMachines", "2024-07-01"),
    Kind("Microsoft.Compute/virtualMachineScaleSets", "2024-07-01"),
    Kind("Microsoft.ContainerService/managedClusters", "2024-09-01"),
    Kind("Microsoft.DBforMySQL/flexibleServers", "2023-12-30"),
    Kind("Microsoft.KeyVault/vaults", "2023-07-01"),
    Kind("Microsoft.ManagedIdentity/userAssignedIdentities", "2023-01-31"),
    Kind("Microsoft.Authorization/roleAssignments", "2022-04-01"),
    Kind("Microsoft.OperationalInsights/workspaces", "2023-09-01"),
    Kind("Microsoft.Insights/dataCollectionRules", "2022-06-01"),
    _asked("Microsoft.AppConfiguration/configurationStores", "2023-03-01"),
    _asked("Microsoft.Cache/redis", "2023-08-01"),
    _asked("Microsoft.CognitiveServices/accounts", "2023-05-01"),
    _asked("Microsoft.ContainerRegistry/registries", "2023-07-01"),
    _asked("Microsoft.DBforMySQL/servers", "2017-12-01"),
    _asked("Microsoft.DBforPostgreSQL/flexibleServers", "2022-12-01"),
    _asked("Microsoft.DocumentDB/databaseAccounts", "2023-11-15"),
    _asked("Microsoft.EventHub/namespaces", "2024-01-01"),
    _asked("Microsoft.Network/dnsResolvers", "2022-07-01"),
    _asked("Microsoft.Network/frontDoors", "2021-06-01"),
    _asked("Microsoft.Search/searchServices", "2023-11-01"),
    _asked("Microsoft.ServiceBus/namespaces", "2021-11-01"),
    _asked("Microsoft.Sql/servers", "2021-11-01"),
    _asked("Microsoft.Storage/storageAccounts", "2023-05-01"),
    _asked("Microsoft.Web/sites", "2023-12-01"),
    _child("Microsoft.Network/dnsResolvers", "inboundEndpoints", "2022-07-01"),
    _child("Microsoft.Network/firewallPolicies", "ruleCollectionGroups"),
    _child("Microsoft.Network/networkWatchers", "flowLogs"),
    _child("Microsoft.Network/privateEndpoints", "privateDnsZoneGroups"),
    _child("Microsoft.Network/virtualNetworkGateways", "natRules"),
    _child("Microsoft.Network/vpnGateways", "vpnConnections"),
    *(
        _child(_HUB, name)
        for name in (
            "bgpConnections",
            "hubRouteTables",
            "hubVirtualNetworkConnections",
            "ipConfigurations",
            "routingIntent",
        )
    ),
    _child("Microsoft.Network/dnsZones", "recordsets", "2018-05-01"),
    _child("Microsoft.Network/privateDnsZones", "virtualNetworkLinks", "2020-06-01"),
    _child("Microsoft.Network/privateDnsZones", "ALL", "2020-06-01"),
    *(
        _child(_MANAGER, name)
        for name in (
            "networkGroups",
            "connectivityConfigurations",
            "securityAdminConfigurations",
            "scopeConnections",
        )
    ),
    _child(f"{_MANAGER}/networkGroups", "staticMembers"),
    _child(f"{_MANAGER}/securityAdminConfigurations", "ruleCollections"),
    _child(f"{_MANAGER}/securityAdminConfigurations/ruleCollections", "rules"),
    *(
        _child(_PROFILE, name, _CDN)
        for name in ("afdEndpoints", "customDomains", "originGroups", "securityPolicies")
    ),
    _child(f"{_PROFILE}/afdEndpoints", "routes", _CDN),
    _child(f"{_PROFILE}/originGroups", "origins", _CDN),
    _child(
        _SCALE_SET,
        "networkInterfaces",
        _SCALE_SET_NETWORK,
        f"{_SCALE_SET}/virtualMachines/networkInterfaces",
    ),
    _child(
        _SCALE_SET,
        "publicIPAddresses",
        _SCALE_SET_NETWORK,
        f"{_SCALE_SET}/virtualMachines/networkInterfaces/ipConfigurations/publicIPAddresses",
    ),
    _child("Microsoft.DBforMySQL/flexibleServers", "firewallRules", "2023-12-30"),
    _child("Microsoft.DBforMySQL/servers", "firewallRules", "2017-12-01"),
    _child("Microsoft.DBforMySQL/servers", "virtualNetworkRules", "2017-12-01"),
    *(_extends(parent, _SETTINGS, "2021-05-01-preview") for parent in _WATCHED),
    _extends(
        "Microsoft.ContainerService/managedClusters",
        "Microsoft.Insights/dataCollectionRuleAssociations",
        "2022-06-01",
    ),
)
"""Everything that is read, but for what asks a question of its own (effective routes, ...)."""

SUBSCRIPTIONS = "2022-12-01"
"""The api-version of lists of subscriptions, and of a subscription's inventory and groups."""

INVENTORY = "2021-04-01"
MANAGEMENT_GROUPS = "2020-05-01"


def top() -> tuple[Kind, ...]:
    """Give what is listed by subscription, those first, or by group."""
    return tuple(kind for kind in KINDS if kind.by is not By.PARENT)


def children(parent: str) -> tuple[Kind, ...]:
    """Give what is listed for each resource of a type (lower case)."""
    return _CHILDREN.get(parent, ())


def _by_parent() -> dict[str, tuple[Kind, ...]]:
    found: dict[str, list[Kind]] = {}
    for kind in KINDS:
        if kind.by is By.PARENT:
            found.setdefault(kind.parent.lower(), []).append(kind)
    return {parent: tuple(kinds) for parent, kinds in found.items()}


_CHILDREN = _by_parent()
