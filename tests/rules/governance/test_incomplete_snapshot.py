from __future__ import annotations

from typing import Any

import pytest

from auditor.finding import Location, Severity
from auditor.snapshot.document import Gap
from auditor.testing import Answer, arm_id, ask, estate, resource

from ...networks import SUBNET, hub, hub_peer, nic, subnet_id, vnet, vnet_id
from ..gateways import gateway, listener, part_id, rule

Json = dict[str, Any]
NSG = "Microsoft.Network/networkSecurityGroups"


def home(*groups: str) -> Json:
    subnets = {
        f"s{number}": {"networkSecurityGroup": {"id": arm_id(NSG, group)}}
        for number, group in enumerate(groups)
    }
    return vnet("a", "10.0.0.0/16", subnets=subnets)


def asked(*resources: Json, gaps: tuple[Gap, ...] = ()) -> Answer:
    return ask("GOV-006", estate(*resources, gaps=gaps))


def test_nothing_is_missing() -> None:
    answer = asked(home())
    assert (answer.kept, answer.broken) == (1, [])


def test_what_is_referred_to_and_absent() -> None:
    [finding] = asked(home("web")).broken
    assert finding.subject == arm_id(NSG, "web")
    assert finding.message == f"s0 refers to {NSG} web, not exported"
    assert finding.related[0] == subnet_id("a", "s0")
    assert finding.evidence[0].resource == vnet_id("a")
    assert finding.evidence[0].pointer == "/properties/subnets/0/properties/networkSecurityGroup/id"
    assert finding.remedy.endswith(f"az resource show --ids {arm_id(NSG, 'web')}")


def wan() -> Json:
    return resource("Microsoft.Network/virtualWans", "wan", {"type": "Standard"})


def test_r_29_nobody_can_export_the_network_inside_a_virtual_hub() -> None:
    spoke = vnet("spoke", "10.1.0.0/16", peers=[hub_peer("vhub", "10.0.0.0/23")])
    answer = asked(spoke, wan(), *hub("vhub", "10.0.0.0/23", "spoke"))
    assert (answer.kept, answer.broken) == (1, [])


def test_r_29_a_virtual_hub_that_is_not_exported_is_missing() -> None:
    spoke = vnet("spoke", "10.1.0.0/16", peers=[hub_peer("vhub", "10.0.0.0/23")])
    [finding] = asked(spoke, wan(), *hub("vhub", "10.0.0.0/23", "another")[:1]).broken
    assert finding.subject == vnet_id("HV_vhub_9f0c1a7e")
    assert "az network vhub list" in finding.remedy
    assert "--ids" not in finding.remedy


def test_one_absent_resource_is_told_once() -> None:
    assert len(asked(home("web", "WEB")).broken) == 1


def test_a_part_of_an_absent_resource_is_told_as_the_resource() -> None:
    [finding] = asked(nic("n", "10.0.0.4", ("gone", "web"))).broken
    assert finding.subject == vnet_id("gone")


@pytest.mark.parametrize(("number", "findings"), [(5, 5), (6, 1)])
def test_more_than_five_of_a_kind_are_told_together(number: int, findings: int) -> None:
    answer = asked(home(*(f"g{each}" for each in range(number))))
    assert len(answer.broken) == findings
    if findings == 1:
        [finding] = answer.broken
        assert finding.message.startswith(f"6 resources of type {NSG} in rg")
        assert arm_id(NSG, "g5") in finding.related


@pytest.mark.parametrize(
    ("kind", "words", "severity"),
    [
        ("partial", "was read in part", None),
        ("denied", "was denied", None),
        ("failed", "failed to load", None),
        ("damaged", "is damaged", None),
        ("conflict", "is told in two ways", None),
        ("unsupported", "is not understood", Severity.LOW),
        ("foreign", "holds what is no resource of Azure", Severity.LOW),
        ("lossy", "was exported with loss", Severity.LOW),
        ("another", "another", None),
    ],
)
def test_gaps_of_the_input(kind: str, words: str, severity: Severity | None) -> None:
    gap = Gap(kind, "exports/a.json", "page 2 of 3", "exports/a.json:7: /nextLink")
    [finding] = asked(home(), gaps=(gap,)).broken
    assert finding.subject == "exports/a.json"
    assert finding.severity is severity
    assert finding.message == (f"exports/a.json {words}: page 2 of 3 (exports/a.json:7: /nextLink)")


def test_what_only_the_deployment_decides_cannot_be_told_at_its_place() -> None:
    listed = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/networkSecurityGroups"
    gap = Gap("undecided", listed, "left out: on a condition", "a.json:7: /resources/2")
    answer = asked(home(), gaps=(gap,))
    [unknown] = [each for each in answer.unknown if each.subject == listed]
    assert not answer.broken
    assert unknown.missing == "left out: on a condition (a.json:7: /resources/2)"
    assert unknown.location == Location("a.json", 7, "/resources/2")


