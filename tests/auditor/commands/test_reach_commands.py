"""`auditor reach`, as typed."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from auditor.testing import arm_id, resource

from ...command import Command
from ...exposed import SUBNET, deny, nic, nsg, pip, rule, subnet, vnet
from ...networks import hub

HTTPS = rule("https", 100, "Internet", "443")


def written(folder: Path, *resources: Any, name: str = "estate.json") -> str:
    path = folder / name
    path.write_text(json.dumps({"value": list(resources)}))
    return str(path)


def estate(*rules: Any, hostile: str = "web") -> list[Any]:
    return [
        nsg(*rules),
        nic(hostile, public="pip", nsg="nsg"),
        nic("db", subnet="data", address="10.0.1.4"),
        pip("pip"),
        vnet(subnet(), subnet("data", "10.0.1.0/24")),
    ]


@pytest.fixture
def export(auditor: Command) -> str:
    return written(auditor.folder, *estate(HTTPS))


def reach(auditor: Command, path: str, *words: str) -> Any:
    return auditor("reach", path, *words)


@pytest.mark.parametrize(
    ("port", "status", "verdict"), [("443", 0, "REACHABLE"), ("22", 1, "BLOCKED")]
)
def test_the_status_says_the_verdict(
    auditor: Command, export: str, port: str, status: int, verdict: str
) -> None:
    ran = reach(auditor, export, "--from", "internet", "--to", "name:web", "--port", port,
                "--protocol", "tcp")  # fmt: skip
    assert ran.status == status
    assert verdict in ran.out


def test_ends_that_are_nobody_are_told_in_every_report(auditor: Command) -> None:
    empty = nic("empty")
    empty["properties"]["ipConfigurations"] = []
    path = written(auditor.folder, *estate(HTTPS), empty)
    words = ("--from", "internet", "--to", "name:empty")
    ran = reach(auditor, path, *words, "--report", "json")
    assert (ran.status, json.loads(ran.out)["answers"]) == (4, [])
    assert [each["label"] for each in json.loads(ran.out)["reasons"]] == ["nothing-selected"]
    for report in ("text", "markdown"):
        told = reach(auditor, path, *words, "--report", report)
        assert (told.status, told.out.strip()) == (4, "there is nobody to ask about")


def test_what_cannot_be_told_is_status_4(auditor: Command) -> None:
    resources = [each for each in estate(HTTPS) if each["name"] != "nsg"]
    path = written(auditor.folder, *resources)
    ran = reach(auditor, path, "--from", "internet", "--to", "name:web", "--port", "443")
    assert ran.status == 4
    assert "(collection-gap)" in ran.out


def test_the_text_shows_a_packet_and_its_hops(auditor: Command, export: str) -> None:
    ran = reach(auditor, export, "--from", "internet", "--to", "name:web", "--port", "443",
                "--protocol", "tcp")  # fmt: skip
    assert ran.out.splitlines() == [
        "internet -> web/primary",
        "  REACHABLE  TCP 443",
        "    try    tcp 203.0.113.10 -> 20.50.1.2:443 -> 10.0.0.4:443",
        "    ok     public-address: the public address pip is that of web",
        "    ok     nsg-inbound: securityRules/https of nsg at web allows it",
        "    ok     return-route: the Default route 0.0.0.0/0 sends the reply to Internet",
    ]


def test_the_json_is_the_published_form(auditor: Command, export: str) -> None:
    ran = reach(auditor, export, "--from", "internet", "--to", "name:web", "--report", "json")
    told = json.loads(ran.out)
    assert told["schema"] == "auditor.reach/1"
    keys = {"from", "to", "protocol", "ports", "verdict", "reasons", "witness", "hops", "blockers"}
    assert all(keys <= answer.keys() for answer in told["answers"])
    first = next(a for a in told["answers"] if a["verdict"] == "reachable")
    assert (first["from"], first["protocol"], first["ports"]) == ("internet", "tcp", "443")
    assert first["witness"]["destination"] == "20.50.1.2"
    assert first["arrives"]["destination"] == "10.0.0.4"
    hop = next(hop for hop in first["hops"] if hop["reason"] == "nsg-inbound")
    assert hop["rule"] == "securityRules/https"
    assert hop["pointer"] == "/properties/securityRules/0"
    assert hop["priority"] == 100
    blocked = next(a for a in told["answers"] if a["verdict"] == "blocked")
    assert blocked["blockers"][0]["opening"].startswith("add an inbound Allow rule")
    order = [(a["from"], a["to"], a["protocol"]) for a in told["answers"]]
    assert order == sorted(order)


def test_a_service_is_reached_by_name_and_let_in_by_a_rule(auditor: Command) -> None:
    """No address of it is told, and none is made up."""
    office = {"startIpAddress": "52.10.0.1", "endIpAddress": "52.10.0.9"}
    kind = "Microsoft.DBforMySQL/flexibleServers"
    settings = {
        "fullyQualifiedDomainName": "db.example",
        "network": {"publicNetworkAccess": "Enabled"},
        "firewallRules": [{"name": "office", "properties": office}],
    }
    path = written(auditor.folder, resource(kind, "db", settings))
    words = ("--from", "52.10.0.7", "--to", "name:db", "--port", "3306", "--protocol", "tcp")

    assert reach(auditor, path, *words).out.splitlines()[2:] == [
        "    try    tcp 52.10.0.7 -> db.example:3306",
        "    ok     service: db answers TCP 3306",
        "    ok     service-firewall: rule office of the firewall of db lets 52.10.0.7 in",
    ]
    (told,) = json.loads(reach(auditor, path, *words, "--report", "json").out)["answers"]
    assert told["arrives"]["destination"] == "db.example"
    hop = told["hops"][-1]
    assert (hop["rule"], hop["pointer"]) == ("office", "/properties/firewallRules/0")


def test_what_cannot_be_told_of_one_end_is_said_once(auditor: Command) -> None:
    """Of a virtual hub it is the routes and the tag of the network that are not told (R-29)."""
    path = written(auditor.folder, *estate(), *hub("h", "10.8.0.0/23", "vnet"))
    lines = reach(auditor, path, "--from", "internet").out.splitlines()
    what = "what the virtual hub h teaches (bgp-routes-unknown)"
    assert f"cannot tell of web/primary: {what}" in lines


def test_all_that_the_internet_reaches(auditor: Command, export: str) -> None:
    ran = reach(auditor, export, "--from", "internet")
    assert ran.status == 0
    assert ran.out.splitlines()[1].split() == [
        "web/primary", "20.50.1.2:443", "10.0.0.4:443", "tcp", "anywhere",
    ]  # fmt: skip
    markdown = reach(auditor, export, "--from", "internet", "--report", "markdown").out
    assert "| web/primary | 20.50.1.2:443 | 10.0.0.4:443 | tcp | anywhere | reachable |" in markdown


def test_nothing_reachable(auditor: Command) -> None:
    path = written(auditor.folder, *estate())
    ran = reach(auditor, path, "--from", "internet")
    assert (ran.status, ran.out) == (1, "nothing is reachable from the internet\n")


def test_whose_public_address_is_not_told_is_no_nobody(auditor: Command) -> None:
    """Somebody has the address: a NIC, balancer or gateway that the input lacks (U-2)."""
    owner = arm_id("Microsoft.Network/networkInterfaces/ipConfigurations", "web", "primary")
    rest = [each for each in estate(HTTPS) if each["name"] not in ("web", "pip")]
    path = written(auditor.folder, *rest, pip("pip", owner))
    ran = reach(auditor, path, "--from", "internet")
    assert ran.status == 4
    assert ran.out.splitlines()[1].split() == ["?pip", "20.50.1.2", "any", "anywhere"]
    assert f"cannot tell of pip: {owner} is not in the snapshot (collection-gap)" in ran.out


def test_E_2_what_nobody_reads_and_may_be_public_is_told_below(auditor: Command) -> None:
    group = resource("Microsoft.ContainerInstance/containerGroups", "cg", {"containers": []})
    told = [*estate(HTTPS), group]
    ran = reach(auditor, written(auditor.folder, *told), "--from", "internet")
    more = "there may be more: 1 of type microsoft.containerinstance/containergroups"
    assert ran.out.splitlines()[-1] == f"{more} (type-not-read)"
    assert ran.status == 0
    ran = reach(auditor, written(auditor.folder, group, vnet(subnet())), "--from", "internet")
    assert ran.status == 4


def test_E_2_R_29_the_vpn_gateway_of_a_hub_answers_tunnels(auditor: Command) -> None:
    instances = [
        {"publicIpAddress": f"20.60.0.{i}", "privateIpAddress": f"10.8.0.{i}"} for i in (4, 5)
    ]
    gateway = resource("Microsoft.Network/vpnGateways", "vg", {"ipConfigurations": instances})
    path = written(auditor.folder, gateway, vnet(subnet()))
    lines = reach(auditor, path, "--from", "internet").out.splitlines()
    entered = [line.split()[:2] for line in lines[1:]]
    assert entered == [["vg", "20.60.0.4:500,"], ["vg", "20.60.0.5:500,"]]
    for words, status in (
        (("--to", "20.60.0.5", "--port", "4500", "--protocol", "udp"), 0),
        (("--to", "20.60.0.5", "--port", "443", "--protocol", "tcp"), 1),
    ):
        assert reach(auditor, path, "--from", "internet", *words).status == status


@pytest.mark.parametrize("hollow", ["web", "pip"])
def test_an_inventory_does_not_prove_that_nothing_is_reachable(
    auditor: Command, hollow: str
) -> None:
    """Of resources without settings nobody knows what leads to them; of the others, it is told."""
    told = estate(HTTPS)
    for each in told:
        if each["name"] == hollow:
            del each["properties"]
    path = written(auditor.folder, *told)
    ran = reach(auditor, path, "--from", "internet")
    assert ran.status == (4 if hollow == "web" else 0)
    assert "there may be more: an inventory: 1 resource listed without settings" in ran.out
    found = json.loads(reach(auditor, path, "--from", "internet", "--report", "json").out)
    assert [each["label"] for each in found["reasons"]] == ["collection-gap"]
    assert "an inventory" in reach(auditor, path, "--from", "internet", "--report", "markdown").out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--from", "name:web"], "--to is missing"),
        (["--from", "typ:x", "--to", "name:web"], "did you mean type:"),
        (["--from", "internet", "--to", "name:wep"], "name:web"),
        (["--from", "internet", "--to", "name:web", "--port", "x"], "--port"),
        (["--from", "internet", "--to", "name:web", "--port", "1", "--protocol", "icmp"],
         "has no ports"),
    ],
)  # fmt: skip
def test_usage(auditor: Command, export: str, words: list[str], said: str) -> None:
    ran = reach(auditor, export, *words)
    assert ran.status == 2
    assert said in ran.err
    assert ran.out == ""


def test_names_reach_no_terminal_and_no_markup(auditor: Command) -> None:
    path = written(auditor.folder, *estate(HTTPS, hostile="\x1b[31mred|<b>`x`"))
    for report in ("text", "markdown", "json"):
        ran = reach(auditor, path, "--from", "internet", "--report", report)
        assert "\x1b" not in ran.out
    assert "<b>" not in reach(auditor, path, "--from", "internet", "--report", "markdown").out


def test_the_markdown_says_who_decides_and_what_opens_it(auditor: Command, export: str) -> None:
    ran = reach(auditor, export, "--from", "52.10.0.7", "--to", "name:web", "--protocol", "tcp",
                "--port", "443,444", "--report", "markdown")  # fmt: skip
    opened, shut = ran.out.splitlines()[2:]
    assert opened.startswith("| internet 52.10.0.7 | web/primary | tcp | 443 | reachable |")
    assert "securityRules/https of nsg at web allows it" in opened
    assert "DenyAllInBound of nsg at web denies it" in shut
    assert shut.endswith("before defaultSecurityRules/DenyAllInBound |")


def test_what_no_change_opens_is_told_with_what_one_would(auditor: Command) -> None:
    address = {"id": arm_id("Microsoft.Network/publicIPAddresses", "pip")}
    home = {"id": arm_id(SUBNET, "vnet", "AzureBastionSubnet")}
    settings = {"publicIPAddress": address, "subnet": home}
    host = {"ipConfigurations": [{"name": "c", "properties": settings}]}
    path = written(
        auditor.folder,
        nsg(deny("no", 200)),
        pip("pip"),
        resource("Microsoft.Network/bastionHosts", "bas", host),
        vnet(subnet("AzureBastionSubnet", "10.0.5.0/26", nsg="nsg")),
    )
    out = reach(auditor, path, "--from", "internet", "--to", "20.50.1.2", "--port", "22").out
    assert "stop   platform: Bastion answers HTTPS only" in out
    assert "BLOCKED    TCP and UDP 22" in out
    assert "open   none of this is enough: no change is known for platform" in out


def test_doubts_are_told_in_every_report(auditor: Command) -> None:
    resources = [each for each in estate(HTTPS) if each["name"] != "nsg"]
    path = written(auditor.folder, *resources)
    for form in ("text", "markdown", "json"):
        assert "collection-gap" in reach(auditor, path, "--from", "internet", "--report", form).out
        asked = ("--from", "internet", "--to", "name:web", "--report", form)
        assert "collection-gap" in reach(auditor, path, *asked).out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--from", "name:web", "--to", "name:web"], "both ends are one: web"),
        (["--from", "internet", "--to", "onprem"], "nothing of the input leads on premises"),
        (["--from", "internet", "--to", "9.9.9.9"], "both ends lie outside"),
        (["--from", "name:web", "--to", "10.0.0.255"], "nobody in the input has 10.0.0.255"),
    ],
)  # fmt: skip
def test_a_question_about_nothing_is_a_mistake(
    auditor: Command, export: str, words: list[str], said: str
) -> None:
    ran = reach(auditor, export, *words)
    assert (ran.status, ran.out) == (2, "")
    assert said in ran.err


def test_damage_is_status_3(auditor: Command, export: str) -> None:
    bad = auditor.folder / "bad.json"
    bad.write_text("{")
    assert auditor("diff", export, str(bad)).status == 3
    assert auditor("reach", str(bad), "--from", "internet").status == 3


def test_intents_are_in_every_report(auditor: Command) -> None:
    (auditor.folder / "auditor.toml").write_text(
        '[[intent]]\nname = "open"\nfrom = "internet"\nto = "name:web"\nports = 443\n'
        'expect = "reachable"\n[[intent]]\nname = "shut"\nfrom = "internet"\nto = "name:db"\n'
        'expect = "unreachable"\n[[intent]]\nname = "wrong"\nfrom = "internet"\nto = "name:web"\n'
        'expect = "unreachable"\n'
    )
    path = written(auditor.folder, *estate(HTTPS), resource("X.Y/z", "counted"))
    texts = {
        name: auditor("check", path, "--as-of", "2026-11-23", "--report", name).out
        for name in ("console", "json", "markdown", "junit", "csv", "sarif")
    }
    for name, text in texts.items():
        assert all(each in text for each in ("open", "shut", "wrong")), name
    told = {each["name"]: each for each in json.loads(texts["json"])["intents"]}
    assert [told[name]["outcome"] for name in ("open", "shut", "wrong")] == [
        "kept", "kept", "broken",
    ]  # fmt: skip
    assert told["wrong"]["witness"]["destinationPort"] == 443
    assert (
        "intents: 1 broken, 2 kept"
        in auditor("check", path, "--as-of", "2026-11-23", "--report", "github").out
    )


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("Microsoft.ContainerInstance/containerGroups", 4),
        ("Microsoft.Web/sites", 4),
        ("Microsoft.Network/dnsResolvers", 1),
        ("Microsoft.Insights/components", 1),
    ],
)
def test_E_2_what_nobody_reads_may_be_public(auditor: Command, kind: str, status: int) -> None:
    """That nothing of what is read is reachable does not prove that nothing is."""
    path = written(auditor.folder, *estate(), resource(kind, "other", {}))
    ran = reach(auditor, path, "--from", "internet")
    assert ran.status == status
    assert (f"there may be more: 1 of type {kind.lower()} (type-not-read)" in ran.out) == (
        status == 4
    )


@pytest.mark.parametrize(("access", "status"), [("Enabled", 4), (None, 4), ("Disabled", 1)])
def test_E_2_a_vault_may_be_public(auditor: Command, access: str | None, status: int) -> None:
    vault = resource("Microsoft.KeyVault/vaults", "kv", {"publicNetworkAccess": access})
    ran = reach(auditor, written(auditor.folder, *estate(), vault), "--from", "internet")
    assert ran.status == status
    assert ("who gets to 1 key vault by its public name is not followed" in ran.out) == (
        status == 4
    )


def alone(group: Any) -> list[Any]:
    """The rules of a group as records of their own."""
    kind = "Microsoft.Network/networkSecurityGroups/securityRules"
    return [{**each, "id": f"{group['id']}/securityRules/{each['name']}", "type": kind}
            for each in group["properties"]["securityRules"]]  # fmt: skip


def test_a_rule_that_is_listed_by_itself_is_told_as_one_of_its_group(auditor: Command) -> None:
    """Which group has to change stays, though it does not hold the rule itself."""
    resources = estate(deny("no-ssh", 110, "*", "22"))
    rules = written(auditor.folder, *alone(resources[0]), name="rules.json")
    resources[0]["properties"]["securityRules"] = []
    paths = (written(auditor.folder, *resources), rules)
    words = ("--from", "name:db", "--to", "name:web", "--port", "22", "--protocol", "tcp")
    ran = auditor("reach", *paths, *words, "--report", "json")
    [blocker] = json.loads(ran.out)["answers"][0]["blockers"]
    assert blocker["says"] == "securityRules/no-ssh of nsg at web denies it"
    assert "to port 22 to nsg, with a priority below 110" in blocker["opening"]
    assert (blocker["ruleId"], blocker["pointer"]) == (blocker["resource"], "")


def test_a_rule_that_is_listed_by_itself_is_one_of_its_group_in_a_matrix(auditor: Command) -> None:
    closed = nsg(deny("no-ssh", 110, "*", "22"))
    network = [nic("db", address="10.0.1.4", subnet="data"), closed,
               vnet(subnet(nsg="nsg"), subnet("data", "10.0.1.0/24"))]  # fmt: skip
    whole = written(auditor.folder, *network)
    words = ("--matrix", "--protocol", "tcp", "--port", "22")
    told = reach(auditor, whole, *words).out
    rules = written(auditor.folder, *alone(closed), name="rules.json")
    closed["properties"]["securityRules"] = []
    bare = written(auditor.folder, *network, name="bare.json")
    assert told == auditor("reach", bare, rules, *words).out


def test_K_76_the_public_api_server_of_a_stopped_cluster_is_told_as_stopped(
    auditor: Command,
) -> None:
    kind = "Microsoft.ContainerService/managedClusters"
    settings = {
        "fqdn": "shop.example",
        "powerState": {"code": "Stopped"},
        "agentPoolProfiles": [],
    }
    path = written(auditor.folder, resource(kind, "shop", settings))

    ran = reach(auditor, path, "--from", "internet", "--to", "name:shop", "--port", "443")

    assert ran.status == 0
    assert "shop is stopped (K-76): once started, it answers TCP 443" in ran.out


def test_what_the_internet_reaches_is_told_apart_by_its_group_or_template(
    auditor: Command,
) -> None:
    folder = auditor.folder / "both"
    folder.mkdir()
    written(folder, *estate(HTTPS))
    template = {
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "contentVersion": "1.0.0.0",
        "resources": [as_written(each) for each in estate(HTTPS)],
    }
    (folder / "main.json").write_text(json.dumps(template))

    lines = reach(auditor, str(folder), "--from", "internet").out.splitlines()

    assert [line.split()[:2] for line in lines[1:]] == [
        ["rg/web/primary", "20.50.1.2:443"],
        ["main.json/web/primary", "pip:443"],
    ]


def as_written(exported: Any) -> Any:
    """Give a resource as a template writes it: without an id, its references as expressions."""
    text = json.dumps({key: value for key, value in exported.items() if key != "id"})
    root = re.escape(arm_id("x/y", "z").partition("x/y")[0])
    ref = rf'"{root}([^"]*)"'
    made = json.loads(re.sub(ref, lambda found: json.dumps(_expression(found[1])), text))
    made["properties"].pop("ipAddress", None)
    return {**made, "apiVersion": "2024-01-01"}


def _expression(path: str) -> str:
    namespace, *words = path.split("/")
    kind = "/".join((namespace, *words[::2]))
    names = "".join(f", '{name}'" for name in words[1::2])
    return f"[resourceId('{kind}'{names})]"
