"""What a change opened, closed and moved."""

from __future__ import annotations

from typing import Any

from auditor.network.graph import Network
from auditor.reach.changes import Change, Turn, changes
from auditor.reach.space import share
from auditor.testing import arm_id, ask, estate, resource

from ...exposed import deny, nic, nsg, pip, rule, subnet, vnet
from ...networks import gateway, site, tunnel
from ...reaching import app_gateway, lb, lb_probe, lb_rule, ref
from ...routing import endpoint, route, table


def network(*rules: Any, public: str | None = None, address: str = "20.50.1.2") -> Network:
    return estate(
        nsg(*rules),
        nic("web", nsg="nsg", public=public),
        nic("db", subnet="data", address="10.0.1.4"),
        *([pip(public, address=address)] if public else []),
        vnet(subnet(), subnet("data", "10.0.1.0/24")),
    )


def compared(old: Network, new: Network) -> list[Change]:
    share(old, new)
    return list(changes(old, new))


def words(found: list[Change]) -> list[str]:
    return [f"{c.turn.value} {_name(c.source)}-{_name(c.target)}" for c in found]


def _name(text: str) -> str:
    parts = text.split("/")
    nic = "networkinterfaces"
    return parts[parts.index(nic) + 1] if nic in parts else parts[-1]


def test_nothing_changed() -> None:
    assert compared(network(rule("a", 100)), network(rule("another-name", 100))) == []


def test_a_rule_that_closes_narrows_and_one_that_opens_widens() -> None:
    everything, some = network(), network(deny("no", 100, "10.0.1.0/24", "22"))
    found = compared(everything, some)
    assert {c.turn.value for c in found} == {"narrowed"}
    assert all(c.gained.is_empty and not c.opened for c in found)
    lost = next(c for c in found if _name(c.source) == "db" or c.source.endswith("/data"))
    assert lost.witness_lost is not None
    assert lost.witness_lost.destination_port == 22
    assert {c.turn.value for c in compared(some, network())} == {"widened"}


def test_a_new_member_of_an_application_security_group_gains_what_its_rules_allow() -> None:
    group = ref("Microsoft.Network/applicationSecurityGroups", "clients")

    def members(*names: str) -> Network:
        nics = [nic("web"), nic("old", address="10.0.0.5")]
        for each in nics:
            if each["name"] in names:
                [one] = each["properties"]["ipConfigurations"]
                one["properties"]["applicationSecurityGroups"] = [group]
        clients = rule("clients", 100, ports="443")
        clients["properties"] |= {
            "sourceAddressPrefix": "",
            "sourceApplicationSecurityGroups": [group],
        }
        return estate(
            resource("Microsoft.Network/applicationSecurityGroups", "clients", {}),
            nsg(clients, deny("no", 200), name="data"),
            *nics,
            nic("db", subnet="data", address="10.0.1.4"),
            vnet(subnet(), subnet("data", "10.0.1.0/24", nsg="data")),
        )

    found = words(compared(members("old"), members("old", "web")))
    assert "gained web-data" in found
    assert not [each for each in found if "old" in each]
    assert "lost web-data" in words(compared(members("old", "web"), members("old")))


def test_a_public_address_is_a_path_gained() -> None:
    allowed = rule("https", 100, "Internet", "443")
    found = compared(network(allowed), network(allowed, public="pip"))
    first = found[0]
    assert (first.turn.value, first.source) == ("gained", "internet")
    assert first.witness_gained is not None
    assert str(first.witness_gained.destination) == "20.50.1.2"
    back = compared(network(allowed, public="pip"), network(allowed))
    assert words(back)[0] == "lost internet-web"


def test_another_entrance_for_the_same_is_a_move() -> None:
    allowed = rule("https", 100, "Internet", "443")
    found = compared(
        network(allowed, public="pip"), network(allowed, public="pip-2", address="20.50.1.3")
    )
    assert words(found)[0] == "moved internet-web"
    assert found[0].before is not None
    assert found[0].before.entrance is not None


