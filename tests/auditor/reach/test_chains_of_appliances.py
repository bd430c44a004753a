"""By appliances in a row, each of which names the next, between machines and to the internet."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from auditor.addresses import parse_address
from auditor.network.graph import Network
from auditor.reach.handed_on import handed_on
from auditor.reach.screening import callers
from auditor.testing import arm_id, estate

from ...exposed import NIC, NSG, PIP, nsg, pip, rule
from ...firewalls import FIREWALL, collection, firewall, group, nat_rule, network_rule, policy
from ...networks import nic, peer, subnet_id, vnet
from ...reaching import asked, point
from ...routing import endpoint, route, steered, subnet, table
from .test_matrix import cells, one_by_one

FLAGS: Any = {"allowVirtualNetworkAccess": True, "allowForwardedTraffic": True}
A, B = "10.100.0.0/16", "10.200.0.0/16"
SPACES = {"b": B, "hub2": "10.2.0.0/16", "hub3": "10.3.0.0/16"}
CLIENT = "52.10.0.7"
PORT = "3306"
"""Not 443, on which Azure Firewall always lets some names through."""


def row(
    hubs: int,
    *,
    shut: int = 0,
    strange: int = 0,
    untold: int = 0,
    taking: bool = True,
    always: tuple[int, ...] = (),
    nat: str = "",
    more: dict[int, Any] | None = None,
    beside: str = "",
    ring: bool = False,
) -> Network:
    """NIC a behind the first of some hubs, NIC b and an endpoint behind the last.

    Each hub has a firewall, which routes to that of the next what is for b and for the internet,
    and back what is for a and for the first. That of hub `shut` lets port 22 through only, in hub
    `strange` there is a NIC that forwards instead, and the policy of hub `untold` is not in the
    input. Unless `taking`, no hub takes what is only forwarded. The firewalls of hubs `always` put
    their own address in the source's place. `nat` is where the first firewall sends port 8080 to,
    `more` are routes of single hubs in the place of the usual ones. `beside` is a network that is
    peered with that of a as well, and in a `ring` the first hub is with the last.
    """
    flags = {**FLAGS, "allowForwardedTraffic": taking}
    resources: list[Any] = [
        vnet(
            "a",
            A,
            subnets={"app": steered("10.100.0.0/24", "of-a")},
            peers=[_to(1), *([peer(beside, SPACES[beside], **FLAGS)] if beside else [])],
        ),
        vnet(
            "b",
            B,
            subnets={"app": steered("10.200.0.0/24", "of-b"), "ends": "10.200.1.0/24"},
            peers=[_to(hubs), *([peer("a", A, **FLAGS)] if beside == "b" else [])],
        ),
        table("of-a", _by(1, "0.0.0.0/0"), _by(1, B)),
        table("of-b", _by(hubs, "0.0.0.0/0")),
        nic("na", "10.100.0.4", ("a", "app")),
        nic("nb", "10.200.0.4", ("b", "app")),
        endpoint("pe", "10.200.1.4", ("b", "ends")),
    ]
    for hub in range(1, hubs + 1):
        near = {hub - 1, hub + 1, *({1, hubs} if ring and hub in (1, hubs) else ())} - {hub}
        peers = [_to(other, **flags) for other in sorted(near) if 1 <= other <= hubs]
        peers += [peer("a", A, **FLAGS)] if hub == 1 or beside == f"hub{hub}" else []
        peers += [peer("b", B, **FLAGS)] if hub == hubs else []
        inside = {"AzureFirewallSubnet": steered(f"10.{hub}.0.0/26", f"at-{hub}")}
        resources.append(vnet(f"hub{hub}", f"10.{hub}.0.0/16", subnets=inside, peers=peers))
        routes = [_by(hub - 1, A)] if hub > 1 else []
        routes += [_by(hub - 1, "10.1.0.0/16")] if hub > 2 else []
        routes += [_by(hub + 1, p) for p in (B, "0.0.0.0/0")] if hub < hubs else []
        resources.append(table(f"at-{hub}", *(more or {}).get(hub, routes)))
        if hub == strange:
            resources += _stranger(hub)
        else:
            resources += _firewall(
                hub, "22" if hub == shut else PORT, nat if hub == 1 else "", hub in always
            )
    missing = {f"p{untold}", f"p{untold}/g"}
    return estate(*(each for each in resources if each["name"] not in missing))


def _to(hub: int, **flags: Any) -> Any:
    return peer(f"hub{hub}", f"10.{hub}.0.0/16", **(flags or FLAGS))


def _by(hub: int, prefix: str) -> Any:
    return route(prefix, "VirtualAppliance", f"10.{hub}.0.4")


def _stranger(hub: int) -> tuple[Any, ...]:
    place = (f"hub{hub}", "AzureFirewallSubnet")
    public = {"publicIPAddress": {"id": arm_id(PIP, "of-nva")}}
    more: Any = {"enableIPForwarding": True, "configuration": public}
    group: Any = {"networkSecurityGroup": {"id": arm_id(NSG, "nsg")}}
    return (
        nic("nva", f"10.{hub}.0.4", place, **more, **group),
        nsg(rule("any", 100, protocol="*")),
        pip("of-nva", arm_id(f"{NIC}/ipConfigurations", "nva", "primary"), address="20.60.1.1"),
    )


def _firewall(hub: int, ports: str, nat: str, always: bool) -> Iterator[Any]:
    settings = {
        "privateIPAddress": f"10.{hub}.0.4",
        "subnet": {"id": subnet_id(f"hub{hub}", "AzureFirewallSubnet")},
        "publicIPAddress": {"id": arm_id(PIP, f"ip{hub}")},
    }
    carrier = arm_id(f"{FIREWALL}/azureFirewallIpConfigurations", f"fw{hub}", "c")
    rules = [collection("ok", 200, "Allow", network_rule(f"by-{hub}", "*", "*", ports))]
    rules += [collection("in", 100, "Dnat", nat_rule("in", nat, f"20.50.1.{hub}"))] if nat else []
    yield firewall(f"fw{hub}", f"p{hub}", ipConfigurations=[{"name": "c", "properties": settings}])
    more: Any = {"snat": {"privateRanges": ["255.255.255.255/32"]}} if always else {}
    yield policy("g", name=f"p{hub}", **more)
    yield group("g", 100, *rules, in_=f"p{hub}")
    yield pip(f"ip{hub}", carrier, address=f"20.50.1.{hub}")


@pytest.mark.parametrize("hubs", [2, 3, 4])
def test_R_15_machines_meet_by_the_firewalls_of_all_hubs_between(hubs: int) -> None:
    found = asked(row(hubs), "na", "nb", PORT)
    assert found.verdict == "reachable"
    by = [step.rule for step in found.one.hops if step.code == "firewall"]
    assert by == [f"by-{hub}" for hub in range(1, hubs + 1)]


@pytest.mark.parametrize("shut", [1, 2, 3])
def test_E_22_each_firewall_of_a_row_has_to_let_it_through(shut: int) -> None:
    found = asked(row(3, shut=shut), "na", "nb", PORT)
    assert (found.verdict, found.stops) == ("blocked", ["firewall"])


def test_R_16_each_hub_of_a_row_has_to_take_what_is_forwarded() -> None:
    assert asked(row(3, taking=False), "na", "nb", PORT).verdict == "blocked"


def test_R_15_replies_have_to_come_by_each_firewall_of_a_row() -> None:
    lost = row(3, more={2: [_by(3, B)]})
    found = asked(lost, "na", "nb", PORT)
    assert (found.verdict, found.stops) == ("blocked", ["return-route"])


@pytest.mark.parametrize("beside", ["hub2", "hub3", "b"])
def test_P_11_replies_that_go_round_firewalls_of_a_row_are_in_doubt(beside: str) -> None:
    """Straight to the network of a, from whoever has them: whether firewalls mind is not told."""
    back = {} if beside == "b" else {int(beside[3]): [_by(3, B)] if beside == "hub2" else []}
    found = asked(row(3, more=back, beside=beside), "na", "nb", PORT)
    assert (found.verdict, found.labels) == ("unknown", {"semantics:P-11"})


def test_P_11_replies_that_go_round_the_firewalls_between_two_of_a_row_are_in_doubt() -> None:
    """To the own address of the first, which the last has a peering with."""
    near = {3: [_by(2, A)]}
    found = asked(row(3, always=(1,), more=near, ring=True), "na", "nb", PORT)
    assert (found.verdict, found.labels) == ("unknown", {"semantics:P-11"})
    assert asked(row(3, always=(1,), ring=True), "na", "nb", PORT).verdict == "reachable"


def test_P_11_what_firewalls_do_with_replies_that_never_get_to_them_is_no_matter() -> None:
    """These go straight to a, whatever the first hub's routes do to what is for it."""
    lost = {1: [_by(2, B), route(A, "None")]}
    found = asked(row(3, more=lost, beside="b"), "na", "nb", PORT)
    assert (found.verdict, found.labels) == ("unknown", {"semantics:P-11"})


