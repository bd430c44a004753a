from __future__ import annotations

from typing import Any

import pytest

from auditor.snapshot.document import Gap
from auditor.testing import Answer, arm_id, ask, estate, resource

Json = dict[str, Any]
N = "Microsoft.Network"
PIP = f"{N}/publicIPAddresses"


def record(kind: str, name: str = "www", **properties: Any) -> Json:
    return resource(f"{N}/dnsZones/{kind}", f"contoso.example/{name}", {"TTL": 300, **properties})


def cname(target: str) -> Json:
    return record("CNAME", CNAMERecord={"cname": target})


def a(*addresses: str) -> Json:
    return record("A", ARecords=[{"ipv4Address": each} for each in addresses])


def pip(name: str = "pip", address: str | None = "20.50.2.4", **dns: str) -> Json:
    properties: Json = {"dnsSettings": dns} if dns else {}
    if address:
        properties["ipAddress"] = address
    return resource(PIP, name, properties)


def asked(*resources: Json) -> Answer:
    return ask("DNS-007", estate(*resources))


AZURE = "shop.westeurope.cloudapp.azure.com"


def test_a_name_that_nobody_has_any_more() -> None:
    [finding] = asked(cname(AZURE), pip(fqdn="new.westeurope.cloudapp.azure.com")).broken
    assert finding.subject == arm_id(f"{N}/dnsZones/CNAME", "contoso.example", "www")
    assert finding.message == (
        f"www.contoso.example leads to {AZURE}, which nothing in the snapshot owns"
    )
    assert finding.evidence[0].pointer == "/properties/CNAMERecord/cname"
    assert finding.remedy == (
        "az network dns record-set cname delete --resource-group rg "
        "--zone-name contoso.example --name www"
    )


def test_a_name_that_a_subscription_may_own_that_was_not_exported() -> None:
    other = "22222222-2222-2222-2222-222222222222"
    there = arm_id(f"{N}/virtualNetworks", "hub").replace(arm_id(PIP, "x").split("/")[2], other)
    peering = {"name": "to-hub", "properties": {"remoteVirtualNetwork": {"id": there}}}
    spoke = resource(f"{N}/virtualNetworks", "spoke", {"virtualNetworkPeerings": [peering]})
    answer = asked(cname(AZURE), pip(fqdn="new.westeurope.cloudapp.azure.com"), spoke)
    assert not answer.broken
    assert other in answer.unknown[0].missing


def test_a_name_whose_owner_may_be_on_a_list_that_was_refused() -> None:
    path = f"/subscriptions/22222222-2222-2222-2222-222222222222/providers/{PIP}"
    gap = Gap("denied", path, "AuthorizationFailed", "")
    found = estate(cname(AZURE), pip(fqdn="new.westeurope.cloudapp.azure.com"), gaps=(gap,))
    answer = ask("DNS-007", found)
    assert not answer.broken
    assert "not all microsoft.network/publicipaddresses" in answer.unknown[0].missing


@pytest.mark.parametrize("target", [AZURE, AZURE.upper(), AZURE + "."])
def test_a_name_that_a_public_address_has(target: str) -> None:
    assert asked(cname(target), pip(fqdn=AZURE)).kept == 1
    assert asked(cname(target), pip(domainNameLabel="Shop")).kept == 1


def test_the_region_is_part_of_the_name() -> None:
    assert len(asked(cname("shop.northeurope.cloudapp.azure.com"), pip(fqdn=AZURE)).broken) == 1


def test_without_any_owner_of_the_kind_it_is_unknown() -> None:
    answer = asked(cname(AZURE))
    assert (answer.kept, answer.broken) == (0, [])
    assert f"who owns {AZURE}" in answer.unknown[0].missing


def test_the_name_of_an_instance_of_a_scale_set_is_unknown() -> None:
    answer = asked(cname(f"vm0.{AZURE}"), pip(fqdn="x.westeurope.cloudapp.azure.com"))
    assert (answer.kept, answer.broken, len(answer.unknown)) == (0, [], 1)


OWNERS = [
    ("{}.azurewebsites.net", "Microsoft.Web/sites", "{}"),
    ("{}.azureedge.net", "Microsoft.Cdn/profiles/endpoints", "cdn/{}"),
    ("{}.azurefd.net", f"{N}/frontDoors", "{}"),
    ("{}-a1b2.z01.azurefd.net", "Microsoft.Cdn/profiles/afdEndpoints", "afd/{}"),
]


@pytest.mark.parametrize(("host", "kind", "name"), OWNERS)
def test_names_of_other_services(host: str, kind: str, name: str) -> None:
    record_ = cname(host.format("shop"))
    assert asked(record_, resource(kind, name.format("Shop"))).kept == 1
    assert len(asked(record_, resource(kind, name.format("blog"))).broken) == 1
    assert len(asked(record_).unknown) == 1


def test_a_front_door_whose_endpoints_were_left_out_may_have_the_name() -> None:
    record_ = cname("shop-a1b2.z01.azurefd.net")
    door = resource("Microsoft.Cdn/profiles", "afd", sku={"name": "Premium_AzureFrontDoor"})
    (unknown,) = asked(record_, door).unknown
    assert "the endpoints of afd are not in the snapshot" in unknown.missing
    assert "--profile-name afd" in unknown.remedy
    other = resource("Microsoft.Cdn/profiles/afdEndpoints", "afd/blog")
    assert len(asked(record_, door, other).broken) == 1
    cdn = resource("Microsoft.Cdn/profiles", "cdn", sku={"name": "Standard_Microsoft"})
    assert len(asked(record_, door, other, cdn).broken) == 1


