from __future__ import annotations

from typing import Any

import pytest

from auditor.testing import Answer, arm_id, ask, estate, resource

from ...networks import (
    gateway,
    internal_balancer,
    nic,
    peer,
    site,
    subnet_id,
    tunnel,
    vnet,
    vnet_id,
)

ID = "RTE-002"
TABLE = "Microsoft.Network/routeTables"
ROUTE = f"{TABLE}/routes"
Json = dict[str, Any]
USES = {"addressPrefix": "10.0.0.0/24", "routeTable": {"id": arm_id(TABLE, "rt")}}


def table(hop: str | None, *, name: str = "default", kind: str = "VirtualAppliance") -> Json:
    properties: Json = {"addressPrefix": "0.0.0.0/0", "nextHopType": kind}
    if hop:
        properties["nextHopIpAddress"] = hop
    return resource(TABLE, "rt", {"routes": [{"name": name, "properties": properties}]})


def spoke(**more: Any) -> Json:
    return vnet("spoke", "10.0.0.0/16", subnets={"app": USES, "nva": "10.0.1.0/24"}, **more)


def judge(*resources: Json) -> Answer:
    return ask(ID, estate(*resources))


def test_r_11_every_kind_of_owner_will_do() -> None:
    firewall = resource(
        "Microsoft.Network/azureFirewalls",
        "fw",
        {
            "ipConfigurations": [
                {
                    "name": "c",
                    "properties": {
                        "privateIPAddress": "10.0.1.4",
                        "subnet": {"id": subnet_id("spoke", "nva")},
                    },
                }
            ]
        },
    )
    at = ("spoke", "nva")
    owners = (nic("nva", "10.0.1.4", at), internal_balancer("ilb", "10.0.1.4", at), firewall)
    for owner in owners:
        assert judge(spoke(), table("10.0.1.4"), owner).kept == 1


def test_an_address_that_nobody_owns() -> None:
    (finding,) = judge(spoke(), table("10.0.1.9"), nic("nva", "10.0.1.4", ("spoke", "nva"))).broken
    assert finding.subject == arm_id(ROUTE, "rt", "default")
    assert finding.related == (arm_id(TABLE, "rt"), vnet_id("spoke"))
    assert finding.message == (
        "route default of rt to 0.0.0.0/0 goes to 10.0.1.9, which nobody owns (nva of spoke)"
    )
    assert "--route-table-name rt --name default --next-hop-ip-address" in finding.remedy
    assert finding.evidence[0].pointer == "/properties/routes/0/properties/nextHopIpAddress"


def test_an_address_in_no_network_at_all() -> None:
    (finding,) = judge(spoke(), table("10.9.9.9")).broken
    assert "10.9.9.9, which is in no network joined with spoke" in finding.message


def test_an_appliance_in_a_peer_will_do_and_one_in_a_strangers_network_not() -> None:
    hub = vnet("hub", "10.1.0.0/16", subnets={"nva": "10.1.0.0/24"}, peers=[peer("spoke")])
    owner = nic("nva", "10.1.0.4", ("hub", "nva"))
    assert judge(spoke(peers=[peer("hub")]), hub, owner, table("10.1.0.4")).kept == 1
    stranger = vnet("hub", "10.1.0.0/16", subnets={"nva": "10.1.0.0/24"})
    assert len(judge(spoke(), stranger, owner, table("10.1.0.4")).broken) == 1


def spokes(*names: str) -> list[Json]:
    """Networks beside the hub, the subnet of each with the one route table."""
    return [
        vnet(
            name,
            f"10.{number}.0.0/16",
            subnets={"app": {**USES, "addressPrefix": f"10.{number}.0.0/24"}},
            peers=[peer("hub")],
        )
        for number, name in enumerate(names, 10)
    ]


def test_a_table_of_several_networks_is_told_once_for_what_is_the_same_in_all() -> None:
    names = ("one", "two", "three", "four", "five")
    peers = [peer(name) for name in names]
    hub = vnet("hub", "10.1.0.0/16", subnets={"nva": "10.1.0.0/24"}, peers=peers)

    (finding,) = judge(hub, *spokes(*names), table("10.1.0.9")).broken
    assert finding.message.endswith("10.1.0.9, which nobody owns (nva of hub)")
    assert len(finding.related) == 1 + len(names)

    (finding,) = judge(hub, *spokes(*names), table("10.77.0.9")).broken
    assert finding.message.endswith("joined with five, four, one, three and 1 more")


def test_what_is_unsure_is_told_once_as_well() -> None:
    pool = resource(
        "Microsoft.Compute/virtualMachineScaleSets",
        "vmss",
        {
            "virtualMachineProfile": {
                "networkProfile": {
                    "networkInterfaceConfigurations": [
                        {
                            "name": "n",
                            "properties": {
                                "ipConfigurations": [
                                    {
                                        "name": "c",
                                        "properties": {"subnet": {"id": subnet_id("hub", "nva")}},
                                    }
                                ]
                            },
                        }
                    ]
                }
            }
        },
    )
    both = [peer("one"), peer("two")]
    hub = vnet("hub", "10.1.0.0/16", subnets={"nva": "10.1.0.0/24"}, peers=both)

    answer = judge(hub, *spokes("one", "two"), pool, table("10.1.0.9"))
    assert answer.broken == []
    assert len(answer.unknown) == 1


