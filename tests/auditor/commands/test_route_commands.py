"""`auditor next-hop` and `auditor effective-routes`, as a person and as a script see them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from auditor.testing import arm_id, resource

from ...command import Command, apart
from ...networks import gateway, nic, peer, subnet_id, vnet
from ...routing import TABLE, route, steered, table

Json = dict[str, Any]

SPACES = {"a": "10.0.0.0/16", "b": "10.1.0.0/16"}


def estate(*more: Json, name: str = "to-firewall") -> Json:
    """Two peered networks; subnet `app` sends 10.1.5.0/24 to an appliance."""
    return {
        "value": [
            vnet(
                "a",
                "10.0.0.0/16",
                subnets={"app": steered("10.0.0.0/24"), "nva": "10.0.9.0/24"},
                peers=[peer("b", "10.1.0.0/16")],
            ),
            vnet("b", "10.1.0.0/16", peers=[peer("a", "10.0.0.0/16")]),
            table("rt", route("10.1.5.0/24", "VirtualAppliance", "10.0.9.4", name)),
            nic("web", "10.0.0.4", ("a", "app"), vm="web"),
            nic("fw", "10.0.9.4", ("a", "nva"), vm="fw", enableIPForwarding=True),
            *more,
        ]
    }


def ask(auditor: Command, to: str, *more: Json, nic: str = "web") -> Json:
    ran = auditor(
        "next-hop", "-", "--nic", nic, "--to", to, "--report", "json", stdin=estate(*more)
    )
    assert ran.status == 0, ran.err
    return dict(json.loads(ran.out))


def test_a_users_route_is_told_with_its_table(auditor: Command) -> None:
    answer = ask(auditor, "10.1.5.7")
    assert answer["nextHopType"] == "VirtualAppliance"
    assert answer["nextHopIpAddress"] == "10.0.9.4"
    assert answer["routeTableId"] == arm_id(TABLE, "rt")
    assert answer["route"]["madeBy"] == {
        "fact": "R-5",
        "resource": arm_id(TABLE, "rt"),
        "pointer": "/properties/routes/0",
    }
    assert "reasons" not in answer


@pytest.mark.parametrize(
    ("to", "kind"), [("10.1.6.7", "VNetPeering"), ("10.0.3.3", "VnetLocal"), ("10.7.0.1", "None")]
)
def test_azures_own_route_is_a_system_route(auditor: Command, to: str, kind: str) -> None:
    answer = ask(auditor, to)
    assert answer["nextHopType"] == kind
    assert answer["nextHopIpAddress"] is None
    assert answer["routeTableId"] == "System Route"


def test_what_cannot_be_told_has_reasons(auditor: Command) -> None:
    answer = ask(auditor, "20.1.1.1", gateway("er", "a", kind="ExpressRoute"))
    assert answer["nextHopType"] == "Unknown"
    assert answer["routeTableId"] is None
    assert [reason["label"] for reason in answer["reasons"]] == ["bgp-routes-unknown"]
    assert [each["nextHopType"] for each in answer["possible"]] == [
        "Internet",
        "VirtualNetworkGateway",
    ]
    assert answer["possible"][1]["addressPrefix"] == []


def test_the_way_out_is_told(auditor: Command) -> None:
    vm = resource("Microsoft.Compute/virtualMachines", "web", {})
    assert ask(auditor, "20.1.1.1", vm)["outbound"] == {"method": "default", "fact": "R-33"}
    assert ask(auditor, "20.1.1.1")["outbound"]["method"] == "unknown"


def test_the_text_says_it_in_words(auditor: Command) -> None:
    ran = auditor("next-hop", "-", "--nic", "web", "--to", "10.1.5.7", stdin=estate())
    assert ran.out == (
        "10.1.5.7 from web: VirtualAppliance 10.0.9.4\n"
        "  by 10.1.5.0/24 User of rt/to-firewall (R-5)\n"
        "  cannot tell: whether its guest forwards (nva:fw)\n"
    )
    ran = auditor(
        "next-hop", "-", "--nic", "web", "--to", "20.1.1.1",
        stdin=estate(gateway("er", "a", kind="ExpressRoute")),
    )  # fmt: skip
    assert ran.status == 0
    assert ran.out == (
        "20.1.1.1 from web: cannot tell\n"
        "  perhaps Internet, by 0.0.0.0/0 Default of a (R-1)\n"
        "  perhaps VirtualNetworkGateway, by a route that is not told, "
        "VirtualNetworkGateway (R-25)\n"
        "  cannot tell: what the ExpressRoute gateway er teaches (bgp-routes-unknown)\n"
    )


def test_the_text_says_how_a_packet_leaves_and_only_if_it_does(auditor: Command) -> None:
    found = [
        vnet("a", "10.0.0.0/16", subnets={"app": steered("10.0.0.0/24")}),
        table("rt", route("0.0.0.0/0", "Internet")),
        nic("web", "10.0.0.4", ("a", "app"), vm="web"),
        resource("Microsoft.Compute/virtualMachines", "web", {}),
    ]

    def said(to: str) -> list[str]:
        ran = auditor("next-hop", "-", "--nic", "web", "--to", to, stdin={"value": found})
        return [line.strip() for line in ran.out.splitlines()[2:]]

    assert said("20.1.1.1") == ["leaves by default outbound access (R-33)"]
    assert said("172.20.0.5") == [
        "dropped: 172.20.0.5 is private: nobody on the internet has it (R-2)"
    ]


def test_routes_come_in_azures_own_shape(auditor: Command) -> None:
    ran = auditor("effective-routes", "-", "--nic", "web", "--report", "json", stdin=estate())
    assert ran.status == 0
    answer = json.loads(ran.out)
    assert set(answer) == {"value"}
    keys = {"source", "state", "addressPrefix", "nextHopType", "nextHopIpAddress"}
    assert all(keys <= set(each) for each in answer["value"])
    user = next(each for each in answer["value"] if each["source"] == "User")
    assert {key: user[key] for key in (*sorted(keys), "name")} == {
        "source": "User",
        "state": "Active",
        "addressPrefix": ["10.1.5.0/24"],
        "nextHopType": "VirtualAppliance",
        "nextHopIpAddress": ["10.0.9.4"],
        "name": "to-firewall",
    }


def test_each_route_tells_if_the_subnet_takes_routes_of_gateways(auditor: Command) -> None:
    """As Azure does, in `disableBgpRoutePropagation`; not where nobody tells."""

    def told(*resources: Any) -> list[Any]:
        ran = auditor("effective-routes", "-", "--nic", "web", "--report", "json",
                      stdin={"value": list(resources)})  # fmt: skip
        found = json.loads(ran.out)["value"]
        return list(dict.fromkeys(each.get("disableBgpRoutePropagation") for each in found))

    web = nic("web", "10.0.3.9", ("a", "app"))
    plain = vnet("a", "10.0.0.0/16", subnets={"app": "10.0.3.0/24"})
    steering = vnet("a", "10.0.0.0/16", subnets={"app": steered("10.0.3.0/24")})
    assert told(web, plain) == [False]
    assert told(web, steering, table("rt", disableBgpRoutePropagation=True)) == [True]
    assert told(web, steering) == [None]


def test_routes_in_text_are_a_table_and_the_unknown_below(auditor: Command) -> None:
    ran = auditor(
        "effective-routes", "-", "--nic", "web",
        stdin=estate(gateway("er", "a", kind="ExpressRoute")),
    )  # fmt: skip
    lines = ran.out.splitlines()
    assert lines[0].split() == [
        "Source", "State", "Address", "Prefix", "Next", "Hop", "Type", "Next", "Hop", "IP",
        "Made", "By",
    ]  # fmt: skip
    assert (
        "User     Active  10.1.5.0/24     VirtualAppliance  10.0.9.4     to-firewall (R-5)" in lines
    )
    assert lines[-1].endswith("(bgp-routes-unknown)")


def test_a_nic_is_named_by_id_or_by_name_in_any_letter_case(auditor: Command) -> None:
    for name in ("web", "WEB", arm_id("Microsoft.Network/networkInterfaces", "web").upper()):
        assert ask(auditor, "10.0.3.3", nic=name)["nextHopType"] == "VnetLocal"


def scale_set(name: str) -> Json:
    configuration = {"name": "c", "properties": {"subnet": {"id": subnet_id("a", "app")}}}
    model = {"name": "model", "properties": {"ipConfigurations": [configuration]}}
    profile = {"networkProfile": {"networkInterfaceConfigurations": [model]}}
    kind = "Microsoft.Compute/virtualMachineScaleSets"
    return resource(kind, name, {"virtualMachineProfile": profile})


def test_a_scale_sets_model_nic_is_a_nic(auditor: Command) -> None:
    for name in ("model", "workers/model"):
        answer = ask(auditor, "10.1.5.7", scale_set("workers"), nic=name)
        assert answer["nextHopType"] == "VirtualAppliance"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--nic", "wbe", "--to", "10.0.0.1"), "did you mean web?"),
        (("--nic", "nothing-like-it", "--to", "10.0.0.1"), "there are: fw, model, web"),
        (("--nic", "model", "--to", "10.0.0.1"), "2 network interfaces are called"),
        (("--nic", "web", "--to", "10.0.0.0/24"), "is not an address"),
        (("--nic", "web", "--to", "\x1b[2J"), "is not an address"),
        (("--nic", "\x1b[2J", "--to", "10.0.0.1"), "there is no network interface"),
        (("--nic", "web"), "Missing option '--to'"),
    ],
)
def test_what_cannot_be_followed_is_a_usage_error(
    auditor: Command, arguments: tuple[str, ...], says: str
) -> None:
    ran = auditor("next-hop", "-", *arguments, stdin=estate(scale_set("one"), scale_set("two")))
    assert ran.status == 2
    assert says in ran.err
    assert "\x1b" not in ran.err
    assert ran.out == ""


def test_several_of_one_name_are_listed_by_id(auditor: Command) -> None:
    ran = auditor(
        "effective-routes", "-", "--nic", "model", stdin=estate(scale_set("one"), scale_set("two"))
    )
    assert ran.status == 2
    assert "virtualMachineScaleSets/one/" in ran.err
    assert "virtualMachineScaleSets/two/" in ran.err


def test_input_that_cannot_be_read_is_status_3(auditor: Command) -> None:
    for command in (("next-hop", "--to", "10.0.0.1"), ("effective-routes",)):
        ran = auditor(command[0], "absent.json", *command[1:], "--nic", "web")
        assert ran.status == 3
        assert "no audit was performed" in ran.err


def test_a_nic_whose_subnet_is_not_there_cannot_be_told(auditor: Command) -> None:
    lost = nic("lost", "10.9.0.4", ("gone", "app"))
    assert ask(auditor, "10.0.0.1", lost, nic="lost")["nextHopType"] == "Unknown"
    ran = auditor("effective-routes", "-", "--nic", "lost", "--report", "json", stdin=estate(lost))
    answer = json.loads(ran.out)
    assert (ran.status, answer["value"]) == (0, [])
    assert [reason["label"] for reason in answer["reasons"]] == ["collection-gap"]


def test_names_cannot_forge_the_output(auditor: Command) -> None:
    name = "\x1b[31m[red]\nUser  Active  0.0.0.0/0"
    for command in (("next-hop", "--to", "10.1.5.7"), ("effective-routes",)):
        ran = auditor(command[0], "-", *command[1:], "--nic", "web", stdin=estate(name=name))
        assert ran.status == 0
        assert "\x1b" not in ran.out
        assert not any(line.startswith("User  Active  0.0.0.0/0") for line in ran.out.splitlines())


def test_the_same_input_in_any_order_gives_the_same_bytes(auditor: Command) -> None:
    def run(what: Json) -> str:
        return auditor("effective-routes", "-", "--nic", "web", "--report", "json", stdin=what).out

    whole = estate(gateway("er", "a", kind="ExpressRoute"))
    assert run(whole) == run({"value": whole["value"][::-1]})


def test_help_loads_no_network() -> None:
    text = "import sys; from auditor.cli import main; main(['next-hop', '--help']); "
    text += "print([m for m in sys.modules if m.startswith('auditor.network')])"
    ran = apart(python=text)
    assert ran.stdout.decode().strip().endswith("[]")


def test_a_tag_file_settles_what_tags_stand_for(auditor: Command) -> None:
    values = [{"name": "Storage", "properties": {"addressPrefixes": ["20.150.0.0/16"]}}]
    file = auditor.write("tags.json", {"values": values})
    network = estate()
    network["value"][2] = table("rt", route("Storage", "None"))

    def kind(to: str, *more: Any) -> str:
        arguments = ("--nic", "web", "--to", to, "--report", "json", *more)
        ran = auditor("next-hop", "-", *arguments, stdin=network)
        return str(json.loads(ran.out)["nextHopType"])

    assert kind("20.150.1.1") == "Unknown"
    assert kind("20.150.1.1", "--service-tags", file) == "None"
    assert kind("20.151.1.1", "--service-tags", file) == "Internet"
    ran = auditor(
        "effective-routes", "-", "--nic", "web", "--service-tags", "absent.json", stdin={}
    )
    assert ran.status == 3


@pytest.mark.parametrize("command", [("next-hop", "--to", "10.0.0.4"), ("effective-routes",)])
def test_N_47_a_private_endpoints_interface_tells_no_routes(
    auditor: Command, command: tuple[str, ...]
) -> None:
    owner = {"id": arm_id("Microsoft.Network/privateEndpoints", "pe")}
    end = nic("pe-nic", "10.0.0.9", ("a", "app"), privateEndpoint=owner)
    path = auditor.folder / "estate.json"
    path.write_text(json.dumps(estate(end)))
    name, *more = command
    ran = auditor(name, str(path), "--nic", "pe-nic", *more)
    assert ran.status == 2
    assert "belongs to a private endpoint" in ran.err