def test_another_address_of_the_same_entrance_is_a_move() -> None:
    allowed = rule("https", 100, "52.10.0.0/16", "443")
    found = compared(
        network(allowed, public="pip"), network(allowed, public="pip", address="20.50.1.99")
    )
    assert words(found)[0] == "moved internet-web"
    before, after = found[0].witness_lost, found[0].witness_gained
    assert before is not None
    assert after is not None
    assert (str(before.destination), str(after.destination)) == ("20.50.1.2", "20.50.1.99")


def test_what_gets_in_by_another_entrance_as_something_else_did_not_move() -> None:
    """SSH from everywhere at a new address is no move of HTTPS from one network at the old one."""
    found = compared(
        network(rule("https", 100, "52.10.0.0/16", "443"), public="pip"),
        network(rule("ssh", 100, "Internet", "22"), public="pip-2", address="20.50.1.3"),
    )
    assert {word for word in words(found) if word.endswith("internet-web")} == {
        "gained internet-web", "lost internet-web",
    }  # fmt: skip


def test_a_rule_of_a_balancer_is_a_change() -> None:
    def balanced(port: int) -> Network:
        return estate(
            nic("web", subnet="data", address="10.0.1.4"),
            nic("app"),
            lb(lb_rule(front=port), public=False, members=["app"]),
            vnet(subnet(), subnet("data", "10.0.1.0/24")),
        )

    found = compared(balanced(443), balanced(444))
    assert {c.turn.value for c in found} == {"changed"}
    assert {c.target.rpartition("/")[2] for c in found} == {"front"}


def test_equal_sets_of_packets_are_the_same_object() -> None:
    one, other = network(rule("a", 100, ports="22")), network(rule("b", 500, ports=["22"]))
    share(one, other)
    from auditor.network.effective_rules import Direction
    from auditor.network.interfaces import find_interface
    from auditor.reach.filtering import admitted

    sets = [
        admitted(each, find_interface(each, "web"), Direction.INBOUND, 4) for each in (one, other)
    ]
    assert sets[0].may is sets[1].may
    assert sets[0].must is sets[1].must


def test_GOV_010_tells_what_opened_since() -> None:
    allowed = rule("https", 100, "Internet", "443")
    new = network(allowed, public="pip")
    assert ask("GOV-010", new).kept == 0  # nothing to compare with
    new = network(allowed, public="pip")
    new.before = network(allowed)
    share(new.before, new)
    answer = ask("GOV-010", new)
    assert answer.names == ["web"]
    [finding] = answer.broken
    assert finding.message.startswith("the internet now reaches web, and did not before (tcp")
    assert finding.evidence[0].pointer == "/properties/securityRules/0"
    new, new.before = network(), network(deny("no", 100))
    share(new.before, new)
    told = [each.message for each in ask("GOV-010", new).broken]
    assert told[0].startswith("vnet/app, vnet/data now reach web, and did not before (")
    new, new.before = without("", allowed), without("nsg", allowed)
    share(new.before, new)
    told = [each.message for each in ask("GOV-010", new).broken]
    assert told[0].startswith("web now reaches vnet/app, and before it could not be told (tcp")
    same = network(allowed)
    same.before = network(allowed, public="pip")
    share(same.before, same)
    assert ask("GOV-010", same).kept == 1


def inside(member: str, *listeners: tuple[str, int]) -> Network:
    """A gateway that answers in its network alone; db lets nobody in but the gateway."""
    return estate(
        pip("pip"),
        app_gateway(listeners=listeners or [("private", 443)], members=[member]),
        nic("web"),
        nic("db", subnet="data", address="10.0.2.4", nsg="shut"),
        nsg(deny("no", 100, "10.0.0.0/24"), name="shut"),
        vnet(subnet(), subnet("gw", "10.0.1.0/24"), subnet("data", "10.0.2.0/24")),
    )


def test_what_a_gateway_sends_on_inside_networks_is_a_change() -> None:
    found = compared(inside("10.9.9.9"), inside("10.0.2.4"))
    assert {each.turn.value for each in found} == {"gained"}
    assert {_name(each.target) for each in found} == {"db", "data"}
    assert all(each.via for each in found if each.source.endswith("/app"))
    assert "gained app-db" in words(found)


