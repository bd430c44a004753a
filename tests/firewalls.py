"""Firewalls, policies and their rules in a line each, for tests."""

from __future__ import annotations

from typing import Any

from auditor.addresses import AddressSet, parse_address
from auditor.network.firewalling import FirewallProgram, Verdict, decide, firewall_program
from auditor.network.graph import Network
from auditor.network.service_tags import NO_TAGS, ServiceTags
from auditor.resources.firewalls import Firewall, FirewallPolicy
from auditor.testing import arm_id, estate, resource

from .exposed import PIP
from .networks import subnet_id

FIREWALL = "Microsoft.Network/azureFirewalls"
POLICY = "Microsoft.Network/firewallPolicies"
GROUP = f"{POLICY}/ruleCollectionGroups"
IP_GROUP = "Microsoft.Network/ipGroups"
WEB = "10.0.0.4 > 10.9.9.9 tcp 443"
PUBLIC_WEB = "10.0.0.4 > 20.0.0.1 tcp 443"
TAGS = ServiceTags({"Storage": AddressSet.from_text(["20.0.0.0/24"])})

Json = dict[str, Any]


def group_id(name: str, in_: str = "pol") -> str:
    return arm_id(GROUP, in_, name)


def network_rule(
    name: str, source: str = "*", destination: str = "*", ports: str = "*", *words: str, **more: Any
) -> Json:
    """A network rule; `words` are its protocols, TCP when there are none."""
    return {
        "ruleType": "NetworkRule",
        "name": name,
        "ipProtocols": list(words or ("TCP",)),
        "sourceAddresses": [source],
        "destinationAddresses": [destination],
        "destinationPorts": ports.split(","),
        **more,
    }


def nat_rule(
    name: str,
    to: str = "10.0.0.4:443",
    destination: str = "20.50.1.2",
    ports: str = "8080",
    **more: Any,
) -> Json:
    """A NAT rule from everywhere; `to` is where it leads, an address or a name."""
    host, _, port = to.rpartition(":")
    where = "translatedAddress" if host[:1].isdigit() else "translatedFqdn"
    rule = network_rule(name, "*", destination, ports, **more)
    return {**rule, "ruleType": "NatRule", where: host, "translatedPort": port, **more}


def application_rule(name: str, *names: str, source: str = "*", **more: Any) -> Json:
    """An application rule for HTTPS to some names."""
    return {
        "ruleType": "ApplicationRule",
        "name": name,
        "protocols": [{"protocolType": "Https", "port": 443}],
        "sourceAddresses": [source],
        "targetFqdns": list(names),
        **more,
    }


def collection(name: str, priority: int, action: str, *rules: Json) -> Json:
    """A rule collection of a policy; `Dnat` makes it one for NAT."""
    kind = "Nat" if action == "Dnat" else "Filter"
    return {
        "name": name,
        "ruleCollectionType": f"FirewallPolicy{kind}RuleCollection",
        "priority": priority,
        "action": {"type": action},
        "rules": list(rules),
    }


def group(name: str, priority: int, *collections: Json, in_: str = "pol") -> Json:
    """A rule collection group, a resource of its own."""
    settings = {"priority": priority, "ruleCollections": list(collections)}
    return resource(GROUP, f"{in_}/{name}", settings)


def policy(*groups: str, name: str = "pol", base: str | None = None, **more: Any) -> Json:
    """A policy that lists groups by name, as Azure lists them: by id only."""
    settings: Json = {"ruleCollectionGroups": [{"id": group_id(g, name)} for g in groups], **more}
    if base is not None:
        settings["basePolicy"] = {"id": arm_id(POLICY, base)}
    return resource(POLICY, name, settings)


def firewall(name: str = "fw", policy: str | None = "pol", **more: Any) -> Json:
    """A firewall with a policy, or with the classic rules that `more` gives."""
    settings: Json = {**more}
    if policy is not None:
        settings["firewallPolicy"] = {"id": arm_id(POLICY, policy)}
    return resource(FIREWALL, name, settings)


def firewall_in_hub(address: str = "10.1.0.4") -> Json:
    """A firewall in the VNet hub, at a private address and behind public IP pip."""
    settings = {
        "privateIPAddress": address,
        "subnet": {"id": subnet_id("hub", "AzureFirewallSubnet")},
        "publicIPAddress": {"id": arm_id(PIP, "pip")},
    }
    return firewall(ipConfigurations=[{"name": "c", "properties": settings}])


def ip_group(name: str, *addresses: str) -> Json:
    return resource(IP_GROUP, name, {"ipAddresses": list(addresses)})


def classic(name: str, priority: int, action: str, *rules: Json) -> Json:
    """A classic rule collection, of rules as for policies."""
    settings = {"priority": priority, "action": {"type": action}, "rules": list(map(_old, rules))}
    return {"name": name, "properties": settings}


def _old(rule: Json) -> Json:
    rule = {key: value for key, value in rule.items() if key != "ruleType"}
    if "ipProtocols" in rule:
        rule["protocols"] = rule.pop("ipProtocols")
    return rule


def with_rules(*collections: Json, priority: int = 100) -> tuple[Json, Json, Json]:
    """A firewall whose policy has one group with these collections."""
    return firewall(), policy("g"), group("g", priority, *collections)


def program(*resources: Json, tags: ServiceTags = NO_TAGS, **more: Any) -> FirewallProgram:
    """The program of the firewall `fw` among resources."""
    return program_of(estate(*resources, **more), tags=tags)


def program_of(network: Network, name: str = "fw", tags: ServiceTags = NO_TAGS) -> FirewallProgram:
    found = network.nodes[arm_id(FIREWALL, name).lower()]
    assert isinstance(found, Firewall)
    return firewall_program(network, found, tags)


def policy_of(network: Network, name: str = "pol") -> FirewallPolicy:
    found = network.nodes[arm_id(POLICY, name).lower()]
    assert isinstance(found, FirewallPolicy)
    return found


NUMBERS = {"tcp": 6, "udp": 17, "icmp": 1, "esp": 50}


def sent(rules: FirewallProgram, packet: str) -> Verdict:
    """What becomes of a packet, as text: `10.0.0.4 > 20.0.0.1 tcp 443`."""
    source, _, destination, protocol, *port = packet.split()
    return decide(
        rules,
        parse_address(source),
        parse_address(destination),
        NUMBERS[protocol],
        int(port[0]) if port else None,
    )


def told(verdict: Verdict) -> str:
    """A verdict in short: the answer and the rule, or the labels of the reasons."""
    if verdict.reasons:
        labels = sorted({reason.label for reason in verdict.reasons})
        return f"{verdict.answer.value}: {', '.join(labels)}"
    return f"{verdict.answer.value} by {verdict.term.name if verdict.term else 'nobody'}"


def names(rules: FirewallProgram) -> list[str]:
    return [term.name for term in (*rules.nat, *rules.network, *rules.application)]


def labels(rules: FirewallProgram) -> list[str]:
    return [reason.label for reason in rules.unknown]
