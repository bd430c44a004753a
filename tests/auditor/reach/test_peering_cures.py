"""What to change at peerings and gateways, that packets get from one network to another."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.network.graph import Network
from auditor.testing import estate

from ...networks import gateway as vnet_gateway
from ...networks import nic as nic_in
from ...networks import peer, site, tunnel
from ...networks import vnet as net
from ...reaching import asked
from ...routing import endpoint, route, steered
from ...routing import table as table_of
from ..network.filtering.test_naive import Json


@pytest.mark.parametrize(
    ("one", "other"), [("10.0", "10.1"), ("52.1", "52.2")], ids=["private", "public"]
)
def test_networks_without_a_peering_need_one(one: str, other: str) -> None:
    """Public ranges too: without a None route (R-1) they go to the internet, and no route helps."""
    network = estate(
        net("a", f"{one}.0.0/16", subnets={"app": f"{one}.0.0/24"}),
        net("b", f"{other}.0.0/16", subnets={"app": f"{other}.0.0/24"}),
        nic_in("web", f"{one}.0.4", ("a", "app")),
        nic_in("db", f"{other}.0.4", ("b", "app")),
    )
    there, back = (step.opening for step in asked(network, "web", "db").one.blockers)
    assert there == f"peer a with b, so that {other}.0.4 goes to b"
    assert back == f"peer a with b, so that {one}.0.4 goes straight back"


def test_a_peering_is_one_change_for_the_way_there_and_the_way_back() -> None:
    def left(one: str, other: str) -> Network:
        return estate(
            net("a", f"{one}.0.0/16", subnets={"app": f"{one}.0.0/24"},
                peers=[peer("b", f"{other}.0.0/16", state="Disconnected")]),
            net("b", f"{other}.0.0/16", subnets={"app": f"{other}.0.0/24"},
                peers=[peer("a", f"{one}.0.0/16", state="Disconnected")]),
            nic_in("web", f"{one}.0.4", ("a", "app")),
            nic_in("db", f"{other}.0.4", ("b", "app")),
        )  # fmt: skip

    for network in (left("10.0", "10.1"), left("52.1", "52.2")):
        steps = asked(network, "web", "db").one.blockers
        assert [step.opening.partition(",")[0] for step in steps] == [
            "make the peerings of a with b anew"
        ] * 2


def test_a_reply_gets_to_the_network_of_its_sender_whoever_else_has_the_address() -> None:
    network = estate(
        net("a", "10.0.0.0/16", subnets={"app": "10.0.0.0/24"}),
        net("b", "10.1.0.0/16", subnets={"app": "10.1.0.0/24"}),
        net("c", "10.0.0.0/16", subnets={}),
        nic_in("web", "10.0.0.4", ("a", "app")),
        nic_in("db", "10.1.0.4", ("b", "app")),
    )
    back = asked(network, "web", "db").step("return-route").opening
    assert back == "peer a with b, so that 10.0.0.4 goes straight back"


def test_a_reply_within_a_network_needs_no_peering_with_one_that_has_the_address_too() -> None:
    network = estate(
        net("a", "10.0.0.0/16", subnets={"app": "10.0.0.0/24", "data": steered("10.0.1.0/24")}),
        net("c", "10.0.0.0/16", subnets={}),
        table_of("rt", route("10.0.0.0/24", "None", name="away")),
        nic_in("web", "10.0.0.4", ("a", "app")),
        nic_in("db", "10.0.1.4", ("a", "data")),
    )
    back = asked(network, "web", "db").step("return-route").opening
    assert back == "change route away of rt, so that 10.0.0.4 goes straight back"


def test_R_18_a_peering_that_does_not_know_new_addresses_has_to_be_synchronised() -> None:
    def peered(*known: str) -> Network:
        return estate(
            net("a", "10.0.0.0/16", subnets={"app": "10.0.0.0/24"}, peers=[peer("b", *known)]),
            net("b", "10.1.0.0/16", "10.2.0.0/16", subnets={"app": "10.2.0.0/24"},
                peers=[peer("a", "10.0.0.0/16")]),
            nic_in("web", "10.0.0.4", ("a", "app")),
            nic_in("db", "10.2.0.4", ("b", "app")),
        )  # fmt: skip

    stale = asked(peered("10.1.0.0/16"), "web", "db")
    [step] = stale.one.blockers
    assert step.opening == "synchronise the peering of a with b, so that 10.2.0.4 goes to b"
    assert asked(peered("10.1.0.0/16", "10.2.0.0/16"), "web", "db").verdict == "reachable"


def test_R_14_a_peering_that_waits_for_its_other_side_gets_it_and_no_more() -> None:
    def peered(state: str, *back: Json) -> Network:
        return estate(
            net("a", "10.0.0.0/16", subnets={"app": "10.0.0.0/24"},
                peers=[peer("b", "10.1.0.0/16", state=state)]),
            net("b", "10.1.0.0/16", subnets={"app": "10.1.0.0/24"}, peers=back),
            nic_in("web", "10.0.0.4", ("a", "app")),
            nic_in("db", "10.1.0.4", ("b", "app")),
        )  # fmt: skip

    half = asked(peered("Initiated"), "web", "db").one.blockers
    assert [step.opening for step in half] == [
        "peer b with a, so that 10.1.0.4 goes to b",
        "peer b with a, so that 10.0.0.4 goes straight back",
    ]
    back = peer("a", "10.0.0.0/16")
    assert asked(peered("Connected", back), "web", "db").verdict == "reachable"
    left = asked(peered("Disconnected", back), "web", "db").one.blockers
    assert [step.opening.partition(",")[0] for step in left] == [
        "make the peerings of a with b anew",
        "make the peerings of a with b anew",
    ]


def test_R_19_a_peering_of_some_subnets_has_to_join_another_one() -> None:
    def joined(*own: str) -> Network:
        some: Any = {"peerCompleteVnets": False}
        return estate(
            net("a", "10.0.0.0/16", subnets={"app": "10.0.0.0/24", "more": "10.0.1.0/24"},
                peers=[peer("b", "10.1.0.0/24", **some, localSubnetNames=list(own),
                            remoteSubnetNames=["app"])]),
            net("b", "10.1.0.0/16", subnets={"app": "10.1.0.0/24"},
                peers=[peer("a", *(f"10.0.{i}.0/24" for i, _ in enumerate(own)), **some,
                            localSubnetNames=["app"], remoteSubnetNames=list(own))]),
            nic_in("web", "10.0.1.4", ("a", "more")),
            nic_in("db", "10.1.0.4", ("b", "app")),
        )  # fmt: skip

    to_web = asked(joined("app"), "db", "web").one.blockers
    assert [step.opening for step in to_web] == [
        "let the peering of b with a join the subnet of 10.0.1.4, so that 10.0.1.4 goes to a",
        "let the peering of a with b join subnet more, so that 10.1.0.4 goes straight back",
    ]
    assert asked(joined("app", "more"), "db", "web").verdict == "reachable"


def test_R_19_a_peering_for_ipv6_alone_has_to_carry_ipv4_too() -> None:
    def peered(*joined: str, only_six: bool = True) -> Network:
        some: Any = {"enableOnlyIPv6Peering": only_six}
        if joined:
            some |= {"peerCompleteVnets": False, "localSubnetNames": ["app"],
                     "remoteSubnetNames": list(joined)}  # fmt: skip
        return estate(
            net("a", "10.0.0.0/16", "fd00:a::/48", subnets={"app": "10.0.0.0/24"},
                peers=[peer("b", "10.1.0.0/16", "fd00:b::/48", **some)]),
            net("b", "10.1.0.0/16", "fd00:b::/48",
                subnets={"app": "10.1.0.0/24", "six": "fd00:b:0:1::/64"},
                peers=[peer("a", "10.0.0.0/16", "fd00:a::/48")]),
            nic_in("web", "10.0.0.4", ("a", "app")),
            nic_in("db", "10.1.0.4", ("b", "app")),
        )  # fmt: skip

    [step] = asked(peered(), "web", "db").one.blockers
    assert step.opening == "let the peering of a with b carry IPv4 too, so that 10.1.0.4 goes to b"
    assert asked(peered(only_six=False), "web", "db").verdict == "reachable"
    [some] = asked(peered("app"), "web", "db").one.blockers
    assert some.opening == step.opening
    [other] = asked(peered("six"), "web", "db").one.blockers
    assert other.opening == (
        "let the peering of a with b carry IPv4 too and join the subnet of 10.1.0.4, "
        "so that 10.1.0.4 goes to b"
    )


def test_R_19_a_private_endpoint_is_reached_from_joined_subnets_only() -> None:
    """Its route stands in the others, too, and may be beaten by a user's (L-4)."""

    def joined(*own: str, policy: str = "Disabled") -> Network:
        some: Any = {"peerCompleteVnets": False}
        data = {"addressPrefix": "10.1.0.0/24", "privateEndpointNetworkPolicies": policy}
        return estate(
            net("a", "10.0.0.0/16",
                subnets={"app": "10.0.0.0/24", "more": steered("10.0.1.0/24", "rt")},
                peers=[peer("b", "10.1.0.0/24", **some, localSubnetNames=list(own),
                            remoteSubnetNames=["app"])]),
            net("b", "10.1.0.0/16", subnets={"app": data},
                peers=[peer("a", *(f"10.0.{i}.0/24" for i, _ in enumerate(own)), **some,
                            localSubnetNames=["app"], remoteSubnetNames=list(own))]),
            table_of("rt", route("10.1.0.0/24", "None")),
            nic_in("web", "10.0.1.4", ("a", "more")),
            endpoint("pep", "10.1.0.9", ("b", "app")),
        )  # fmt: skip

    left_out = asked(joined("app"), "web", "pep").one
    assert [(step.code, step.passes) for step in left_out.blockers] == [("route", False)]
    assert "R-19" in left_out.blockers[0].says
    assert left_out.blockers[0].opening.startswith("let the peering of a with b join subnet more")
    assert asked(joined("app", "more"), "web", "pep").verdict == "reachable"
    heeded = asked(joined("app", "more", policy="RouteTableEnabled"), "web", "pep")
    assert heeded.one.blockers[0].rule.startswith("to-10.1.0.0")


