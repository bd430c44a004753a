"""Commands that are about more than the properties of one thing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .changes import CannotFollow, Json, Options, forget, found, home, one, only
from .kinds import GATEWAY, VNET


def _by_id(estate: list[Json], arm_id: str) -> Json:
    for each in estate:
        if str(each["id"]).lower() == arm_id.lower():
            return each
    raise CannotFollow(f"no {arm_id}")


def _policy_setting(estate: list[Json], options: Options) -> None:
    group = "network application-gateway waf-policy"
    policy = found(estate, group, options, one(options, "policy-name"))
    settings = policy["properties"].setdefault("policySettings", {})
    settings |= {name: options[name][0] for name in ("mode", "state") if name in options}


def _ssl_policy(estate: list[Json], options: Options) -> None:
    gateway = found(estate, GATEWAY[0], options, one(options, "gateway-name"))
    gateway["properties"]["sslPolicy"] = {
        "policyType": one(options, "policy-type"),
        "policyName": one(options, "name"),
    }


def _link(estate: list[Json], options: Options) -> None:
    zone = _zone(estate, options)
    name = one(options, "name")
    estate.append(
        {
            "id": f"{zone['id']}/virtualNetworkLinks/{name}",
            "name": name,
            "type": f"{zone['type']}/virtualNetworkLinks",
            "properties": {
                "virtualNetwork": {"id": one(options, "virtual-network")},
                "virtualNetworkLinkState": "Completed",
                "registrationEnabled": False,
            },
        }
    )


def _zone(estate: list[Json], options: Options) -> Json:
    group = f"/resourcegroups/{options['resource-group'][0]}" if "resource-group" in options else ""
    kind = "/providers/microsoft.network/privatednszones" if group else "/privatednszones"
    return only(estate, options, f"{group}{kind}/{one(options, 'zone-name')}")


def _record(estate: list[Json], options: Options) -> Json:
    zone = _zone(estate, options)
    return _by_id(estate, f"{zone['id']}/A/{one(options, 'record-set-name')}")


def _add_record(estate: list[Json], options: Options) -> None:
    address = {"ipv4Address": one(options, "ipv4-address")}
    try:
        _record(estate, options)["properties"].setdefault("aRecords", []).append(address)
    except CannotFollow:
        zone = _zone(estate, options)
        name = one(options, "record-set-name")
        new = {"id": f"{zone['id']}/A/{name}", "name": name, "type": f"{zone['type']}/A"}
        estate.append({**new, "properties": {"ttl": 3600, "aRecords": [address]}})


def _remove_record(estate: list[Json], options: Options) -> None:
    record = _record(estate, options)
    gone = one(options, "ipv4-address")
    left = [each for each in record["properties"]["aRecords"] if each["ipv4Address"] != gone]
    record["properties"]["aRecords"] = left
    if not left:
        estate.remove(record)


def _zone_group(estate: list[Json], options: Options) -> None:
    group = "network private-endpoint"
    endpoint = found(estate, group, options, one(options, "endpoint-name"))
    name = one(options, "name")
    zone = one(options, "private-dns-zone")
    if "/" not in zone:
        place = {key: options[key] for key in ("subscription",) if key in options}
        zone = str(_zone(estate, {**place, "zone-name": [zone]})["id"])
    estate.append(
        {
            "id": f"{endpoint['id']}/privateDnsZoneGroups/{name}",
            "name": name,
            "type": f"{endpoint['type']}/privateDnsZoneGroups",
            "properties": {
                "privateDnsZoneConfigs": [
                    {"name": one(options, "zone-name"), "properties": {"privateDnsZoneId": zone}}
                ]
            },
        }
    )


def _dns_delete(estate: list[Json], options: Options) -> None:
    tail = f"/dnszones/{one(options, 'zone-name')}/cname/{one(options, 'name')}"
    estate.remove(only(estate, options, tail))


def _sync(estate: list[Json], options: Options) -> None:
    vnet = found(estate, VNET[0], options, one(options, "vnet-name"))
    for peering in vnet["properties"]["virtualNetworkPeerings"]:
        if peering["name"] == one(options, "name"):
            settings = peering["properties"]
            far = _by_id(estate, settings["remoteVirtualNetwork"]["id"])
            space = far["properties"]["addressSpace"]
            settings |= {
                "remoteAddressSpace": space,
                "remoteVirtualNetworkAddressSpace": space,
                "peeringSyncLevel": "FullyInSync",
            }
            return
    raise CannotFollow("no such peering")


def _approve(estate: list[Json], options: Options) -> None:
    """Either side tells the state of a private endpoint's connection."""
    arm_id = one(options, "id").lower()
    server = _by_id(estate, arm_id.rpartition("/privateendpointconnections/")[0])
    state = {"status": "Approved"}
    for link in server["properties"].get("privateEndpointConnections", ()):
        if str(link["id"]).lower() == arm_id:
            link["properties"]["privateLinkServiceConnectionState"] = state
    for each in estate:
        for key in ("privateLinkServiceConnections", "manualPrivateLinkServiceConnections"):
            for link in each["properties"].get(key, ()):
                if str(link["properties"]["privateLinkServiceId"]).lower() == server["id"].lower():
                    link["properties"]["privateLinkServiceConnectionState"] = state


