from __future__ import annotations

from typing import Any

from auditor.testing import arm_id, ask, estate, resource

from ...exposed import GATEWAY, VNET, balancer, forwards, front, gateway, ref, subnet, vnet

ZONE = "Microsoft.Network/privateDnsZones"
HOME = vnet(subnet(), subnet("gateway", "10.0.1.0/24"))


def lb(method: str | None = "Dynamic", **more: Any) -> dict[str, Any]:
    return balancer(public=None, method=method, loadBalancingRules=[forwards()], **more)


def sender(*addresses: str) -> dict[str, Any]:
    agw = gateway()
    entries = [{"ipAddress": address} for address in addresses]
    agw["properties"]["backendAddressPools"] = [
        {"name": "api", "properties": {"backendAddresses": entries}}
    ]
    return agw


def record(type_: str, zone: str, name: str, *addresses: str) -> dict[str, Any]:
    key = "aRecords" if "private" in type_ else "ARecords"
    values = [{"ipv4Address": address} for address in addresses]
    return resource(f"{type_}/A", f"{zone}/{name}", {key: values})


def link(to: str = "vnet") -> dict[str, Any]:
    return resource(
        f"{ZONE}/virtualNetworkLinks",
        f"shop.internal/{to}",
        {"virtualNetwork": ref(arm_id(VNET, to))},
    )


def test_a_gateway_that_sends_to_an_address_that_may_change() -> None:
    (finding,) = ask("LB-005", estate(lb(), sender("10.0.0.10"), HOME)).broken

    assert finding.subject == front()
    assert finding.message == (
        "10.0.0.10 of lb/front is Dynamic, and pool api of gateway agw sends to it"
    )
    assert finding.remedy.endswith(
        "frontend-ip update --resource-group rg --lb-name lb --name front "
        "--private-ip-address 10.0.0.10"
    )
    assert [e.pointer for e in finding.evidence] == [
        "/properties/frontendIPConfigurations/0/properties/privateIPAllocationMethod",
        "/properties/backendAddressPools/0/properties/backendAddresses/0/ipAddress",
    ]
    assert finding.related == (arm_id(f"{GATEWAY}/backendAddressPools", "agw", "api"),)


def test_a_static_address_and_one_that_nobody_writes_down_are_kept() -> None:
    assert ask("LB-005", estate(lb("Static"), sender("10.0.0.10"), HOME)).kept == 1
    assert ask("LB-005", estate(lb(), sender("10.0.0.11"), HOME)).kept == 1


def test_the_same_address_in_another_network_is_another() -> None:
    away = lb()
    settings = away["properties"]["frontendIPConfigurations"][0]["properties"]
    settings["subnet"] = ref(f"{arm_id(VNET, 'away')}/subnets/app")
    elsewhere = vnet(name="away")

    answer = ask("LB-005", estate(away, sender("10.0.0.10"), HOME, elsewhere))

    assert (answer.kept, answer.broken, answer.unknown) == (1, [], [])


def test_a_record_of_a_linked_zone() -> None:
    zone = record(ZONE, "shop.internal", "api", "10.0.0.10")

    (finding,) = ask("LB-005", estate(lb(), zone, link(), HOME)).broken
    assert "DNS record api.shop.internal sends to it" in finding.message

    unlinked = estate(lb(), zone, HOME)
    assert ask("LB-005", unlinked).kept == 1


def test_a_record_of_a_public_zone() -> None:
    zone = record("Microsoft.Network/dnsZones", "example.org", "api", "10.0.0.10")

    assert ask("LB-005", estate(lb(), zone, HOME)).names == ["front"]


def test_a_gateway_whose_network_is_missing_makes_it_unknown() -> None:
    (unknown,) = ask("LB-005", estate(lb(), sender("10.0.0.10"))).unknown

    assert "not in the snapshot" in unknown.missing


def test_an_allocation_that_is_not_told_is_unknown_only_where_it_matters() -> None:
    assert len(ask("LB-005", estate(lb(None), sender("10.0.0.10"), HOME)).unknown) == 1
    assert ask("LB-005", estate(lb(None), HOME)).kept == 1


def test_K_62_a_kubernetes_service_is_pinned_in_its_manifest() -> None:
    cluster = resource(
        "Microsoft.ContainerService/managedClusters", "aks", {"nodeResourceGroup": "rg"}
    )

    (finding,) = ask("LB-005", estate(lb(), sender("10.0.0.10"), HOME, cluster)).broken

    assert 'azure-load-balancer-ipv4: "10.0.0.10"' in finding.remedy