def test_what_a_template_may_make_is_not_certainly_absent() -> None:
    """A subnet names a group that a template makes on a condition: nobody can export it."""
    group = arm_id("Microsoft.Network/networkSecurityGroups", "nsg-web")
    table = arm_id("Microsoft.Network/routeTables", "rt")
    made = group.rpartition("/")[0]
    gap = Gap("undecided", made, "left out: on a condition", "a.json:7: /resources/2")
    named = {"networkSecurityGroup": {"id": group}, "routeTable": {"id": table}}
    prefix = {"addressPrefix": "10.0.0.0/24"}
    answer = asked(vnet("v", "10.0.0.0/16", subnets={"s": {**prefix, **named}}), gaps=(gap,))

    assert [each.subject for each in answer.broken] == [table]
    [unknown] = [each for each in answer.unknown if each.subject == group]
    assert unknown.missing == (
        "s refers to Microsoft.Network/networkSecurityGroups nsg-web, which is not there unless a "
        "template makes it: left out: on a condition"
    )
    assert unknown.evidence[0].value == group


@pytest.mark.parametrize(("number", "findings"), [(5, 5), (6, 1)])
@pytest.mark.parametrize("kind", ["lossy", "unsupported", "foreign"])
def test_the_same_of_more_than_five_files_is_told_once(
    kind: str, number: int, findings: int
) -> None:
    gaps = [Gap(kind, f"{each}.json", "drops fields", f"{each}.json") for each in range(number)]
    broken = asked(home(), gaps=tuple(gaps)).broken
    assert len(broken) == findings
    if findings == 1:
        [finding] = broken
        assert finding.message.startswith("0.json, like 5 more, ")
        assert finding.message.endswith(": drops fields")
        assert finding.related == tuple(f"{each}.json" for each in range(1, 6))
        assert finding.remedy == {
            "foreign": "leave them out, if nothing of it was meant to be audited"
        }.get(kind, "export them again, whole, and audit again")


def test_other_gaps_are_told_one_by_one() -> None:
    gaps = [Gap("denied", f"{each}.json", "403") for each in range(6)]
    other = [Gap("lossy", f"{each}.json", f"drops field {each}") for each in range(6)]
    assert len(asked(home(), gaps=(*gaps, *other)).broken) == 12


@pytest.mark.parametrize(
    ("where", "location"),
    [
        ("exports/a.json:7: /nextLink", Location("exports/a.json", 7, "/nextLink")),
        ("exports/a.json:7", Location("exports/a.json", 7, "")),
        ("c:/x:1.json:12: /a: b", Location("c:/x:1.json", 12, "/a: b")),
        ("exports/a.json", Location("exports/a.json", 1, "")),
        ("", None),
    ],
)
def test_a_gap_has_a_place(where: str, location: Location | None) -> None:
    [finding] = asked(home(), gaps=(Gap("partial", "x", "y", where),)).broken
    assert finding.location == location


def test_gaps_and_absent_resources_are_both_told() -> None:
    gap = Gap("denied", "Microsoft.Network/firewalls", "403")
    assert len(asked(home("web"), gaps=(gap,)).broken) == 2


def test_a_list_of_parts_that_is_not_told_is_unknown() -> None:
    group = resource(NSG, "web", {"securityRules": []})
    why = ("/properties/securityRules", "the parameter 'rules' has no value")

    answer = ask("GOV-006", estate(group, unresolved=(why,)))

    [unknown] = answer.unknown
    assert unknown.subject == arm_id(NSG, "web")
    assert unknown.missing == "the securityRules of web: the parameter 'rules' has no value"
    assert (answer.kept, answer.broken) == (0, [])


def test_a_list_inside_a_part_counts_as_well() -> None:
    settings = {"urlPathMaps": [{"name": "map", "properties": {}}], "httpListeners": []}
    gateway = resource("Microsoft.Network/applicationGateways", "agw", settings)
    why = ("/properties/urlPathMaps/0/properties/pathRules", "x")

    answer = ask("GOV-006", estate(gateway, unresolved=(why,)))

    assert "the pathRules of agw: x" in [unknown.missing for unknown in answer.unknown]


def test_a_resource_that_came_without_its_settings_is_told_as_a_gap_alone() -> None:
    group = resource(NSG, "web", {})
    gap = Gap("partial", "exports/a.json", "1 resource listed without settings")

    answer = ask("GOV-006", estate(group, unresolved=(("/properties", "x"),), gaps=(gap,)))

    assert (len(answer.broken), answer.unknown) == (1, [])


def test_what_is_told_as_empty_is_kept() -> None:
    answer = asked(resource(NSG, "empty", {"securityRules": []}))

    assert (answer.kept, answer.unknown) == (1, [])


