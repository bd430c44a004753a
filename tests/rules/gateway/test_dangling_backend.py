from __future__ import annotations

from typing import Any

import pytest

from auditor.testing import arm_id, ask, estate, resource

from ..gateways import VNET, gateway, listener, part_id, pool, rule, told, vnet

WEB = (listener("web"), rule("web", "web", pool="servers"))
APP = arm_id(f"{VNET}/subnets", "vnet-shop", "snet-app")
NETWORK = vnet(
    snet_gateway={"addressPrefix": "10.0.1.0/24"}, snet_app={"addressPrefix": "10.0.2.0/24"}
)


def to(*members: str) -> dict[str, Any]:
    return gateway(*WEB, pool("servers", *members))


def nic(address: str) -> dict[str, Any]:
    main = {"privateIPAddress": address, "subnet": {"id": APP}}
    return resource(
        "Microsoft.Network/networkInterfaces",
        "nic-app",
        {"ipConfigurations": [{"name": "main", "properties": main}]},
    )


def test_an_address_nobody_has_is_told() -> None:
    made = (NETWORK, to("10.0.2.77"))

    (finding,) = ask("GW-003", estate(*made, nic("10.0.2.4"))).broken

    assert finding.subject == part_id("backendAddressPools", "servers")
    assert "sends to 10.0.2.77, which nobody in the subnet snet-app has" in finding.message
    assert told(finding, *made)


def test_an_address_with_an_owner_is_kept() -> None:
    assert ask("GW-003", estate(NETWORK, to("10.0.2.4"), nic("10.0.2.4"))).kept == 1


def test_a_load_balancers_frontend_owns_its_address() -> None:
    front = {"privateIPAddress": "10.0.2.10", "subnet": {"id": APP}}
    balancer = resource(
        "Microsoft.Network/loadBalancers",
        "lb-app",
        {"frontendIPConfigurations": [{"name": "in", "properties": front}]},
    )
    assert ask("GW-003", estate(NETWORK, to("10.0.2.10"), balancer)).kept == 1


def test_an_address_in_no_subnet_is_told() -> None:
    (finding,) = ask("GW-003", estate(NETWORK, to("10.0.9.4"))).broken
    assert "lies in no subnet of vnet-shop" in finding.message


def test_e_2b_a_scale_sets_instances_leave_it_unknown() -> None:
    scale_set = resource(
        "Microsoft.Compute/virtualMachineScaleSets",
        "vmss-app",
        {
            "virtualMachineProfile": {
                "networkProfile": {
                    "networkInterfaceConfigurations": [
                        {
                            "name": "nic",
                            "properties": {
                                "ipConfigurations": [
                                    {"name": "main", "properties": {"subnet": {"id": APP}}}
                                ]
                            },
                        }
                    ]
                }
            }
        },
    )
    (unknown,) = ask("GW-003", estate(NETWORK, to("10.0.2.77"), scale_set)).unknown
    assert "vmss-app" in unknown.missing
    assert "az vmss nic list --resource-group rg --vmss-name vmss-app" in unknown.remedy


def test_a_delegated_subnet_leaves_it_unknown() -> None:
    delegated = vnet(
        snet_gateway={"addressPrefix": "10.0.1.0/24"},
        snet_app={
            "addressPrefix": "10.0.2.0/24",
            "delegations": [
                {"name": "d", "properties": {"serviceName": "Microsoft.Web/serverFarms"}}
            ],
        },
    )
    (unknown,) = ask("GW-003", estate(delegated, to("10.0.2.77"))).unknown
    assert unknown.remedy.startswith(
        "no export tells it: whoever runs what Microsoft.Web/serverFarms"
    )


def test_an_address_beyond_the_known_networks_is_not_judged() -> None:
    answer = ask("GW-003", estate(NETWORK, to("20.50.2.10")))
    assert (answer.kept, answer.broken, answer.unknown) == (0, [], [])


def zone(records: tuple[str, ...], **link: Any) -> tuple[dict[str, Any], ...]:
    kind = "Microsoft.Network/privateDnsZones"
    made = [resource(kind, "contoso.internal", {"numberOfRecordSets": len(records) + 1})]
    made.append(
        resource(
            f"{kind}/virtualNetworkLinks",
            "contoso.internal/shop",
            {"virtualNetwork": {"id": arm_id(VNET, "vnet-shop")}, **link},
        )
    )
    made.extend(
        resource(
            f"{kind}/A", f"contoso.internal/{name}", {"aRecords": [{"ipv4Address": "10.0.2.4"}]}
        )
        for name in records
    )
    return tuple(made)


def test_l_12_a_name_its_private_zone_does_not_know_is_told() -> None:
    answer = ask("GW-003", estate(NETWORK, to("old.contoso.internal"), *zone(("new",))))
    assert "no record in the private zone contoso.internal" in answer.broken[0].message


