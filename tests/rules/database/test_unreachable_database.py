from __future__ import annotations

from typing import Any

from auditor.testing import Answer, arm_id, ask, estate, resource

from ...clusters import cluster, pool
from ...exposed import SUBNET, deny, nic, nsg, pip, rule, subnet, vnet
from ...guarded import out_deny
from ...networks import internal_balancer
from ...reaching import app_gateway

FLEXIBLE = "Microsoft.DBforMySQL/flexibleServers"
NODES = rule("nodes", 100, "10.0.0.0/24", "3306")
INSIDE = {"delegatedSubnetResourceId": arm_id(SUBNET, "vnet", "data")}
PUBLIC = {"publicNetworkAccess": "Enabled"}


def firewall(first: str, last: str) -> Any:
    span = {"startIpAddress": first, "endIpAddress": last}
    return resource(f"{FLEXIBLE}/firewallRules", "shop/rule", span)


def asked(
    *rules: Any,
    out: Any = (),
    place: Any = None,
    beside: Any = (),
    nat: bool = False,
    more: Any = (),
    **params: Any,
) -> Answer:
    """Server shop in vnet/data (or at `place`), a cluster in vnet/nodes with one NIC."""
    egress: Any = (
        {"natGateway": {"id": arm_id("Microsoft.Network/natGateways", "nat")}} if nat else {}
    )
    network = estate(
        nsg(*rules, name="data"),
        nsg(*out, name="nodes"),
        resource(FLEXIBLE, "shop", {"network": place or INSIDE}),
        cluster("shop", pool(in_=("vnet", "nodes"))),
        nic("node", subnet="nodes"),
        *beside,
        vnet(
            subnet("nodes", "10.0.0.0/24", nsg="nodes", **egress),
            subnet("data", "10.0.1.0/24", nsg="data"),
            *more,
        ),
    )
    return ask("DB-009", network, **params)


def test_a_server_that_the_nodes_reach_is_kept() -> None:
    assert asked().kept == 1
    assert asked(NODES, deny("others", 4000)).kept == 1


def test_the_group_before_the_server_denies_it() -> None:
    (finding,) = asked(deny("nobody", 100)).broken

    assert finding.subject == arm_id(FLEXIBLE, "shop")
    assert "no machine of vnet/nodes reaches shop on port 3306 (tcp 10.0.0.4" in finding.message
    assert "securityRules/nobody of data" in finding.message
    assert finding.remedy.startswith("allow TCP 3306 from nodes (10.0.0.0/24) in data, before nobo")
    assert "--source-address-prefixes 10.0.0.0/24 --destination-address-p" in finding.remedy
    assert finding.related == (arm_id(SUBNET, "vnet", "nodes"),)


def test_the_whole_application_is_let_in_by_one_rule() -> None:
    first, second = asked(
        deny("nobody", 100),
        beside=[nic("worker", subnet="jobs", address="10.0.2.4")],
        more=[subnet("jobs", "10.0.2.0/24")],
        application=("*/subnets/nodes", "*/subnets/jobs"),
    ).broken

    assert first.remedy == second.remedy
    assert first.remedy.startswith("allow TCP 3306 from jobs, nodes (10.0.2.0/24, 10.0.0.0/24) in")
    assert "--source-address-prefixes 10.0.2.0/24 10.0.0.0/24 --destination-a" in first.remedy


def private_endpoint(server: str, address: str) -> Any:
    approved = {
        "privateLinkServiceId": arm_id(FLEXIBLE, server),
        "privateLinkServiceConnectionState": {"status": "Approved"},
    }
    return resource(
        "Microsoft.Network/privateEndpoints",
        f"pe-{server}",
        {
            "subnet": {"id": arm_id(SUBNET, "vnet", "data")},
            "customDnsConfigs": [{"ipAddresses": [address]}],
            "privateLinkServiceConnections": [{"name": "c", "properties": approved}],
        },
    )