def test_a_gateway_is_the_same_however_its_id_is_spelled() -> None:
    def behind(*, upper: bool, member: str = "10.0.2.4") -> Network:
        agw = app_gateway(listeners=[("private", 443)], members=[member])
        return estate(
            pip("pip"),
            agw | {"id": agw["id"].upper() if upper else agw["id"]},
            nic("db", subnet="data", address="10.0.2.4"),
            vnet(subnet(), subnet("gw", "10.0.1.0/24"), subnet("data", "10.0.2.0/24")),
        )

    assert compared(behind(upper=False), behind(upper=True)) == []
    found = compared(behind(upper=False, member="10.9.9.9"), behind(upper=True))
    assert {each.via for each in found if each.via} == {
        (arm_id("Microsoft.Network/applicationGateways", "agw").upper(),)
    }


def test_a_port_on_which_a_gateway_answers_inside_networks_is_a_change() -> None:
    found = compared(inside("10.9.9.9"), inside("10.9.9.9", ("private", 443), ("private", 80)))
    gained = [each.witness_gained for each in found if each.source.endswith("/app")]
    assert [each.destination_port for each in gained if each is not None] == [80]


def test_a_probe_that_does_not_get_in_is_a_change() -> None:
    def balanced(**rule: Any) -> Network:
        return estate(
            nic("app", address="10.0.0.5", nsg="nsg"),
            nsg(deny("probes", 100, ports="8080")),
            lb(lb_rule(**rule), public=False, members=["app"], probes=[lb_probe(8080)]),
            vnet(subnet()),
        )

    probe = ref("Microsoft.Network/loadBalancers/probes", "lb", "probe")
    assert "lost app-front" in words(compared(balanced(), balanced(probe=probe)))


def test_where_a_private_link_service_leads_is_a_change() -> None:
    def linked(balancer: str) -> Network:
        front = ref("Microsoft.Network/loadBalancers/frontendIPConfigurations", balancer, "front")
        service = resource(
            "Microsoft.Network/privateLinkServices",
            "pls",
            {"loadBalancerFrontendIpConfigurations": [front]},
        )
        door = endpoint("pe", "10.0.1.9", ("vnet", "data"))
        [connection] = door["properties"]["privateLinkServiceConnections"]
        connection["properties"]["privateLinkServiceId"] = service["id"]
        return estate(
            service, door, nic("app", address="10.0.0.5"),
            lb(lb_rule(), public=False, members=["app"]),
            vnet(subnet(), subnet("data", "10.0.1.0/24")),
        )  # fmt: skip

    found = compared(linked("gone"), linked("lb"))
    assert found
    assert {_name(each.target) for each in found} == {"pe"}


def test_a_packet_that_changed_is_told_as_it_arrives_by_its_own_path() -> None:
    """The machine is asked straight as well: what a balancer sends on is another packet there."""

    def balanced(*rules: Any) -> Network:
        probe = ref("Microsoft.Network/loadBalancers/probes", "lb", "probe")
        return estate(
            nic("web", subnet="data", address="10.0.1.4"),
            nic("app"),
            lb(lb_rule(probe=probe), public=False, members=["app"], probes=[lb_probe(8443)]),
            nsg(rule("on", 100, "10.0.1.0/24", "8443"), *rules),
            vnet(subnet(nsg="nsg"), subnet("data", "10.0.1.0/24")),
        )

    found = compared(balanced(), balanced(deny("probes", 200, "AzureLoadBalancer")))
    change = next(
        c for c in found if c.source.endswith("/data") and "/networkinterfaces/" in c.target
    )
    assert change.before is not None
    assert change.witness_lost is not None
    assert change.witness_lost.destination_port == 443
    assert change.before.trail.frame.applied(change.witness_lost).destination_port == 8443


