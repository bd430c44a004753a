from __future__ import annotations

import json
import re
from typing import Any

import pytest

from auditor.network.graph import Network
from auditor.testing import ask, estate, resource

from ...endpoints import record, zone
from ...exposed import deny, nic, nsg, pip, rule, subnet, vnet
from ...guarded import out_deny
from ...reaching import app_gateway, lb, lb_rule
from ...routing import route, table

POOL = "/backendAddressPools/pool"


def fronted(
    *rules: Any, gateway: Any = (), routes: Any = (), members: Any = ("10.0.0.4",), **more: Any
) -> Network:
    """Gateway agw in vnet/gw, NIC nic-web in vnet/app behind it on port 8080."""
    steered: Any = {"routeTable": {"id": table("rt")["id"]}}
    beside = more.pop("beside", ())
    return estate(
        nsg(*rules),
        nsg(*gateway, name="gw"),
        nic("nic-web"),
        pip("pip"),
        table("rt", *routes),
        *beside,
        app_gateway(members=members, **more),
        vnet(subnet(nsg="nsg"), subnet("gw", "10.0.1.0/26", nsg="gw", **steered)),
    )


def test_a_backend_that_the_gateway_reaches_is_kept() -> None:
    assert ask("GW-004", fronted()).kept == 1
    assert (
        ask("GW-004", fronted(rule("agw", 100, "10.0.1.0/26", "8080"), deny("no", 200))).kept == 1
    )


def test_the_group_before_the_backend_denies_it() -> None:
    (finding,) = ask("GW-004", fronted(deny("nobody", 200))).broken

    assert finding.subject.endswith(POOL)
    assert finding.message == (
        "agw cannot reach 10.0.0.4:8080 (tcp 10.0.1.4 to 10.0.0.4:8080): securityRules/nobody of "
        "nsg at app denies it"
    )
    assert finding.remedy == (
        "allow TCP 8080 from gw (10.0.1.0/26) in nsg, before nobody: az network nsg rule create "
        "--resource-group rg --nsg-name nsg --name allow-gateway-8080 --priority 199 "
        "--direction Inbound --access Allow --protocol Tcp --source-address-prefixes 10.0.1.0/26 "
        "--destination-address-prefixes 10.0.0.4 --destination-port-ranges 8080"
    )
    assert finding.evidence[0].pointer == "/properties/securityRules/0"


def test_members_in_several_subnets_of_one_group_are_let_in_by_one_rule() -> None:
    network = estate(
        nsg(deny("nobody", 200)),
        nic("one"),
        nic("two", subnet="more", address="10.0.2.4"),
        nic("three", subnet="bare", address="10.0.3.4"),
        pip("pip"),
        app_gateway(members=["10.0.0.4", "10.0.2.4", "10.0.3.4"]),
        vnet(
            subnet(nsg="nsg"),
            subnet("more", "10.0.2.0/24", nsg="nsg"),
            subnet("bare", "10.0.3.0/24"),
            subnet("gw", "10.0.1.0/26"),
        ),
    )

    first, second = ask("GW-004", network).broken

    assert first.remedy == second.remedy
    assert "--destination-address-prefixes 10.0.0.4 10.0.2.4 --dest" in first.remedy


def test_what_a_gateway_may_not_send_is_let_out_by_one_rule() -> None:
    network = estate(
        nsg(out_deny("closed", 200, "10.0.0.0/16"), name="gw"),
        nic("one"),
        nic("two", subnet="more", address="10.0.2.4"),
        pip("pip"),
        app_gateway(members=["10.0.0.4", "10.0.2.4"]),
        vnet(
            subnet(),
            subnet("more", "10.0.2.0/24"),
            subnet("gw", "10.0.1.0/26", nsg="gw"),
        ),
    )

    first, second = ask("GW-004", network).broken

    assert first.remedy == second.remedy
    assert "--name allow-gateway-out-8080 --priority 199 " in first.remedy
    assert "--destination-address-prefixes 10.0.0.4 10.0.2.4 --dest" in first.remedy


def test_members_behind_one_group_are_let_in_by_one_rule() -> None:
    two = ("10.0.0.4", "10.0.0.9")
    beside = [nic("nic-other", address="10.0.0.9")]

    first, second = ask("GW-004", fronted(deny("nobody", 200), members=two, beside=beside)).broken

    assert first.remedy == second.remedy
    assert "--name allow-gateway-8080 --priority 199 " in first.remedy
    assert "--destination-address-prefixes 10.0.0.4 10.0.0.9 " in first.remedy