def profile(name: str, dns: Json | None) -> Json:
    properties: Json = {"endpoints": [], "dnsConfig": dns}
    return resource(f"{N}/trafficManagerProfiles", name, properties)


@pytest.mark.parametrize("told", [{"fqdn": "Shop.trafficmanager.net"}, {"relativeName": "shop"}])
def test_a_traffic_manager_profile_is_known_by_its_dns_name(told: Json) -> None:
    found = profile("tm-1", told)
    assert asked(cname("shop.trafficmanager.net"), found).kept == 1
    assert len(asked(cname("tm-1.trafficmanager.net"), found).broken) == 1
    assert len(asked(cname("shop-old.trafficmanager.net"), found).broken) == 1


def test_a_traffic_manager_profile_that_does_not_tell_its_dns_name_may_have_any() -> None:
    [unknown] = asked(cname("shop.trafficmanager.net"), profile("shop", None)).unknown
    assert unknown.missing == "the name of Traffic Manager profile shop: dnsConfig"


def test_a_slot_of_an_application_is_unknown_where_the_slots_are_not_told() -> None:
    site = resource("Microsoft.Web/sites", "shop")
    [unknown] = asked(cname("shop-old.azurewebsites.net"), site).unknown
    assert unknown.missing == "whether the application shop has the slot old"
    slot = resource("Microsoft.Web/sites/slots", "shop/old")
    assert asked(cname("shop-old.azurewebsites.net"), site, slot).kept == 1


def test_an_application_has_a_name_with_letters_of_azures_choosing_in_its_region() -> None:
    site = resource("Microsoft.Web/sites", "shop")
    assert asked(cname("shop-a1b2.westeurope-01.azurewebsites.net"), site).kept == 1


def test_names_that_are_not_azures_are_not_judged() -> None:
    for name in ("shop.other.example", "notcloudapp.azure.com", "azurewebsites.net"):
        assert asked(cname(name), pip(fqdn=AZURE)).kept == 1


def alias(target: str) -> Json:
    return record("A", "@", targetResource={"id": target})


def test_an_alias_to_what_is_there() -> None:
    assert asked(alias(arm_id(PIP, "PIP")), pip()).kept == 1
    counted = resource("Microsoft.Cdn/somethingNew", "x")
    assert asked(alias(counted["id"]), counted).kept == 1


def test_an_alias_to_what_is_gone() -> None:
    [finding] = asked(alias(arm_id(PIP, "gone")), pip()).broken
    assert finding.message.startswith("contoso.example leads to gone")
    assert finding.evidence[0].pointer == "/properties/targetResource/id"
    assert finding.covers == (("GOV-006", arm_id(PIP, "gone")),)


def test_what_others_name_as_well_may_have_been_left_out_of_the_export() -> None:
    gone = {"publicIPAddress": {"id": arm_id(PIP, "gone")}}
    card = {"ipConfigurations": [{"name": "ip", "properties": gone}]}
    nic = resource("Microsoft.Network/networkInterfaces", "nic", card)
    [finding] = asked(alias(arm_id(PIP, "gone")), pip(), nic).broken
    assert finding.covers == ()


def test_an_alias_is_unknown_while_a_list_is_not_whole() -> None:
    target = arm_id(PIP, "hidden")
    path = f"{target.partition('/resourceGroups')[0]}/providers/{PIP}"
    gap = Gap("partial", path, "page 2 is missing")
    answer = ask("DNS-007", estate(alias(target), pip(), gaps=(gap,)))

    assert (answer.broken, len(answer.unknown)) == ([], 1)


def test_an_alias_is_unknown_while_nothing_of_its_kind_was_exported() -> None:
    target = arm_id(PIP, "gone")
    elsewhere = target.replace("11111111-", "22222222-", 1)
    for resources in ([alias(target)], [alias(elsewhere), pip()]):
        answer = asked(*resources)
        assert (answer.kept, answer.broken, len(answer.unknown)) == (0, [], 1)


@pytest.mark.parametrize(
    "addresses", [("20.50.2.4",), ("10.0.0.4",), ("203.0.113.0",), ("20.50.2.4", "192.168.1.1")]
)
def test_addresses_that_are_ours_or_lead_nowhere(addresses: tuple[str, ...]) -> None:
    """Private and documentation addresses cannot be taken over."""
    assert asked(a(*addresses), pip()).kept == 1


def test_a_foreign_public_address_is_unknown() -> None:
    answer = asked(a("20.50.2.4", "20.50.2.5"), pip())
    assert (answer.kept, answer.broken) == (0, [])
    assert "who has 20.50.2.5, which www.contoso.example leads to" in answer.unknown[0].missing
    assert answer.unknown[0].evidence[0].pointer == "/properties/ARecords"


def test_ipv6_addresses_compare_by_value() -> None:
    given = resource(PIP, "six", {"ipAddress": "2603:1020:0:1::4"})
    aaaa = record("AAAA", AAAARecords=[{"ipv6Address": "2603:1020:0:1:0:0:0:4"}])
    assert asked(aaaa, given).kept == 1


def test_the_types_letter_case_makes_no_difference() -> None:
    loud = cname(AZURE)
    loud["type"] = "Microsoft.Network/dnszones/CNAME"
    assert len(asked(loud, pip(fqdn="x.westeurope.cloudapp.azure.com")).broken) == 1
