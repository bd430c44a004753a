from __future__ import annotations

from typing import Any

from auditor.testing import Answer, arm_id, ask, estate, resource

from ...networks import gateway, internal_balancer, nic, peer, subnet_id, vnet
from ...reaching import lb, lb_rule
from ...routing import route, steered, table

ID = "RTE-006"
Json = dict[str, Any]
FIREWALL = "Microsoft.Network/azureFirewalls"
A, B, C = "10.0.0.0/16", "10.8.0.0/16", "10.9.0.0/16"


def firewall(name: str, address: str, vnet_name: str) -> Json:
    properties = {
        "privateIPAddress": address,
        "subnet": {"id": subnet_id(vnet_name, "AzureFirewallSubnet")},
    }
    return resource(FIREWALL, name, {"ipConfigurations": [{"name": "c", "properties": properties}]})


def hub(name: str = "hub", of: str = "10.0.0.0/24", *tables: str, **more: Any) -> Json:
    """A VNet with a firewall's subnet, which uses a table if one is named."""
    subnet = steered(of, *tables) if tables else of
    space = more.pop("space", "10.0.0.0/16")
    return vnet(name, space, subnets={"AzureFirewallSubnet": subnet}, **more)


def judge(*resources: Json, **more: Any) -> Answer:
    return ask(ID, estate(*resources, **more))


def machine(name: str, *nics: Json) -> list[Json]:
    kind = "Microsoft.Compute/virtualMachines"
    refs = [{"id": each["id"]} for each in nics]
    return [resource(kind, name, {"networkProfile": {"networkInterfaces": refs}}), *nics]


def appliance(name: str, address: str, subnet: str = "nva", vnet_name: str = "hub") -> Json:
    return nic(name, address, (vnet_name, subnet), vm="nva", enableIPForwarding=True)


def test_a_firewall_whose_own_subnet_uses_the_table_of_the_workloads() -> None:
    rt = table("rt", route("0.0.0.0/0", "VirtualAppliance", "10.0.0.4", name="default"))
    (finding,) = judge(
        hub("hub", "10.0.0.0/24", "rt"), firewall("fw", "10.0.0.4", "hub"), rt
    ).broken
    assert finding.subject == arm_id(FIREWALL, "fw")
    assert finding.message == (
        "packets to 203.0.113.10 go round: fw (10.0.0.4) sends them to itself "
        "(route default of rt to 0.0.0.0/0)"
    )
    assert "route delete --resource-group rg --route-table-name rt --name default" in finding.remedy
    assert finding.evidence[0].pointer == "/properties/routes/0/properties/nextHopIpAddress"
    assert [hop.resource for hop in finding.hops] == [finding.subject]


def test_a_table_tells_of_its_subnets_too() -> None:
    default = route("0.0.0.0/0", "VirtualAppliance", "10.0.0.4", name="default")
    rt = table("rt", default, subnets=[{"id": subnet_id("elsewhere", "app")}])

    (finding,) = judge(
        hub("hub", "10.0.0.0/24", "rt"), firewall("fw", "10.0.0.4", "hub"), rt
    ).broken

    assert "delete" not in finding.remedy


def test_the_table_of_others_stays_as_it_is() -> None:
    default = route("0.0.0.0/0", "VirtualAppliance", "10.0.0.4", name="default")
    away = route("10.9.0.0/16", "None", name="away")
    subnets = {"AzureFirewallSubnet": steered("10.0.0.0/24"), "app": steered("10.0.1.0/24")}
    net = vnet("hub", "10.0.0.0/16", subnets=subnets)

    (finding,) = judge(net, firewall("fw", "10.0.0.4", "hub"), table("rt", default, away)).broken

    assert "delete" not in finding.remedy
    create, copy, give = finding.remedy.split(" && ")
    assert "route-table create --resource-group rg --name rt-AzureFirewallSubnet" in create
    assert "--route-table-name rt-AzureFirewallSubnet --name away" in copy
    assert "--vnet-name hub --name AzureFirewallSubnet --route-table /subscriptions/" in give
    assert give.endswith("/routeTables/rt-AzureFirewallSubnet")


def test_a_firewall_whose_subnet_leads_on_is_kept() -> None:
    ways = table("rt", route("0.0.0.0/0", "VirtualAppliance", "10.0.0.4", name="default"))
    out = table("out", route("0.0.0.0/0", "Internet"))
    spoke = vnet(
        "spoke",
        "10.1.0.0/16",
        subnets={"app": steered("10.1.0.0/24")},
        peers=[peer("hub", "10.0.0.0/16")],
    )
    for own in ((), ("out",)):
        there = hub("hub", "10.0.0.0/24", *own, peers=[peer("spoke", "10.1.0.0/16")])
        answer = judge(there, spoke, firewall("fw", "10.0.0.4", "hub"), ways, out)
        assert (answer.kept, answer.broken, answer.unknown) == (1, [], [])


def test_r_6_a_route_for_nothing_but_the_firewall_itself_is_no_loop() -> None:
    rt = table("rt", route("10.0.0.4/32", "VirtualAppliance", "10.0.0.4"))
    answer = judge(hub("hub", "10.0.0.0/24", "rt"), firewall("fw", "10.0.0.4", "hub"), rt)
    assert (answer.kept, answer.broken, answer.unknown) == (1, [], [])


