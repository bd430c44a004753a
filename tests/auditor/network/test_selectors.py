"""What selectors find in a network; `service:` is in test_service_selectors.py."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.addresses import AddressSet
from auditor.errors import AuditorError, UsageError
from auditor.network.selectors import NothingSelected
from auditor.snapshot.document import Gap
from auditor.special_addresses import PUBLIC
from auditor.testing import SUBSCRIPTION, arm_id, estate, resource

from ...clusters import cluster
from ...kubernetes import service
from ...networks import gateway, nic, site, subnet_id, tunnel, vnet
from ...selecting import (
    BALANCER,
    NIC,
    NSG,
    SCALE_SET,
    VM,
    found,
    machine,
    names,
    public,
    reasons,
    refused,
    shop,
)

# the internet, addresses, on premises


def test_the_internet_is_every_public_address() -> None:
    assert found(estate(), "internet").addresses == PUBLIC


def test_an_address_stands_for_itself_whoever_has_it() -> None:
    told = found(shop(), "10.0.0.4/31")
    assert told.addresses == AddressSet.from_text(["10.0.0.4/31"])
    assert told.nodes == ()
    assert told.doubts == ()


def test_on_premises_is_what_connections_lead_to() -> None:
    network = estate(
        vnet("hub", "10.0.0.0/16"), gateway("gw", "hub"), tunnel("t", "gw", "office"),
        site("office", "192.168.0.0/24"), site("nobody", "192.168.9.0/24"),
    )  # fmt: skip
    told = found(network, "onprem")
    assert told.addresses == AddressSet.from_text(["192.168.0.0/24"])
    assert told.doubts == ()


def test_clients_of_a_gateway_are_on_premises() -> None:
    pool = {"vpnClientAddressPool": {"addressPrefixes": ["172.20.0.0/24"]}}
    network = estate(vnet("hub", "10.0.0.0/16"), gateway("gw", "hub", vpnClientConfiguration=pool))
    assert found(network, "onprem").addresses == AddressSet.from_text(["172.20.0.0/24"])


def test_what_is_translated_is_seen_as_translated() -> None:
    rule = arm_id("Microsoft.Network/virtualNetworkGateways/natRules", "gw", "in")
    properties = {
        "mode": "IngressSnat",
        "internalMappings": [{"addressSpace": "10.0.0.0/24"}],
        "externalMappings": [{"addressSpace": "172.20.0.0/24"}],
    }
    network = estate(
        vnet("hub", "10.0.0.0/16"),
        gateway("gw", "hub", natRules=[{"name": "in", "id": rule, "properties": properties}]),
        site("office", "10.0.0.0/24", "10.5.0.0/24"),
        tunnel("t", "gw", "office", ingressNatRules=[{"id": rule}]),
    )
    told = found(network, "onprem").addresses
    assert told == AddressSet.from_text(["10.5.0.0/24", "172.20.0.0/24"])


def test_r_25_what_bgp_teaches_is_a_doubt() -> None:
    network = estate(
        vnet("hub", "10.0.0.0/16"), gateway("gw", "hub"), site("office", "192.168.0.0/24"),
        tunnel("t", "gw", "office", enableBgp=True),
    )  # fmt: skip
    assert [doubt.label for doubt in found(network, "onprem").doubts] == ["bgp-routes-unknown"]
    express = estate(vnet("hub", "10.0.0.0/16"), gateway("er", "hub", kind="ExpressRoute"))
    told = found(express, "onprem")
    assert not told.addresses
    assert [doubt.label for doubt in told.doubts] == ["bgp-routes-unknown"]


def test_a_site_that_is_not_there_is_a_doubt() -> None:
    network = estate(vnet("hub", "10.0.0.0/16"), gateway("gw", "hub"), tunnel("t", "gw", "office"))
    assert [doubt.label for doubt in found(network, "onprem").doubts] == ["collection-gap"]


def test_no_gateway_leads_nowhere() -> None:
    assert "nothing of the input leads on premises" in refused(shop(), "onprem")


# ids


def test_an_id_in_any_case_finds_its_resource_or_part() -> None:
    network = shop()
    assert names(network, arm_id(NIC, "nic-a").upper()) == ["nic-a"]
    assert names(network, subnet_id("hub", "web").lower()[1:] + "/") == ["web"]
    assert names(network, arm_id(f"{BALANCER}/frontendIPConfigurations", "lb", "front")) == [
        "front"
    ]


def test_a_glob_of_ids_crosses_slashes_and_leaves_out_parts_of_what_it_found() -> None:
    network = shop()
    assert names(network, "*/RESOURCEGROUPS/rg/*/loadbalancers/*") == ["lb"]
    assert names(network, "*/frontendIPConfigurations/*") == ["front"]
    assert names(network, "networkInterfaces/nic-?") == ["nic-a"]
    assert names(network, "virtualNetworks/hub/subnets/*") == ["data", "web"]


def test_everything_is_sorted_and_each_once() -> None:
    keys = [node.key for node in found(shop(), "*").nodes]
    assert keys == sorted(set(keys))
    assert len(keys) == 8  # 2 VNets, 3 subnets, NIC, VM, balancer; the NSG has no address


def test_an_id_of_something_without_address_is_refused() -> None:
    assert "cannot be an end of a path" in refused(shop(), arm_id(NSG, "nsg-web"))


def test_an_id_that_nobody_knows_is_refused_with_what_is_near() -> None:
    assert "did you mean" in refused(shop(), arm_id(NIC, "nic-b"))
    assert "write rg:rg" in refused(shop(), f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg")


def test_an_id_that_others_refer_to_is_a_doubt() -> None:
    network = shop(nic("lost", "10.9.0.4", ("gone", "web")))
    told = found(network, subnet_id("gone", "web"))
    assert told.nodes == ()
    assert "gone/subnets/web is not in the snapshot" in str(told.doubts[0])
    assert "nothing in the input fits" in refused(network, subnet_id("gone", "other"))


def test_an_absent_resource_that_fits_a_glob_is_a_doubt() -> None:
    network = shop(nic("lost", "10.9.0.4", ("gone", "web"), vm="vm-lost"))
    assert any("vm-lost" in each for each in reasons(network, "*/virtualMachines/*"))
    assert reasons(network, "*/virtualMachines/vm-a") == []
    assert any("gone/subnets/web" in each for each in reasons(network, "*/subnets/*"))


# types


@pytest.mark.parametrize(
    "text",
    [
        "type:networkInterfaces",
        "type:NETWORKINTERFACES",
        "type:microsoft.network/networkInterfaces",
    ],
)
def test_a_type_in_full_or_by_its_last_segment(text: str) -> None:
    assert names(shop(), text) == ["nic-a"]


def test_types_of_parts_and_of_subnets() -> None:
    network = shop()
    assert names(network, "type:subnets") == ["data", "web", "web"]
    assert names(network, "type:virtualNetworks/subnets") == ["data", "web", "web"]
    assert names(network, "type:frontendIPConfigurations") == ["front"]
    assert names(network, "type:ipConfigurations") == ["primary"]


def test_e_2b_model_nics_are_network_interfaces_too() -> None:
    model = {
        "virtualMachineProfile": {
            "networkProfile": {
                "networkInterfaceConfigurations": [
                    {"name": "model", "properties": {"ipConfigurations": []}}
                ]
            }
        }
    }
    network = shop(resource(SCALE_SET, "vmss", model))
    assert names(network, "type:networkInterfaces") == ["model", "nic-a"]
    assert names(network, "type:Microsoft.Network/networkInterfaces") == ["nic-a"]
    assert names(network, "type:virtualMachineScaleSets") == ["vmss"]


def test_e_2b_nics_of_instances_are_selected_by_their_own_type() -> None:
    """By a type that a scale set's model has, too, and no NIC of another machine."""
    model = {"networkInterfaceConfigurations": [{"name": "model", "properties": {}}]}
    instance = nic("inst", "10.0.0.9", ("hub", "web"))
    instance["id"] = f"{arm_id(SCALE_SET, 'vmss')}/virtualMachines/0/networkInterfaces/inst"
    instance["type"] = f"{SCALE_SET}/virtualMachines/networkInterfaces"
    network = shop(
        resource(SCALE_SET, "vmss", {"virtualMachineProfile": {"networkProfile": model}}), instance
    )
    own = "type:virtualMachines/networkInterfaces"
    assert names(network, own) == ["model", "vmss/0/inst"]
    assert names(network, f"{own}/ipConfigurations") == ["primary"]
    assert names(network, "type:networkInterfaceConfigurations") == ["model"]
    assert names(network, "type:networkInterfaces") == ["model", "vmss/0/inst", "nic-a"]


