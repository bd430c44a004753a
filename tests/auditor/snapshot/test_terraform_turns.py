"""Terraform plans with `count` and `for_each`, and what a plan leaves open of new resources."""

from __future__ import annotations

import re
from typing import Any

import pytest

from .planned import by_name, one, plan
from .reading import GROUP, read

Json = dict[str, Any]
NIC, POOL = "azurerm_network_interface", "azurerm_lb_backend_address_pool"
MEMBER = "azurerm_network_interface_backend_address_pool_association"
PARENT: Json = {"loadbalancer_id": ["azurerm_lb.lb.id", "azurerm_lb.lb"]}
BASE = "/subscriptions/{subscription}/resourceGroups/g/providers/Microsoft.Network"


def looped(*resources: Json) -> Json:
    """A plan whose configuration writes each resource once, without the index of its turns."""
    made = plan(*resources)
    written = made["configuration"]["root_module"]["resources"]
    for each in written:
        each["address"] = re.sub(r"\[.*\]$", "", each["address"])
    return made


def interface(index: str = "", name: str = "nic") -> Json:
    return one(f"{NIC}.nic{index}", name=name, ip_configuration=[{"name": "ip"}])


def member(index: str, *references: str) -> Json:
    return one(
        f"{MEMBER}.m{index}",
        unknown={"network_interface_id": True, "backend_address_pool_id": True},
        refs={
            "network_interface_id": list(references),
            "backend_address_pool_id": [f"{POOL}.p.id", f"{POOL}.p"],
        },
        ip_configuration_name="ip",
    )


def balanced(*resources: Json) -> tuple[Json, Json]:
    """Give the ip configurations of the interfaces, and what is not told of them."""
    pool = one(f"{POOL}.p", unknown={"loadbalancer_id": True}, refs=PARENT)
    snapshot = read(looped(one("azurerm_lb.lb"), pool, *resources))
    made = by_name(snapshot)
    settings = {name: one["properties"] for name, one in made.items() if name.startswith("nic")}
    untold = {
        one.id.rpartition("/")[2]: [at for at, _ in one.unresolved] for one in snapshot.records
    }
    found = {name: one["ipConfigurations"][0]["properties"] for name, one in settings.items()}
    return found, untold


P = {"id": f"{BASE}/loadBalancers/lb/backendAddressPools/p"}
POOLS = "loadBalancerBackendAddressPools"


@pytest.mark.parametrize(
    ("turns", "turn"), [(("[0]", "[1]"), "count.index"), (('["a"]', '["b"]'), "each.key")]
)
def test_a_turn_refers_to_the_same_turn_of_others(turns: tuple[str, str], turn: str) -> None:
    nics = [interface(each, f"nic{n}") for n, each in enumerate(turns)]
    found, untold = balanced(*nics, *(member(each, f"{NIC}.nic", turn) for each in turns))
    assert [found[f"nic{n}"][POOLS] for n in (0, 1)] == [[P], [P]]
    assert untold["nic0"] == []


@pytest.mark.parametrize("turns", [("[0]",), ("[0]", "[1]", "[2]")])
def test_not_where_the_others_have_other_turns(turns: tuple[str, ...]) -> None:
    """`X[count.index + 1]` and `X[count.index % 2]` are told as `X[count.index]` is."""
    nics = [interface(f"[{n}]", f"nic{n}") for n in (0, 1)]
    members = [member(each, f"{NIC}.nic", "count.index") for each in turns]
    _, untold = balanced(*nics, *members)
    assert all(POOLS in untold[name][0] for name in ("nic0", "nic1"))


def test_a_key_may_be_one_of_more() -> None:
    nics = [interface(f'["{key}"]', f"nic{key}") for key in "abc"]
    members = [member(f'["{key}"]', f"{NIC}.nic", "each.key") for key in "ab"]
    found, untold = balanced(*nics, *members)
    assert [found[f"nic{key}"].get(POOLS) for key in "abc"] == [[P], [P], None]
    assert untold["nicc"] == []
    stranger = [member(f'["{key}"]', f"{NIC}.nic", "each.key") for key in "ad"]
    _, untold = balanced(*nics, *stranger)
    assert all(untold[f"nic{key}"] for key in "abc")


def test_one_of_several_is_told_with_its_index() -> None:
    nics = [interface(f"[{n}]", f"nic{n}") for n in (0, 1)]
    found, _ = balanced(*nics, member("", f"{NIC}.nic[1].id", f"{NIC}.nic[1]", f"{NIC}.nic"))
    assert (found["nic0"].get(POOLS), found["nic1"].get(POOLS)) == (None, [P])