def test_servers_of_one_application_behind_a_group_are_let_in_by_one_rule() -> None:
    closed = {"network": {"publicNetworkAccess": "Disabled"}, "privateEndpointConnections": []}
    enabled: Any = {"privateEndpointNetworkPolicies": "Enabled"}
    network = estate(
        nsg(deny("nobody", 100), name="data"),
        *(resource(FLEXIBLE, name, closed) for name in ("one", "two")),
        private_endpoint("one", "10.0.1.8"),
        private_endpoint("two", "10.0.1.10"),
        cluster("shop", pool(in_=("vnet", "nodes"))),
        nic("node", subnet="nodes"),
        vnet(subnet("nodes", "10.0.0.0/24"), subnet("data", "10.0.1.0/24", nsg="data", **enabled)),
    )

    first, second = ask("DB-009", network).broken

    assert first.remedy == second.remedy
    assert "--destination-address-prefixes 10.0.1.8 10.0.1.10 --dest" in first.remedy


def test_servers_in_several_subnets_of_a_group_are_let_in_by_one_rule() -> None:
    other = resource(
        FLEXIBLE, "other", {"network": {"delegatedSubnetResourceId": arm_id(SUBNET, "vnet", "d2")}}
    )
    first, second = asked(
        deny("nobody", 100), beside=[other], more=[subnet("d2", "10.0.3.0/24", nsg="data")]
    ).broken

    assert first.remedy == second.remedy
    assert "--destination-address-prefixes 10.0.1.0/24 10.0.3.0/24 --dest" in first.remedy


def moved(one: Any, group: str) -> Any:
    return {**one, "id": one["id"].replace("/resourceGroups/rg/", f"/resourceGroups/{group}/")}


def test_two_applications_behind_a_group_get_rules_of_their_own() -> None:
    def inside(name: str, place: str, group: str) -> Any:
        delegated = {"delegatedSubnetResourceId": arm_id(SUBNET, "vnet", place)}
        return resource(FLEXIBLE, name, {"network": delegated}, group=group)

    network = estate(
        nsg(deny("nobody", 200), name="data"),
        inside("one", "data", "rg-one"),
        inside("two", "data", "rg-two"),
        moved(cluster("one", pool(in_=("vnet", "nodes"))), "rg-one"),
        moved(cluster("two", pool(in_=("vnet", "jobs"))), "rg-two"),
        nic("node", subnet="nodes"),
        nic("worker", subnet="jobs", address="10.0.2.4"),
        vnet(
            subnet("nodes", "10.0.0.0/24"),
            subnet("jobs", "10.0.2.0/24"),
            subnet("data", "10.0.1.0/24", nsg="data"),
        ),
    )

    first, second = (finding.remedy for finding in ask("DB-009", network).broken)

    assert "--name allow-application-2-3306 --priority 199 " in first
    assert "--source-address-prefixes 10.0.0.0/24 --dest" in first
    assert "--name allow-application-3306 --priority 198 " in second
    assert "--source-address-prefixes 10.0.2.0/24 --dest" in second
    # Each stands in the subnet of the other: an Allow for all of it would let both in there.
    assert "--destination-address-prefixes '<address of one in data>' --dest" in first
    assert "--destination-address-prefixes '<address of two in data>' --dest" in second


def test_what_lets_a_gateway_through_the_same_group_takes_another_priority() -> None:
    (finding,) = asked(
        beside=[pip("pip"), app_gateway(members=["10.0.0.4"])],
        more=[subnet("gw", "10.0.9.0/26", nsg="nodes")],
        out=[out_deny("closed", 200, "10.0.0.0/16")],
    ).broken

    assert "--name allow-application-out-3306 --priority 199 --direction Outb" in finding.remedy