def _flow_log_delete(estate: list[Json], options: Options) -> None:
    estate.remove(only(estate, options, f"/flowlogs/{one(options, 'name')}"))


def _hub_connection(estate: list[Json], options: Options) -> None:
    hub = found(estate, "network vhub", options, one(options, "vhub-name"))
    own = f"{hub['id']}/hubVirtualNetworkConnections/{one(options, 'name')}"
    routing = _by_id(estate, own)["properties"].setdefault("routingConfiguration", {})
    ids = [{"id": word} for word in options["propagated-route-tables"]]
    routing.setdefault("propagatedRouteTables", {})["ids"] = ids


def _drop_named(rules: list[Json], name: str) -> bool:
    """Take a rule out of a list, or of the lists inside it."""
    for rule in rules:
        if rule.get("name") == name:
            rules.remove(rule)
            return True
        inner = rule.get("rules") or rule.get("properties", {}).get("rules") or []
        if _drop_named(inner, name):
            return True
    return False


def _firewall_rule(estate: list[Json], options: Options) -> None:
    firewall = only(estate, options, f"/azurefirewalls/{one(options, 'firewall-name')}")
    for collection in firewall["properties"]["networkRuleCollections"]:
        if collection["name"] == one(options, "collection-name"):
            _drop_named(collection["properties"]["rules"], one(options, "name"))


def _policy_rule(estate: list[Json], options: Options) -> None:
    tail = f"/rulecollectiongroups/{one(options, 'rule-collection-group-name')}"
    group = only(estate, options, tail)
    for collection in group["properties"]["ruleCollections"]:
        if collection["name"] == one(options, "collection-name"):
            _drop_named(collection["rules"], one(options, "name"))


def _admin_rule(estate: list[Json], options: Options) -> None:
    rule = only(estate, options, f"/rules/{one(options, 'rule-name')}")
    rule["properties"]["access"] = one(options, "access")


def _new_zone(estate: list[Json], options: Options) -> None:
    name, group = one(options, "name"), one(options, "resource-group")
    kind = "Microsoft.Network/privateDnsZones"
    arm_id = f"{home(estate, options)}/resourceGroups/{group}/providers/{kind}/{name}"
    estate.append({"id": arm_id, "name": name, "type": kind, "properties": {}})


def _delete(estate: list[Json], options: Options) -> None:
    """`resource delete` takes a resource, or a part of one, by its id."""
    arm_id = one(options, "ids")
    estate[:] = [each for each in estate if str(each["id"]).lower() != arm_id.lower()]
    holder = next(
        (each for each in estate if arm_id.lower().startswith(str(each["id"]).lower() + "/")), None
    )
    parts = holder["properties"].get(arm_id.split("/")[-2], []) if holder is not None else []
    parts[:] = [part for part in parts if str(part.get("id")).lower() != arm_id.lower()]
    forget(estate, arm_id)


def _hosts(estate: list[Json], options: Options) -> None:
    gateway = found(estate, GATEWAY[0], options, one(options, "gateway-name"))
    for listener in gateway["properties"]["httpListeners"]:
        if listener["name"] == one(options, "name"):
            listener["properties"].pop("hostName", None)
            listener["properties"]["hostNames"] = options["host-names"]


def _no_routing(estate: list[Json], options: Options) -> None:
    cluster = found(estate, "aks", options, one(options, "name"))
    cluster["properties"]["ingressProfile"]["webAppRouting"]["enabled"] = False


def _again(estate: list[Json], options: Options) -> None:
    """An update without changes brings a resource to the state it was asked for."""

    def settle(node: Any) -> None:
        for value in node.values() if isinstance(node, dict) else node:
            if isinstance(value, dict | list):
                settle(value)
        if isinstance(node, dict) and "provisioningState" in node:
            node["provisioningState"] = "Succeeded"

    settle(_by_id(estate, one(options, "ids")))


SPECIAL: dict[str, Callable[[list[Json], Options], None]] = {
    "aks approuting disable": _no_routing,
    "network application-gateway http-listener update": _hosts,
    "network application-gateway ssl-policy set": _ssl_policy,
    "network application-gateway waf-policy policy-setting update": _policy_setting,
    "network dns record-set cname delete": _dns_delete,
    "network firewall network-rule delete": _firewall_rule,
    "network firewall policy rule-collection-group collection rule remove": _policy_rule,
    "network manager security-admin-config rule-collection rule update": _admin_rule,
    "network private-dns link vnet create": _link,
    "network private-dns zone create": _new_zone,
    "network private-dns record-set a add-record": _add_record,
    "network private-dns record-set a remove-record": _remove_record,
    "network private-endpoint dns-zone-group create": _zone_group,
    "network private-endpoint-connection approve": _approve,
    "network vhub connection update": _hub_connection,
    "network vnet peering sync": _sync,
    "network watcher flow-log delete": _flow_log_delete,
    "resource delete": _delete,
    "resource update": _again,
}
"""Commands that are about more than the properties of one thing."""