def test_a_glob_of_types_means_resources_and_no_parts() -> None:
    assert names(shop(), "type:Microsoft.Network/load*") == ["lb"]


def test_a_type_that_is_not_there_is_refused_with_what_is_near() -> None:
    assert "type:networkInterfaces" in refused(shop(), "type:networkInterface")
    assert "there are: type:" in refused(shop(), "type:zzzz")


def test_a_type_that_nobody_reads_is_a_doubt() -> None:
    storage = resource("Microsoft.Storage/storageAccounts", "st")
    disk = resource("Microsoft.Compute/disks", "disk")
    network = shop(storage, disk)
    told = found(network, "type:storageAccounts")
    assert told.nodes == ()
    assert [str(doubt) for doubt in told.doubts] == [
        "1 of type microsoft.storage/storageaccounts (type-not-read)"
    ]
    assert "nothing in the input fits" in refused(network, "type:disks")
    assert found(network, storage["id"]).doubts
    assert "cannot be an end of a path" in refused(
        network, arm_id("Microsoft.Compute/disks", "disk")
    )


# names, groups, tags


def test_a_name_may_be_a_glob_and_minds_no_case() -> None:
    assert names(shop(), "name:NIC-A") == ["nic-a"]
    assert sorted(names(shop(), "name:*-a")) == ["nic-a", "vm-a"]
    assert names(shop(), "name:web") == ["web", "web"]


