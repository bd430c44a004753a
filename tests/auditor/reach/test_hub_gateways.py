"""Between the spokes of a hub by its VPN gateway, as users' routes send them there (R-15, R-26)."""

from __future__ import annotations

from typing import Any

import pytest

from auditor import simulate
from auditor.addresses import parse_address
from auditor.network.graph import Network
from auditor.simulate import Fate, Packet
from auditor.testing import arm_id, estate

from ...exposed import NSG, deny, nsg
from ...networks import gateway, nic, peer, site, tunnel, vnet
from ...reaching import asked
from ...routing import endpoint, route, steered, table
from .test_matrix import cells, one_by_one
from .test_tunnels import link

A, C, HUB = "10.1.0.0/16", "10.2.0.0/16", "10.0.0.0/16"


def spokes(
    *more: Any,
    lends: bool = True,
    uses: bool = True,
    kind: str = "Vpn",
    to: str = C,
    back: str = A,
    door: Any = "10.0.9.0/27",
    other: bool = False,
) -> Network:
    """Spokes a and c with a machine each, whose routes for each other name the gateway of b."""
    spoke: Any = {"allowForwardedTraffic": False, "useRemoteGateways": True}
    hub: Any = {"allowForwardedTraffic": False, "allowGatewayTransit": True}
    return estate(
        vnet(
            "a",
            A,
            subnets={"app": steered("10.1.0.0/24", "to-c")},
            peers=[peer("b", HUB, **spoke)],
        ),
        vnet(
            "c",
            C,
            subnets={
                "app": steered("10.2.0.0/24", "to-a"),
                **({"other": "10.2.7.0/24"} if other else {}),
            },
            peers=[peer("b", HUB, **{**spoke, "useRemoteGateways": uses})],
        ),
        vnet(
            "b",
            HUB,
            subnets={"GatewaySubnet": door},
            peers=[peer("a", A, **hub), peer("c", C, **{**hub, "allowGatewayTransit": lends})],
        ),
        gateway("gw", "b", kind=kind, enableBgp=False),
        table("to-c", route(to, "VirtualNetworkGateway", name="c")),
        table("to-a", route(back, "VirtualNetworkGateway", name="a")),
        nic("one", "10.1.0.4", ("a", "app")),
        nic("two", "10.2.0.4", ("c", "app")),
        *more,
    )


@pytest.mark.parametrize("prefix", [None, "0.0.0.0/0"])
def test_R_15_spokes_meet_by_the_gateway_of_their_hub(prefix: str | None) -> None:
    """Which asks nobody for leave to forward (R-16)."""
    network = spokes(to=prefix or C, back=prefix or A)
    for pair in (("one", "two"), ("two", "one")):
        found = asked(network, *pair)
        assert found.verdict == "reachable"
        assert [step.code for step in found.one.hops] == [
            "nsg-outbound", "route", "nsg-inbound", "return-route",
        ]  # fmt: skip
    assert asked(network, "one", "two").step("route").rule == "c"


def test_R_15_spokes_meet_by_the_route_for_a_site_that_claims_their_addresses() -> None:
    """Both sides' private ranges are often one: the gateway knows the spoke by its peering."""
    site_of_all = [site("s", "10.0.0.0/8"), tunnel("t", "gw", "s", enableBgp=False)]
    network = spokes(*site_of_all, to="10.9.0.0/16", back="10.9.0.0/16")
    for pair in (("one", "two"), ("two", "one")):
        assert asked(network, *pair).verdict == "reachable"
    assert cells(network) == one_by_one(network)


@pytest.mark.parametrize(
    ("to", "more", "verdict"),
    [
        ("10.9.0.0/16", {}, "reachable"),
        ("10.2.0.0/24", {}, "blocked"),  # the gateway passes it on to c
        ("10.2.0.0/24", {"uses": False}, "reachable"),
        ("10.2.0.0/24", {"door": steered("10.0.9.0/27", "at")}, "unknown"),
    ],
)
def test_R_15_a_site_that_claims_addresses_of_a_spoke_does_not_get_what_is_for_it(
    to: str, more: Any, verdict: str
) -> None:
    site_of_all = [site("s", "10.0.0.0/8"), tunnel("t", "gw", "s", enableBgp=False)]
    closed = nsg(deny("no", 100))
    beside = [table("at", route(C, "None", name="away"))] if "door" in more else []
    network = spokes(*site_of_all, closed, *beside, to="10.7.0.0/16", **more)
    found = asked(network, "one", f"onprem {to}")
    assert found.verdict == verdict
    assert ("gateway" in found.stops) is (verdict == "blocked")