def two_hubs(back: str) -> list[Json]:
    """Firewalls of two hubs; what is for `back` the one of hub b sends to the one of hub a."""
    return [
        hub("a", "10.0.0.0/24", "rt-a", peers=[peer("b", B)]),
        hub("b", "10.8.0.0/24", "rt-b", space="10.8.0.0/16", peers=[peer("a", A), peer("c", C)]),
        vnet("c", "10.9.0.0/16", subnets={"app": "10.9.0.0/24"}, peers=[peer("b", B)]),
        firewall("fw-a", "10.0.0.4", "a"),
        firewall("fw-b", "10.8.0.4", "b"),
        table("rt-a", route("10.9.0.0/16", "VirtualAppliance", "10.8.0.4", name="on")),
        table("rt-b", route(back, "VirtualAppliance", "10.0.0.4", name="back")),
    ]


def test_two_firewalls_that_send_to_each_other() -> None:
    (finding,) = judge(*two_hubs("10.9.0.0/17")).broken
    assert finding.message == (
        "packets to 10.9.0.4 go round: "
        "fw-a (10.0.0.4) sends them to fw-b (10.8.0.4) (route on of rt-a to 10.9.0.0/16), "
        "fw-b (10.8.0.4) sends them to fw-a (10.0.0.4) (route back of rt-b to 10.9.0.0/17)"
    )
    assert finding.related[0] == arm_id(FIREWALL, "fw-b")
    assert len(finding.evidence) == 2


def test_two_firewalls_that_send_different_things_to_each_other_are_kept() -> None:
    answer = judge(*two_hubs("10.0.0.0/16"))
    assert (answer.kept, answer.broken, answer.unknown) == (2, [], [])


def guarded(*routes: Json, **more: Any) -> list[Json]:
    subnets = {"nva": steered("10.0.1.0/24"), "other": more.pop("other", "10.0.2.0/24")}
    return [vnet("hub", "10.0.0.0/16", subnets=subnets), table("rt", *routes)]


def test_an_appliance_of_ones_own_in_the_subnet_that_it_serves() -> None:
    for prefix in ("0.0.0.0/0", "10.0.0.0/16"):
        way = route(prefix, "VirtualAppliance", "10.0.1.4")
        answer = judge(*guarded(way), *machine("nva", appliance("nic", "10.0.1.4")))
        assert answer.names == ["nic"]


def test_what_a_guest_may_send_into_a_tunnel_is_unknown() -> None:
    for prefix in ("192.168.0.0/16", "203.0.112.0/24"):
        way = route(prefix, "VirtualAppliance", "10.0.1.4")
        answer = judge(*guarded(way), *machine("nva", appliance("nic", "10.0.1.4")))
        assert answer.broken == []
        assert "whether it sends them into a tunnel" in answer.unknown[0].missing


def test_a_machine_with_another_interface_may_send_from_that() -> None:
    way = route("0.0.0.0/0", "VirtualAppliance", "10.0.1.4")
    nics = appliance("inner", "10.0.1.4"), appliance("outer", "10.0.2.4", "other")
    (unknown,) = judge(*guarded(way), *machine("nva", *nics)).unknown
    assert "which of its interfaces it sends them from" in unknown.missing
    both = judge(*guarded(way, other=steered("10.0.2.0/24")), *machine("nva", *nics))
    assert both.names == ["inner"]


def test_machines_behind_a_load_balancer() -> None:
    way = route("0.0.0.0/0", "VirtualAppliance", "10.0.1.9")
    balancer = lb(lb_rule("all", 0, 0, protocol="All"), public=False, members=("nic",))
    front = balancer["properties"]["frontendIPConfigurations"][0]["properties"]
    front.update(privateIPAddress="10.0.1.9", subnet={"id": subnet_id("hub", "nva")})
    machines = machine("nva", appliance("nic", "10.0.1.4"))
    assert judge(*guarded(way), balancer, *machines).names == ["lb"]
    answer = judge(*guarded(way), balancer)  # the machines are not in the input
    assert (answer.broken, len(answer.unknown)) == ([], 1)
    empty = internal_balancer("lb", "10.0.1.9", ("hub", "nva"))
    assert judge(*guarded(way), empty).broken == []  # nobody forwards: RTE-003's


def test_a_nic_that_does_not_forward_loops_nothing() -> None:
    way = route("0.0.0.0/0", "VirtualAppliance", "10.0.1.4")
    plain = nic("nic", "10.0.1.4", ("hub", "nva"), enableIPForwarding=False)
    answer = judge(*guarded(way), plain)
    assert (answer.kept, answer.broken, answer.unknown) == (1, [], [])


def test_r_25_learned_routes_may_come_between() -> None:
    rt = table("rt", route("0.0.0.0/0", "VirtualAppliance", "10.0.0.4"))
    circuit = gateway("er", "hub", kind="ExpressRoute")
    answer = judge(hub("hub", "10.0.0.0/24", "rt"), firewall("fw", "10.0.0.4", "hub"), rt, circuit)
    assert answer.broken == []
    assert "bgp-routes-unknown" in answer.unknown[0].missing


def test_long_chains_end() -> None:
    """Every appliance sends everything to the next one of many, the last one to the first."""
    many = 40
    subnets = {f"s{n}": steered(f"10.0.{n}.0/28", f"rt{n}") for n in range(many)}
    parts: list[Json] = [vnet("hub", "10.0.0.0/16", subnets=subnets)]
    for n in range(many):
        parts.append(nic(f"n{n}", f"10.0.{n}.4", ("hub", f"s{n}"), enableIPForwarding=True))
        hops = [route(f"20.{m}.0.0/16", "VirtualAppliance", f"10.0.{m}.4") for m in range(many)]
        onward = route("0.0.0.0/0", "VirtualAppliance", f"10.0.{(n + 1) % many}.4", name="on")
        parts.append(table(f"rt{n}", *hops, onward))
    answer = judge(*parts)
    # Each is the target of a route to itself: what only a tunnel could take is not told.
    assert answer.broken == []
    assert len(answer.unknown) >= many