def test_a_gateway_that_would_send_on_to_the_server_is_no_end_of_it() -> None:
    enabled: Any = {"privateEndpointNetworkPolicies": "Enabled"}
    asks = app_gateway(listeners=[("private", 3306)], members=["10.0.1.8"], port=3306)
    inside = asks["properties"]["frontendIPConfigurations"][1]["properties"]
    inside["privateIPAddress"] = "10.0.2.9"
    closed = {"network": {"publicNetworkAccess": "Disabled"}, "privateEndpointConnections": []}
    network = estate(
        nsg(rule("gateway", 100, "10.0.2.0/24", "3306"), deny("others", 4000), name="data"),
        resource(FLEXIBLE, "shop", closed),
        private_endpoint("shop", "10.0.1.8"),
        cluster("shop", pool(in_=("vnet", "nodes"))),
        nic("node", subnet="nodes"),
        pip("pip"),
        asks,
        vnet(
            subnet("nodes", "10.0.0.0/24"),
            subnet("gw", "10.0.2.0/24"),
            subnet("data", "10.0.1.0/24", nsg="data", **enabled),
        ),
    )

    (finding,) = ask("DB-009", network).broken

    assert "securityRules/others of data" in finding.message


def test_an_endpoint_that_waits_is_one_fault() -> None:
    pending = {
        "privateLinkServiceId": arm_id(FLEXIBLE, "shop"),
        "privateLinkServiceConnectionState": {"status": "Pending"},
    }
    waits = resource(
        "Microsoft.Network/privateEndpoints",
        "pe",
        {
            "subnet": {"id": arm_id(SUBNET, "vnet", "data")},
            "customDnsConfigs": [{"ipAddresses": ["10.0.1.9"]}],
            "privateLinkServiceConnections": [{"name": "c", "properties": pending}],
        },
    )
    server = resource(
        FLEXIBLE,
        "shop",
        {"network": {"publicNetworkAccess": "Disabled"}, "privateEndpointConnections": []},
    )
    network = estate(
        server,
        cluster("shop", pool(in_=("vnet", "nodes"))),
        nic("node", subnet="nodes"),
        waits,
        vnet(subnet("nodes", "10.0.0.0/24"), subnet("data", "10.0.1.0/24")),
    )

    (finding,) = ask("DB-009", network).broken
    general = ask("DB-006", network, beside=["DB-009"])

    assert "private-endpoint-connection approve --id" in finding.remedy
    assert (general.broken, general.kept) == ([], 0)
    assert len(ask("DB-006", network).broken) == 1


def test_a_frontend_among_the_nodes_is_not_who_fails_to_reach_it() -> None:
    ingress = internal_balancer("ingress", "10.0.0.200", ("vnet", "nodes"))
    (finding,) = asked(
        deny("nobody", 100), out=[out_deny("closed", 100, "10.0.1.0/24")], beside=[ingress]
    ).broken

    assert "(tcp 10.0.0.4" in finding.message
    assert "starts no flows" not in finding.message


def test_the_port_counts() -> None:
    other = rule("other", 100, "10.0.0.0/24", "3307")

    assert len(asked(other, deny("others", 4000)).broken) == 1


def test_the_own_rules_of_the_nodes_count() -> None:
    (finding,) = asked(out=[out_deny("closed", 100, "10.0.1.0/24")]).broken

    assert "securityRules/closed of nodes" in finding.message
    assert "--name allow-application-out-3306 --priority 100 --direction Outb" in finding.remedy


def test_L_22_a_public_server_is_reached_by_the_address_the_nodes_leave_with() -> None:
    address = resource(
        "Microsoft.Network/publicIPAddresses",
        "pip",
        {"ipAddress": "20.50.1.9"},
        sku={"name": "Standard"},
    )
    ref = {"id": arm_id("Microsoft.Network/publicIPAddresses", "pip")}
    nat = resource("Microsoft.Network/natGateways", "nat", {"publicIpAddresses": [ref]})

    def by(rule: Any) -> Answer:
        return asked(place=PUBLIC, nat=True, beside=[address, nat, rule])

    assert by(firewall("20.50.1.9", "20.50.1.9")).kept == 1
    (finding,) = by(firewall("20.50.1.10", "20.50.1.99")).broken
    assert "the firewall of shop does not let 20.50.1.9 in" in finding.message
    assert "allow 20.50.1.9 in the firewall of shop" in finding.remedy