def test_a_name_that_nobody_has_is_refused_with_what_is_near() -> None:
    assert "did you mean name:vm-a" in refused(shop(), "name:vm-aa")
    assert "the input holds no resource" in refused(estate(), "name:vm-a")
    assert "nothing in the input fits" in refused(shop(), "name:nsg-web")


def test_a_group_holds_its_resources_and_subnets() -> None:
    network = shop(machine("other", group="RG-Other"))
    assert names(network, "rg:rg-other") == ["other"]
    assert names(network, "rg:rg-o*") == ["other"]
    assert "web" in names(network, "rg:RG")
    assert "did you mean rg:RG-Other" in refused(network, "rg:rg-oter")


def test_what_a_group_holds_and_nobody_reads_is_a_doubt() -> None:
    network = shop(
        resource("Microsoft.Storage/storageAccounts", "a", group="data"),
        resource("Microsoft.Storage/storageAccounts", "b", group="data"),
        resource("Microsoft.Storage/storageAccounts/blobServices", "b/default", group="data"),
        machine("vm", group="data"),
    )
    assert reasons(network, "rg:data") == [
        "2 of type microsoft.storage/storageaccounts (type-not-read)"
    ]
    assert reasons(network, "rg:rg") == []


@pytest.mark.parametrize("kind", ["partial", "denied", "failed", "unsupported", "damaged"])
def test_pages_that_were_not_read_are_a_doubt(kind: str) -> None:
    network = shop(gaps=(Gap(kind, "a.json", "a next page"), Gap("lossy", "b.json", "x")))
    assert reasons(network, "name:vm-a") == ["a next page (collection-gap)"]
    assert reasons(network, "subnet:hub/web") == []
    assert "did you mean" in refused(network, "name:vm-aa")


def test_a_damaged_value_of_a_resource_hides_no_other() -> None:
    network = shop(gaps=(Gap("damaged", arm_id(VM, "vm-a"), "no CIDR"),))
    assert reasons(network, "name:vm-a") == []


def test_a_tag_minds_the_case_of_its_value_and_not_of_its_key() -> None:
    network = shop()
    assert names(network, "tag:ENV=Prod") == ["vm-a"]
    assert names(network, "tag:env=P*") == ["vm-a"]
    assert "did you mean tag:env=Prod" in refused(network, "tag:env=prod")
    assert "did you mean tag:team=..." in refused(network, "tag:teams=shop")