def test_E_12_every_machine_behind_a_load_balancer_is_let_in_by_its_address() -> None:
    """Not by the frontend's: the group sees the packet after its translation."""
    beside = [
        nic("nic-other", address="10.0.0.9"),
        lb(lb_rule(front=8080, back=80), public=False, members=("nic-web", "nic-other")),
    ]
    network = fronted(deny("nobody", 200), members=("10.0.0.10",), beside=beside)

    (finding,) = ask("GW-004", network).broken

    assert "--destination-address-prefixes 10.0.0.4 10.0.0.9 --destination-port-ranges 80" in (
        finding.remedy
    )


def test_E_7_a_private_balancer_without_outbound_rules_leaves_nothing_open() -> None:
    balancer = lb(lb_rule(front=8080, back=80), public=False, members=("nic-web",))
    del balancer["properties"]["outboundRules"]

    answer = ask("GW-004", fronted(deny("nobody", 200), members=("10.0.0.10",), beside=[balancer]))

    assert (len(answer.broken), answer.unknown) == (1, [])


def second_gateway(home: str = "gw", **more: Any) -> Any:
    """Gateway agw2, in a subnet of its own or beside the first."""
    text = json.dumps(app_gateway(**more)).replace("agw", "agw2")
    return json.loads(text.replace("subnets/gw", f"subnets/{home}"))


def two_ports(*rules: Any) -> list[str]:
    """The commands for gateways that are denied on 8080 and on 9000 of one machine."""
    found = ask("GW-004", fronted(*rules, beside=[second_gateway(port=9000)])).broken
    return [re.sub(r".*: az", "az", each.remedy) for each in found]


def test_ports_behind_one_group_are_let_in_by_rules_that_Azure_takes_both() -> None:
    first, second = two_ports(deny("nobody", 200))

    assert "--name allow-gateway-8080 --priority 198 " in first
    assert "--name allow-gateway-9000 --priority 199 " in second


def test_the_first_rule_of_all_makes_way_for_both() -> None:
    first, second = two_ports(deny("nobody", 100))

    assert first.split(" && ")[0] == second.split(" && ")[0]
    assert "--name nobody --priority 102 && az" in first
    assert "--name allow-gateway-8080 --priority 100 " in first
    assert "--name allow-gateway-9000 --priority 101 " in second


def test_gateways_of_two_subnets_are_let_in_by_two_rules() -> None:
    network = estate(
        nsg(deny("nobody", 200)),
        nic("nic-web"),
        pip("pip"),
        app_gateway(),
        second_gateway("gw2"),
        vnet(
            subnet(nsg="nsg"),
            subnet("gw", "10.0.1.0/26"),
            subnet("gw2", "10.0.2.0/26"),
        ),
    )

    first, second = ask("GW-004", network).broken

    assert "--name allow-gateway-8080 --priority 198 " in first.remedy
    assert "--name allow-gateway-2-8080 --priority 199 " in second.remedy


def test_the_first_rule_of_all_makes_way_for_what_for_what_lets_the_gateway_in() -> None:
    (finding,) = ask("GW-004", fronted(deny("nobody", 100))).broken

    assert "--name nobody --priority 101 && az network nsg rule create" in finding.remedy
    assert "--name allow-gateway-8080 --priority 100 " in finding.remedy


def test_where_no_priority_is_free_it_is_said_in_words() -> None:
    (finding,) = ask("GW-004", fronted(deny("nobody", 100), deny("more", 101))).broken

    assert finding.remedy == (
        "allow TCP 8080 from gw (10.0.1.0/26) in nsg, before nobody, which has to be moved behind "
        "a free priority"
    )


def test_a_name_that_a_rule_has_is_not_given_again() -> None:
    other = rule("Allow-Gateway-8080", 100, "10.0.9.0/24", "8080")

    (finding,) = ask("GW-004", fronted(other, deny("nobody", 200))).broken

    assert "--name allow-gateway-8080-2 " in finding.remedy


def test_the_port_of_the_settings_counts() -> None:
    other = (rule("other", 100, "10.0.1.0/26", "80"), deny("no", 200))

    assert len(ask("GW-004", fronted(*other)).broken) == 1
    assert ask("GW-004", fronted(*other, port=80)).kept == 1


def test_an_allow_for_the_wrong_subnet_does_not_help() -> None:
    wrong = (rule("wrong", 100, "10.0.2.0/26", "8080"), deny("no", 200))

    assert len(ask("GW-004", fronted(*wrong)).broken) == 1


def test_A_28_the_own_rules_of_the_gateways_subnet_count() -> None:
    shut = [out_deny("no", 100, "10.0.0.0/24")]

    (finding,) = ask("GW-004", fronted(gateway=shut)).broken

    assert "securityRules/no of gw" in finding.message


def test_a_route_to_nowhere_counts() -> None:
    (finding,) = ask("GW-004", fronted(routes=[route("10.0.0.0/24", "None")])).broken

    assert "None" in finding.message


