from __future__ import annotations

import json
from typing import Any

import pytest

from auditor.snapshot.document import OWN_SHAPE, Gap
from auditor.testing import Answer, arm_id, ask, estate, resource

from ...clusters import GROUP, cluster, cluster_id, pool
from ...endpoints import (
    VAULTS,
    endpoint,
    endpoint_id,
    interface,
    record,
    zone,
    zone_group,
    zone_id,
    zone_link,
)
from ...networks import peer, vnet, vnet_id

Json = dict[str, Any]
SUBSCRIPTION = endpoint_id().partition("/resourceGroups")[0]
OTHERS = [endpoint("other"), interface("10.0.0.9", name="other"), zone_group("kv2", of="other")]


def home(name: str = "a", **more: Any) -> Json:
    second = "ab".index(name)
    return vnet(name, f"10.{second}.0.0/16", subnets={"ends": f"10.{second}.0.0/24"}, **more)


def asked(*resources: Json) -> Answer:
    return ask("PE-005", estate(*resources))


def about(answer: Answer, name: str = "pe") -> list[str]:
    return [finding.message for finding in answer.broken if finding.subject == endpoint_id(name)]


PE = [home(), endpoint(), interface("10.0.0.4")]
SEEN = [zone(), zone_link("a"), record("kv2", "10.0.0.9")]


def test_neither_a_zone_group_nor_a_record() -> None:
    answer = asked(*PE, *OTHERS, *SEEN)
    assert answer.kept == 1
    [finding] = answer.broken
    assert finding.subject == endpoint_id()
    assert finding.evidence[0].pointer == "/properties"
    assert (
        f"--endpoint-name pe --name default --zone-name privatelink --private-dns-zone {zone_id()}"
        in finding.remedy
    )


def test_the_zone_of_another_estate_is_not_proposed() -> None:
    def away(made: Json) -> Json:
        moved: Json = json.loads(json.dumps(made).replace(SUBSCRIPTION, "/subscriptions/0"))
        return moved

    strange = [away(zone()), away(zone_link("x"))]
    strange[1]["properties"]["virtualNetwork"]["id"] = away({"id": vnet_id("x")})["id"]
    [finding] = asked(*PE, *OTHERS, *SEEN, *strange).broken
    assert f"--private-dns-zone {zone_id()}" in finding.remedy
    [finding] = asked(*PE, *OTHERS, *strange, *map(away, [record("kv2", "10.0.0.9")])).broken
    assert finding.remedy.startswith("az network private-dns zone create --resource-group rg ")
    strange[1]["properties"]["virtualNetwork"]["id"] = vnet_id("a")
    [finding] = asked(*PE, *OTHERS, *strange, *map(away, [record("kv2", "10.0.0.9")])).broken
    assert f"--private-dns-zone {strange[0]['id']}" in finding.remedy


def test_a_zone_group_keeps_it() -> None:
    assert asked(*PE, zone_group("kv")).kept == 1


def test_a_zone_group_that_names_no_zone_is_none() -> None:
    empty = zone_group("kv")
    empty["properties"]["privateDnsZoneConfigs"] = []
    [finding] = asked(*PE, empty, *OTHERS, *SEEN).broken
    assert finding.subject == endpoint_id()
    assert "no DNS zone group that names a zone" in finding.message
    assert finding.evidence[0].pointer == "/properties/privateDnsZoneConfigs"
    assert "dns-zone-group add --resource-group" in finding.remedy


def test_a_zone_group_that_does_not_tell_its_zone_is_unknown() -> None:
    untold = zone_group("kv")
    untold["properties"]["privateDnsZoneConfigs"][0]["properties"]["privateDnsZoneId"] = None
    answer = asked(*PE, untold, *OTHERS, *SEEN)
    assert (answer.kept, answer.broken) == (1, [])  # the other endpoint
    assert answer.unknown[0].missing == "the private zones of default of private endpoint pe"


@pytest.mark.parametrize("addresses", [("10.0.0.4",), ("10.0.0.200", "10.0.0.4")])
def test_a_record_of_ones_own_keeps_it(addresses: tuple[str, ...]) -> None:
    answer = asked(*PE, *OTHERS, *SEEN, record("db", *addresses))
    assert about(answer) == []
    assert answer.kept == 2


