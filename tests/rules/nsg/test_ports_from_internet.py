"""NSG-004, NSG-005 and NSG-008: one question about three sets of ports."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.finding import Severity
from auditor.testing import Answer, arm_id, ask, estate, resource

from ...exposed import SUBNET, deny, nic, nsg, ref, rule, subnet, vnet

APP = vnet(subnet(nsg="nsg"))


@pytest.mark.parametrize(
    ("rule_id", "port"), [("NSG-004", 3389), ("NSG-005", 22), ("NSG-008", 3306)]
)
@pytest.mark.parametrize("notation", ["{0}", "{1}-{2}", "*", ["80", "{0}"]])
def test_the_port_in_any_notation(rule_id: str, port: int, notation: Any) -> None:
    around = (port, port - 1, port + 1)
    plural = isinstance(notation, list)
    ports = [each.format(*around) for each in notation] if plural else notation.format(*around)

    (finding,) = ask(rule_id, estate(nsg(rule("open", 100, ports=ports)), APP)).broken

    assert finding.subject.endswith("/open")
    inside = [("NSG-011", finding.subject)] if rule_id != "NSG-008" else []
    assert finding.covers == (("NSG-003", finding.subject), *inside)


@pytest.mark.parametrize(
    ("rule_id", "port"), [("NSG-004", 3389), ("NSG-005", 22), ("NSG-008", 3306)]
)
def test_the_ports_beside_it_are_kept(rule_id: str, port: int) -> None:
    rules = rule("below", 100, ports=f"{port - 1}"), rule("above", 110, ports=f"{port + 1}")

    answer = ask(rule_id, estate(nsg(*rules), APP))

    assert (answer.kept, answer.broken) == (2, [])


@pytest.mark.parametrize(
    ("protocol", "broken"), [("Tcp", 1), ("*", 1), ("tcp", 1), ("Udp", 0), ("Icmp", 0)]
)
def test_ssh_is_tcp(protocol: str, broken: int) -> None:
    network = estate(nsg(rule("ssh", 100, ports="22", protocol=protocol)), APP)

    assert len(ask("NSG-005", network).broken) == broken


def test_a_deny_before_it_closes_it_and_behind_it_does_not() -> None:
    for priority, names in ((100, []), (300, ["ssh"])):
        network = estate(
            nsg(rule("ssh", 200, ports="22"), deny("no", priority, ports="20-30")), APP
        )
        assert ask("NSG-005", network).names == names


@pytest.mark.parametrize(
    ("rule_id", "port"), [("NSG-004", 3389), ("NSG-005", 22), ("NSG-008", 445)]
)
def test_the_general_rule_is_silent_where_it_cannot_tell(rule_id: str, port: int) -> None:
    """Of a group in an export without subnets, nobody knows whether a gateway stands behind it."""
    elsewhere = [ref(arm_id(SUBNET, "vnet", "gone"))]
    network = estate(nsg(rule("open", 100, ports=str(port)), subnets=elsewhere))

    assert len(ask("NSG-003", network).unknown) == 1
    assert ask("NSG-003", network, beside=[rule_id]) == Answer(0, [], [])
    assert ask(rule_id, network, beside=["NSG-003"]).names == ["open"]


def test_halves_of_the_internet() -> None:
    halves = rule("low", 100, "0.0.0.0/1", "22"), rule("high", 110, "128.0.0.0/1", "22")

    findings = ask("NSG-005", estate(nsg(*halves), APP)).broken

    assert [f.subject.rpartition("/")[2] for f in findings] == ["low"]


def test_quarters_name_each_other() -> None:
    quarters = ["0.0.0.0/2", "64.0.0.0/2", "128.0.0.0/2", "192.0.0.0/2"]
    rules = (rule(f"q{i}", 100 + i, each, "22") for i, each in enumerate(quarters))

    (finding,) = ask("NSG-005", estate(nsg(*rules), APP)).broken

    assert "any source (together with q1, q2, q3)" in finding.message
    assert sum("/securityRules/q" in other for other in finding.related) == 3


def test_every_port_breaks_each_rule_once() -> None:
    network = estate(nsg(rule("all", 100, protocol="*")), APP)

    assert [len(ask(r, network).broken) for r in ("NSG-004", "NSG-005", "NSG-008")] == [1, 1, 1]
    message = ask("NSG-008", network).broken[0].message
    assert "TCP 20-21, 23, 25" in message
    assert "UDP 53, 137-138, 1434" in message


def test_the_sensitive_ports_are_a_parameter() -> None:
    network = estate(nsg(rule("cassandra", 100, ports="9042")), APP)

    assert ask("NSG-008", network).broken == []
    assert ask("NSG-008", network, tcp=(9042,)).names == ["cassandra"]


def test_what_is_not_told_is_unknown() -> None:
    network = estate(
        nsg(deny("maybe", 100), rule("ssh", 200, ports="22")),
        unresolved=(("/properties/securityRules/0/properties/destinationPortRange", "x"),),
    )

    (unknown,) = ask("NSG-005", network).unknown
    assert unknown.subject.endswith("/ssh")
    assert unknown.missing == "what maybe matches"


@pytest.mark.parametrize(
    ("field", "word"),
    [
        ("access", "Alow"),
        ("access", None),
        ("direction", "Inbond"),
        ("direction", None),
        ("protocol", "Tpc"),
        ("protocol", "6"),
    ],
)
def test_N_5_a_word_that_azure_does_not_know_is_unknown(field: str, word: str | None) -> None:
    network = estate(nsg(rule("ssh", 100, ports="22", **{field: word})), APP)

    answer = ask("NSG-005", network)

    assert (answer.kept, answer.broken, len(answer.unknown)) == (0, [], 1)


def test_N_5_rules_of_one_priority_that_disagree_are_unknown_in_either_order() -> None:
    rules = rule("ssh", 100, ports="22"), deny("no", 100)

    for written in (rules, rules[::-1]):
        (unknown,) = ask("NSG-005", estate(nsg(*written), APP)).unknown
        assert unknown.missing == "which of no and ssh comes first, both of priority 100"


def test_N_5_rules_of_one_priority_that_agree_are_told_in_the_order_of_their_names() -> None:
    rules = rule("b", 100, ports="22"), rule("a", 100, ports="22")

    for written in (rules, rules[::-1]):
        assert ask("NSG-005", estate(nsg(*written), APP)).names == ["a"]


def test_a_name_is_text_and_nothing_else() -> None:
    name = "$(reboot)\n[red]'; rm -rf"

    (finding,) = ask("NSG-005", estate(nsg(rule(name, 100, ports="22")), APP)).broken

    assert "'$(reboot)?[red]'\"'\"'; rm -rf'" in finding.remedy


@pytest.mark.parametrize("field", ["priority", "direction", "access"])
def test_the_rule_that_does_not_tell_its_place_is_the_one_that_is_named(field: str) -> None:
    told = {
        "priority": 100,
        "direction": "Inbound",
        "access": "Deny",
        "protocol": "Tcp",
        "sourceAddressPrefix": "*",
        "sourcePortRange": "*",
        "destinationAddressPrefix": "*",
        "destinationPortRange": "22",
    }
    rules = [
        {"name": "first", "properties": {k: v for k, v in told.items() if k != field}},
        {"name": "second", "properties": {**told, "priority": 200, "access": "Allow"}},
    ]
    group = resource("Microsoft.Network/networkSecurityGroups", "nsg", {"securityRules": rules})
    hole = (f"/properties/securityRules/0/properties/{field}", "a parameter")
    for network in (estate(group), estate(group, unresolved=(hole,))):
        answer = ask("NSG-005", network)
        assert answer.broken == []
        missing = {one.missing for one in answer.unknown}
        assert all(f"{field} of {group['id']}/securityRules/first" in each for each in missing)


@pytest.mark.parametrize(
    ("for_", "severity", "words"),
    [
        ("10.0.1.0/24", None, " at vnet/app"),
        ("10.0.1.9", None, " at vnet/app"),
        ("10.9.0.0/24", Severity.MEDIUM, "; nothing at vnet/app has an address that it names"),
        ("20.1.1.1", None, " at vnet/app"),
        ("VirtualNetwork", None, " at vnet/app"),
    ],
)
def test_a_rule_opens_what_it_names(for_: str, severity: Severity | None, words: str) -> None:
    group = nsg(rule("ssh", 100, "*", "22", destinationAddressPrefix=for_))
    (finding,) = ask("NSG-005", estate(group, vnet(subnet("app", "10.0.1.0/24", nsg="nsg")))).broken
    assert finding.severity is severity
    assert finding.message == f"ssh of nsg lets any source reach SSH (TCP 22){words}"
    assert "--destination-port-ranges 22" not in finding.remedy  # it has them


@pytest.mark.parametrize(
    ("member", "exported", "severity", "words"),
    [
        (True, True, None, " at vnet/app"),
        (
            False,
            True,
            Severity.MEDIUM,
            "; nothing at vnet/app, vnet/more has an address that it names",
        ),
        (False, False, None, " at vnet/app, vnet/more"),
    ],
)
def test_N_32_a_rule_for_a_group_of_machines_opens_its_members(
    member: bool, exported: bool, severity: Severity | None, words: str
) -> None:
    kind = "Microsoft.Network/applicationSecurityGroups"
    group = {"id": arm_id(kind, "web")}
    ssh = rule("ssh", 100, "*", "22", destinationApplicationSecurityGroups=[group])
    del ssh["properties"]["destinationAddressPrefix"]
    joins = {"applicationSecurityGroups": [group]} if member else {}
    network = estate(
        nsg(ssh),
        resource(kind, "web", {}),
        *([nic("web", configuration=joins)] if exported else []),
        vnet(subnet("app", nsg="nsg"), subnet("more", "10.0.1.0/24", nsg="nsg")),
    )
    (finding,) = ask("NSG-005", network).broken
    assert finding.severity is severity
    assert finding.message == f"ssh of nsg lets any source reach SSH (TCP 22){words}"