def test_a_route_to_an_appliance_without_an_address() -> None:
    (finding,) = judge(spoke(), table(None)).broken
    assert "names no next hop address" in finding.message
    assert finding.evidence[0].value == "VirtualAppliance"


@pytest.mark.parametrize("kind", ["Internet", "None", "VnetLocal", "VirtualNetworkGateway"])
def test_other_next_hops_are_no_subjects(kind: str) -> None:
    answer = judge(spoke(), table(None, kind=kind))
    assert (answer.broken, answer.unknown, answer.kept) == ([], [], 0)


@pytest.mark.parametrize("kind", ["", "Appliance", None])
def test_r_5_a_kind_of_next_hop_that_azure_does_not_know_is_unknown(kind: str | None) -> None:
    odd = table("10.0.0.4")
    odd["properties"]["routes"][0]["properties"]["nextHopType"] = kind
    answer = judge(spoke(), odd)
    assert (answer.broken, len(answer.unknown), answer.kept) == ([], 1, 0)


def test_a_table_that_nobody_uses_is_no_subject() -> None:
    answer = judge(vnet("spoke", "10.0.0.0/16"), table("10.9.9.9"))
    assert (answer.broken, answer.unknown, answer.kept) == ([], [], 0)


def test_k_45_routes_that_kubenet_keeps_are_no_subjects() -> None:
    answer = judge(spoke(), table("10.0.1.77", name="aks-nodepool1-12345678-vmss000000"))
    assert (answer.broken, answer.unknown, answer.kept) == ([], [], 0)


def test_an_absent_peer_is_unknown() -> None:
    answer = judge(spoke(peers=[peer("hub", "10.1.0.0/16")]), table("10.1.0.4"))
    assert answer.broken == []
    assert "hub, which is not in the snapshot" in answer.unknown[0].missing
    assert len(judge(spoke(peers=[peer("hub", "10.1.0.0/16")]), table("10.2.0.4")).broken) == 1


def test_a_subnet_of_scale_sets_is_unknown() -> None:
    configuration = {"name": "ip", "properties": {"subnet": {"id": subnet_id("spoke", "nva")}}}
    profile = {
        "networkInterfaceConfigurations": [
            {"name": "n", "properties": {"ipConfigurations": [configuration]}}
        ]
    }
    scale_set = resource(
        "Microsoft.Compute/virtualMachineScaleSets",
        "nvas",
        {"virtualMachineProfile": {"networkProfile": profile}},
    )
    answer = judge(spoke(), table("10.0.1.9"), scale_set)
    assert (len(answer.broken), len(answer.unknown)) == (0, 1)
    assert "nvas" in answer.unknown[0].missing
    assert "az vmss nic list" in answer.unknown[0].remedy


def test_an_address_behind_a_tunnel_is_unknown() -> None:
    answer = judge(
        spoke(), table("192.168.0.4"), gateway("gw", "spoke"),
        site("office", "192.168.0.0/24"), tunnel("t", "gw", "office"),
    )  # fmt: skip
    assert "the site office" in answer.unknown[0].missing


def test_a_subnet_that_only_the_table_tells_of_is_unknown() -> None:
    listed = table("10.0.1.4")
    listed["properties"]["subnets"] = [{"id": subnet_id("gone", "app")}]
    assert len(judge(listed).unknown) == 1


def test_each_network_that_uses_the_table_is_judged() -> None:
    other = vnet("other", "10.5.0.0/16", subnets={"app": {**USES, "addressPrefix": "10.5.0.0/24"}})
    answer = judge(spoke(), other, table("10.0.1.4"), nic("nva", "10.0.1.4", ("spoke", "nva")))
    assert [finding.related[1] for finding in answer.broken] == [vnet_id("other")]


@pytest.mark.parametrize(
    "hole", ["/properties/ipConfigurations", "/properties/ipConfigurations/0/properties"]
)
def test_a_machine_that_does_not_tell_its_addresses_may_own_any(hole: str) -> None:
    made = (spoke(), table("10.0.1.9"), nic("nva", "10.0.1.4", ("spoke", "nva")))
    assert len(judge(*made).broken) == 1
    answer = ask(ID, estate(*made, unresolved=((hole, "a parameter"),)))
    assert answer.broken == []
    assert answer.unknown[0].missing.endswith("the addresses of nva")


def test_the_remedy_ends_with_a_command_to_copy() -> None:
    answer = judge(spoke(), table("10.0.1.9"))
    assert answer.broken[0].remedy.startswith("delete the route, or ")
    assert answer.broken[0].remedy.endswith("--next-hop-ip-address '<address of the appliance>'")
