"""Intents judged: kept, broken by a packet, or not told."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.finding import Location
from auditor.intent import read_intent
from auditor.network.graph import Network
from auditor.reach.intent_states import states
from auditor.reach.intents import Judgement, judgements
from auditor.testing import arm_id, ask, estate, resource

from ...exposed import SUBNET, deny, nic, nsg, pip, rule, subnet, vnet
from ...networks import gateway
from ...reaching import app_gateway, lb, scale_set
from ...routing import endpoint

HERE = Location("auditor.toml", 7, "/intent/0")


def intent(expect: str, to: Any = "name:db", from_: Any = "name:web", **more: Any) -> Any:
    table = {"name": "the intent", "from": from_, "to": to, "expect": expect, **more}
    return read_intent(table, HERE)


def network(*rules: Any, intents: Any = (), more: Any = (), **kinds: Any) -> Network:
    return estate(
        nsg(*rules),
        nic("web", **kinds),
        nic("db", subnet="data", address="10.0.1.4"),
        vnet(subnet(), subnet("data", "10.0.1.0/24", nsg="nsg")),
        *more,
        intents=intents,
    )


def judged(expect: str, *rules: Any, **more: Any) -> Judgement:
    [found] = judgements(network(*rules, intents=(intent(expect, **more),)))
    return found


@pytest.mark.parametrize(
    ("expect", "rules", "outcome"),
    [
        ("reachable", [], "kept"),
        ("reachable", [deny("no", 100)], "broken"),
        ("unreachable", [], "broken"),
        ("unreachable", [deny("no", 100)], "kept"),
    ],
)
def test_both_ways(expect: str, rules: list[Any], outcome: str) -> None:
    assert judged(expect, *rules).outcome.value == outcome


def test_every_port_that_is_named_must_be_reached() -> None:
    some = [rule("web", 100, ports="443"), deny("rest", 200)]
    assert judged("reachable", *some, ports=443).outcome.value == "kept"
    lacking = judged("reachable", *some, ports=[443, 8443])
    assert lacking.outcome.value == "broken"
    assert [str(answer.ports) for answer in lacking.answers] == ["8443"]


def test_without_ports_any_will_do() -> None:
    assert judged("reachable", rule("web", 100, ports="443"), deny("rest", 200)).outcome.value == (
        "kept"
    )


@pytest.mark.parametrize(
    ("expect", "rules", "rule_id"),
    [("unreachable", [], "EXP-010"), ("reachable", [deny("no", 100)], "EXP-011")],
)
def test_the_subnet_of_a_gateway_whose_address_is_not_told_is_one_source(
    expect: str, rules: list[Any], rule_id: str
) -> None:
    inside = subnet("GatewaySubnet", "10.0.9.0/27"), subnet("data", "10.0.1.0/24", nsg="nsg")
    told = estate(
        nsg(*rules),
        nic("db", subnet="data", address="10.0.1.4"),
        vnet(*inside),
        gateway("vpn", "vnet"),
        intents=(intent(expect, from_="subnet:vnet/GatewaySubnet"),),
    )

    (finding,) = ask(rule_id, told).broken

    assert "vpn to db is" in finding.message


def test_the_counterexample_is_a_packet_with_its_hops() -> None:
    [state] = states(network(intents=(intent("unreachable"),)))
    assert (state.name, state.expect, state.outcome) == ("the intent", "unreachable", "broken")
    assert state.witness == {
        "source": "10.0.0.4",
        "destination": "10.0.1.4",
        "protocol": "tcp",
        "sourcePort": 49152,
        "destinationPort": 443,
    }
    assert [hop.reason for hop in state.hops] == [
        "nsg-outbound", "route", "nsg-inbound", "return-route",
    ]  # fmt: skip
    assert state.message == "web to db is reachable (tcp 10.0.0.4 to 10.0.1.4:443)"


def test_only_names_whatever_else_is_reached() -> None:
    assert judged("only", to=["name:db", "internet"]).outcome.value == "kept"
    found = judged("only", to="name:db")
    assert (found.outcome.value, [a.target.id for a in found.answers]) == ("unknown", ["internet"])
    shut = judged("only", to="internet")
    assert [a.target.id.rpartition("/")[2] for a in shut.answers] == ["primary"]


DATABASES = "Microsoft.DBforMySQL/flexibleServers"
DELEGATED = {"delegations": [{"properties": {"serviceName": DATABASES}}]}
APPS = {"delegations": [{"properties": {"serviceName": "Microsoft.Web/serverFarms"}}]}


@pytest.mark.parametrize(
    ("name", "settings", "outcome", "label"),
    [
        ("later", {}, "broken", ""),
        ("AzureBastionSubnet", {}, "unknown", "nobody-listed"),
        ("AzureBastionSubnet", {"ipConfigurations": []}, "kept", ""),
        ("mysql", DELEGATED, "unknown", "paas-injected"),
        ("apps", APPS, "kept", ""),  # App Service only sends (D-12)
    ],
)
def test_D_9_a_subnet_that_takes_no_machines_breaks_no_intent_by_any_machine(
    name: str, settings: Any, outcome: str, label: str
) -> None:
    """By the address it was unknown, and the intent was broken all the same."""
    here = estate(
        nic("web"),
        nic("db", address="10.0.0.5"),
        vnet(subnet(), subnet(name, "10.0.9.0/26", **settings)),
        intents=(intent("only", to=["name:db", "internet"]),),
    )
    [found] = judgements(here)
    assert found.outcome.value == outcome
    assert {reason.label for reason in found.reasons} == ({label} if label else set())


@pytest.mark.parametrize(
    ("expect", "to"),
    [
        ("unreachable", "name:shop"),
        ("unreachable", "subnet:vnet/mysql"),
        ("unreachable", "10.0.9.0/27"),
        ("only", ["name:other", "internet"]),
    ],
)
@pytest.mark.parametrize("shut", [False, True])
def test_L_21_a_database_in_a_subnet_of_its_own_breaks_an_intent(
    expect: str, to: Any, shut: bool
) -> None:
    """It is there, whoever else cannot be."""
    place = arm_id(SUBNET, "vnet", "mysql")
    here = estate(
        nic("web"),
        nic("other", address="10.0.0.5"),
        nsg(*([deny("no", 100)] if shut else []), name="data"),
        vnet(subnet(), subnet("mysql", "10.0.9.0/26", nsg="data", **DELEGATED)),
        resource(DATABASES, "shop", {"network": {"delegatedSubnetResourceId": place}}),
        intents=(intent(expect, to=to),),
    )
    [found] = judgements(here)
    assert found.outcome.value == ("kept" if shut else "broken")


@pytest.mark.parametrize(("to", "outcome"), [("name:vmss", "kept"), ("name:db", "broken")])
def test_E_2b_only_a_scale_set_is_only_its_listed_instances(to: str, outcome: str) -> None:
    """They are not somebody else who is reached besides."""
    listed = nic("model", address="10.0.0.9")
    owner = arm_id("Microsoft.Compute/virtualMachineScaleSets/virtualMachines", "vmss", "0")
    listed["id"] = f"{owner}/networkInterfaces/model"
    here = estate(
        nsg(deny("all", 100)),
        nic("web"),
        nic("db", subnet="data", address="10.0.1.4"),
        scale_set(sku={"capacity": 1}),
        listed,
        lb(members=()),
        vnet(subnet(), subnet("data", "10.0.1.0/24", nsg="nsg")),
        intents=(intent("only", to=[to, "internet"]),),
    )
    assert judgements(here)[0].outcome.value == outcome


def test_the_ports_of_only_are_what_may_be_reached() -> None:
    """Nothing but these: neither another port there, nor any port of anybody else."""

    def public(ports: Any, *rules: Any, other: Any = "") -> Judgement:
        network = estate(
            nsg(*rules),
            nsg(*([rule("ssh", 100, ports=other)] if other else []), name="other"),
            nic("web", public="pip", nsg="nsg"),
            nic("api", public="pip-2", nsg="other", address="10.0.0.5"),
            pip("pip"),
            pip("pip-2", address="20.50.1.9"),
            vnet(subnet()),
            intents=(intent("only", to="name:web", from_="internet", ports=ports),),
        )
        [found] = judgements(network)
        return found

    https, ssh = rule("https", 100, ports="443"), rule("ssh", 110, ports="22")
    assert public(443, https).outcome.value == "kept"
    assert public([22, 443], https, ssh).outcome.value == "kept"
    there = public(443, https, ssh)
    assert (there.outcome.value, [str(a.ports) for a in there.answers]) == ("broken", ["22"])
    elsewhere = public(443, https, other="22")
    assert (elsewhere.outcome.value, [str(a.ports) for a in elsewhere.answers]) == (
        "broken", ["22"],
    )  # fmt: skip


def fronted(*intents: Any, **gateway: Any) -> Network:
    """The internet reaches the gateway, and the gateway reaches web."""
    return estate(
        nsg(rule("https", 100, "Internet", "443"), name="gw"),
        nic("web"),
        pip("pip"),
        app_gateway(**gateway),
        vnet(subnet(), subnet("gw", "10.0.1.0/26", nsg="gw")),
        intents=intents,
    )


def test_what_a_gateway_sends_on_is_its_own() -> None:
    only = intent("only", to="name:agw", from_="internet", protocol="any")
    out = intent("unreachable", to="name:web", from_="internet")
    through = intent("reachable", to="name:web", from_="internet", ports=443)
    found = judgements(fronted(only, out, through))
    assert [each.outcome.value for each in found] == ["kept", "kept", "kept"]


def test_a_promise_that_a_gateway_breaks_names_what_stops_it_there() -> None:
    promise = intent("reachable", "name:web", "internet", ports=443)
    [kept] = judgements(fronted(promise))
    assert kept.outcome.value == "kept"
    [broken] = judgements(fronted(promise, operationalState="Stopped"))
    [answer] = broken.answers
    assert [(step.code, step.opening) for step in answer.blockers] == [
        ("gateway-stopped", "start agw")
    ]


def test_only_the_gateway_is_public_and_yet_a_machine_is() -> None:
    only = intent("only", to="name:agw", from_="internet", protocol="any")
    exposed = estate(
        nsg(rule("ssh", 100, ports="22")),
        nic("web", public="pip-2", nsg="nsg"),
        pip("pip-2", address="20.50.1.9"),
        pip("pip"),
        app_gateway(),
        vnet(subnet(), subnet("gw", "10.0.1.0/26")),
        intents=(only,),
    )
    [found] = judgements(exposed)
    assert found.outcome.value == "broken"
    assert [str(a.ports) for a in found.answers if a.protocol == "tcp"] == ["22"]


def test_a_selector_that_fits_nothing_is_no_green_answer() -> None:
    found = judged("unreachable", to="name:typo")
    assert (found.outcome.value, found.reasons[0].label) == ("unknown", "nothing-selected")


def test_the_rules_say_what_became_of_intents() -> None:
    wanted, unwanted = intent("reachable"), intent("unreachable")
    shut = network(deny("no", 110), intents=(wanted, unwanted))
    assert ask("EXP-010", shut).kept == 1
    [finding] = ask("EXP-011", shut).broken
    assert finding.subject.endswith("/networkInterfaces/db")
    assert "the intent the intent is broken: web to db is blocked" in finding.message
    assert finding.remedy.startswith("add an inbound Allow rule for TCP from 10.0.0.4")
    assert finding.evidence[0].pointer == "/properties/securityRules/0"
    opened = network(intents=(wanted, unwanted))
    assert ask("EXP-011", opened).kept == 1
    [finding] = ask("EXP-010", opened).broken
    assert finding.witness is not None
    assert "auditor.toml line 7" in finding.remedy


def test_what_is_not_told_is_unknown() -> None:
    network_ = estate(
        nic("web"),
        nic("db", subnet="data", address="10.0.1.4"),
        vnet(subnet(), subnet("data", "10.0.1.0/24", nsg="gone")),
        intents=(intent("reachable"), intent("unreachable")),
    )
    assert len(ask("EXP-010", network_).unknown) == len(ask("EXP-011", network_).unknown) == 1


def test_without_intents_the_rules_have_nothing_to_judge() -> None:
    for which in ("EXP-010", "EXP-011"):
        answer = ask(which, network())
        assert (answer.kept, answer.broken, answer.unknown) == (0, [], [])


def dual(name: str, where: str, *addresses: str) -> Any:
    """A NIC with one ip configuration for each address."""
    made = nic(name, subnet=where)
    [first] = made["properties"]["ipConfigurations"]
    made["properties"]["ipConfigurations"] = [
        {
            "name": f"c{number}",
            "properties": {
                **first["properties"],
                "privateIPAddress": address,
                "privateIPAddressVersion": "IPv6" if ":" in address else "IPv4",
                "primary": number == 0,
            },
        }
        for number, address in enumerate(addresses)
    ]
    return made


@pytest.mark.parametrize(
    ("web", "db", "outcome"),
    [
        (("10.0.0.4", "fd00::4"), ("10.0.1.4", "fd00:0:0:1::4"), "kept"),
        (("10.0.0.4",), ("10.0.1.4", "fd00:0:0:1::4"), "kept"),
        (("fd00::4",), ("10.0.1.4", "fd00:0:0:1::4"), "kept"),
        (("10.0.0.4",), ("fd00:0:0:1::4",), "broken"),
    ],
)
def test_P_12_machines_reach_each_other_in_a_version_that_both_have(
    web: tuple[str, ...], db: tuple[str, ...], outcome: str
) -> None:
    home = vnet(
        subnet(addressPrefixes=["10.0.0.0/24", "fd00::/64"]),
        subnet("data", addressPrefixes=["10.0.1.0/24", "fd00:0:0:1::/64"], nsg="nsg"),
        addressSpace={"addressPrefixes": ["10.0.0.0/16", "fd00::/48"]},
    )
    found = estate(
        nsg(), dual("web", "app", *web), dual("db", "data", *db), home,
        intents=(intent("reachable", ports=443),),
    )  # fmt: skip
    [judgement] = judgements(found)
    assert judgement.outcome.value == outcome


def test_L_6_a_server_is_reached_by_its_private_endpoint_alone() -> None:
    """Its public name is another door of the same server: one that is open will do."""
    kind = "Microsoft.DBforMySQL/flexibleServers"
    server = resource(kind, "db", {"network": {"publicNetworkAccess": "Disabled"}})
    door = endpoint("pe", "10.0.1.4", ("vnet", "data"))
    connection = door["properties"]["privateLinkServiceConnections"][0]["properties"]
    connection["privateLinkServiceId"] = server["id"]

    def outcome(*rules: Any, **more: Any) -> str:
        promise = intent("reachable", to=f"type:{kind}", **more)
        estate_of = estate(
            server,
            door,
            nsg(*rules),
            nic("web", nsg="nsg"),
            vnet(subnet(), subnet("data", "10.0.1.0/24")),
            intents=(promise,),
        )
        return judgements(estate_of)[0].outcome.value

    assert outcome() == outcome(ports=3306) == "kept"
    assert outcome(ports=[3306, 443]) == "broken"
    shut = deny("no", 100, ports="3306", direction="Outbound")
    assert outcome(shut) == outcome(shut, ports=3306) == "broken"