@pytest.mark.parametrize(
    ("references", "open_"),
    [
        ([f"{NIC}.nic", "count.index"], ["nic0", "nic1"]),
        ([f"{NIC}.nic", "var.which"], ["nic", "nic0", "nic1"]),
    ],
)
def test_what_may_be_in_a_pool_is_open_and_nothing_else(
    references: list[str], open_: list[str]
) -> None:
    """All that is told of every interface was taken for unknown."""
    nics = [interface(f"[{n}]", f"nic{n}") for n in (0, 1)]
    other = one(f"{NIC}.other", name="nic", ip_configuration=[{"name": "ip", "subnet_id": "/s"}])
    found, untold = balanced(*nics, other, member("[0]", *references))
    at = f"/properties/ipConfigurations/0/properties/{POOLS}"
    assert sorted(name for name in found if at in untold[name]) == open_
    assert found["nic"]["subnet"] == {"id": "/s"}


def test_the_only_ip_configuration_is_the_primary_one() -> None:
    nic = interface()
    nic["unknown"]["ip_configuration"] = [{"primary": True}]
    assert balanced(nic)[0]["nic"]["primary"] is True
    nic["values"]["ip_configuration"] = [{"name": "ip"}, {"name": "more"}]
    nic["unknown"]["ip_configuration"] = [{"primary": True}, {"primary": True}]
    assert "primary" not in balanced(nic)[0]["nic"]


COMPUTED = {
    "private_ip_address": True,
    "private_ip_address_allocation": True,
    "private_ip_address_version": True,
    "public_ip_prefix_id": True,
}


@pytest.mark.parametrize(
    ("written", "settings", "untold"),
    [
        ("public_ip_address_id", {"publicIPAddress": {"id": "/x"}}, []),
        (
            "subnet_id",
            {"subnet": {"id": "/x"}, "privateIPAddressVersion": "IPv4"},
            ["privateIPAddress", "privateIPAllocationMethod"],
        ),
    ],
)
def test_a_frontend_has_nothing_of_the_other_kind(
    written: str, settings: Json, untold: list[str]
) -> None:
    unknown = {"frontend_ip_configuration": [COMPUTED]}
    balancer = one(
        "azurerm_lb.lb", unknown, frontend_ip_configuration=[{"name": "f", written: "/x"}]
    )
    snapshot = read(plan(balancer))
    (front,) = by_name(snapshot)["lb"]["properties"]["frontendIPConfigurations"]
    assert front["properties"] == settings
    at = "/properties/frontendIPConfigurations/0/properties/"
    assert [pointer.removeprefix(at) for pointer, _ in snapshot.records[0].unresolved] == untold


def test_members_by_address_and_nat_pools_are_parts_of_their_balancer() -> None:
    """A plan with them had load balancers that published nothing, to nobody."""
    open_id = {"loadbalancer_id": True}
    pool = one(f"{POOL}.p", unknown=open_id, refs=PARENT)
    address = one(
        "azurerm_lb_backend_address_pool_address.web",
        unknown={"backend_address_pool_id": True},
        refs={"backend_address_pool_id": [f"{POOL}.p.id", f"{POOL}.p"]},
        ip_address="10.0.0.4",
        virtual_network_id=f"{GROUP}/providers/Microsoft.Network/virtualNetworks/hub",
    )
    range_ = one(
        "azurerm_lb_nat_pool.rdp",
        unknown=open_id,
        refs=PARENT,
        protocol="Tcp",
        frontend_port_start=50000,
        frontend_port_end=50119,
        backend_port=3389,
        frontend_ip_configuration_name="f",
    )

    snapshot = read(plan(one("azurerm_lb.lb"), pool, address, range_))

    assert snapshot.gaps == ()
    lb = by_name(snapshot)["lb"]["properties"]
    (made,) = lb["backendAddressPools"]
    assert made["properties"]["loadBalancerBackendAddresses"] == [
        {
            "name": "web",
            "properties": {
                "ipAddress": "10.0.0.4",
                "virtualNetwork": {"id": address["values"]["virtual_network_id"]},
            },
        }
    ]
    (made,) = lb["inboundNatPools"]
    assert made["properties"] == {
        "protocol": "Tcp",
        "frontendPortRangeStart": 50000,
        "frontendPortRangeEnd": 50119,
        "backendPort": 3389,
        "frontendIPConfiguration": {"id": f"{BASE}/loadBalancers/lb/frontendIPConfigurations/f"},
    }