@pytest.mark.parametrize("without", [{"lends": False}, {"uses": False}])
def test_R_15_each_spoke_must_use_it(without: dict[str, Any]) -> None:
    assert asked(spokes(**without), "one", "two").verdict == "blocked"
    assert asked(spokes(**without), "two", "one").verdict == "blocked"


def test_R_26_by_ExpressRoute_only_what_is_learned_may_lead_from_spoke_to_spoke() -> None:
    """No route of one's own leads there, and the far side may announce more than it has."""
    found = asked(spokes(kind="ExpressRoute"), "one", "two")
    assert (found.verdict, found.labels) == ("unknown", {"bgp-routes-unknown"})


def test_R_15_the_reply_needs_a_route_to_the_gateway_too() -> None:
    assert asked(spokes(back="10.9.0.0/16"), "one", "two").stops == ["return-route"]
    assert asked(spokes(back="10.9.0.0/16"), "two", "one").stops[0] == "route"


def test_R_27_a_route_table_at_the_gateway_may_lead_it_elsewhere() -> None:
    past = spokes(table("at", route(C, "None", name="away")), door=steered("10.0.9.0/27", "at"))
    found = asked(past, "one", "two")
    assert (found.verdict, found.labels) == ("unknown", {"semantics:R-15"})


def test_N_40_nobody_tells_what_a_group_at_the_gateway_does() -> None:
    guarded = {
        "addressPrefix": "10.0.9.0/27",
        "networkSecurityGroup": {"id": arm_id(NSG, "nsg")},
    }
    found = asked(spokes(nsg(deny("no", 100)), door=guarded), "one", "two")
    assert (found.verdict, found.labels) == ("unknown", {"semantics:R-15"})


def test_R_15_the_simulator_says_the_same_by_itself() -> None:
    def fates(network: Network) -> list[tuple[Fate, bool | None]]:
        ends = parse_address("10.1.0.4"), parse_address("10.2.0.4")
        packet = Packet(*ends, "tcp", 443, 49152)
        start = arm_id("Microsoft.Network/networkInterfaces", "one")
        return [(each.fate, each.returns) for each in simulate.replay(network, start, packet)]

    assert fates(spokes()) == [(Fate.DELIVERED, True)]
    assert fates(spokes(back="10.9.0.0/16")) == [(Fate.DELIVERED, False)]
    assert fates(spokes(uses=False)) == [(Fate.UNKNOWN, None)]


def test_R_15_a_reply_sent_to_the_gateway_for_its_own_network_is_no_contradiction() -> None:
    network = spokes(nic("three", "10.2.7.4", ("c", "other")), back="10.2.7.0/24", other=True)
    found = asked(network, "three", "two")
    assert (found.verdict, found.stops) == ("blocked", ["asymmetric-return"])


def test_R_15_an_endpoint_in_a_spoke_leaves_nothing_in_doubt() -> None:
    network = spokes(endpoint("db", "10.2.0.9", ("c", "app")))
    assert asked(network, "one", "two").verdict == "reachable"


@pytest.mark.parametrize("back", [A, "10.9.0.0/16"])
@pytest.mark.parametrize("guarded", [False, True])
def test_R_15_the_matrix_says_the_same(back: str, guarded: bool) -> None:
    home: Any = {"addressPrefix": "10.0.9.0/27"}
    if guarded:
        home["networkSecurityGroup"] = {"id": arm_id(NSG, "nsg")}
    network = spokes(nsg(), back=back, door=home)
    found = cells(network)
    assert found == one_by_one(network)
    apps = {pair: cell for pair, cell in found.items() if all(s.endswith("app") for s in pair[:2])}
    told = {cell.verdict.value for cell in apps.values()}
    assert ("reachable" in told) is (back == A and not guarded)


def test_R_24_a_route_of_ones_own_may_name_the_gateway_of_a_tunnel() -> None:
    """And the simulator agrees."""

    def side(name: str, prefix: str, table_name: str) -> Any:
        door, app = prefix.replace("0.0/16", "9.0/27"), prefix.replace("0.0/16", "0.0/24")
        return vnet(name, prefix, subnets={"app": steered(app, table_name), "GatewaySubnet": door})

    network = estate(
        side("a", A, "to-c"),
        side("c", C, "to-a"),
        gateway("gw-a", "a", enableBgp=False),
        gateway("gw-c", "c", enableBgp=False),
        link("ac", "gw-a", "gw-c"),
        link("ca", "gw-c", "gw-a"),
        table("to-c", route(C, "VirtualNetworkGateway", name="c")),
        table("to-a", route("0.0.0.0/0", "VirtualNetworkGateway", name="a")),
        nic("one", "10.1.0.4", ("a", "app")),
        nic("two", "10.2.0.4", ("c", "app")),
    )
    for pair in (("one", "two"), ("two", "one")):
        assert asked(network, *pair).verdict == "reachable"