@pytest.mark.parametrize("strange", [1, 2, 3])
def test_R_11_an_appliance_of_a_row_of_which_nothing_is_told_leaves_it_in_doubt(
    strange: int,
) -> None:
    found = asked(row(3, strange=strange), "na", "nb", PORT)
    assert (found.verdict, found.labels) == ("unknown", {"nva:nva"})


def test_R_5_firewalls_that_hand_round_what_they_get_deliver_nothing() -> None:
    assert asked(row(3, more={2: [_by(1, B), _by(1, A)]}), "na", "nb", PORT).verdict == "blocked"


@pytest.mark.parametrize("hubs", [1, 3])
def test_P_11_an_endpoint_answers_firewalls_that_put_their_own_address(hubs: int) -> None:
    assert asked(row(hubs, always=(1, 2, 3)), "na", "pe", PORT).verdict == "reachable"
    found = asked(row(hubs), "na", "pe", PORT)
    assert (found.verdict, found.labels) == ("unknown", {"semantics:P-11"})


@pytest.mark.parametrize("given", [{}, {"shut": 2}, {"strange": 2}, {"taking": False}])
def test_the_matrix_says_the_same_of_three_firewalls(given: dict[str, Any]) -> None:
    assert cells(row(3, **given)) == one_by_one(row(3, **given))