def test_a_name_with_a_record_or_a_wildcard_is_kept() -> None:
    here = (NETWORK, nic("10.0.2.4"))
    assert ask("GW-003", estate(*here, to("New.contoso.internal"), *zone(("new",)))).kept == 1
    assert ask("GW-003", estate(*here, to("a.b.contoso.internal"), *zone(("*",)))).kept == 1


@pytest.mark.parametrize(("record", "name"), [("new", "New"), ("*", "a.b")])
def test_a_name_whose_record_gives_an_address_nobody_has_is_told(record: str, name: str) -> None:
    host = f"{name}.contoso.internal"
    (finding,) = ask("GW-003", estate(NETWORK, to(host), *zone((record,)))).broken
    assert finding.message == (
        f"The backend pool servers of agw-shop sends to {host}, which leads to 10.0.2.4 by the "
        "private zone contoso.internal; nobody in the subnet snet-app has that address"
    )
    assert finding.severity is None


def test_an_alias_of_a_public_name_is_kept() -> None:
    made = zone(("new",))
    made[2]["type"] = "Microsoft.Network/privateDnsZones/CNAME"
    made[2]["id"] = made[2]["id"].replace("/A/", "/CNAME/")
    made[2]["properties"] = {"cnameRecord": {"cname": "www.contoso.example"}}
    assert ask("GW-003", estate(NETWORK, to("new.contoso.internal"), *made)).kept == 1


def test_a_name_no_private_zone_covers_is_not_judged() -> None:
    for name in ("www.contoso.example", "notcontoso.internal"):
        answer = ask("GW-003", estate(NETWORK, to(name), *zone(("new",))))
        assert (answer.kept, answer.broken, answer.unknown) == (0, [], [])


def test_a_link_that_falls_back_to_public_names_is_not_judged() -> None:
    falls = zone(("new",), resolutionPolicy="NxDomainRedirect")
    answer = ask("GW-003", estate(NETWORK, to("old.contoso.internal"), *falls))
    assert (answer.kept, answer.broken, answer.unknown) == (0, [], [])


def test_a_zone_without_its_records_leaves_it_unknown() -> None:
    bare = zone(())
    bare[0]["properties"]["numberOfRecordSets"] = 5
    answer = ask("GW-003", estate(NETWORK, to("old.contoso.internal"), *bare))
    assert "the records of the private zone" in answer.unknown[0].missing


def test_l_14_other_dns_servers_leave_it_unknown() -> None:
    custom = vnet(snet_gateway={"addressPrefix": "10.0.1.0/24"})
    custom["properties"]["dhcpOptions"] = {"dnsServers": ["192.168.0.53"]}
    answer = ask("GW-003", estate(custom, to("old.contoso.internal"), *zone(("new",))))
    assert "192.168.0.53" in answer.unknown[0].missing


def test_an_endpoint_whose_interface_is_not_here_leaves_it_unknown() -> None:
    endpoint = resource("Microsoft.Network/privateEndpoints", "pe-api", {"subnet": {"id": APP}})
    answer = ask("GW-003", estate(NETWORK, to("10.0.2.77"), endpoint))
    assert "private endpoint pe-api" in answer.unknown[0].missing
    assert "az network nic list --resource-group rg" in answer.unknown[0].remedy
    own = {"id": endpoint["id"]}
    interface = nic("10.0.2.77")
    interface["properties"]["privateEndpoint"] = own
    assert ask("GW-003", estate(NETWORK, to("10.0.2.77"), endpoint, interface)).kept == 1
    assert ask("GW-003", estate(NETWORK, to("10.0.2.78"), endpoint, interface)).broken


def test_the_interface_that_an_endpoint_names_is_asked_for_by_its_id() -> None:
    interface = nic("10.0.2.78")["id"]
    settings = {"subnet": {"id": APP}, "networkInterfaces": [{"id": interface}]}
    endpoint = resource("Microsoft.Network/privateEndpoints", "pe-api", settings)
    (unknown,) = ask("GW-003", estate(NETWORK, to("10.0.2.77"), endpoint)).unknown
    assert unknown.remedy.endswith(f"az resource show --ids {interface}")


def test_the_remedy_keeps_the_other_members() -> None:
    (finding,) = ask("GW-003", estate(NETWORK, to("10.0.2.4", "10.0.2.77"), nic("10.0.2.4"))).broken
    assert finding.remedy.endswith("--servers 10.0.2.4 ADDRESS")


def test_a_machine_that_does_not_tell_its_addresses_may_have_any() -> None:
    hole = ("/properties/ipConfigurations", "a parameter")
    answer = ask("GW-003", estate(NETWORK, to("10.0.2.77"), nic("10.0.2.4"), unresolved=(hole,)))
    assert answer.broken == []
    assert answer.unknown[0].missing == "who has 10.0.2.77: the addresses of nic-app"
