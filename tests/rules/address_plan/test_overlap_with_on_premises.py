from __future__ import annotations

from typing import Any

import pytest

from auditor.finding import Severity
from auditor.snapshot.document import Gap
from auditor.testing import Answer, arm_id, ask, estate, resource

from ...networks import gateway, hub, hub_peer, peer, site, tunnel, vnet, vnet_id

ID = "ADR-005"
Json = dict[str, Any]


def connected(space: str, *behind: str, **more: Any) -> list[Json]:
    return [
        vnet("a", space), gateway("gw", "a"), site("office", *behind),
        tunnel("t", "gw", "office", **more),
    ]  # fmt: skip


def judge(*resources: Json, **parameters: Any) -> Answer:
    return ask(ID, estate(*resources), **parameters)


@pytest.mark.parametrize(
    ("behind", "broken", "severity"),
    [
        ("192.168.0.0/24", 0, None),
        ("10.1.0.0/16", 0, None),
        ("10.0.0.0/16", 1, None),
        ("10.0.255.0/24", 1, None),
        ("10.0.0.0/8", 1, Severity.HIGH),
    ],
)
def test_r_24_each_side_of_the_boundary(
    behind: str, broken: int, severity: Severity | None
) -> None:
    answer = judge(*connected("10.0.0.0/16", behind))
    assert [finding.severity for finding in answer.broken] == [severity] * broken
    assert answer.kept == 1 - broken


def test_a_finding_names_the_site() -> None:
    (finding,) = judge(*connected("10.0.0.0/16", "10.0.7.0/24")).broken
    assert finding.subject == vnet_id("a")
    assert finding.related == (arm_id("Microsoft.Network/localNetworkGateways", "office"),)
    assert finding.message == "10.0.0.0/16 of a overlaps 10.0.7.0/24 of the site office"
    assert "az network vnet update" in finding.remedy
    assert "--name a" in finding.remedy
    assert [each.pointer for each in finding.evidence] == [
        "/properties/addressSpace/addressPrefixes/0",
        "/properties/localNetworkAddressSpace/addressPrefixes/0",
    ]


def test_a_site_that_nothing_connects_is_nobodys_business() -> None:
    answer = judge(vnet("a", "10.0.0.0/16"), gateway("gw", "a"), site("office", "10.0.0.0/16"))
    assert (answer.broken, answer.unknown) == ([], [])


def test_a_spoke_in_transit_is_judged_and_another_is_not() -> None:
    answer = judge(
        vnet("hub", "10.0.0.0/16", peers=[peer("spoke"), peer("alone")]),
        vnet("spoke", "10.1.0.0/16", peers=[peer("hub", useRemoteGateways=True)]),
        vnet("alone", "10.1.0.0/16", peers=[peer("hub")]),
        gateway("gw", "hub"), site("office", "10.1.0.0/24"), tunnel("t", "gw", "office"),
    )  # fmt: skip
    assert answer.names == ["spoke"]


def test_r_25_learned_prefixes_are_unknown_until_they_are_declared() -> None:
    resources = connected("10.0.0.0/16", "192.168.0.0/24", enableBgp=True)
    (unknown,) = judge(*resources).unknown
    assert "BGP" in unknown.missing
    answer = judge(*resources, on_premises=("192.168.0.0/16",))
    assert (answer.broken, answer.unknown, answer.kept) == ([], [], 1)


def test_an_absent_site_is_unknown() -> None:
    answer = judge(vnet("a", "10.0.0.0/16"), gateway("gw", "a"), tunnel("t", "gw", "office"))
    assert "office" in answer.unknown[0].missing


def test_an_absent_site_hides_no_other() -> None:
    answer = judge(*connected("10.0.0.0/16", "10.0.8.0/24"), tunnel("s", "gw", "plant"))
    assert [finding.message for finding in answer.broken] == [
        "10.0.0.0/16 of a overlaps 10.0.8.0/24 of the site office"
    ]
    (unknown,) = answer.unknown
    assert "plant" in unknown.missing


def test_r_29_what_a_hub_names_and_the_input_lacks_hides_no_other_site() -> None:
    kind = "Microsoft.Network"
    spoke = vnet("spoke", "10.1.0.0/16", peers=[hub_peer("vhub", "10.0.0.0/23")])
    parts = [spoke, *hub("vhub", "10.0.0.0/23", "spoke")]
    parts[1]["properties"]["vpnGateway"] = {"id": arm_id(f"{kind}/vpnGateways", "vpn")}
    assert "vpnGateways/vpn" in judge(*parts).unknown[0].missing

    sites = [{"id": arm_id(f"{kind}/vpnSites", name)} for name in ("gone", "office")]
    tunnels = [
        {"name": f"t{number}", "properties": {"remoteVpnSite": site_}}
        for number, site_ in enumerate(sites)
    ]
    of = {"virtualHub": {"id": arm_id(f"{kind}/virtualHubs", "vhub")}, "connections": tunnels}
    office = {"addressSpace": {"addressPrefixes": ["10.1.7.0/24"]}}
    parts += [
        resource(f"{kind}/vpnGateways", "vpn", of),
        resource(f"{kind}/vpnSites", "office", office),
    ]
    answer = judge(*parts)
    assert [finding.related[0] for finding in answer.broken] == [sites[1]["id"]]
    assert "vpnSites/gone" in answer.unknown[0].missing