def test_a_record_in_a_zone_of_a_joined_network_counts() -> None:
    joined = [home(peers=[peer("b")]), endpoint(), interface("10.0.0.4"), home("b")]
    manual = [zone("corp.example"), zone_link("b", "corp.example")]
    manual.append(record("kv", "10.0.0.4", zone_name="corp.example"))
    assert about(asked(*joined, *manual, *OTHERS, *SEEN)) == []


def test_the_same_address_in_a_zone_of_another_estate_does_not() -> None:
    """Unconnected networks reuse addresses."""
    elsewhere = [home("b"), zone("corp.example"), zone_link("b", "corp.example")]
    elsewhere.append(record("kv", "10.0.0.4", zone_name="corp.example"))
    assert len(about(asked(*PE, *OTHERS, *SEEN, *elsewhere))) == 1


def test_a_zone_whose_links_are_not_there_is_unknown() -> None:
    unlinked = [zone("corp.example"), record("kv", "10.0.0.4", zone_name="corp.example")]
    answer = asked(*PE, *OTHERS, *SEEN, *unlinked)
    assert about(answer) == []
    assert "network links of private zone corp.example" in answer.unknown[0].missing


def test_a_zone_that_says_it_has_no_links_is_seen_by_nobody() -> None:
    alone = [
        zone("corp.example", numberOfVirtualNetworkLinks=0),
        record("kv", "10.0.0.4", zone_name="corp.example"),
    ]
    assert len(about(asked(*PE, *OTHERS, *SEEN, *alone))) == 1


def test_a_linked_zone_of_whose_records_none_came_is_unknown() -> None:
    """Records are listed one zone at a time: that of this endpoint may be in a list left out."""
    corp = [zone("corp.example", numberOfRecordSets=3), zone_link("a", "corp.example")]
    answer = asked(*PE, *OTHERS, *SEEN, *corp)
    assert (about(answer), answer.kept) == ([], 1)
    assert answer.unknown[0].missing == "the records of private zone corp.example"
    alone = [zone("corp.example", numberOfRecordSets=1), zone_link("a", "corp.example")]
    assert len(about(asked(*PE, *OTHERS, *SEEN, *alone))) == 1
    beside = [*corp, record("db", "10.0.0.7", zone_name="corp.example")]
    assert len(about(asked(*PE, *OTHERS, *SEEN, *beside))) == 1


@pytest.mark.parametrize(
    ("access", "said"),
    [
        ({"privateDNSZone": "none"}, "kept"),
        ({"privateDNSZone": "system", "enablePrivateClusterPublicFQDN": True}, "kept"),
        ({"privateDNSZone": zone_id("x.azmk8s.io")}, "broken"),
        ({"privateDNSZone": "system"}, "unknown"),
        ({}, "unknown"),
    ],
)
def test_k_12_the_api_server_of_a_private_cluster(access: Json, said: str) -> None:
    profile = {"enablePrivateCluster": True, **access}
    aks = cluster("shop", pool(in_=None), apiServerAccessProfile=profile)
    server = endpoint("pe", target=cluster_id())
    answer = asked(home(), server, interface("10.0.0.4"), aks, *OTHERS, *SEEN)
    found = "broken" if about(answer) else "unknown" if answer.unknown else "kept"
    assert found == said
    own = resource("Microsoft.Network/privateDnsZones", "x.azmk8s.io", {}, group=GROUP)
    if said == "unknown":
        assert len(about(asked(home(), server, interface("10.0.0.4"), aks, own, *OTHERS, *SEEN)))


def test_k_12_the_api_server_of_an_absent_cluster_may_have_a_public_name() -> None:
    server = endpoint("pe", target=cluster_id())
    answer = asked(home(), server, interface("10.0.0.4"), *OTHERS, *SEEN)
    assert about(answer) == []
    assert cluster_id() in answer.unknown[0].missing


def test_while_no_zone_group_was_exported_it_is_unknown() -> None:
    answer = asked(*PE, *SEEN)
    assert (answer.kept, answer.broken) == (0, [])
    assert "DNS zone groups of private endpoint pe" in answer.unknown[0].missing
    assert "dns-zone-group list --resource-group rg --endpoint-name pe" in answer.unknown[0].remedy


