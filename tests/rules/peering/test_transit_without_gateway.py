from __future__ import annotations

from typing import Any

from auditor.testing import Answer, arm_id, ask, estate, resource

from ...networks import gateway, peer, subnet_id, vnet, vnet_id

ID = "PER-003"
Json = dict[str, Any]


def judge(*others: Json, back: Json | None = None, uses: bool | None = True, **hub: Any) -> Answer:
    flags: Json = {} if uses is None else {"useRemoteGateways": uses}
    spoke = vnet("spoke", "10.1.0.0/16", peers=[peer("hub", **flags)])
    far = vnet("hub", "10.0.0.0/16", peers=[back] if back else [], **hub)
    return ask(ID, estate(spoke, far, *others))


ALLOWS = peer("spoke", allowGatewayTransit=True)


def test_r_17_transit_with_permission_and_gateway() -> None:
    assert judge(gateway("gw", "hub"), back=ALLOWS).kept == 1


def test_no_permission() -> None:
    answer = judge(gateway("gw", "hub"), back=peer("spoke", allowGatewayTransit=False))
    (finding,) = answer.broken
    assert finding.subject == f"{vnet_id('spoke')}/virtualNetworkPeerings/to-hub"
    assert "whose peering to-spoke does not allow transit" in finding.message
    assert finding.remedy.endswith("--vnet-name hub --name to-spoke --set allowGatewayTransit=true")
    assert [each.pointer.rpartition("/")[2] for each in finding.evidence] == [
        "useRemoteGateways",
        "allowGatewayTransit",
    ]


def test_no_gateway() -> None:
    (finding,) = judge(back=ALLOWS).broken
    assert finding.message == "spoke uses the gateways of hub, which has none"
    assert finding.remedy.endswith("--name to-hub --set useRemoteGateways=false")


def test_permission_alone_does_not_help_where_there_is_no_gateway() -> None:
    (finding,) = judge(back=peer("spoke", allowGatewayTransit=False)).broken
    assert finding.message == "spoke uses the gateways of hub, which has none"
    assert finding.remedy.startswith(
        "deploy a gateway in hub and let its peering to-spoke allow transit, or: az "
    )
    assert finding.remedy.endswith("--name to-hub --set useRemoteGateways=false")
    assert finding.evidence[-1].pointer.endswith("/allowGatewayTransit")


def test_no_permission_is_certain_where_the_gateway_is_not() -> None:
    listed = arm_id("Microsoft.Network/virtualNetworkGateways/ipConfigurations", "gw", "c")
    subnet = {"addressPrefix": "10.0.0.0/27", "ipConfigurations": [{"id": listed}]}
    refused = peer("spoke", allowGatewayTransit=False)
    (finding,) = judge(back=refused, subnets={"GatewaySubnet": subnet}).broken
    assert "does not allow transit" in finding.message


def test_without_a_gateway_the_permission_does_not_matter() -> None:
    (finding,) = judge(back=peer("spoke", allowGatewayTransit=None)).broken
    assert finding.message == "spoke uses the gateways of hub, which has none"


def test_a_route_server_is_a_gateway_too() -> None:
    server = resource(
        "Microsoft.Network/virtualHubs",
        "rs",
        {
            "ipConfigurations": [
                {
                    "name": "c",
                    "properties": {"subnet": {"id": subnet_id("hub", "RouteServerSubnet")}},
                }
            ]
        },
        kind="RouteServer",
    )
    assert judge(server, back=ALLOWS).kept == 1


def test_a_gateway_that_only_the_subnet_tells_of_is_unknown() -> None:
    listed = arm_id("Microsoft.Network/virtualNetworkGateways/ipConfigurations", "gw", "c")
    subnet = {"addressPrefix": "10.0.0.0/27", "ipConfigurations": [{"id": listed}]}
    answer = judge(back=ALLOWS, subnets={"GatewaySubnet": subnet})
    assert "gw is not in the snapshot" in answer.unknown[0].missing


def test_a_peering_that_uses_no_remote_gateway_is_no_subject() -> None:
    for uses in (False, None):
        answer = judge(back=peer("spoke", allowGatewayTransit=False), uses=uses)
        assert (answer.broken, answer.unknown, answer.kept) == ([], [], 0)


def test_what_the_other_side_does_not_tell_is_unknown() -> None:
    answer = judge(gateway("gw", "hub"), back=peer("spoke"))
    assert "allowGatewayTransit" in answer.unknown[0].missing


def test_an_absent_network_is_unknown() -> None:
    spoke = vnet("spoke", "10.1.0.0/16", peers=[peer("hub", useRemoteGateways=True)])
    assert len(ask(ID, estate(spoke)).unknown) == 1