def spoke(
    *,
    lends: bool | None,
    uses: bool | None,
    other: bool = False,
    hop: str = "",
    state: str = "Connected",
) -> Network:
    """VNet a, peered with a hub whose gateway knows a site, and with one whose does not.

    `hop` is what a user's route of it drops.
    """
    beside = [
        net("b", "10.2.0.0/16", subnets={"GatewaySubnet": "10.2.9.0/27"},
            peers=[peer("a", "10.0.0.0/16", allowGatewayTransit=True)]),
        vnet_gateway("other", "b", enableBgp=False),
    ]  # fmt: skip
    peers = [peer("b", "10.2.0.0/16")] if other else []
    return estate(
        net("hub", "10.1.0.0/16", subnets={"GatewaySubnet": "10.1.9.0/27"},
            peers=[peer("a", "10.0.0.0/16", state=state, allowGatewayTransit=lends)]),
        *([table_of("rt", route(hop, "None", name="own"))] if hop else []),
        *(beside if other else []),
        net("a", "10.0.0.0/16", subnets={"app": steered("10.0.0.0/24") if hop else "10.0.0.0/24"},
            peers=[*peers, peer("hub", "10.1.0.0/16", useRemoteGateways=uses)]),
        vnet_gateway("gw", "hub", enableBgp=False),
        site("site", "192.168.0.0/16"),
        tunnel("tunnel", "gw", "site", enableBgp=False),
        nic_in("web", "10.0.0.4", ("a", "app")),
    )  # fmt: skip


