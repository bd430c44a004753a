"""References whose id is an expression of a template: no answer fails for one, none is certain."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.network.graph import Network
from auditor.testing import arm_id, ask, estate, resource

from ...exposed import FRONTEND, NIC, deny, nic, nsg, pip, rule, subnet, vnet
from ...reaching import asked, lb, lb_rule

KNOWN_TO_AZURE = "known only to Azure"


def test_R_11_a_route_table_that_is_not_told_leaves_the_reply_open() -> None:
    hole = ("/properties/subnets/0/properties/routeTable/id", KNOWN_TO_AZURE)
    home = vnet(subnet(routeTable={}), subnet("far", "10.0.1.0/24"))
    network = estate(
        nic("web"), nic("db", subnet="far", address="10.0.1.4"), home, unresolved=(hole,)
    )

    for source, target in (("web", "db"), ("db", "web")):
        found = asked(network, source, target)
        assert (found.verdict, found.labels) == ("unknown", {"collection-gap"})


def test_N_2_a_group_that_does_not_tell_where_it_stands_stands_nowhere_by_its_own_word() -> None:
    hole = ("/properties/subnets/0/id", KNOWN_TO_AZURE)
    closed = nsg()
    closed["properties"]["subnets"] = [{}]
    network = estate(
        closed, nic("web"), nic("db", address="10.0.0.5"), vnet(subnet()), unresolved=(hole,)
    )

    assert asked(network, "web", "db").verdict == "reachable"


POOLS = "/properties/ipConfigurations/0/properties/loadBalancerBackendAddressPools"


def behind(hole: str = f"{POOLS}/0/id", named: Any = ({},), shut: bool = False) -> Network:
    """Machine web, which does not tell its pool, and machine b in that of the public balancer."""
    hidden = {"loadBalancerBackendAddressPools": list(named)}
    return estate(
        nsg(rule("all", 100, "*", "*")),
        nsg(deny("no", 100), name="shut"),
        vnet(subnet("app", nsg="nsg")),
        nic("web", configuration=hidden, nsg="shut" if shut else None),
        nic("b", address="10.0.0.5"),
        lb(lb_rule(), members=("b",)),
        pip("pip", arm_id(FRONTEND, "lb", "front")),
        unresolved=((hole, KNOWN_TO_AZURE),),
    )


@pytest.mark.parametrize("hole", [f"{POOLS}/0/id", f"{POOLS}/0", POOLS])
def test_E_14_a_machine_that_does_not_tell_its_pools_may_be_in_any(hole: str) -> None:
    """EXP-004 was silent about it."""
    network = behind(hole)
    found = asked(network, "internet", "web")
    assert (found.verdict, found.labels) == ("unknown", {"collection-gap"})
    (unknown,) = ask("EXP-004", network).unknown
    assert unknown.missing == (
        "whether the internet reaches web by pip on TCP 443: "
        "whom web names as its loadBalancerBackendAddressPools (collection-gap)"
    )


def test_E_14_those_who_are_told_to_be_in_the_pool_are_certain() -> None:
    network = behind()
    assert asked(network, "internet", "b").verdict == "reachable"
    (finding,) = ask("EXP-004", network).broken
    assert finding.message.startswith("the internet reaches b by pip on TCP 443")


def test_E_14_filters_keep_a_machine_shut_in_whatever_pool_it_is() -> None:
    network = behind(shut=True)
    assert asked(network, "internet", "web").verdict == "blocked"
    assert ask("EXP-004", network).unknown == []


def test_E_14_a_balancer_is_not_without_a_machine_where_one_does_not_tell_its_pools() -> None:
    """EXP-006 said that there is no machine behind its rule."""
    network = estate(
        nsg(rule("all", 100, "*", "*")),
        vnet(subnet("app", nsg="nsg")),
        nic("web", configuration={"loadBalancerBackendAddressPools": [{}]}),
        lb(lb_rule(), members=()),
        pip("pip", arm_id(FRONTEND, "lb", "front")),
        unresolved=((f"{POOLS}/0/id", KNOWN_TO_AZURE),),
    )
    (finding,) = ask("EXP-006", network).broken
    assert finding.message.endswith(
        "open from the internet: perhaps TCP 443 "
        "(whom web names as its loadBalancerBackendAddressPools (collection-gap))"
    )


ASG = "Microsoft.Network/applicationSecurityGroups"
NAMED = "/properties/securityRules/0/properties/sourceApplicationSecurityGroups"


def allowing(access: str = "Allow", hole: str = f"{NAMED}/0/id") -> Network:
    """Public machine db; the first rule of its group names a group by an expression as its source.

    Machine member is in some group, machine other in none.
    """
    some = rule("some", 100, "", "443", access=access, sourceApplicationSecurityGroups=[{}])
    rest = deny("no", 400) if access == "Allow" else rule("all", 400, "*", "*")
    group = {"applicationSecurityGroups": [{"id": arm_id(ASG, "asg")}]}
    return estate(
        nsg(some, rest),
        resource(ASG, "asg"),
        vnet(subnet("app"), subnet("data", "10.0.1.0/24", nsg="nsg")),
        pip("pip", arm_id(f"{NIC}/ipConfigurations", "db", "primary")),
        nic("member", configuration=group),
        nic("other", address="10.0.0.5"),
        nic("db", subnet="data", address="10.0.1.4", public="pip"),
        unresolved=((hole, KNOWN_TO_AZURE),),
    )


@pytest.mark.parametrize("access", ["Allow", "Deny"])
@pytest.mark.parametrize("hole", [f"{NAMED}/0/id", f"{NAMED}/0", NAMED])
def test_N_31_a_group_that_is_not_told_selects_members_of_some_group_alone(
    access: str, hole: str
) -> None:
    network = allowing(access, hole)
    assert asked(network, "member", "db").verdict == "unknown"
    decided = "blocked" if access == "Allow" else "reachable"
    for source in ("other", "internet"):
        assert asked(network, source, "db").verdict == decided
    assert asked(network, "member", "db", 22).verdict == decided


def test_N_31_a_rule_for_a_group_that_is_not_told_does_not_let_the_internet_in() -> None:
    for rule_id in ("EXP-004", "NSG-003"):
        answer = ask(rule_id, allowing())
        assert (answer.kept, answer.broken, answer.unknown) == (1, [], [])


def test_E_14_a_machine_that_tells_no_address_may_be_behind_any_rule() -> None:
    """EXP-006 said that there is no machine behind its rule, EXP-007 that it points at none yet."""
    hole = ("/properties/ipConfigurations", "Terraform knows it only after apply")
    ssh: dict[str, Any] = {"protocol": "Tcp", "frontendPort": 2222, "backendPort": 22}
    ssh["frontendIPConfiguration"] = {"id": arm_id(FRONTEND, "lb", "front")}
    rules = [{"name": "ssh", "properties": ssh}]
    web = nic("web")
    del web["properties"]["ipConfigurations"]
    network = estate(
        vnet(subnet("app")),
        web,
        lb(lb_rule(), members=(), inboundNatRules=rules),
        pip("pip", arm_id(FRONTEND, "lb", "front")),
        unresolved=(hole,),
    )
    (finding,) = ask("EXP-006", network).broken
    assert "perhaps every port (whether web is behind" in finding.message
    (finding,) = ask("EXP-007", network).broken
    assert "points at no machine" not in finding.message