def test_a_snapshot_without_any_zone_asked_for_them() -> None:
    found = ask("PE-005", estate(*PE, shape=OWN_SHAPE))
    assert len(found.broken) == 1
    gap = Gap("denied", f"{SUBSCRIPTION}/providers/Microsoft.Network/privateDnsZones", "403")
    answer = ask("PE-005", estate(*PE, shape=OWN_SHAPE, gaps=(gap,)))
    assert (answer.kept, answer.broken, len(answer.unknown)) == (0, [], 1)


def test_while_no_record_was_exported_it_is_unknown() -> None:
    answer = asked(*PE, *OTHERS)
    assert answer.broken == []
    assert "records of the private zones" in answer.unknown[0].missing


def test_an_endpoint_whose_address_is_not_told_is_unknown() -> None:
    answer = asked(home(), endpoint(), *OTHERS, *SEEN)
    assert answer.broken == []
    assert "addresses of private endpoint pe" in answer.unknown[0].missing


@pytest.mark.parametrize(
    "told",
    [
        {"ipConfigurations": [{"name": "i", "properties": {"privateIPAddress": "10.0.0.4"}}]},
        {"customDnsConfigs": [{"fqdn": "kv.vault.azure.net", "ipAddresses": ["10.0.0.4"]}]},
    ],
)
def test_an_endpoint_may_tell_its_address_itself(told: Json) -> None:
    resources = [home(), endpoint(**told), *OTHERS, *SEEN]
    assert len(about(asked(*resources))) == 1
    assert about(asked(*resources, record("kv", "10.0.0.4"))) == []


def test_a_private_link_service_of_ones_own_needs_no_zone() -> None:
    own = arm_id("Microsoft.Network/privateLinkServices", "pls")
    answer = asked(home(), endpoint(target=own), interface("10.0.0.4"))
    assert (answer.kept, answer.broken, answer.unknown) == (0, [], [])


def test_the_remedy_names_the_zone_even_when_it_is_not_there() -> None:
    corp = [zone("corp.example"), zone_link("a", "corp.example")]
    corp.append(record("x", "10.0.0.77", zone_name="corp.example"))
    answer = asked(*PE, *OTHERS, *corp)
    [finding] = answer.broken
    assert finding.remedy.endswith(f"--private-dns-zone {VAULTS}")
    assert finding.remedy.startswith(
        f"az network private-dns zone create --resource-group rg --name {VAULTS} && "
        f"az network private-dns link vnet create --resource-group rg --zone-name {VAULTS} "
        f"--name link-a --virtual-network {vnet_id('a')} --registration-enabled false && "
    )


@pytest.mark.parametrize(
    ("subject", "missing"),
    [
        (f"{endpoint_id()}/privateDnsZoneGroups", "the DNS zone groups of private endpoint pe"),
        (f"{zone_id()}/ALL", "the records of private zone"),
        (f"{zone_id('other')}/all", "the records of private zone other"),
        (f"{SUBSCRIPTION}/providers/Microsoft.Network/privateDnsZones", "the private zones"),
        ("/subscriptions/99999999-9999-9999-9999-999999999999", "the private zones"),
    ],
)
def test_what_would_name_it_was_not_read(subject: str, missing: str) -> None:
    gap = Gap("denied", subject, "refused (403)")
    other = [zone("other"), zone_link("a", zone_name="other")]

    answer = ask("PE-005", estate(*PE, *OTHERS, *SEEN, *other, gaps=(gap,)))

    assert about(answer) == []
    assert [missing in each.missing for each in answer.unknown].count(True) == 1


def test_the_records_of_a_zone_that_its_network_does_not_see_do_not_matter() -> None:
    gap = Gap("denied", f"{zone_id('other')}/ALL", "refused (403)")
    other = [zone("other"), zone_link("b", zone_name="other")]

    answer = ask("PE-005", estate(*PE, *OTHERS, *SEEN, *other, home("b"), gaps=(gap,)))

    assert len(about(answer)) == 1
