"""Public addresses of Azure Firewalls: several, as ends, and as who asks (E-1, E-20, R-30)."""

from __future__ import annotations

from typing import Any

from auditor.network.graph import Network
from auditor.ports import PortSet
from auditor.reach.answer import answers
from auditor.reach.listing import exposed
from auditor.reach.replay import check
from auditor.reach.selected import ends_of, pairs
from auditor.selector import parse_selector
from auditor.testing import arm_id, estate

from ...exposed import PIP, deny, pip, rule
from ...exposed import nsg as group_of
from ...firewalls import FIREWALL, collection, firewall, group, nat_rule, policy
from ...networks import hub, nic, subnet_id, vnet
from ...reaching import asked
from ...routing import route, steered, table

FIRST, SECOND = "20.50.1.2", "20.50.1.3"


def network(*rules: Any, only: str = "*") -> Network:
    """NICs web and api behind a firewall with two public addresses; both let in HTTPS."""
    placed = {
        "privateIPAddress": "10.0.9.4",
        "subnet": {"id": subnet_id("a", "AzureFirewallSubnet")},
    }
    configurations = [
        {"name": name, "properties": {**more, "publicIPAddress": {"id": arm_id(PIP, name)}}}
        for name, more in (("one", placed), ("two", {}))
    ]
    carried = f"{FIREWALL}/azureFirewallIpConfigurations"
    return estate(
        vnet(
            "a",
            "10.0.0.0/16",
            subnets={
                "app": steered("10.0.0.0/24", "rt", networkSecurityGroup={"id": _NSG}),
                "AzureFirewallSubnet": "10.0.9.0/26",
            },
        ),
        group_of(rule("https", 100, only, ports="443"), deny("rest", 200)),
        table("rt", route("0.0.0.0/0", "VirtualAppliance", "10.0.9.4")),
        firewall(ipConfigurations=configurations),
        policy("g"),
        group("g", 100, *([collection("nat", 100, "Dnat", *rules)] if rules else [])),
        pip("one", arm_id(carried, "fw", "one"), address=FIRST),
        pip("two", arm_id(carried, "fw", "two"), address=SECOND),
        nic("web", "10.0.0.4", ("a", "app")),
        nic("api", "10.0.0.5", ("a", "app")),
    )


def told(network: Network, source: str, target: str) -> dict[str, str]:
    """The verdicts on TCP by port; every witness is replayed."""
    ends = (ends_of(network, parse_selector(each)) for each in (source, target))
    [(one, other)] = pairs(*ends)
    found = answers(network, one, other, protocols=("tcp",))
    for answer in found:
        check(network, answer)
    return {str(answer.ports): answer.verdict.value for answer in found if not answer.via}


_NSG = arm_id("Microsoft.Network/networkSecurityGroups", "nsg")
WEB = nat_rule("web", "10.0.0.4:443", FIRST, "8443")
API = nat_rule("api", "10.0.0.5:443", SECOND, "443")


def test_E_20_a_further_public_address_leads_where_the_first_does() -> None:
    found = asked(network(WEB, API), "internet", "api")
    assert found.verdict == "reachable"
    assert found.arrives == "10.0.0.5:443"
    assert asked(network(WEB, API), "internet", "web").verdict == "blocked"
    listed = {(e.answer.target.id.split("/")[8], e.answer.verdict.value)
              for e in exposed(network(WEB, API))}  # fmt: skip
    assert listed == {("web", "reachable"), ("api", "reachable")}


def test_E_1_at_a_firewalls_address_answers_whom_its_rules_lead_to() -> None:
    there = network(WEB, API)
    assert told(there, "internet", FIRST) == {
        "8443": "reachable",
        "0-8442, 8444-65535": "blocked",
    }
    assert told(there, "internet", SECOND)["443"] == "reachable"