def test_what_the_filters_of_a_gateway_keep_from_those_behind_it_is_a_change() -> None:
    """Neither the client nor the machine behind the gateway changed."""

    def guarded(*rules: Any) -> Network:
        return estate(
            pip("pip"),
            app_gateway(listeners=[("private", 443)], members=["10.0.2.4"]),
            nic("web"),
            nic("db", subnet="data", address="10.0.2.4", nsg="shut"),
            nsg(deny("no", 100, "10.0.0.0/24"), name="shut"),
            nsg(*rules, name="gw"),
            vnet(
                subnet(),
                subnet("gw", "10.0.1.0/24", nsg="gw"),
                subnet("data", "10.0.2.0/24"),
            ),
        )

    found = compared(guarded(), guarded(deny("clients", 100, "10.0.0.0/24")))
    assert "lost app-db" in words(found)


def test_a_route_table_of_the_gateways_subnet_is_a_change_for_the_sites() -> None:
    """Sites come in where the table of the VPN gateway's subnet sends them."""

    def joined(*routes: Any) -> Network:
        steered: Any = {"routeTable": ref("Microsoft.Network/routeTables", "rt")}
        return estate(
            gateway("vpn", "vnet", enableBgp=False),
            site("office", "192.168.0.0/16"),
            tunnel("line", "vpn", "office"),
            table("rt", *routes),
            nic("web"),
            vnet(subnet(), subnet("GatewaySubnet", "10.0.9.0/27", **steered)),
        )

    drops = route("10.0.0.0/24", "None")
    assert "lost onprem-web" in words(compared(joined(), joined(drops)))
    assert "gained onprem-web" in words(compared(joined(drops), joined()))


def without(name: str, *rules: Any, **more: Any) -> Network:
    """The same export, of which one resource was not read."""
    group = [nsg(*rules)] if name != "nsg" else []
    return estate(
        *group,
        nic("web", nsg="nsg", **more),
        nic("db", subnet="data", address="10.0.1.4"),
        pip("pip", address="20.50.1.2"),
        vnet(subnet(), subnet("data", "10.0.1.0/24")),
    )


def test_a_path_that_can_no_longer_be_told_is_doubted_and_not_lost() -> None:
    allowed = rule("https", 100, "Internet", "443")
    found = compared(without("", allowed, public="pip"), without("nsg", public="pip"))

    from_internet = next(c for c in found if c.source == "internet")
    assert from_internet.turn is Turn.WIDENED  # what was blocked may arrive now
    assert from_internet.doubted.space is from_internet.gained.space
    doubtful = from_internet.witness_doubted
    assert doubtful is not None
    assert (doubtful.protocol, doubtful.destination_port) == ("tcp", 443)


def test_where_nothing_else_changed_the_doubt_is_the_change() -> None:
    everything = rule("all", 100, "*", "*", protocol="*")
    old, new = without("", everything), without("nsg")

    found = [c for c in compared(old, new) if c.source.endswith("/data")]
    assert {(c.turn, c.certain, c.opened) for c in found} == {(Turn.DOUBTED, False, False)}
    assert all(c.lost.is_empty and not c.doubted.is_empty for c in found)
    assert all(c.before is not None and c.after is not None for c in found)


def test_what_surely_arrives_now_and_only_may_have_before_is_confirmed() -> None:
    everything = rule("all", 100, "*", "*", protocol="*")
    found = compared(without("nsg"), without("", everything))

    assert all(c.doubted.is_empty for c in found)
    data = [c for c in found if c.source.endswith("/data")]
    assert {(c.turn, c.certain, c.opened) for c in data} == {(Turn.CONFIRMED, True, True)}
    assert all(c.surely_opened and c.witness_confirmed and c.confirming for c in data)


def test_what_is_confirmed_in_part_is_told_beside_what_is_lost() -> None:
    https = rule("https", 100, "Internet", "443")
    found = compared(without("nsg", public="pip"), without("", https, public="pip"))

    from_internet = next(c for c in found if c.source == "internet")
    assert (from_internet.turn, from_internet.certain) == (Turn.NARROWED, False)
    confirmed = from_internet.witness_confirmed
    assert confirmed is not None
    assert (confirmed.protocol, confirmed.destination_port) == ("tcp", 443)
    assert from_internet.surely_opened
