"""GW-023: listeners that the subnet's security group closes, and the way out of a gateway."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.network.gateway_subnets import OWN_DELEGATION
from auditor.testing import Answer, arm_id, ask, estate, resource

from ...exposed import NSG, PIP, deny, nsg, rule
from ...guarded import out, out_deny
from ..gateways import HOME, NAME, PUBLIC_IP, gateway, home, listener, path_map, told
from ..gateways import ref as part_ref
from ..gateways import rule as routing

DENY = deny("no", 4096)
WEB = rule("web", 100, "Internet", "443")
AGW = "Microsoft.Network/applicationGateways"
SHOP = arm_id(AGW, NAME)
PUBLIC = listener("web", protocol="Https"), routing("web", "web", pool="p")
PRIVATE = (
    listener("inside", protocol="Https", frontend="private"),
    routing("inside", "inside", pool="p"),
)
TABLE = arm_id("Microsoft.Network/routeTables", "rt")


def address(text: str | None = "20.50.2.4") -> dict[str, Any]:
    return resource(PIP, "pip-shop", {"ipAddress": text} if text else {})


def guarded(**more: Any) -> dict[str, Any]:
    return home(networkSecurityGroup={"id": arm_id(NSG, "nsg")}, **more)


def judged(*rules: Any, made: Any = None, clients: tuple[str, ...] = (), **more: Any) -> Answer:
    """Ask about a gateway with a public listener on 443 in a subnet with these rules."""
    network = estate(guarded(**more), nsg(*rules), made or gateway(*PUBLIC), address())
    return ask("GW-023", network, clients=clients)


def keys(answer: Answer) -> list[str]:
    return [finding.key for finding in answer.broken]


def test_A_10_a_listener_that_lets_nobody_in_is_told() -> None:
    made = guarded(), nsg(rule("web", 100, "Internet", "80"), DENY), gateway(*PUBLIC), address()

    (finding,) = ask("GW-023", estate(*made)).broken

    assert finding.subject == SHOP
    assert finding.key == "public:443"
    assert finding.message == (
        "no of nsg keeps every client from port 443 of agw-shop at public (web)"
    )
    assert finding.remedy.endswith(
        "--source-address-prefixes Internet --destination-port-ranges 443"
    )
    assert told(finding, *made)


@pytest.mark.parametrize(
    ("source", "ports"),
    [("Internet", "443"), ("*", "*"), ("198.51.100.0/24", "443"), ("20.1.0.0/16", "400-500")],
)
def test_somebody_is_enough(source: str, ports: str) -> None:
    assert judged(rule("web", 100, source, ports), DENY).kept == 1


@pytest.mark.parametrize("tag", ["AzureFrontDoor.Backend", "AzureCloud", "azurefrontdoor.backend"])
def test_the_machines_of_a_service_are_somebody(tag: str) -> None:
    assert judged(rule("web", 100, tag, "443"), DENY).kept == 1


@pytest.mark.parametrize("source", ["VirtualNetwork", "10.0.0.0/8", "AzureLoadBalancer"])
def test_neighbours_are_no_clients_of_a_public_listener(source: str) -> None:
    assert keys(judged(rule("web", 100, source, "443"), DENY)) == ["public:443"]


def test_the_manager_is_no_client() -> None:
    answer = judged(rule("all", 100, "GatewayManager", "*"), DENY)
    assert answer.kept == 0


def test_N_10_the_default_rules_let_in_neighbours_only() -> None:
    assert keys(judged()) == ["public:443"]
    assert judged(made=gateway(*PRIVATE)).kept == 1


def test_a_private_listener_is_for_any_machine() -> None:
    private = gateway(*PRIVATE)
    (finding,) = judged(rule("own", 100, "10.0.1.0/24", "443"), DENY, made=private).broken

    assert finding.key == "private:443"
    assert "--source-address-prefixes VirtualNetwork " in finding.remedy
    assert judged(rule("in", 100, "10.9.0.0/16", "443"), DENY, made=private).kept == 1
    assert judged(rule("in", 100, "AzureLoadBalancer", "*"), DENY, made=private).kept == 0


def test_ports_that_serve_nothing_are_not_asked_for() -> None:
    assert judged(DENY, made=gateway()).kept == 1
    assert judged(DENY, made=gateway(listener("idle"))).kept == 1


def test_ports_that_one_rule_closes_are_told_once() -> None:
    both = gateway(*PUBLIC, listener("plain"), routing("plain", "plain", pool="p"))
    (finding,) = judged(DENY, made=both).broken

    assert finding.key == "public:80,443"
    assert finding.message == (
        "no of nsg keeps every client from ports 80, 443 of agw-shop at public (plain, web)"
    )
    assert "--name AllowClients-80-Internet " in finding.remedy
    assert finding.remedy.endswith(
        "--source-address-prefixes Internet --destination-port-ranges 80 443"
    )
    assert told(finding, guarded(), nsg(DENY), both, address())
    assert keys(judged(WEB, DENY, made=both)) == ["public:80"]


def test_ports_that_two_rules_close_are_told_apart() -> None:
    both = gateway(*PUBLIC, listener("plain"), routing("plain", "plain", pool="p"))
    found = judged(deny("one", 100, "*", "80"), DENY, made=both).broken

    assert [each.key for each in found] == ["public:80", "public:443"]
    assert [each.message.split()[0] for each in found] == ["one", "no"]


def test_ports_at_two_frontends_and_of_two_clients_are_told_apart() -> None:
    inside = listener("in", frontend="private", port=8443), routing("in", "in", pool="p")
    made = gateway(*PUBLIC, listener("plain"), routing("plain", "plain", pool="p"), *inside)

    assert sorted(keys(judged(DENY, made=made))) == ["private:8443", "public:80,443"]
    some = judged(DENY, made=made, clients=("AzureCloud", "51.2.3.0/24"))
    assert sorted(keys(some)) == [
        "private:8443",
        "public:80,443 51.2.3.0/24",
        "public:80,443 AzureCloud",
    ]
    priorities = [each.remedy.split("--priority ")[1].split()[0] for each in some.broken]
    assert len(set(priorities)) == 3


def test_a_port_for_challenges_is_told_apart_as_another_rule_tells_of_it() -> None:
    acme = {"paths": ["/.well-known/acme-challenge/*"]}
    pool = {"backendAddressPool": part_ref("backendAddressPools", "p")}
    default = {"defaultBackendAddressPool": part_ref("backendAddressPools", "p")}
    made = gateway(
        *PUBLIC,
        listener("plain"),
        routing("plain", "plain", path_map="map"),
        path_map("map", default, acme={**acme, **pool}),
    )
    network = estate(guarded(), nsg(DENY), made, address())

    assert keys(ask("GW-023", network)) == ["public:80", "public:443"]
    assert keys(ask("GW-023", network, beside=["TLS-018"])) == ["public:443"]


def test_each_command_has_its_own_name_and_priority() -> None:
    clients = ("AzureFrontDoor.Backend", "51.2.3.0/24")
    found = judged(DENY, made=gateway(*PUBLIC), clients=clients).broken
    names = [each.remedy.split("--name ")[1].split()[0] for each in found]
    priorities = [each.remedy.split("--priority ")[1].split()[0] for each in found]

    assert names == ["AllowClients-443-AzureFrontDoor.Backend", "AllowClients-443-51.2.3.0-24"]
    assert len(set(priorities)) == len(found)


def test_a_command_writes_over_no_rule() -> None:
    mine = rule("allowclients-443-internet", 100, "Internet", "80")
    (finding,) = judged(mine, DENY, made=gateway(*PUBLIC)).broken

    assert "--name AllowClients-443-Internet-2 " in finding.remedy


def test_A_11_a_port_at_both_frontends_is_seen_at_their_addresses() -> None:
    both = gateway(*PUBLIC, *PRIVATE)
    to_subnet = rule("web", 100, "*", "443", destinationAddressPrefix="10.0.1.0/24")
    to_front = rule("web", 100, "*", "443", destinationAddressPrefix="20.50.2.4")

    assert keys(judged(to_subnet, DENY, made=both)) == ["public:443"], "10.0.1.10 is in the subnet"
    assert keys(judged(to_front, DENY, made=both)) == ["private:443"]
    assert judged(to_subnet, DENY).kept == 1
    assert judged(rule("web", 100, "*", "443"), DENY, made=both).kept == 1


def test_A_11_a_listener_without_a_rule_may_share_the_port() -> None:
    both = gateway(*PUBLIC, PRIVATE[0])
    to_subnet = rule("web", 100, "*", "443", destinationAddressPrefix="10.0.1.0/24")
    to_front = rule("web", 100, "*", "443", destinationAddressPrefix="20.50.2.4")

    for rules in (to_subnet, to_front):
        (unknown,) = judged(rules, DENY, made=both).unknown
        assert "whether rules see frontends of" in unknown.missing
    assert judged(rule("web", 100, "*", "443"), DENY, made=both).kept == 1
    assert keys(judged(rule("web", 100, "*", "80"), DENY, made=both)) == ["public:443"]


def test_A_11_an_address_that_is_not_told_is_unknown() -> None:
    both = gateway(*PUBLIC, *PRIVATE)
    answer = ask("GW-023", estate(guarded(), nsg(WEB, DENY), both, address(None)))
    assert [unknown.key for unknown in answer.unknown] == ["public:443"]


def test_N_22_internet_alone_beside_a_default_route_is_unknown() -> None:
    def routed(*rules: Any, hop: str = "Internet") -> Answer:
        route = {"name": "all", "properties": {"addressPrefix": "0.0.0.0/0", "nextHopType": hop}}
        table = resource("Microsoft.Network/routeTables", "rt", {"routes": [route]})
        made = guarded(routeTable={"id": TABLE}), nsg(*rules), gateway(*PUBLIC), address(), table
        return ask("GW-023", estate(*made))

    answer = routed(WEB, DENY)
    assert ([u.key for u in answer.unknown], answer.broken) == (["public:443"], [])
    assert "semantics:N-22" in answer.unknown[0].missing
    assert routed(WEB).kept == 1, "the default rule lets in what Internet does not hold"
    assert routed(rule("web", 100, "*", "443"), DENY).kept == 1
    assert routed(rule("web", 100, "0.0.0.0/0", "443"), DENY).kept == 1


def test_clients_that_are_named_must_get_in() -> None:
    some = rule("some", 100, "198.51.100.0/25", "443")
    whole = rule("whole", 100, "198.51.100.0/24", "443")

    assert judged(whole, DENY, clients=("198.51.100.0/24",)).kept == 1
    assert keys(judged(DENY, clients=("198.51.100.0/24",))) == ["public:443 198.51.100.0/24"]
    (partly,) = judged(some, DENY, clients=("198.51.100.0/24",)).broken
    assert partly.key == "public:443 198.51.100.0/24"
    assert "no of nsg keeps a part of 198.51.100.0/24 from port 443" in partly.message


def test_of_a_client_whose_part_may_be_let_in_it_is_not_told() -> None:
    tagged = rule("tagged", 100, "AzureFrontDoor.Backend", "443")
    answer = judged(tagged, DENY, clients=("198.51.100.0/24",))
    assert ([u.key for u in answer.unknown], answer.broken) == (["public:443 198.51.100.0/24"], [])
    assert "service-tag" in answer.unknown[0].missing


def test_clients_may_be_service_tags() -> None:
    door = rule("door", 100, "AzureFrontDoor.Backend", "443")

    assert judged(door, DENY, clients=("AzureFrontDoor.Backend",)).kept == 1
    (finding,) = judged(WEB, deny("no-door", 90, "*", "443"),
                        clients=("AzureFrontDoor.Backend",)).broken  # fmt: skip
    assert "no-door of nsg keeps AzureFrontDoor.Backend from port 443" in finding.message
    assert judged(WEB, DENY, clients=("Internet",)).kept == 1
    assert judged(door, DENY, clients=("Internet",)).kept == 0


def test_clients_are_those_of_public_listeners() -> None:
    inside = rule("in", 100, "10.9.0.0/16", "443")
    assert judged(inside, DENY, made=gateway(*PRIVATE), clients=("Internet",)).kept == 1


def test_a_frontend_with_private_link_is_unknown() -> None:
    linked = [
        {
            "name": "private",
            "properties": {
                "privateIPAddress": "10.0.1.10",
                "subnet": {"id": HOME},
                "privateLinkConfiguration": {
                    "id": arm_id(f"{AGW}/privateLinkConfigurations", NAME, "link")
                },
            },
        },
        {"name": "public", "properties": {"publicIPAddress": {"id": PUBLIC_IP}}},
    ]
    answer = judged(DENY, made=gateway(*PRIVATE, frontendIPConfigurations=linked))
    assert "Private Link" in answer.unknown[0].missing


def test_A_10_the_way_out_may_not_be_denied() -> None:
    answer = judged(WEB, out_deny("no-internet", 200, "Internet"))

    (finding,) = answer.broken
    assert (finding.key, finding.subject) == ("out", HOME)
    assert finding.message == (
        "no-internet of nsg keeps agw-shop in snet-gateway from the internet"
    )
    assert "--direction Outbound" in finding.remedy
    assert "--destination-address-prefixes Internet" in finding.remedy


@pytest.mark.parametrize(
    ("rules", "broken", "unknown"),
    [
        ([out_deny("all", 4096)], 1, 0),
        ([out_deny("mail", 100, "Internet", destinationPortRange="25")], 0, 0),
        ([out("https", 100, "Internet", "443"), out_deny("all", 4096)], 0, 0),
        ([out("https", 100, "Internet", "80"), out_deny("all", 4096)], 1, 0),
        ([out("vault", 100, "AzureKeyVault", "443"), out_deny("all", 4096)], 0, 1),
        ([out("some", 100, "20.0.0.0/8", "443"), out_deny("all", 4096)], 0, 1),
    ],
)
def test_443_is_what_must_get_out(rules: list[Any], broken: int, unknown: int) -> None:
    answer = judged(WEB, *rules)
    assert (len(answer.broken), len(answer.unknown)) == (broken, unknown)


def test_A_5_isolated_gateways_may_stay_in() -> None:
    delegated = [{"name": "own", "properties": {"serviceName": OWN_DELEGATION}}]
    assert judged(WEB, out_deny("all", 4096), delegations=delegated).kept == 1


def test_no_group_is_kept_and_one_that_is_not_here_unknown() -> None:
    assert ask("GW-023", estate(home(), gateway(*PUBLIC))).kept == 1
    answer = ask("GW-023", estate(guarded(), gateway(*PUBLIC)))
    assert ([u.key for u in answer.unknown], answer.broken) == (["out", "public:443"], [])


def test_listeners_that_are_not_told_are_unknown_where_there_is_a_group() -> None:
    lost = gateway(listener("web", frontendPort=None), routing("web", "web", pool="p"))
    assert [u.key for u in judged(WEB, DENY, made=lost).unknown] == ["listeners"]
    assert ask("GW-023", estate(home(), lost)).kept == 1