THERE = "onprem 192.168.1.1/32"
GOES = ", so that 192.168.1.1 goes to the gateway"
USE = "useRemoteGateways on the peering of a with hub"
LEND = "allowGatewayTransit on the peering of hub with a"
SIDES = [
    (False, False, f"set {LEND}, and {USE}"),
    (False, None, f"set {LEND}, and {USE}"),
    (None, False, f"set {LEND}, and {USE}"),
    (True, False, f"set {USE}"),
    (True, None, f"set {USE}"),
    (False, True, f"set {LEND}"),
]


@pytest.mark.parametrize("other", [False, True], ids=["hub", "beside another"])
@pytest.mark.parametrize(("lends", "uses", "said"), SIDES)
def test_R_17_the_gateway_of_a_peer_has_to_be_lent_and_used(
    lends: bool | None, uses: bool | None, said: str, other: bool
) -> None:
    network = spoke(lends=lends, uses=uses, other=other)
    assert asked(network, "web", THERE).step("route").opening == said + GOES
    assert asked(network, THERE, "web").one.blockers[0].opening == said


@pytest.mark.parametrize(
    ("prefix", "also"),
    [
        ("192.168.0.0/16", " and change route own of rt"),
        ("192.168.1.0/24", " and change route own of rt"),
        ("192.0.0.0/8", ""),
    ],
)
def test_R_6_a_users_route_that_beats_what_a_gateway_knows_has_to_change(
    prefix: str, also: str
) -> None:
    """A site's prefix of the hub, which is /16, takes what a user's route to more would."""
    network = spoke(lends=False, uses=False, hop=prefix)
    there = asked(network, "web", THERE)
    assert there.step("route").opening == f"set {LEND}, and {USE}{also}{GOES}"