def test_tags_that_are_not_told_are_a_doubt() -> None:
    network = estate(machine("vm-a"), unresolved=(("/tags/env", "a parameter"),))
    told = found(network, "tag:env=prod")
    assert told.nodes == ()
    assert [str(doubt) for doubt in told.doubts] == [
        "the tags of 1 resources that are not told (collection-gap)"
    ]


def test_tags_of_what_is_absent_are_a_doubt() -> None:
    network = shop(nic("lost", "10.0.0.9", ("hub", "web"), vm="vm-lost"))
    assert reasons(network, "tag:env=Prod") == [
        "the tags of 1 resources that are not in the snapshot (collection-gap)"
    ]


# subnets


def test_a_subnet_by_vnet_and_name_by_unique_name_by_glob_and_by_id() -> None:
    network = shop()
    for text in ("HUB/Data", "data", "d*", "h?b/data", subnet_id("hub", "data"), "*/data"):
        assert names(network, f"subnet:{text}") == ["data"]
    assert len(found(network, "subnet:web*").nodes) == 2
    assert len(found(network, "subnet:*/web").nodes) == 2
    assert len(found(network, "subnet:virtualNetworks/hub/subnets/*").nodes) == 2


def test_a_subnet_name_that_several_have_must_be_told_apart() -> None:
    with pytest.raises(UsageError, match="2 subnets are called") as caught:
        found(shop(), "subnet:web")
    assert not isinstance(caught.value, NothingSelected)
    assert "/hub/subnets/web" in caught.value.advice


def test_a_subnet_that_is_not_there_is_refused_with_what_is_near() -> None:
    assert "did you mean subnet:hub/data" in refused(shop(), "subnet:dat")
    assert "subnet:hub/data" in refused(shop(), "subnet:hub/dta")
    assert "the input holds no subnet" in refused(estate(), "subnet:x")
    assert "nothing in the input fits" in refused(shop(), f"subnet:{arm_id(NIC, 'nic-a')}")


def test_a_subnet_of_a_vnet_that_is_absent_is_a_doubt() -> None:
    network = shop(nic("lost", "10.9.0.4", ("gone", "web")))
    assert any("gone/subnets/web" in each for each in reasons(network, "subnet:gone/web"))
    assert reasons(network, "subnet:hub/web") == []
    assert reasons(network, "subnet:gone/*")


def test_subnets_that_are_not_told_are_a_doubt() -> None:
    network = estate(
        vnet("hub", "10.0.0.0/16", subnets={"web": "10.0.0.0/24"}),
        unresolved=(("/properties/subnets", "a copy loop"),),
    )
    assert [doubt.label for doubt in found(network, "name:*").doubts] == ["collection-gap"]


# what is hostile


HOSTILE = "<b>\x1b[31m=cmd|..\\%s"


def test_hostile_names_are_told_in_printable_characters() -> None:
    network = estate(machine("vm"), resource(VM, HOSTILE, {}, tags={HOSTILE: HOSTILE}))
    for text in ("name:vmm", f"name:{HOSTILE}x", "tag:x=y", f"tag:{HOSTILE}=y", "type:x"):
        refused(network, text)


NETWORK = shop(
    cluster(),
    nic("lost", "10.9.0.4", ("gone", "web"), vm="vm-lost"),
    public("pip", {"k8s-azure-service": "web/nginx"}),
    kubernetes=(service(name="api", address="10.0.1.10"),),
)
WORDS = ("type:", "name:", "rg:", "tag:", "subnet:", "service:", "/subscriptions/", "*", "web", "/")


@given(st.lists(st.sampled_from(WORDS) | st.text(max_size=4), max_size=6).map("".join))
def test_any_text_selects_or_is_refused(text: str) -> None:
    try:
        told = found(NETWORK, text)
    except AuditorError:
        return
    assert told.nodes or told.addresses or told.doubts
    assert list(told.nodes) == sorted(told.nodes, key=lambda node: node.key)
