"""NSG-014 and NSG-015: rules that do nothing. What is idle is tested with the question."""

from __future__ import annotations

import pytest

from auditor.testing import ask, estate

from ...exposed import deny, nsg, rule, subnet, vnet

APP = vnet(subnet(nsg="nsg"))


def test_a_shadowed_rule_names_what_hides_it() -> None:
    network = estate(nsg(rule("all", 100), rule("ssh", 200, "10.0.0.0/8", "22")), APP)

    (finding,) = ask("NSG-014", network).broken

    assert finding.message == "ssh of nsg never decides a packet: all matches all of it before"
    assert finding.related == (network.find(finding.related[0]).id,)  # type: ignore[union-attr]
    assert "nsg rule delete --resource-group rg --nsg-name nsg --name ssh" in finding.remedy
    assert finding.evidence[0].pointer == "/properties/securityRules/1/properties/priority"


def test_a_rule_that_is_overruled_says_so() -> None:
    network = estate(nsg(deny("no", 100), rule("ssh", 200, "10.0.0.0/8", "22")), APP)
    assert "no denies all of it before" in ask("NSG-014", network).broken[0].message

    network = estate(nsg(rule("yes", 100, protocol="*"), deny("never", 200, "20.0.0.0/8")), APP)
    assert "yes allows all of it before" in ask("NSG-014", network).broken[0].message


def test_a_redundant_rule_names_what_says_the_same() -> None:
    inside = rule("inside", 100, "VirtualNetwork", destinationAddressPrefix="VirtualNetwork")

    (finding,) = ask("NSG-015", estate(nsg(inside), APP)).broken

    assert finding.message == (
        "inside of nsg changes nothing: without it, AllowVnetInBound allows the same"
    )


def test_rules_that_are_needed_are_kept() -> None:
    network = estate(nsg(rule("web", 100, ports="443"), deny("rest", 4096)), APP)

    for rule_id in ("NSG-014", "NSG-015"):
        answer = ask(rule_id, network)
        assert (answer.kept, answer.broken, answer.unknown) == (2, [], [])


def test_shadowed_rules_are_not_called_redundant() -> None:
    network = estate(nsg(rule("one", 100, ports="443"), rule("two", 200, ports="443")), APP)

    assert ask("NSG-014", network).names == ["two"]
    assert ask("NSG-015", network).broken == []


def test_what_kubernetes_writes_is_not_judged() -> None:
    network = estate(nsg(rule("all", 100), rule("k8s-azure-lb_allow_IPv4_1", 500, "10.0.0.0/8")))

    assert ask("NSG-014", network).kept == 1


def test_N_43_bastions_own_rules_have_to_be_there() -> None:
    probes = rule("probes", 100, "AzureLoadBalancer", "443")

    bastion = vnet(subnet("AzureBastionSubnet", nsg="nsg"))
    assert ask("NSG-015", estate(nsg(probes), bastion)).broken == []
    assert ask("NSG-015", estate(nsg(probes), APP)).names == ["probes"]


def test_without_priorities_nothing_is_told() -> None:
    bad = rule("ssh", 100)
    del bad["properties"]["priority"]

    answer = ask("NSG-014", estate(nsg(bad, rule("web", 110)), APP))

    assert (answer.kept, answer.broken, len(answer.unknown)) == (0, [], 2)


@pytest.mark.parametrize("rule_id", ["NSG-014", "NSG-015"])
@pytest.mark.parametrize(("doubted", "judged"), [("Inbound", "Outbound"), ("Outbound", "Inbound")])
@pytest.mark.parametrize("doubt", ["no priority", "a tie"])
def test_N_5_a_doubt_of_one_direction_is_none_of_the_other(
    rule_id: str, doubted: str, judged: str, doubt: str
) -> None:
    """Each direction has an order of its own."""
    bad = [rule("bad", 100, direction=doubted), deny("worse", 100, direction=doubted)]
    if doubt == "no priority":
        del bad.pop()["properties"]["priority"], bad[0]["properties"]["priority"]
    sides = {"direction": judged, "destinationAddressPrefix": "10.9.0.0/16"}
    sound = [rule("all", 200, ports="*", **sides), rule("ssh", 300, "10.0.0.0/8", "22", **sides)]

    answer = ask(rule_id, estate(nsg(*bad, *sound), APP))

    assert {unknown.subject.rpartition("/")[2] for unknown in answer.unknown} == {
        each["name"] for each in bad
    }
    assert answer.names == (["ssh"] if rule_id == "NSG-014" else [])


@pytest.mark.parametrize("rule_id", ["NSG-014", "NSG-015"])
def test_a_rule_without_a_direction_may_be_of_either(rule_id: str) -> None:
    lost = rule("lost", 100, direction=None)
    both = [rule("in", 110), rule("out", 110, direction="Outbound")]

    answer = ask(rule_id, estate(nsg(lost, *both), APP))

    assert (answer.kept, answer.broken, len(answer.unknown)) == (0, [], 3)


@pytest.mark.parametrize("field", ["protocol", "destinationPortRange", "sourceAddressPrefix"])
def test_a_rule_that_does_not_tell_what_it_matches_is_unknown(field: str) -> None:
    maybe = rule("maybe", 100, "203.0.113.0/24", "443", **{field: None})

    for rule_id in ("NSG-014", "NSG-015"):
        answer = ask(rule_id, estate(nsg(maybe, rule("web", 110, ports="80")), APP))
        assert [unknown.missing for unknown in answer.unknown] == ["what maybe matches"]
        assert (answer.kept, answer.broken) == (1, [])
