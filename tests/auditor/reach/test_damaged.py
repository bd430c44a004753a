"""Parts that an export lacks or spells wrongly: told as such, never a fault of auditor's own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from auditor.network.build import build
from auditor.network.graph import Network
from auditor.reach.answer import Verdict
from auditor.reach.listing import exposed
from auditor.snapshot.load import load
from auditor.testing import arm_id, estate, resource

from ...exposed import FRONTEND, SCALE_SET, SUBNET, nic, subnet, vnet
from ...networks import gateway, peer, site, subnet_id, tunnel
from ...networks import nic as nic_in
from ...networks import vnet as net
from ...reaching import asked, lb, lb_rule, ref
from ...routing import ENDPOINT

SERVICE = "Microsoft.Network/privateLinkServices"
CLIENT = nic_in("client", "10.5.1.4", ("c", "app"))
FAR = net("c", "10.5.0.0/16", subnets={"app": "10.5.1.0/24", "ends": "10.5.0.0/24"})


def offered(front: Any) -> list[Any]:
    """NIC web behind a frontend with these settings, and NIC client before its private link."""
    balancer = lb(lb_rule(), public=False)
    balancer["properties"]["frontendIPConfigurations"] = [{"name": "front", "properties": front}]
    nat = {"subnet": ref(SUBNET, "vnet", "app"), "privateIPAddress": "10.0.0.50"}
    connection = {
        "privateLinkServiceId": arm_id(SERVICE, "pls"),
        "privateLinkServiceConnectionState": {"status": "Approved"},
    }
    service = {
        "loadBalancerFrontendIpConfigurations": [ref(FRONTEND, "lb", "front")],
        "ipConfigurations": [{"name": "nat", "properties": nat}],
    }
    door = {
        "subnet": {"id": subnet_id("c", "ends")},
        "ipConfigurations": [{"name": "x", "properties": {"privateIPAddress": "10.5.0.5"}}],
        "privateLinkServiceConnections": [{"name": "c", "properties": connection}],
    }
    ends = [resource(SERVICE, "pls", service), resource(ENDPOINT, "pe", door)]
    return [nic("web"), CLIENT, balancer, *ends, FAR, vnet(subnet())]


def read(folder: Path, resources: list[Any]) -> Network:
    """Read resources as a command with --keep-going does."""
    (folder / "all.json").write_text(json.dumps(resources))
    return build(load([str(folder)]), keep_going=True).network


def test_a_frontend_that_does_not_tell_its_subnet_is_internal_by_its_address() -> None:
    found = asked(estate(*offered({"privateIPAddress": "10.0.0.10"})), "client", "web")
    assert found.verdict == "reachable"


def test_a_frontend_without_settings_is_still_the_one_that_a_service_leads_to(
    tmp_path: Path,
) -> None:
    network = read(tmp_path, offered(None))
    assert asked(network, "client", "web").verdict == "reachable"
    assert asked(network, "client", "front").verdict == "reachable"


def test_a_model_without_settings_is_told_as_a_gap(tmp_path: Path) -> None:
    address = f"{SCALE_SET}/virtualMachines/networkInterfaces/ipConfigurations/publicIPAddresses"
    public = arm_id(address, "set", "0", "n", "ip", "pub")
    owner = public.rsplit("/publicIPAddresses", 1)[0]
    told = {"ipAddress": "20.50.1.2", "ipConfiguration": {"id": owner}}
    model = {
        "name": "n",
        "properties": {"ipConfigurations": [{"name": "ip", "properties": [None]}]},
    }
    profile = {"networkProfile": {"networkInterfaceConfigurations": [model]}}
    network = read(
        tmp_path,
        [
            resource(SCALE_SET, "set", {"virtualMachineProfile": profile}),
            {**resource("Microsoft.Network/publicIPAddresses", "pub", told), "id": public},
            vnet(subnet()),
        ],
    )
    assert {each.answer.verdict for each in exposed(network)} <= {Verdict.UNKNOWN}


@pytest.mark.parametrize("both", [True, False])
def test_R_18_a_peering_that_has_synced_nothing_routes_nothing(both: bool) -> None:
    empty: Any = {"remoteAddressSpace": {"addressPrefixes": []}}
    full: Any = {"remoteVirtualNetworkAddressSpace": {"addressPrefixes": ["10.6.0.0/16"]}}
    here = peer("b", **empty, **(full if both else {}))
    found = asked(
        estate(
            net("c", "10.5.0.0/16", subnets={"app": "10.5.1.0/24"}, peers=[here]),
            net("b", "10.6.0.0/16", subnets={"s": "10.6.0.0/24"}, peers=[peer("c", "10.5.0.0/16")]),
            CLIENT,
            nic_in("there", "10.6.0.4", ("b", "s")),
        ),
        "client",
        "there",
    )
    assert (found.verdict, found.stops) == ("blocked", ["route"])


def test_a_machine_that_is_named_without_an_id_may_have_any_way_out() -> None:
    bare = nic("web")
    bare["properties"]["virtualMachine"] = {}
    found = asked(estate(bare, vnet(subnet())), "web", "52.10.0.7")
    assert (found.verdict, found.labels) == ("unknown", {"collection-gap"})


@pytest.mark.parametrize("uses", [True, False])
def test_R_17_a_peering_whose_prefixes_are_damaged_may_lend_a_gateway(
    tmp_path: Path, uses: bool
) -> None:
    lends = peer("s", "10.6.0.0/16", allowGatewayTransit=True)
    borrows = peer("h", "foo", useRemoteGateways=uses)
    hub = net("h", "10.5.0.0/16", subnets={"GatewaySubnet": "10.5.9.0/27"}, peers=[lends])
    network = read(
        tmp_path,
        [
            hub,
            net("s", "10.6.0.0/16", subnets={"app": "10.6.0.0/24"}, peers=[borrows]),
            gateway("vpn", "h"),
            site("office", "192.168.0.0/16"),
            tunnel("line", "vpn", "office"),
            nic_in("there", "10.6.0.4", ("s", "app")),
        ],
    )
    verdict = "unknown" if uses else "blocked"
    assert asked(network, "onprem 192.168.0.0/16", "there").verdict == verdict


def test_R_21_a_network_whose_region_is_damaged_is_peered_all_the_same(tmp_path: Path) -> None:
    here = net("c", "10.5.0.0/16", subnets={"app": "10.5.1.0/24"}, peers=[peer("b", "10.6.0.0/16")])
    there = net("b", "10.6.0.0/16", subnets={"s": "10.6.0.0/24"}, peers=[peer("c", "10.5.0.0/16")])
    there["location"] = {}
    network = read(tmp_path, [here, there, CLIENT, nic_in("there", "10.6.0.4", ("b", "s"))])
    assert asked(network, "client", "there").verdict == "reachable"


@pytest.mark.parametrize("damaged", [[], 7, {"id": []}])
def test_a_group_whose_id_cannot_be_read_may_say_anything(tmp_path: Path, damaged: Any) -> None:
    web = nic("web")
    web["properties"]["networkSecurityGroup"] = {"id": damaged}
    other = nic("client", address="10.0.0.20")
    found = asked(read(tmp_path, [web, other, vnet(subnet())]), "client", "web")
    assert (found.verdict, found.labels) == ("unknown", {"collection-gap"})


def test_a_member_whose_id_cannot_be_read_keeps_nobody_from_the_others(tmp_path: Path) -> None:
    balancer = lb(lb_rule(), public=False)
    [pool] = balancer["properties"]["backendAddressPools"]
    pool["properties"]["backendIPConfigurations"].append({"id": []})
    client = nic("client", address="10.0.0.20")
    network = read(tmp_path, [nic("web"), client, balancer, vnet(subnet())])
    assert asked(network, "client", "web", 8443).verdict == "reachable"
    assert asked(network, "client", "front").verdict == "unknown"


def test_a_cluster_without_settings_may_answer_anybody(tmp_path: Path) -> None:
    bare = resource("Microsoft.ContainerService/managedClusters", "shop", {})
    del bare["properties"]
    listed = exposed(read(tmp_path, [bare, vnet(subnet())]))
    assert {each.answer.verdict for each in listed} <= {Verdict.UNKNOWN}