@pytest.mark.parametrize("hubs", [1, 2, 3])
def test_E_24_a_machine_leaves_by_the_last_firewall_of_a_row(hubs: int) -> None:
    found = asked(row(hubs), "na", CLIENT, PORT)
    assert found.verdict == "reachable"
    assert f"20.50.1.{hubs}" in found.step("egress").says


@pytest.mark.parametrize("shut", [1, 2])
def test_E_22_each_of_two_firewalls_has_to_let_out_what_leaves(shut: int) -> None:
    found = asked(row(2, shut=shut), "na", CLIENT, PORT)
    assert (found.verdict, found.stops) == ("blocked", ["firewall"])


@pytest.mark.parametrize("strange", [1, 2])
def test_R_11_an_appliance_before_or_behind_a_firewall_leaves_in_doubt_what_gets_out(
    strange: int,
) -> None:
    found = asked(row(2, strange=strange), "na", CLIENT, PORT)
    assert (found.verdict, found.labels) == ("unknown", {"nva:nva"})


@pytest.mark.parametrize("untold", [1, 2])
def test_U_2_a_firewall_whose_policy_is_not_told_leaves_in_doubt_what_gets_out(
    untold: int,
) -> None:
    assert asked(row(2, untold=untold), "na", CLIENT, PORT).verdict == "unknown"


def test_R_10_a_second_firewall_that_drops_what_leaves_is_the_end_of_it() -> None:
    assert (
        asked(row(2, more={2: [route("0.0.0.0/0", "None")]}), "na", CLIENT, PORT).verdict
        == "blocked"
    )


@pytest.mark.parametrize("hubs", [2, 3])
def test_E_23_what_a_firewall_translates_goes_on_by_those_that_its_routes_name(hubs: int) -> None:
    """As whom it goes on is in doubt; the firewalls behind let anybody through."""
    found = asked(row(hubs, nat="10.200.0.4:3306", more={1: [_by(2, B)]}), CLIENT, "nb", 8080)
    assert (found.verdict, found.labels) == ("unknown", {"semantics:E-23"})
    assert [step.rule for step in found.one.hops if step.code == "firewall"][-1:] == [f"by-{hubs}"]


def test_E_22_what_a_firewall_translates_is_stopped_by_the_next() -> None:
    found = asked(row(2, nat="10.200.0.4:3306", shut=2), CLIENT, "nb", 8080)
    assert (found.verdict, found.stops) == ("blocked", ["firewall"])


def test_R_11_what_an_appliance_brings_in_goes_on_by_a_firewall_that_routes_lead_to() -> None:
    """Nobody tells whether it brings in anything; the firewall behind it may be the end of it."""
    there = {1: [_by(2, B)]}
    back = {**there, 2: [_by(1, "0.0.0.0/0")]}
    assert asked(row(2, strange=1, more=back), CLIENT, "nb", PORT).verdict == "unknown"
    # In its own name, to which replies get back by the firewall.
    assert asked(row(2, strange=1, more=there), CLIENT, "nb", PORT).verdict == "unknown"
    assert asked(row(2, strange=1), CLIENT, "nb", PORT).verdict == "blocked"
    assert asked(row(2, strange=1, shut=2, more=back), CLIENT, "nb", PORT).verdict == "unknown"


@pytest.mark.parametrize("hubs", [1, 2, 3, 4])
def test_R_15_whoever_is_behind_a_row_of_hubs_is_among_those_who_may_call(hubs: int) -> None:
    network = row(hubs)
    found = {each.id for each in callers(network, (point(network, "nb"),), int(PORT))}
    assert {subnet_id("a", "app"), subnet_id("b", "app")} <= found


def test_R_15_behind_a_hub_that_hands_nothing_over_nobody_calls() -> None:
    """What for it hands over is not asked here: paths tell."""
    for routes, heard in (([_by(2, "10.9.0.0/16")], True), ([], False)):
        network = row(3, more={1: routes})
        found = {each.id for each in callers(network, (point(network, "nb"),), int(PORT))}
        assert (subnet_id("a", "app") in found) is heard


def test_R_15_what_appliances_in_a_row_put_in_the_sources_place_counts_as_well() -> None:
    """The last of them is the one that the machine sees, and its group lets in."""
    network = row(2, strange=2)
    own = subnet(network, "app", "a")
    assert parse_address("10.2.0.4") in handed_on(network, own)
    assert handed_on(network, own) == (parse_address("10.1.0.4"), parse_address("10.2.0.4"))