def test_R_26_a_users_route_leads_to_no_gateway_of_a_peer_that_is_not_connected() -> None:
    network = spoke(lends=True, uses=True, hop="192.168.0.0/16", state="Disconnected")
    assert asked(network, "web", THERE).step("route").opening == (
        "give a a gateway, its own or that of a peer, which knows 192.168.1.1, "
        f"and change route own of rt{GOES}"
    )


def test_R_17_a_gateway_that_is_lent_and_used_lets_both_through() -> None:
    for other in (False, True):
        network = spoke(lends=True, uses=True, other=other)
        assert asked(network, "web", THERE).verdict == "reachable"
        assert asked(network, THERE, "web").verdict == "reachable"


def test_R_17_a_gateway_that_does_not_know_a_site_is_not_proposed() -> None:
    network = spoke(lends=True, uses=False, other=True)
    assert asked(network, "onprem 10.77.0.1/32", "web").one.blockers[0].opening == ""


def test_a_route_that_a_peering_must_replace_says_both() -> None:
    network = estate(
        net("a", "10.0.0.0/16", subnets={"app": steered("10.0.0.0/24")}),
        net("b", "10.1.0.0/16", subnets={"app": "10.1.0.0/24"}),
        table_of("rt", route("10.1.0.0/16", "Internet", name="out")),
        nic_in("web", "10.0.0.4", ("a", "app")),
        nic_in("db", "10.1.0.4", ("b", "app")),
    )
    there = asked(network, "web", "db").step("route").opening
    assert there == "peer a with b and change route out of rt, so that 10.1.0.4 goes to b"


@pytest.mark.parametrize(("prefix", "also"), [
    ("0.0.0.0/0", ("", "")), ("10.0.0.0/8", ("", "")),
    ("10.1.0.0/16", (" and change route out of rt", "")),
    ("10.1.0.0/24", (" and change route out of rt", "")),
    ("10.0.0.0/16", ("", " and change route out of rt")),
])  # fmt: skip
def test_R_8_a_route_that_a_peering_beats_need_not_change(
    prefix: str, also: tuple[str, str]
) -> None:
    """A peering's route is as long as the far network's prefix, there and back."""
    network = estate(
        net("a", "10.0.0.0/16", subnets={"app": steered("10.0.0.0/24")}),
        net("b", "10.1.0.0/16", subnets={"app": steered("10.1.0.0/24")}),
        table_of("rt", route(prefix, "None", name="out")),
        nic_in("web", "10.0.0.4", ("a", "app")),
        nic_in("db", "10.1.0.4", ("b", "app")),
    )
    steps = asked(network, "web", "db").one.blockers
    assert [step.opening.partition(",")[0] for step in steps] == [
        f"peer a with b{word}" for word in also
    ]


def test_a_network_may_be_called_what_it_likes() -> None:
    network = estate(
        net("a", "10.0.0.0/16", subnets={"app": "10.0.0.0/24"}),
        net("gateway-internet", "10.1.0.0/16", subnets={"app": "10.1.0.0/24"}),
        nic_in("web", "10.0.0.4", ("a", "app")),
        nic_in("db", "10.1.0.4", ("gateway-internet", "app")),
    )
    there = asked(network, "web", "db").step("route").opening
    assert there == "peer a with gateway-internet, so that 10.1.0.4 goes to gateway-internet"


