"""Questions about paths in a line each: `asked(estate(...), "web", "db", 443).verdict`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from auditor.addresses import AddressSet, parse_address, parse_ports
from auditor.network.graph import Network
from auditor.network.service_tags import NO_TAGS, ServiceTags
from auditor.reach.answer import Answer, answers
from auditor.reach.ends import points_of
from auditor.reach.points import INTERNET, Point, internet, on_premises
from auditor.reach.replay import check
from auditor.reach.trail import Step
from auditor.resources.base import Node
from auditor.testing import arm_id, resource

Json = dict[str, Any]
POOL_KEYS = "loadBalancerBackendAddressPools"


def point(network: Network, name: str) -> Point:
    """The point of the node with a name; `internet`, `onprem 10.9.0.0/16`, an outside address."""
    if name == "internet":
        return INTERNET
    if name.startswith("onprem "):
        return on_premises(AddressSet.from_text([name.split()[1]]))
    if name[0].isdigit():
        one = parse_address(name)
        return internet(AddressSet.from_range(one, one))
    found = [
        node for node in network.nodes.values() if node.label == name and _askable(node, network)
    ]
    assert len(found) == 1, f"{name}: {[node.id for node in found]}"
    return points_of(found[0], network)[0]


def _askable(node: Node, network: Network) -> bool:
    try:
        return bool(points_of(node, network))
    except Exception:  # something that cannot be asked about
        return False


@dataclass(frozen=True)
class Asked:
    """The answers about one pair, for one protocol and port, or all."""

    answers: tuple[Answer, ...]

    @property
    def one(self) -> Answer:
        """The answer about straight ways; the others go by gateways."""
        straight = [answer for answer in self.answers if not answer.via]
        assert len(straight) == 1, [(a.verdict, str(a.ports)) for a in straight]
        return straight[0]

    @property
    def verdict(self) -> str:
        return self.one.verdict.value

    @property
    def stops(self) -> list[str]:
        """What blocks, as codes."""
        return [step.code for step in self.one.blockers]

    @property
    def labels(self) -> set[str]:
        """Why it is not told."""
        return {reason.label for reason in self.one.reasons}

    def step(self, code: str) -> Step:
        """The hop with a code."""
        return next(step for step in self.one.hops if step.code == code)

    @property
    def arrives(self) -> str:
        """The address and port at which the witness arrives."""
        there = self.one.arrives_as
        assert there is not None
        return f"{there.destination}:{there.destination_port}"

    @property
    def by_gateway(self) -> list[str]:
        """The verdicts of ways by gateways."""
        return [answer.verdict.value for answer in self.answers if answer.via]


def asked(
    network: Network,
    source: str | Point,
    target: str | Point,
    port: int | str | None = 443,
    protocol: str = "tcp",
    *,
    tags: ServiceTags = NO_TAGS,
) -> Asked:
    """Ask about one pair; every witness is replayed by the simulator."""
    given: Json = {} if port is None else {"ports": parse_ports(str(port))}
    found = answers(
        network,
        point(network, source) if isinstance(source, str) else source,
        point(network, target) if isinstance(target, str) else target,
        protocols=(protocol,),
        tags=tags,
        **given,
    )
    for answer in found:
        check(network, answer, tags)
    return Asked(found)


GLOBAL = "20.70.0.1"


def before_regions(
    *members: str, port: int = 443, tier: str | None = "Global", **more: Any
) -> list[Json]:
    """Global load balancer `glb` at 20.70.0.1:8080 before `lb`, and its public address."""
    kind = "Microsoft.Network/loadBalancers"
    front = arm_id(f"{kind}/frontendIPConfigurations", "glb", "world")
    entries = [
        {"name": each, "properties": {"loadBalancerFrontendIPConfiguration": {"id": each}}}
        for each in members or (arm_id(f"{kind}/frontendIPConfigurations", "lb", "front"),)
    ]
    address = {"publicIPAddress": ref("Microsoft.Network/publicIPAddresses", "gpip")}
    rule = {
        "frontendIPConfiguration": {"id": front},
        "backendAddressPool": ref(f"{kind}/backendAddressPools", "glb", "regions"),
        "protocol": "Tcp",
        "frontendPort": 8080,
        "backendPort": port,
        "enableFloatingIP": False,
        **more,
    }
    settings: Json = {
        "frontendIPConfigurations": [{"name": "world", "properties": address}],
        "backendAddressPools": [
            {"name": "regions", "properties": {"loadBalancerBackendAddresses": entries}}
        ],
        "loadBalancingRules": [{"name": "all", "properties": rule}],
    }
    sku = {"name": "Standard"} if tier is None else {"name": "Standard", "tier": tier}
    whose = {"ipAddress": GLOBAL, "ipConfiguration": {"id": front}}
    return [
        resource(kind, "glb", settings, sku=sku),
        resource("Microsoft.Network/publicIPAddresses", "gpip", whose,
                 sku={"name": "Standard", "tier": "Global"}),
    ]  # fmt: skip


def lb_rule(name: str = "https", front: int = 443, back: int = 8443, **more: Any) -> Json:
    """A load-balancing rule of balancer `lb` from `front` to `pool`."""
    balancer = more.pop("balancer", "lb")
    settings: Json = {
        "frontendIPConfiguration": ref("Microsoft.Network/loadBalancers/frontendIPConfigurations",
                                       balancer, "front"),
        "backendAddressPool": ref("Microsoft.Network/loadBalancers/backendAddressPools",
                                  balancer, "pool"),
        "protocol": "Tcp",
        "frontendPort": front,
        "backendPort": back,
        "enableFloatingIP": False,
        **more,
    }  # fmt: skip
    return {"name": name, "properties": settings}


def lb_probe(port: int, name: str = "probe") -> Json:
    return {"name": name, "properties": {"protocol": "Tcp", "port": port}}


def ref(kind: str, *names: str) -> Json:
    return {"id": arm_id(kind, *names)}


def lb(*rules: Json, public: bool = True, members: Iterable[str] = ("web",), **more: Any) -> Json:
    """Balancer `lb`: frontend `front`, pool `pool` of NICs, Standard unless told otherwise."""
    front: Json = (
        {"publicIPAddress": ref("Microsoft.Network/publicIPAddresses", "pip")}
        if public
        else {
            "subnet": ref("Microsoft.Network/virtualNetworks/subnets", "vnet", "app"),
            "privateIPAddress": "10.0.0.10",
            "privateIPAllocationMethod": "Static",
        }
    )
    nics = "Microsoft.Network/networkInterfaces/ipConfigurations"
    sku = more.pop("sku", "Standard")
    settings: Json = {
        "frontendIPConfigurations": [{"name": "front", "properties": front}],
        "backendAddressPools": [
            {
                "name": "pool",
                "properties": {
                    "backendIPConfigurations": [ref(nics, name, "primary") for name in members]
                },
            }
        ],
        "loadBalancingRules": list(rules),
        "inboundNatRules": [],
        "outboundRules": [],
        **more,
    }
    return resource("Microsoft.Network/loadBalancers", "lb", settings, sku={"name": sku})


def scale_set(**top: Any) -> Json:
    """Scale set `vmss` in subnet vnet/app, whose instances are behind balancer `lb`."""
    configuration = {
        "name": "primary",
        "properties": {
            "subnet": ref("Microsoft.Network/virtualNetworks/subnets", "vnet", "app"),
            "loadBalancerBackendAddressPools": [
                ref("Microsoft.Network/loadBalancers/backendAddressPools", "lb", "pool")
            ],
        },
    }
    settings = {"ipConfigurations": [configuration]}
    profile = {
        "networkProfile": {
            "networkInterfaceConfigurations": [{"name": "model", "properties": settings}]
        }
    }
    return resource(
        "Microsoft.Compute/virtualMachineScaleSets",
        "vmss",
        {"virtualMachineProfile": profile},
        **top,
    )


def app_gateway(
    *,
    listeners: Iterable[tuple[str, int]] = (("public", 443),),
    members: Iterable[str] = ("10.0.0.4",),
    port: int = 8080,
    **more: Any,
) -> Json:
    """Gateway `agw` in subnet vnet/gw; listeners by frontend (`public`, `private`) and port."""
    kind = "Microsoft.Network/applicationGateways"
    ports = sorted({number for _, number in listeners})
    rules = [
        {
            "name": f"{front}-{number}",
            "properties": {
                "ruleType": "Basic",
                "priority": 100 + place,
                "httpListener": ref(f"{kind}/httpListeners", "agw", f"{front}-{number}"),
                "backendAddressPool": ref(f"{kind}/backendAddressPools", "agw", "pool"),
                "backendHttpSettings": ref(f"{kind}/backendHttpSettingsCollection", "agw", "set"),
            },
        }
        for place, (front, number) in enumerate(listeners)
    ]
    settings: Json = {
        "sku": {"name": "WAF_v2", "tier": "WAF_v2"},
        "operationalState": "Running",
        "gatewayIPConfigurations": [
            {"name": "home", "properties": {"subnet": ref(_SUBNETS, "vnet", "gw")}}
        ],
        "frontendIPConfigurations": [
            {
                "name": "public",
                "properties": {
                    "publicIPAddress": ref("Microsoft.Network/publicIPAddresses", "pip")
                },
            },
            {
                "name": "private",
                "properties": {
                    "privateIPAddress": "10.0.1.20",
                    "subnet": ref(_SUBNETS, "vnet", "gw"),
                },
            },
        ],
        "frontendPorts": [{"name": f"p{n}", "properties": {"port": n}} for n in ports],
        "httpListeners": [
            {
                "name": f"{front}-{number}",
                "properties": {
                    "frontendIPConfiguration": ref(
                        f"{kind}/frontendIPConfigurations", "agw", front
                    ),
                    "frontendPort": ref(f"{kind}/frontendPorts", "agw", f"p{number}"),
                    "protocol": "Http",
                },
            }
            for front, number in listeners
        ],
        "backendAddressPools": [
            {
                "name": "pool",
                "properties": {
                    "backendAddresses": [
                        {"fqdn" if each[-1].isalpha() else "ipAddress": each} for each in members
                    ]
                },
            }
        ],
        "backendHttpSettingsCollection": [
            {"name": "set", "properties": {"port": port, "protocol": "Http"}}
        ],
        "requestRoutingRules": rules,
        **more,
    }
    return resource(kind, "agw", settings)


_SUBNETS = "Microsoft.Network/virtualNetworks/subnets"
