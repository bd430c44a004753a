"""What a remedy makes gets a name that nothing has: a command that creates writes over it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from auditor.registry import rules
from auditor.rule import Rule
from auditor.testing import ask, estate, resource

from ..mending import commands
from ..networks import peer, vnet, vnet_id
from .test_parts_apart import fixture_of, listed, said

Json = dict[str, Any]


class Creation(NamedTuple):
    """A command that makes something: its words, and the first value of each option."""

    words: str
    options: dict[str, str]

    @property
    def name(self) -> str:
        """What the new thing is called."""
        return self.options["name"]


def creations(remedy: str) -> Iterator[Creation]:
    """The commands of a remedy that make something, but for what it deletes first."""
    gone: list[tuple[str, str]] = []
    for words, told in commands(remedy):
        options = {name: values[0] for name, values in told.items() if values}
        group, _, verb = words.rpartition(" ")
        if verb == "delete":
            gone.append((group, options["name"]))
        elif verb == "create" and "name" in options and (group, options["name"]) not in gone:
            yield Creation(words, options)


def top(kind: str, name: str, like: Json, properties: Json) -> Json:
    group = like["id"].split("/providers/")[0]
    arm_id = f"{group}/providers/{kind}/{name}"
    return {"id": arm_id, "name": name, "type": kind, "location": "x", "properties": properties}


def beside(kind: str, **properties: Any) -> Callable[[list[Json], Creation], None]:
    """A resource of the new one's kind and name, in the same resource group."""

    def add(estate: list[Json], made: Creation) -> None:
        estate.append(top(kind, made.name, estate[0], dict(properties)))

    return add


def inside(
    kind: str, option: str, collection: str, **properties: Any
) -> Callable[[list[Json], Creation], None]:
    """A part of the new one's kind and name, in what it would be a part of."""

    def add(estate: list[Json], made: Creation) -> None:
        for each in estate:
            named = str(each["id"]).rpartition("/")[2].lower() == made.options[option].lower()
            if named and each["type"].lower() == kind:
                part = {"name": made.name, "id": f"{each['id']}/{collection}/{made.name}"}
                parts = each["properties"].setdefault(collection, [])
                parts.append({**part, "properties": properties})
                return
        raise AssertionError(f"no {kind} {made.options[option]}")

    return add


def setting(estate: list[Json], made: Creation) -> None:
    home = made.options["resource"]
    kind = "Microsoft.Insights/diagnosticSettings"
    arm_id = f"{home}/providers/{kind}/{made.name}"
    estate.append({"id": arm_id, "name": made.name, "type": kind, "properties": {"logs": []}})


def link(estate: list[Json], made: Creation) -> None:
    zone = f"Microsoft.Network/privateDnsZones/{made.options['zone-name']}"
    own = top(zone, f"virtualNetworkLinks/{made.name}", estate[0], {})
    far = estate[0]["id"].split("/providers/")[0] + "/providers/Microsoft.Network/virtualNetworks/q"
    own |= {"name": made.name, "type": "Microsoft.Network/privateDnsZones/virtualNetworkLinks"}
    estate.append({**own, "properties": {"virtualNetwork": {"id": far}}})


def flow_log(estate: list[Json], made: Creation) -> None:
    kind = "Microsoft.Network/networkWatchers/flowLogs"
    own = top("Microsoft.Network/networkWatchers", f"w/flowLogs/{made.name}", estate[0], {})
    off = {"enabled": False, "targetResourceId": estate[0]["id"] + "-other"}
    estate.append({**own, "name": made.name, "type": kind, "properties": off})


_ROUTE = {"addressPrefix": "198.51.100.0/30", "nextHopType": "Internet"}
_RULE = {
    "priority": 4000,
    "direction": "Inbound",
    "access": "Deny",
    "protocol": "Udp",
    "sourceAddressPrefix": "198.51.100.0/30",
    "sourcePortRange": "*",
    "destinationAddressPrefix": "198.51.100.0/30",
    "destinationPortRange": "9",
}
NET = "Microsoft.Network"