def test_networks_that_overlap_need_other_addresses() -> None:
    both = estate(
        net("a", "10.0.0.0/16", subnets={"app": "10.0.0.0/24"}),
        net("b", "10.0.0.0/16", subnets={"app": "10.0.1.0/24"}),
        nic_in("web", "10.0.0.4", ("a", "app")),
        nic_in("db", "10.0.1.4", ("b", "app")),
    )
    there, back = (step.opening for step in asked(both, "web", "db").one.blockers)
    assert there.startswith("give a or b other addresses and peer them, so that")
    assert back.startswith("give b or a other addresses and peer them")


def test_a_reply_that_goes_to_another_network_with_the_address_needs_other_addresses() -> None:
    """No route leads past a peer that holds it, and nobody peers with both (D-5, R-20)."""
    network = estate(
        net("a", "10.1.0.0/16", subnets={"app": "10.1.0.0/24"},
            peers=[peer("b", "10.2.0.0/16")]),
        net("b", "10.2.0.0/16", subnets={"app": "10.2.0.0/24"},
            peers=[peer("a", "10.1.0.0/16")]),
        net("alone", "10.1.0.0/16", subnets={"app": "10.1.0.0/24"}),
        nic_in("web", "10.1.0.4", ("alone", "app")),
        nic_in("db", "10.2.0.4", ("b", "app")),
    )  # fmt: skip
    [back] = [s for s in asked(network, "web", "db").one.blockers if s.code == "asymmetric-return"]
    assert back.opening == (
        "give a or alone other addresses and peer b with alone, so that 10.1.0.4 goes straight back"
    )
    there = asked(network, "db", "web").step("route").opening
    assert there == (
        "give a or alone other addresses and peer b with alone, so that 10.1.0.4 goes to alone"
    )


def test_a_machine_outside_the_space_of_its_network_is_not_told_to_peer_that_with_itself() -> None:
    network = estate(
        net("a", "10.0.0.0/16", subnets={"app": "10.0.0.0/24"}),
        nic_in("web", "10.0.0.4", ("a", "app")),
        nic_in("stray", "10.9.9.9", ("a", "app")),
    )
    found = asked(network, "web", "stray")
    assert found.verdict == "blocked"
    opening = found.step("route").opening
    assert opening == "give 10.9.9.9 to a subnet of a, so that 10.9.9.9 goes to a"


def _joined(**table: Any) -> list[Json]:
    """NIC web of network a, whose gateway knows a site, behind a table with these settings."""
    return [
        net("a", "10.0.0.0/16",
            subnets={"app": steered("10.0.0.0/24"), "GatewaySubnet": "10.0.9.0/27"}),
        table_of("rt", **table),
        vnet_gateway("gw", "a"),
        site("site", "192.168.0.0/16"),
        tunnel("tunnel", "gw", "site"),
        nic_in("web", "10.0.0.4", ("a", "app")),
    ]  # fmt: skip


def test_a_table_that_hides_what_gateways_know_has_to_tell_it() -> None:
    shut = asked(estate(*_joined(disableBgpRoutePropagation=True)), "web", "onprem 192.168.1.1/32")
    assert shut.step("route").opening == (
        "let rt propagate the routes of gateways, so that 192.168.1.1 goes to the gateway"
    )
    assert asked(estate(*_joined()), "web", "onprem 192.168.1.1/32").verdict == "reachable"


def test_a_gateway_that_does_not_know_a_site_has_to_learn_of_it_besides() -> None:
    shut = estate(*_joined(disableBgpRoutePropagation=True))
    assert asked(shut, "web", "onprem 172.20.1.1/32").step("route").opening == (
        "teach the gateway of a a route to 172.20.1.1 and let rt propagate the routes of gateways, "
        "so that 172.20.1.1 goes to the gateway"
    )


def test_a_network_without_a_gateway_needs_one_first() -> None:
    alone = estate(net("a", "10.0.0.0/16", subnets={"app": "10.0.0.0/24"}),
                   nic_in("web", "10.0.0.4", ("a", "app")))  # fmt: skip
    found = asked(alone, "web", "onprem 192.168.1.1/32").step("route").opening
    assert found.startswith("give a a gateway, its own or that of a peer, which knows 192.168.1.1")
