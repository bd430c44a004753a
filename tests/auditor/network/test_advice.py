"""What to do that an answer can be told, of every *unknown*."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from auditor.errors import Undetermined
from auditor.finding import Unknown
from auditor.network.advice import advice, lone_subscription
from auditor.network.graph import Network
from auditor.network.reasons import Reason, teller
from auditor.resources.routing import RouteTable
from auditor.snapshot.document import DELETED, DEPLOYED, NO_PROPERTIES, NO_SETTINGS, Gap
from auditor.testing import arm_id, ask, estate, resource

from ...clusters import cluster, pool
from ...exposed import nic, subnet, vnet
from ...routing import route, table

VNET = "Microsoft.Network/virtualNetworks"
NSG = "Microsoft.Network/networkSecurityGroups"
HUB, SHUT = arm_id(VNET, "hub"), arm_id(NSG, "shut")


def said(missing: str, network: Network | None = None, **more: object) -> str:
    unknown = Unknown(HUB, missing=missing, **more)  # type: ignore[arg-type]
    return advice(network or estate(resource(VNET, "hub")), unknown)


def test_what_is_absent_is_to_be_exported_with_the_rest() -> None:
    wanted = f"export it with the rest: az resource show --ids {SHUT}"
    assert said(f"{SHUT} is not in the snapshot") == wanted
    assert said("its rules", related=(SHUT,)) == wanted
    assert said("its rule", related=(f"{SHUT}/securityRules/ssh",)) == wanted


def test_a_part_of_what_is_there_asks_for_the_whole() -> None:
    part = f"{HUB}/subnets/web"
    assert said(f"{part} is not in the snapshot") == (
        f"export it again, whole: az resource show --ids {HUB}"
    )


def test_what_azure_lists_apart_is_to_be_exported_itself_and_not_its_parent() -> None:
    watcher = resource("Microsoft.Network/networkWatchers", "west")
    log = resource("Microsoft.Network/networkWatchers/flowLogs", "west/hub")
    network = estate(resource(VNET, "hub"), watcher, log)
    whole = "if the export left it out, export the resource again, whole: az resource show --ids "
    assert said("its target", network, told_by=log["id"]) == whole + log["id"]
    absent = log["id"] + "-old"
    assert said(f"{absent} is not in the snapshot", network) == (
        f"export it with the rest: az resource show --ids {absent}"
    )


def test_a_setting_that_is_not_told_is_to_be_exported_if_it_was_left_out() -> None:
    assert said("the address space") == (
        f"if the export left it out, export the resource again, whole: az resource show --ids {HUB}"
    )


def test_whoever_would_tell_it_is_to_be_exported_and_not_who_is_judged() -> None:
    network = estate(resource(VNET, "hub"), resource(NSG, "shut"))
    whole = "if the export left it out, export the resource again, whole: az resource show --ids "
    assert said("its rules", network, told_by=SHUT) == whole + SHUT
    assert said("its rules", network, related=(SHUT,)) == whole + HUB


@pytest.mark.parametrize(
    ("kind", "remedy"),
    [
        ("denied", "get a role that may read /subscriptions/s/nsgs, and take the snapshot again"),
        ("partial", "export /subscriptions/s/nsgs again, whole, and audit again"),
        ("conflict", "leave out the input that is older, and audit again"),
    ],
)
def test_a_list_that_was_not_read_is_to_be_read(kind: str, remedy: str) -> None:
    gap = Gap(kind, "/subscriptions/s/nsgs", "why")
    network = estate(resource(VNET, "hub"), gaps=(gap,))
    assert said("/subscriptions/s/nsgs, which was not read whole", network) == remedy


def test_a_template_is_to_be_compiled() -> None:
    network = estate(
        resource(VNET, "hub"), unresolved=(("/properties/subnets", "[parameters('subnets')]"),)
    )
    assert said("subnets of hub", network).startswith("compile the template")


@pytest.mark.parametrize(
    ("pointer", "reason", "words"),
    [
        ("/properties/subnets", "its text is computed by Azure at deployment", "it is known once"),
        (
            "/location",
            "the resource group's location is not in the template",
            "audit what was deployed, or",
        ),
    ],
)
def test_what_no_parameter_decides_is_not_asked_of_the_parameters(
    pointer: str, reason: str, words: str
) -> None:
    network = estate(resource(VNET, "hub"), unresolved=((pointer, reason),))
    assert said("subnets of hub", network).startswith(words)


def test_so_it_is_for_what_it_makes_on_a_condition() -> None:
    pips = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/publicIPAddresses"
    network = estate(resource(VNET, "hub"), gaps=(Gap("undecided", pips, "its name is unknown"),))
    for each in (pips, f"{pips}/pip-web"):
        assert said(f"what is open: {each} (collection-gap)", network).startswith("compile the")
        assert said("its address", network, related=(each,)).startswith("compile the")
    assert said(f"{pips}es/pip-web", network).startswith("export it with the rest")


def test_what_a_deployment_deletes_is_not_to_be_exported() -> None:
    nic = resource(
        "Microsoft.Network/networkInterfaces", "web", {"networkSecurityGroup": {"id": SHUT}}
    )
    gap = Gap(DELETED, SHUT, "the deployment deletes it")
    network = estate(nic, gaps=(gap,))
    assert said(f"{SHUT} is not in the snapshot", network).startswith("keep it, or take it out")
    (finding,) = ask("GOV-006", network).broken
    assert finding.message.endswith("shut, which the deployment deletes")
    assert finding.remedy == "keep it, or take it out of web as well"
    assert ask("GOV-006", estate(resource(VNET, "hub"), gaps=(gap,))).broken == []


def test_of_a_plan_there_is_nothing_to_compile() -> None:
    pips = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/publicIPAddresses"
    gap = Gap("undecided", pips, "it is not translated", cure=DEPLOYED)
    assert said(f"{pips} (undecided)", estate(resource(VNET, "hub"), gaps=(gap,))) == DEPLOYED
    (unknown,) = ask("GOV-006", estate(gaps=(gap,))).unknown
    assert unknown.remedy == DEPLOYED


@pytest.mark.parametrize("reason", [NO_SETTINGS, NO_PROPERTIES])
def test_an_entry_of_an_inventory_is_no_template(reason: str) -> None:
    network = estate(resource(VNET, "hub"), unresolved=(("/properties", reason),))
    assert said("properties of hub", network).startswith("if the export left it out")


@pytest.mark.parametrize(
    ("label", "words"),
    [
        ("nat-port", "az network lb list-mapping"),
        ("gateway-instances", "name its whole subnet"),
        ("vmss-model-only", "az vmss nic list"),
        ("paas-injected", "ask the service which addresses it has there"),
        ("fqdn:db.example.com", "look the name up"),
        ("k8s-objects-missing", "kubectl get"),
        ("nva:10.0.0.4", "look at the rules of the appliance"),
        ("bgp-routes-unknown", "show-effective-route-table"),
        ("service-tag:storage", "--service-tags"),
        ("semantics:E-15", "send a packet and see"),
        ("peer-external", "the network at the other end"),
    ],
)
def test_what_no_export_tells_is_said_to_be_so(label: str, words: str) -> None:
    assert words in said(f"whether web reaches db: something ({label})")


def test_what_an_export_would_tell_comes_before_what_none_does() -> None:
    network = estate(resource(VNET, "hub"), resource(NSG, "shut"))
    both = "whether the guest forwards (nva:web); its rules (collection-gap)"
    assert said(both, network, told_by=SHUT).endswith(f"az resource show --ids {SHUT}")
    reasons = [Reason("nva:web", "its guest", HUB), Reason("collection-gap", "its rules", SHUT)]
    assert teller(reasons) == SHUT
    assert teller(reasons[:1]) == HUB


def test_of_nobody_that_is_known_something_is_said_too() -> None:
    network = estate(resource(VNET, "hub"))
    assert advice(network, Unknown("", missing="where a name leads"))


def test_a_value_that_a_rule_reads_and_the_input_lacks_has_a_remedy() -> None:
    untold = resource(VNET, "hub", {"subnets": [{"name": "web", "properties": {}}]})
    (unknown,) = ask("ADR-004", estate(untold)).unknown
    assert unknown.remedy.startswith("if the export left it out")


def test_a_template_that_does_not_tell_its_subscription_is_not_told_to_be_of_another() -> None:
    hub, other = resource(VNET, "hub"), "22222222-2222-2222-2222-222222222222"
    own = HUB.split("/")[2]
    untold, elsewhere = (HUB.replace(own, each) for each in ("{subscription}", other))
    assert lone_subscription(estate(hub, {**hub, "id": untold})) == own
    assert lone_subscription(estate(hub, {**hub, "id": elsewhere})) == ""


def test_what_the_sentence_names_comes_before_what_is_wrong_with_the_subject() -> None:
    older = Gap("conflict", HUB, "two inputs tell it differently")
    network = estate(resource(VNET, "hub"), gaps=(older,))
    assert said(f"{SHUT} is not in the snapshot", network).endswith(f"--ids {SHUT}")
    assert (
        said("the address space", network) == "leave out the input that is older, and audit again"
    )


def test_what_a_template_leaves_out_is_to_be_written_there() -> None:
    own = HUB.split("/")[2]
    untold = {**resource(VNET, "hub"), "id": HUB.replace(own, "{subscription}")}
    unknown = Unknown(HUB.replace(own, "{subscription}"), missing="the address space")
    assert advice(estate(untold), unknown).startswith("audit what was deployed, or write it")


def test_the_network_that_aks_manages_is_in_the_node_resource_group() -> None:
    shop = cluster("shop", pool(in_=None), nodeResourceGroup="MC_shop")
    (unknown,) = ask("AKS-013", estate(shop)).unknown
    assert unknown.missing == "the virtual network that AKS manages in MC_shop"
    assert unknown.remedy.startswith(
        "export the node resource group with the rest: "
        "az network vnet list --resource-group MC_shop"
    )


WEB, AGENTS = f"{HUB}/subnets/web", arm_id("Microsoft.Network/routeTables", "agents")


def test_of_a_path_the_resource_that_does_not_tell_is_to_be_exported() -> None:
    """And neither the end of the path, nor whose name the sentence says."""
    subnet = {
        "name": "web",
        "properties": {"addressPrefix": "10.0.1.0/24", "routeTable": {"id": AGENTS}},
    }
    data = {
        "name": "data",
        "properties": {
            "addressPrefix": "10.0.2.0/24",
            "delegations": [
                {"properties": {"serviceName": "Microsoft.DBforMySQL/flexibleServers"}}
            ],
        },
    }
    space = {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}, "subnets": [subnet, data]}
    delegated = {"network": {"delegatedSubnetResourceId": f"{HUB}/subnets/data"}}
    network = estate(
        resource(VNET, "hub", space),
        resource("Microsoft.Network/routeTables", "agents", {"routes": None}),
        resource("Microsoft.DBforMySQL/flexibleServers", "db", delegated),
    )
    (unknown,) = ask("DB-009", network, application=("*/subnets/web",)).unknown
    assert "the routes of route table agents" in unknown.missing
    assert unknown.remedy.endswith(f"az resource show --ids {AGENTS}")


def test_a_subject_that_is_no_node_is_not_asked_for_where_somebody_else_would_tell() -> None:
    network = estate(resource(VNET, "hub"), resource(NSG, "shut"))
    card = arm_id("Microsoft.Compute/virtualMachineScaleSets", "web") + "/nodepublicip"
    unknown = Unknown(card, missing="whether it is reached: its rules", told_by=SHUT)
    assert advice(network, unknown).endswith(f"again, whole: az resource show --ids {SHUT}")


def test_a_reference_that_is_an_expression_is_no_resource_that_is_missing() -> None:
    subnet = {"addressPrefix": "10.0.0.0/24", "routeTable": {"id": "[parameters('table')]"}}
    space = {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}}
    hub = resource(VNET, "hub", {**space, "subnets": [{"name": "web", "properties": subnet}]})
    network = estate(hub)
    with pytest.raises(Undetermined, match=r"where .* leads, an expression") as told:
        network.get("[parameters('table')]", RouteTable)
    assert told.value.remedy.startswith("compile the template")


def test_of_several_that_are_absent_all_are_to_be_exported() -> None:
    other = arm_id(NSG, "other")
    several = f"{SHUT} is not in the snapshot; the rules of {other}; {SHUT}/securityRules/one"
    assert said(several) == f"export them with the rest: az resource show --ids {SHUT} {other}"
    part = f"{HUB}/virtualNetworkPeerings/far is not in the snapshot; {SHUT} is not"
    assert said(part).startswith("export them again, whole, and with the rest: az resource show")


def test_who_has_addresses_that_nobody_lists_is_to_be_exported() -> None:
    hidden = resource("Microsoft.Network/loadBalancers", "lb", {}, sku={"name": "Standard"})
    steering = table("rt", route("0.0.0.0/0", "VirtualAppliance", "10.0.0.99"))
    home = vnet(subnet(routeTable={"id": steering["id"]}))

    (unknown,) = ask("RTE-002", estate(home, steering, hidden)).unknown

    assert "the addresses of lb" in unknown.missing
    assert unknown.remedy.endswith(f"az resource show --ids {hidden['id']}")


def shop() -> list[dict[str, Any]]:
    """An estate with a gateway, a cluster and a database, all in order."""
    files = sorted(Path("fixtures/estates/docker-to-aks").glob("*.json"))
    read: list[Any] = [msgspec.json.decode(file.read_bytes()) for file in files]
    lists = [each["value"] if isinstance(each, dict) else each for each in read]
    return [one for each in lists for one in each if "id" in one]


@pytest.mark.parametrize(
    ("rule", "kind", "key"),
    [
        ("GW-020", "applicationGateways", "frontendIPConfigurations"),
        ("NSG-003", "applicationGateways", "httpListeners"),
        ("DB-008", "managedClusters", "agentPoolProfiles"),
    ],
)
def test_a_list_that_another_resource_does_not_tell_is_said_to_be_its(
    rule: str, kind: str, key: str
) -> None:
    """`subnets of inside` was one of a network around it, and the advice to export that again."""
    resources = shop()
    hidden = next(one for one in resources if one["type"].lower().endswith(f"/{kind.lower()}"))
    del hidden["properties"][key]

    found = [one for one in ask(rule, estate(*resources)).unknown if key in one.missing]

    assert found
    for unknown in found:
        assert f"{key} of {hidden['name']}" in unknown.missing
        assert unknown.remedy.endswith(f"az resource show --ids {hidden['id']}")


@pytest.mark.parametrize("rule", ["NSG-010", "NAT-002"])
def test_a_group_that_is_absent_is_to_be_exported_and_not_where_it_stands(rule: str) -> None:
    resources = [
        nic("web", virtualMachine={"id": arm_id("Microsoft.Compute/virtualMachines", "vm")}),
        resource("Microsoft.Compute/virtualMachines", "vm", {"networkProfile": {
            "networkInterfaces": [{"id": arm_id("Microsoft.Network/networkInterfaces", "web")}]
        }}),
        vnet(subnet(nsg="shut", defaultOutboundAccess=rule == "NSG-010")),
    ]  # fmt: skip

    (unknown,) = ask(rule, estate(*resources)).unknown

    assert f"{SHUT} is not in the snapshot" in unknown.missing
    assert unknown.remedy == f"export it with the rest: az resource show --ids {SHUT}"