TAKEN: dict[str, Callable[[list[Json], Creation], None]] = {
    "aks create": beside("Microsoft.ContainerService/managedClusters"),
    "monitor diagnostic-settings create": setting,
    "network application-gateway redirect-config create": inside(
        "microsoft.network/applicationgateways", "gateway-name", "redirectConfigurations",
        redirectType="Permanent", targetUrl="https://contoso.example",
    ),
    "network application-gateway waf-policy create": beside(
        f"{NET}/ApplicationGatewayWebApplicationFirewallPolicies"
    ),
    "network nat gateway create": beside(f"{NET}/natGateways"),
    "network nsg create": beside(f"{NET}/networkSecurityGroups", securityRules=[]),
    "network nsg rule create": inside(
        "microsoft.network/networksecuritygroups", "nsg-name", "securityRules", **_RULE
    ),
    "network private-dns link vnet create": link,
    "network public-ip create": beside(f"{NET}/publicIPAddresses"),
    "network route-table create": beside(f"{NET}/routeTables", routes=[]),
    "network route-table route create": inside(
        "microsoft.network/routetables", "route-table-name", "routes", **_ROUTE
    ),
    "network vnet peering create": inside(
        "microsoft.network/virtualnetworks", "vnet-name", "virtualNetworkPeerings",
        remoteVirtualNetwork={"id": "/subscriptions/s/resourceGroups/g/providers/"
                                    "Microsoft.Network/virtualNetworks/elsewhere"},
        peeringState="Connected",
    ),
    "network vnet subnet create": inside(
        "microsoft.network/virtualnetworks", "vnet-name", "subnets", addressPrefix="198.51.100.0/30"
    ),
    "network watcher flow-log create": flow_log,
}  # fmt: skip
"""How something of the name comes to be there before a command makes it."""

WRITES_ANEW = {("GW-024", "network route-table route create")}
"""Where what has the name is meant: an update would keep what has to go."""

NOBODYS = {"mysql flexible-server create", "network private-endpoint dns-zone-group create"}
"""Names that are free: of the whole world's servers, and of an endpoint that has no group."""


def making(rule: Rule[Any]) -> Iterator[tuple[tuple[str, str], Creation]]:
    """What the remedies of a rule make, by subject and key."""
    path = fixture_of(rule, "broken")
    for key, (_, remedy) in (said(rule, path) if listed(path) else {}).items():
        for made in creations(remedy):
            if made.words not in NOBODYS and (rule.id, made.words) not in WRITES_ANEW:
                yield key, made


@pytest.mark.parametrize("rule", [pytest.param(rule, id=rule.id) for rule in rules().values()])
def test_nothing_is_written_over(rule: Rule[Any], tmp_path: Path) -> None:
    for key, made in making(rule):
        resources = listed(fixture_of(rule, "broken"))
        TAKEN[made.words](resources, made)
        changed = tmp_path / "changed.json"
        changed.write_text(json.dumps({"value": resources}))

        _, remedy = said(rule, changed)[key]
        again = [each.name.lower() for each in creations(remedy) if each.words == made.words]
        assert again
        assert made.name.lower() not in again


def test_many_remedies_make_something() -> None:
    assert len([rule for rule in rules().values() if list(making(rule))]) > 20


def names(rule: str, *resources: Json) -> list[str]:
    """What the remedies of a rule call what they make, in the order of the subjects."""
    broken = sorted(ask(rule, estate(*resources)).broken, key=lambda each: (each.subject, each.key))
    return [made.name for each in broken for made in creations(each.remedy)]


def test_subnets_of_one_name_get_groups_of_their_own() -> None:
    subnets = {"default": "10.0.0.0/24"}
    nets = [vnet(name, "10.0.0.0/16", subnets=subnets) for name in "ab"]
    assert names("NSG-001", *nets) == ["nsg-default", "nsg-default-2"]


def test_networks_of_one_name_get_ways_back_of_their_own() -> None:
    hub = vnet("hub", "10.9.0.0/16")
    spokes = [vnet("web", "10.0.0.0/16", peers=[peer("hub", state="Initiated")]) for _ in "ab"]
    other = json.loads(json.dumps(spokes[1]).replace("/resourceGroups/rg/", "/resourceGroups/rg2/"))
    remote = {"remoteVirtualNetwork": {"id": vnet_id("hub")}, "peeringState": "Initiated"}
    other["properties"]["virtualNetworkPeerings"][0]["properties"] = remote
    assert names("PER-002", hub, spokes[0], other) == ["to-web", "to-web-2"]


def test_networks_of_one_name_get_flow_logs_of_their_own() -> None:
    subnets = {"web": "10.0.0.0/24"}
    one = vnet("web", "10.0.0.0/16", subnets=subnets)
    other = json.loads(json.dumps(one).replace("/resourceGroups/rg/", "/resourceGroups/rg2/"))
    watched = resource(
        "Microsoft.Network/networkWatchers/flowLogs",
        "w/old",
        {"enabled": True, "targetResourceId": vnet_id("gone")},
    )
    assert names("OBS-002", one, other, watched) == ["web-flowlog", "web-flowlog-2"]