def test_a_declared_range_counts_for_every_network() -> None:
    answer = judge(
        *connected("10.0.0.0/16", "192.168.0.0/24"), vnet("island", "10.0.0.0/16"),
        on_premises=("10.0.3.0/24",),
    )  # fmt: skip
    severities = {finding.subject: finding.severity for finding in answer.broken}
    assert severities == {vnet_id("a"): None, vnet_id("island"): Severity.MEDIUM}


def test_a_declared_range_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="not a CIDR"):
        judge(on_premises=("office",))


def test_what_is_not_told_hides_no_declared_overlap() -> None:
    spoke = vnet("spoke", "10.1.0.0/16", peers=[peer("hub", useRemoteGateways=True)])
    answer = judge(spoke, on_premises=("10.1.0.0/24",))
    assert (len(answer.broken), len(answer.unknown)) == (1, 1)


def test_a_connection_that_does_not_tell_its_gateway_leaves_it_unknown() -> None:
    hole = ("/properties/virtualNetworkGateway1/id", "a parameter")
    network = estate(*connected("10.0.0.0/16", "10.0.7.0/24"), unresolved=(hole,))
    answer = ask(ID, network)
    assert (answer.broken, answer.kept) == ([], 0)
    assert answer.unknown[0].missing == "which gateways the connection t joins"


@pytest.mark.parametrize(
    ("below", "unknown"),
    [
        ("/resourceGroups/rg/providers/Microsoft.Network/connections", 1),
        ("/resources", 2),
        ("/resourceGroups/rg/resources", 2),
        ("", 2),
        ("/providers/Microsoft.Network/natGateways", 0),
    ],
)
def test_no_connection_is_known_to_be_absent_where_they_were_not_read(
    below: str, unknown: int
) -> None:
    subscription = vnet_id("a").partition("/resourceGroups")[0]
    gap = Gap("denied", subscription + below, "refused (403)")
    parts = [vnet("a", "10.0.0.0/16"), gateway("gw", "a")]

    answer = ask(ID, estate(*parts, gaps=(gap,)))

    assert (len(answer.unknown), answer.kept) == (unknown, 0 if unknown else 1)
    assert ask(ID, estate(vnet("a", "10.0.0.0/16"), gaps=(gap,))).kept == 1


def test_a_site_that_tells_no_prefixes_is_unknown_and_without_any_is_kept() -> None:
    resources = connected("10.0.0.0/16", "10.0.7.0/24")
    office = next(each for each in resources if each["name"] == "office")
    for space in (None, {}, {"addressPrefixes": None}):
        office["properties"] = {"localNetworkAddressSpace": space}
        (unknown,) = judge(*resources).unknown
        assert unknown.missing == "the address prefixes of the site office"
    office["properties"] = {"localNetworkAddressSpace": {"addressPrefixes": []}}
    assert judge(*resources).kept == 1


def test_a_connection_to_a_site_that_does_not_tell_which_is_unknown() -> None:
    resources = connected("10.0.0.0/16", "10.0.7.0/24")
    line = next(each for each in resources if each["name"] == "t")
    del line["properties"]["localNetworkGateway2"]
    (unknown,) = judge(*resources).unknown
    assert unknown.missing == "the site that the connection t leads to"


def test_a_gateway_that_does_not_tell_its_network_may_stand_in_one_of_its_region() -> None:
    resources = connected("10.0.0.0/16", "10.0.7.0/24")
    resources[0] = vnet("a", "10.0.0.0/16", subnets={"GatewaySubnet": "10.0.255.0/27"})
    assert len(judge(*resources).broken) == 1
    lost = next(each for each in resources if each["name"] == "gw")
    del lost["properties"]["ipConfigurations"][0]["properties"]["subnet"]
    (unknown,) = judge(*resources).unknown
    assert unknown.missing == "the network of gateway gw"
    resources[0] = vnet("a", "10.0.0.0/16", subnets={"app": "10.0.0.0/24"})
    assert judge(*resources).kept == 1


def test_r_29_a_virtual_hub_lends_its_own_gateways() -> None:
    spoke = vnet("spoke", "10.1.0.0/16", peers=[hub_peer("vhub", "10.0.0.0/23")])
    answer = judge(spoke, *hub("vhub", "10.0.0.0/23", "spoke"))
    assert (answer.kept, answer.unknown) == (1, [])


def test_r_29_the_gateways_of_a_virtual_hub_that_is_not_exported_are_not_told() -> None:
    answer = judge(vnet("spoke", "10.1.0.0/16", peers=[hub_peer("vhub", "10.0.0.0/23")]))
    assert (answer.kept, len(answer.unknown)) == (0, 1)