def test_the_name_of_a_public_server_is_no_address_to_allow() -> None:
    """The address that stands for it in the packet is nobody's."""
    anybody = firewall("0.0.0.0", "255.255.255.255")
    (finding,) = asked(place=PUBLIC, nat=True, out=[out_deny("shut", 200)], beside=[anybody]).broken
    assert "--destination-address-prefixes '<address of shop>'" in finding.remedy


def test_L_21_a_server_that_is_closed_to_the_public_needs_an_end_inside() -> None:
    (finding,) = asked(place={"publicNetworkAccess": "Disabled"}, out=[out_deny("x", 200)]).broken

    assert "shop is closed to the public" in finding.message
    assert finding.evidence[0].pointer == "/properties/network/publicNetworkAccess"


def test_the_application_may_be_declared() -> None:
    jobs = subnet("jobs", "10.0.2.0/24")
    shut = asked(deny("nobody", 100, "10.0.0.0/24"), more=(jobs,), application=("*/subnets/JOBS",))

    assert (shut.kept, shut.broken) == (1, [])


def test_a_declared_application_that_is_not_there_is_unknown() -> None:
    shut = asked(deny("nobody", 100), application=("*/subnets/none",))

    assert shut.broken == []
    [unknown] = shut.unknown
    assert unknown.missing == "the subnets of the application: none is called */subnets/none"
    assert "auditor.toml" in unknown.remedy


def test_a_group_that_is_not_in_the_snapshot_makes_it_unknown() -> None:
    network = estate(
        resource(FLEXIBLE, "shop", {"network": INSIDE}),
        cluster("shop", pool(in_=("vnet", "nodes"))),
        vnet(subnet("nodes", "10.0.0.0/24"), subnet("data", "10.0.1.0/24", nsg="gone")),
    )

    answer = ask("DB-009", network)

    assert answer.broken == []
    assert answer.unknown[0].missing.startswith("whether vnet/nodes reaches shop on port 3306: ")


def test_what_a_machine_has_of_ipv6_does_not_hide_what_stops_the_rest_of_it() -> None:
    (finding,) = asked(
        deny("nobody", 100),
        out=[out_deny("closed", 200, "10.0.0.0/16")],
        beside=[nic("six", subnet="nodes", address="fd00::4")],
    ).broken

    assert "(tcp 10.0.0.4 to 10.0.1." in finding.message
    assert finding.witness is not None


def test_where_there_is_no_path_no_packet_is_told() -> None:
    (finding,) = asked(
        beside=[nic("six", subnet="six", address="fd00::4")],
        more=[subnet("six", "fd00::/64")],
        application=("*/subnets/six",),
    ).broken

    assert (
        finding.message == "no machine of vnet/six reaches shop on port 3306: no path leads to shop"
    )


def test_the_firewall_rules_of_a_server_are_asked_for_by_the_command_that_lists_them() -> None:
    public = {"publicNetworkAccess": "Enabled"}
    network = estate(
        resource(FLEXIBLE, "shop", {"network": public}),
        cluster("shop", pool(in_=("vnet", "nodes"))),
        nic("node", subnet="nodes"),
        vnet(subnet("nodes", "10.0.0.0/24")),
    )
    (unknown,) = ask("DB-009", network).unknown
    assert "the firewall rules of shop" in unknown.missing
    assert unknown.remedy == (
        "export them with the rest: "
        "az mysql flexible-server firewall-rule list --resource-group rg --name shop"
    )