def test_a_security_group_cut_short_of_its_rules_is_unknown() -> None:
    """Azure writes an empty list where a group has no rules."""
    answer = asked(resource(NSG, "short", {"provisioningState": "Succeeded"}))

    [unknown] = answer.unknown
    assert unknown.missing == "the securityRules of short: the input has no list of them"
    assert (answer.kept, answer.broken) == (0, [])


def test_a_subnet_that_its_network_does_not_list_is_told_by_itself() -> None:
    network = vnet("a", "10.0.0.0/16", subnets={"web": "10.0.1.0/24"})
    stray = nic("n", "10.0.9.4", ("A", "gone"))

    [finding] = asked(network, stray, nic("m", "10.0.9.5", ("a", "Gone"))).broken

    assert finding.subject.lower() == subnet_id("a", "gone").lower()
    assert finding.message.endswith(f"refers to {SUBNET} Gone, not exported")
    assert asked(network, nic("n", "10.0.1.4", ("a", "WEB"))).broken == []


def test_of_a_network_that_does_not_list_its_subnets_that_alone_is_told() -> None:
    network = vnet("a", "10.0.0.0/16")
    del network["properties"]["subnets"]

    answer = asked(network, nic("n", "10.0.9.4", ("a", "gone")))

    assert answer.broken == []
    assert [each.subject for each in answer.unknown] == [vnet_id("a")]


def test_a_part_that_a_resource_names_as_its_own_and_does_not_list() -> None:
    short = gateway(rule("plain", "web"), rule("https", "web"), rule("other", "listed"))
    short["properties"]["httpListeners"] = [listener("Listed")[1]]

    [finding] = [one for one in asked(short).broken if "httpListeners" in one.subject]

    assert finding.subject == part_id("httpListeners", "web")
    assert finding.message.endswith("applicationGateways/httpListeners web, not exported")
    assert finding.remedy == f"export it again, whole: az resource show --ids {short['id']}"


def test_a_part_whose_name_a_template_does_not_tell_may_be_the_one_that_is_named() -> None:
    parts = gateway(rule("plain", "web"), listener("web"))
    del parts["properties"]["httpListeners"][0]["id"]
    hole = (("/properties/httpListeners/0/name", "[parameters('listener')]"),)

    answer = ask("GOV-006", estate(parts, unresolved=hole))

    assert [one for one in answer.broken if "httpListeners" in one.subject] == []


def test_what_is_quoted_is_what_stands_there() -> None:
    [finding] = asked(nic("n", "10.0.0.4", ("gone", "web"))).broken
    assert finding.evidence[0].value == subnet_id("gone", "web")


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (SUBNET, "hub/a"),
        (f"{NSG}/securityRules", "hub/a"),
        ("Microsoft.Network/routeTables/routes", "hub/a"),
        ("Microsoft.Network/loadBalancers/backendAddressPools", "hub/a"),
        ("Microsoft.Network/applicationGateways/urlPathMaps/pathRules", "hub/map/a"),
        ("Microsoft.Network/privateDnsZones/A", "hub/a"),
    ],
)
def test_a_part_that_came_without_what_it_is_a_part_of(kind: str, name: str) -> None:
    """Rules ask for gateways and groups: of a lone part most of them have nothing to ask."""
    whole = "/".join(kind.split("/")[:2])
    alone = resource(kind, name)

    [finding] = asked(alone).broken

    assert finding.subject == arm_id(whole, "hub")
    assert finding.message == f"a is a part of {whole} hub, not exported"
    assert finding.related == (alone["id"],)
    assert finding.evidence[0].resource == alone["id"]
    assert (finding.evidence[0].pointer, finding.evidence[0].value) == ("/id", alone["id"])
    assert finding.remedy.endswith(f"az resource show --ids {arm_id(whole, 'hub')}")


def test_several_parts_of_one_resource_and_references_to_it_are_told_once() -> None:
    parts = [resource(SUBNET, f"gone/{name}") for name in ("a", "b")]

    assert len(asked(*parts).broken) == 1
    [finding] = asked(*parts, nic("n", "10.0.0.4", ("GONE", "web"))).broken
    assert "refers to" in finding.message


def test_a_part_whose_owner_is_there_in_whatever_form_is_kept() -> None:
    part = resource("Microsoft.Network/virtualNetworks/subnets", "A/s")

    assert asked(vnet("a", "10.0.0.0/16", subnets={"s": "10.0.0.0/24"}), part).kept
    assert asked(home(), resource("Microsoft.Contoso/boats/masts", "b/m")).kept


def test_a_setting_of_a_resource_that_is_not_there_is_no_part_of_it() -> None:
    """Its kind is exported for one parent at a time, of kinds that no rule judges, too."""
    on = arm_id("Microsoft.Storage/storageAccounts", "logs")
    setting = resource("Microsoft.Insights/diagnosticSettings", "d")
    setting["id"] = f"{on}/providers/Microsoft.Insights/diagnosticSettings/d"

    assert asked(home(), setting).kept