def test_E_21_azures_own_names_stand_for_no_address_of_the_input() -> None:
    """The firewall lets nobody out to an address of its own, and that is what is told."""
    there = network(WEB, API)
    assert told(there, "name:web", "9.9.9.9")["80, 443"] == "unknown"
    assert set(told(there, "name:web", SECOND).values()) == {"blocked"}
    [(one, other)] = pairs(*(ends_of(there, parse_selector(e)) for e in ("name:web", SECOND)))
    [found] = answers(there, one, other, protocols=("tcp",), ports=PortSet.of(443))
    assert [step.code for step in found.blockers] == ["firewall"]
    assert [step.code for step in found.hops][:3] == ["nsg-outbound", "route", "firewall"]


def test_E_20_without_nat_rules_a_firewalls_address_answers_nobody() -> None:
    found = asked(network(), "internet", "fw")
    assert found.verdict == "blocked"
    assert found.stops == ["firewall-nat"]


def test_the_name_of_a_public_address_is_as_good_as_the_address() -> None:
    there = network(WEB, API)
    assert told(there, "internet", "name:two") == told(there, "internet", SECOND)
    every = told(there, "internet", "type:publicIPAddresses")
    assert every == told(there, "internet", "name:fw")
    assert every["443, 8443"] == "reachable"


def test_E_24_who_asks_from_a_firewalls_address_is_seen_as_that() -> None:
    seen = network(WEB, API, only=f"{FIRST}/32")
    assert told(seen, FIRST, SECOND)["443"] != "blocked"


def test_R_30_a_firewall_leaves_by_its_own_addresses() -> None:
    assert asked(network(WEB), "fw", "52.10.0.7").verdict == "reachable"


def test_E_2_of_several_addresses_of_a_hubs_firewall_each_is_asked_about_alone() -> None:
    of_hub: Any = {
        "virtualHub": {"id": arm_id("Microsoft.Network/virtualHubs", "h")},
        "hubIPAddresses": {
            "privateIPAddress": "10.8.0.4",
            "publicIPs": {"addresses": [{"address": FIRST}, {"address": SECOND}], "count": 2},
        },
    }
    secured = estate(
        *hub("h", "10.8.0.0/23", "a"),
        firewall(**of_hub),
        policy("g"),
        group("g", 100, collection("nat", 100, "Dnat", WEB)),
        vnet("a", "10.0.0.0/16", subnets={"app": "10.0.0.0/24"}),
        nic("web", "10.0.0.4", ("a", "app")),
    )
    assert told(secured, "internet", FIRST)["8443"] == "unknown"
    assert told(secured, "internet", SECOND) == {"*": "blocked"}


def test_E_2_each_address_of_a_hubs_firewall_is_an_entrance() -> None:
    public = {"addresses": [{"address": FIRST}, {"address": SECOND}], "count": 2}
    secured = estate(
        *hub("h", "10.8.0.0/23", "a"),
        firewall(virtualHub={"id": arm_id("Microsoft.Network/virtualHubs", "h")},
                 hubIPAddresses={"privateIPAddress": "10.8.0.4", "publicIPs": public}),
        policy("g"),
        group("g", 100, collection("nat", 100, "Dnat", nat_rule("api", "10.0.0.4:443", SECOND))),
        vnet("a", "10.0.0.0/16", subnets={"app": "10.0.0.0/24"}),
        nic("web", "10.0.0.4", ("a", "app")),
    )  # fmt: skip
    found = [each.entrance for each in exposed(secured) if each.entrance is not None]
    assert [str(entrance.addresses.smallest()) for entrance in found] == [SECOND]


def test_U_2_a_nat_rule_that_does_not_tell_where_it_leads_may_lead_to_a_machine() -> None:
    """It leads to a name, or to what an expression makes."""
    named = nat_rule("far", "api.contoso.example:443", FIRST, "443")
    found = asked(network(named), "internet", "api")
    assert (found.verdict, found.labels) == ("unknown", {"fqdn:api.contoso.example"})
    assert asked(network(WEB), "internet", "api").verdict == "blocked"