def test_an_appliance_on_the_way_is_unknown() -> None:
    to_nva = [route("10.0.0.0/24", "VirtualAppliance", "10.0.0.8")]

    assert len(ask("GW-004", fronted(routes=to_nva)).broken) == 1  # nobody has the address

    nva = nic("nva", address="10.0.0.8")
    nva["properties"]["enableIPForwarding"] = True
    answer = ask("GW-004", fronted(routes=to_nva, beside=[nva]))
    assert answer.broken == []
    assert "nva:nva" in answer.unknown[0].missing


@pytest.mark.parametrize("member", ["10.0.0.99", "20.60.1.1", "shop.example"])
def test_members_that_nobody_has_are_told_elsewhere(member: str) -> None:
    answer = ask("GW-004", fronted(deny("no", 100), members=(member,)))

    assert (answer.kept, answer.broken, answer.unknown) == (0, [], [])


def test_a_group_that_is_not_in_the_snapshot_makes_it_unknown() -> None:
    network = estate(
        nic("nic-web"), pip("pip"), app_gateway(),
        vnet(subnet(nsg="gone"), subnet("gw", "10.0.1.0/26")),
    )  # fmt: skip

    answer = ask("GW-004", network)

    assert answer.broken == []
    assert answer.unknown[0].missing.startswith("whether agw reaches 10.0.0.4:8080: ")


def test_a_port_that_is_not_told_makes_it_unknown() -> None:
    settings = [{"name": "set", "properties": {"protocol": "Http"}}]

    answer = ask("GW-004", fronted(backendHttpSettingsCollection=settings))

    assert answer.broken == []
    assert "the backend port of" in answer.unknown[0].missing


def test_a_gateway_subnet_that_does_not_tell_its_prefix_makes_it_unknown() -> None:
    hole = ("/properties/subnets/1/properties/addressPrefix", "a parameter")
    made = estate(
        nsg(rule("agw", 100, "10.0.1.0/26", "8080"), deny("no", 200)),
        nic("nic-web"),
        pip("pip"),
        app_gateway(members=("10.0.0.4",)),
        vnet(subnet(nsg="nsg"), subnet("gw", "10.0.1.0/26")),
        unresolved=(hole,),
    )
    answer = ask("GW-004", made)
    assert answer.broken == []
    assert "addressPrefix" in answer.unknown[0].missing


CORP = "corp.example"


def resolving(*addresses: str, host: str = "web") -> list[Any]:
    """A private zone that is linked to the gateway's network, and the record of one host."""
    settings = {"virtualNetwork": {"id": vnet()["id"]}, "registrationEnabled": False}
    kind = "Microsoft.Network/privateDnsZones"
    link = resource(f"{kind}/virtualNetworkLinks", f"{CORP}/to-vnet", settings)
    return [zone(CORP), link, record(host, *addresses, zone_name=CORP)]


def test_L_11_a_member_by_name_is_followed_to_the_address_of_the_private_zone() -> None:
    made = {"members": ("Web.corp.example",), "beside": resolving("10.0.0.4")}

    assert ask("GW-004", fronted(**made)).kept == 1
    (finding,) = ask("GW-004", fronted(deny("nobody", 200), **made)).broken

    assert finding.message.startswith(
        "agw cannot reach Web.corp.example:8080 (tcp 10.0.1.4 to 10.0.0.4:8080): "
    )
    assert "--destination-address-prefixes 10.0.0.4 --dest" in finding.remedy


def test_each_address_of_a_name_is_judged() -> None:
    only = rule("one", 100, "10.0.1.0/26", "8080", destinationAddressPrefix="10.0.0.4")
    beside = [nic("other", address="10.0.0.9"), *resolving("10.0.0.9", "10.0.0.4")]

    answer = ask(
        "GW-004", fronted(only, deny("no", 200), members=("web.corp.example",), beside=beside)
    )

    (finding,) = answer.broken
    assert "to 10.0.0.9:8080" in finding.message
    assert answer.kept == 1


def test_a_member_by_name_that_no_private_zone_tells_is_nobodys_here() -> None:
    names = ("web.elsewhere.example", "gone.corp.example")
    answer = ask("GW-004", fronted(members=names, beside=resolving("10.0.0.4")))

    assert (answer.kept, answer.broken, answer.unknown) == (0, [], [])


@pytest.mark.parametrize("where", [None, {}, {"id": ""}])
def test_a_rule_that_names_no_pool_does_not_tell_where_requests_go(where: Any) -> None:
    gateway = app_gateway(members=["10.0.0.4"])
    (routing,) = gateway["properties"]["requestRoutingRules"]
    routing["properties"]["backendAddressPool"] = where
    network = estate(
        nic("nic-web"), pip("pip"), gateway, vnet(subnet(), subnet("gw", "10.0.1.0/26"))
    )
    for name in ("GW-004", "GW-025"):
        (unknown,) = ask(name, network).unknown
        assert "sends requests" in unknown.missing
