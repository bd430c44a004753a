"""`auditor flow` and `auditor effective-rules`, as a person and as a script see them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from auditor.testing import arm_id, resource

from ...command import Command, Ran, apart
from ...exposed import NIC, NSG, SUBNET, deny, nic, nsg, pip, ref, rule, subnet, vnet
from ...guarded import out
from ...reaching import GLOBAL, before_regions, lb, lb_rule

Json = dict[str, Any]
ASG = "Microsoft.Network/applicationSecurityGroups"


def estate(*more: Json, name: str = "web-in") -> Json:
    group = nsg(rule(name, 100, "Internet", "443"), deny("no-ssh", 110, "*", "22"))
    return {"value": [group, nic("web"), vnet(subnet(nsg="nsg")), *more]}


def ask(auditor: Command, what: Json, *more: str, **changed: str) -> Ran:
    given = {
        "nic": "web", "direction": "inbound", "local": "10.0.0.4:443",
        "remote": "52.10.0.7:50000", "protocol": "Tcp", **changed,
    }  # fmt: skip
    options = [word for key, value in given.items() for word in (f"--{key}", value)]
    return auditor("flow", "-", *options, *more, stdin=what)


def asked(auditor: Command, what: Json, **changed: str) -> Json:
    ran = ask(auditor, what, "--report", "json", **changed)
    assert ran.status == 0, ran.err
    found: Json = ran.report
    return found


def test_the_answer_in_azures_shape(auditor: Command) -> None:
    found = asked(auditor, estate())
    assert (found["access"], found["ruleName"]) == ("Allow", "securityRules/web-in")
    assert found["rule"] == {
        "name": "securityRules/web-in",
        "id": f"{arm_id(NSG, 'nsg')}/securityRules/web-in",
        "priority": 100,
        "resource": arm_id(NSG, "nsg"),
        "pointer": "/properties/securityRules/0",
    }
    assert "reasons" not in found
    assert [(each["layer"], each["at"]) for each in found["layers"]] == [
        ("subnet", arm_id(SUBNET, "vnet", "app"))
    ]


def test_the_reverse_flow_is_another_question(auditor: Command) -> None:
    found = asked(auditor, estate(), direction="outbound")
    assert found["ruleName"] == "defaultSecurityRules/AllowInternetOutBound"


def default(name: str) -> Json:
    return {"name": name, "properties": {"priority": 65000}}


NAMES = ["DenyAllOutBound", "AllowInternetOutBound", "AllowVnetOutBound", "DenyAllInBound"]


@pytest.mark.parametrize("flat", [False, True])
def test_N_10_a_default_rule_is_pointed_at_by_its_name(auditor: Command, flat: bool) -> None:
    what = estate()
    group = what["value"][0]
    group["properties"]["defaultSecurityRules"] = [default(name) for name in NAMES]
    if flat:  # as az writes it
        group |= {**group.pop("properties"), "resourceGroup": "rg"}

    found = asked(auditor, what, direction="outbound")

    assert found["rule"]["pointer"] == "/properties/defaultSecurityRules/1"
    assert found["rule"]["id"].endswith("/nsg/defaultSecurityRules/AllowInternetOutBound")
    told = ask(auditor, what, direction="outbound").out.splitlines()[1]
    assert told.endswith(f"of {arm_id(NSG, 'nsg')} /properties/defaultSecurityRules/1")


@pytest.mark.parametrize("listed", [None, [], [default("AllowVnetInBound")], 5, [{"name": 5}]])
def test_N_10_a_default_rule_that_is_not_listed_is_said_to_be_azures(
    auditor: Command, listed: Any
) -> None:
    what = estate()
    if listed is not None:
        what["value"][0]["properties"]["defaultSecurityRules"] = listed

    found = asked(auditor, what, direction="outbound")

    assert found["rule"]["name"] == "defaultSecurityRules/AllowInternetOutBound"
    assert found["rule"]["pointer"] is None
    told = ask(auditor, what, direction="outbound").out.splitlines()[1]
    assert told.endswith(f"of {arm_id(NSG, 'nsg')} (Azure adds it, the input does not list it)")


def test_the_answer_in_words(auditor: Command) -> None:
    ran = ask(auditor, estate(), local="10.0.0.4:22")
    assert ran.status == 0
    assert ran.out.splitlines()[:2] == [
        "web, inbound Tcp between 10.0.0.4:22 and 52.10.0.7:50000: Deny",
        f"  by securityRules/no-ssh (Deny, priority 110) of {arm_id(NSG, 'nsg')} "
        "/properties/securityRules/1",
    ]


def test_any_port_tells_both(auditor: Command) -> None:
    found = asked(auditor, estate(), local="10.0.0.4:*", remote="52.10.0.7:*")
    assert (found["access"], found["ruleName"]) == ("Mixed", None)
    told = {
        (each["access"], each["ruleName"]): [r["localPort"] for r in each["ranges"]]
        for each in found["ports"]
    }
    assert told[("Allow", "securityRules/web-in")] == ["443"]
    assert told[("Deny", "securityRules/no-ssh")] == ["22"]
    assert "ports local 443 remote *: Allow" in ask(auditor, estate(), local="10.0.0.4:*",
                                                    remote="52.10.0.7").out  # fmt: skip


def test_unknown_gives_reasons_and_status_zero(auditor: Command) -> None:
    what = {"value": [nic("web", nsg="gone"), vnet(subnet())]}
    found = asked(auditor, what)
    assert (found["access"], found["ruleName"]) == ("Unknown", None)
    assert [reason["label"] for reason in found["reasons"]] == ["collection-gap"]
    ran = ask(auditor, what)
    assert ran.status == 0
    assert "(collection-gap)" in ran.out


def test_a_tag_file_settles_what_a_tag_holds(auditor: Command) -> None:
    what = {"value": [nsg(rule("door", 100, "AzureFrontDoor.Backend")), nic("web"),
                      vnet(subnet(nsg="nsg"))]}  # fmt: skip
    assert asked(auditor, what)["access"] == "Unknown"
    file = auditor.write(
        "tags.json",
        {"values": [{"name": "AzureFrontDoor.Backend",
                     "properties": {"addressPrefixes": ["52.10.0.0/16"]}}]},
    )  # fmt: skip
    settled = ask(auditor, what, "--service-tags", str(file), "--report", "json")
    assert settled.report["ruleName"] == "securityRules/door"
    other = ask(auditor, what, "--service-tags", str(file), "--report", "json", remote="53.1.1.1:1")
    assert other.report["ruleName"] == "defaultSecurityRules/DenyAllInBound"


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{", '{"values": [{"name": "A"}]}', '{"values": 1}', "[" * 5000, "\ud800",
     '{"values": [{"name": "A", "properties": {"addressPrefixes": ["10.0.0.0/99"]}}]}'],
)  # fmt: skip
def test_a_bad_tag_file_is_status_3(auditor: Command, text: str) -> None:
    file = auditor.write("tags.json", text.encode("utf-8", "surrogatepass"))
    ran = ask(auditor, estate(), "--service-tags", str(file))
    assert (ran.status, ran.out) == (3, "")
    assert "tags.json" in ran.err
    assert "Traceback" not in ran.err


def test_an_absent_tag_file_is_status_3(auditor: Command) -> None:
    assert ask(auditor, estate(), "--service-tags", "nowhere.json").status == 3


@pytest.mark.parametrize(
    "changed",
    [
        {"local": "10.0.0.4:99999"},
        {"local": "10.0.0.4:"},
        {"local": "10.0.0:22"},
        {"local": "10.0.0.4/24:22"},
        {"remote": "[fd00::4]22"},
        {"remote": "[fd00::4]:22"},
        {"remote": "[fd00::4:22"},
        {"remote": ""},
        {"protocol": "Gre"},
        {"direction": "sideways"},
        {"nic": "wbe"},
    ],
)
def test_usage_errors(auditor: Command, changed: dict[str, str]) -> None:
    ran = ask(auditor, estate(), **changed)
    assert (ran.status, ran.out) == (2, "")


def test_an_unknown_nic_names_candidates(auditor: Command) -> None:
    assert "web" in ask(auditor, estate(), nic="wbe").err
    twice = estate(nic("web", group="other"))
    ran = ask(auditor, twice)
    assert ran.status == 2
    assert arm_id(NIC, "web", group="other") in ran.err
    assert ask(auditor, twice, nic=arm_id(NIC, "WEB")).status == 0


def test_damaged_input_is_status_3(auditor: Command) -> None:
    ran = auditor("effective-rules", "-", "--nic", "web", stdin=b"{")
    assert (ran.status, ran.out) == (3, "")


@pytest.mark.parametrize("local", ["20.50.1.2:443", "10.0.0.5:443"])
def test_an_address_that_the_nic_has_not_is_a_mistake(auditor: Command, local: str) -> None:
    ran = ask(auditor, estate(), local=local)
    assert (ran.status, ran.out) == (2, "")
    assert f"{local.partition(':')[0]} is no address of web" in ran.err
    assert "it has 10.0.0.4" in ran.err


@pytest.mark.parametrize(("floating", "status"), [(True, 0), (False, 2)])
def test_P_4_a_frontend_with_floating_ip_is_what_the_rules_see(
    auditor: Command, floating: bool, status: int
) -> None:
    front = rule("front", 90, "Internet", "443", destinationAddressPrefix="20.50.1.2")
    what = {
        "value": [
            nsg(front, deny("rest", 100)),
            nic("web"),
            vnet(subnet(nsg="nsg")),
            pip("pip"),
            lb(lb_rule(back=443, enableFloatingIP=floating)),
        ]
    }
    ran = ask(auditor, what, "--report", "json", local="20.50.1.2:443")
    assert ran.status == status
    if floating:
        assert ran.report["ruleName"] == "securityRules/front"


@pytest.mark.parametrize(("floating", "status"), [(True, 0), (False, 2)])
def test_E_19_rules_see_a_global_frontend_if_both_balancers_leave_it(
    auditor: Command, floating: bool, status: int
) -> None:
    front = rule("front", 90, "Internet", "443", destinationAddressPrefix=GLOBAL)
    region = [nsg(front, deny("rest", 100)), nic("web"), vnet(subnet(nsg="nsg")), pip("pip"),
              lb(lb_rule(back=443, enableFloatingIP=floating))]  # fmt: skip
    what = {"value": [*region, *before_regions(port=443, enableFloatingIP=True)]}
    ran = ask(auditor, what, "--report", "json", local=f"{GLOBAL}:443")
    assert ran.status == status
    if floating:
        assert ran.report["ruleName"] == "securityRules/front"


def test_an_address_that_is_not_told_may_be_any(auditor: Command) -> None:
    what = {"value": [nic("web", address=None), vnet(subnet())]}
    assert ask(auditor, what, local="10.0.0.9:443").status == 0


def test_ipv6_endpoints(auditor: Command) -> None:
    six = nic("web", configuration={"privateIPAddress": "fd00::4"})
    what = {"value": [six, nsg(), vnet(subnet(prefix="fd00::/64", nsg="nsg"), prefix="fd00::/48")]}
    found = asked(auditor, what, local="[fd00::4]:443", remote="[fd00::9]:*")
    assert found["ruleName"] == "defaultSecurityRules/AllowVnetInBound"
    assert asked(auditor, what, local="fd00::4", remote="2a01::1")["access"] == "Deny"


def test_hostile_names_do_nothing_to_a_terminal(auditor: Command) -> None:
    name = "\x1b[31m[red]x\n\u202e<script>"
    ran = ask(auditor, estate(name=name))
    assert ran.status == 0
    assert "\x1b" not in ran.out
    assert "\u202e" not in ran.out
    listed = auditor("effective-rules", "-", "--nic", "web", stdin=estate(name=name))
    assert "\x1b" not in listed.out


def rules_of(auditor: Command, what: Json, *more: str) -> Json:
    ran = auditor("effective-rules", "-", "--nic", "web", "--report", "json", *more, stdin=what)
    assert ran.status == 0, ran.err
    found: Json = ran.report
    return found


def test_effective_rules_in_azures_shape(auditor: Command) -> None:
    found = rules_of(auditor, estate())
    (entry,) = found["value"]
    assert entry["networkSecurityGroup"] == {"id": arm_id(NSG, "nsg")}
    assert entry["association"] == {"subnet": {"id": arm_id(SUBNET, "vnet", "app")}}
    listed = entry["effectiveSecurityRules"]
    assert [each["name"] for each in listed] == [
        "securityRules/web-in",
        "securityRules/no-ssh",
        "defaultSecurityRules/AllowVnetInBound",
        "defaultSecurityRules/AllowAzureLoadBalancerInBound",
        "defaultSecurityRules/DenyAllInBound",
        "defaultSecurityRules/AllowVnetOutBound",
        "defaultSecurityRules/AllowInternetOutBound",
        "defaultSecurityRules/DenyAllOutBound",
    ]
    web = listed[0]
    assert web["destinationPortRanges"] == ["443-443"]
    assert web["sourcePortRange"] == "0-65535"
    assert web["sourceAddressPrefix"] == "Internet"
    assert "10.0.0.0/8" not in web["expandedSourceAddressPrefix"]
    assert (web["protocol"], web["access"], web["direction"]) == ("Tcp", "Allow", "Inbound")
    local = listed[2]
    assert local["expandedSourceAddressPrefix"] == ["10.0.0.0/16", "168.63.129.16/32"]
    assert listed[4]["sourceAddressPrefix"] == "0.0.0.0/0"
    assert listed[4]["sourceAddressPrefixes"] == ["0.0.0.0/0"]
    assert "reasons" not in found


def test_effective_rules_of_both_levels(auditor: Command) -> None:
    what = {"value": [nsg(name="outer"), nsg(out("o", 100), name="inner"),
                      nic("web", nsg="inner"), vnet(subnet(nsg="outer"))]}  # fmt: skip
    found = rules_of(auditor, what)
    assert [next(iter(each["association"])) for each in found["value"]] == [
        "subnet",
        "networkInterface",
    ]


def test_effective_rules_expand_groups_to_their_members(auditor: Command) -> None:
    group = [ref(arm_id(ASG, "db"))]
    to_group = {"destinationApplicationSecurityGroups": group, "destinationAddressPrefix": ""}
    what = {
        "value": [
            resource(ASG, "db"),
            nsg(out("to-db", 100, "", "3306", **to_group)),
            nic("web"),
            nic("db", address="10.0.0.9", configuration={"applicationSecurityGroups": group}),
            vnet(subnet(nsg="nsg")),
        ]
    }
    listed = rules_of(auditor, what)["value"][0]["effectiveSecurityRules"]
    to_db = next(each for each in listed if each["name"] == "securityRules/to-db")
    assert to_db["expandedDestinationAddressPrefix"] == ["10.0.0.9/32"]
    assert to_db["destinationApplicationSecurityGroups"] == group


def test_effective_rules_tell_what_is_not_told(auditor: Command) -> None:
    what = {"value": [nsg(rule("s", 100, "Storage")), nic("web", nsg="gone"),
                      vnet(subnet(nsg="nsg"))]}  # fmt: skip
    found = rules_of(auditor, what)
    labels = [reason["label"] for reason in found["reasons"]]
    assert labels == ["collection-gap", "service-tag:storage"]
    assert found["value"][1]["effectiveSecurityRules"] is None
    ran = auditor("effective-rules", "-", "--nic", "web", stdin=what)
    assert "(collection-gap)" in ran.out
    assert "(service-tag:storage)" in ran.out


def test_effective_rules_in_words(auditor: Command) -> None:
    ran = auditor("effective-rules", "-", "--nic", "web", stdin=estate())
    first, head, web, *_ = ran.out.splitlines()
    assert first == f"subnet {arm_id(SUBNET, 'vnet', 'app')}: {arm_id(NSG, 'nsg')}"
    assert head.split()[:4] == ["DIRECTION", "PRIORITY", "ACCESS", "PROTOCOL"]
    assert web.split() == ["Inbound", "100", "Allow", "Tcp", "Internet", "*", "*", "443-443",
                           "securityRules/web-in"]  # fmt: skip


def test_nothing_filters(auditor: Command) -> None:
    what = {"value": [nic("web"), vnet(subnet())]}
    assert rules_of(auditor, what) == {"value": []}
    assert "nothing filters it" in ask(auditor, what).out


def test_help_is_quick_to_come() -> None:
    code = "import sys, auditor.cli; sys.exit('auditor.network.flow' in sys.modules)"
    assert apart(python=code).returncode == 0
    assert json.dumps(str(apart("flow", "--help").stdout)).count("--service-tags")


def test_admin_rules_are_associated_with_their_manager(auditor: Command) -> None:
    kind = "Microsoft.Network/networkManagers"
    inside = f"{kind}/securityAdminConfigurations"
    settings = {"access": "Deny", "direction": "Inbound", "priority": 10, "protocol": "Any",
                "sources": [], "destinations": []}  # fmt: skip
    found = rules_of(auditor, estate(
        resource(kind, "avnm"),
        resource(inside, "avnm/config"),
        resource(f"{inside}/ruleCollections", "avnm/config/all"),
        resource(f"{inside}/ruleCollections/rules", "avnm/config/all/no", settings),
    ))  # fmt: skip
    [entry] = [e for e in found["value"] if "networkManager" in e["association"]]
    assert entry["association"] == {"networkManager": {"id": arm_id(kind, "avnm")}}
    assert entry["networkSecurityGroup"] is None


def test_of_an_admin_rule_nobody_says_that_the_input_lacks_it(auditor: Command) -> None:
    kind = "Microsoft.Network/networkManagers"
    inside = f"{kind}/securityAdminConfigurations"
    settings = {"access": "Deny", "direction": "Inbound", "priority": 10, "protocol": "Any",
                "sources": [], "destinations": []}  # fmt: skip
    what = estate(
        resource(kind, "avnm"),
        resource(inside, "avnm/config"),
        resource(f"{inside}/ruleCollections", "avnm/config/all"),
        resource(f"{inside}/ruleCollections/rules", "avnm/config/all/no", settings),
    )
    told = ask(auditor, what).out
    assert "by no (Deny, priority 10) of" in told
    assert "the input does not list it" not in told
