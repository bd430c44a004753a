"""Platform services that answer on the internet by themselves: API servers and databases.

They have names and no addresses in ARM; who may connect is told by their own firewalls (K-10, K-11,
L-20 to L-24).
"""

from __future__ import annotations

import msgspec

from auditor.addresses import (
    EVERY_V4,
    NOTHING,
    Address,
    AddressError,
    AddressSet,
    PortSet,
    parse_address,
    parse_prefix,
)
from auditor.errors import Undetermined
from auditor.ids import fold
from auditor.network.clusters import node_subnets, outbound_type
from auditor.network.databases import (
    Server,
    approved_connections,
    firewall_rules,
    injected,
    public_access,
    servers,
)
from auditor.network.export_commands import firewall_rules_of
from auditor.network.gateway_backends import public_addresses
from auditor.network.graph import Network, question_about
from auditor.network.reasons import Reason, gap
from auditor.network.service_tags import ServiceTags
from auditor.reach.balancing import TCP
from auditor.reach.bounds import Bounds
from auditor.reach.egress import nat_gateway_addresses
from auditor.reach.filter_stage import ends_seen
from auditor.reach.frame import Packet
from auditor.reach.hosting import api_server_points, once_started
from auditor.reach.points import Kind, Point
from auditor.reach.stages import remark
from auditor.reach.subnet_rules import BySubnet, by_subnet
from auditor.reach.trail import Trail
from auditor.resources.base import Node
from auditor.resources.managed_clusters import (
    ClusterLoadBalancerProfile,
    ClusterNatGatewayProfile,
    ManagedCluster,
)
from auditor.resources.mysql import MySqlFirewallRule, MySqlFlexibleServer, MySqlSingleServer
from auditor.resources.nat_gateways import NatGateway
from auditor.special_addresses import PUBLIC

HTTPS, MYSQL = PortSet.of(443), PortSet.of(3306)


class Access(msgspec.Struct, frozen=True):
    """Who may connect to a service: surely `must`, perhaps `may`, for `reasons`.

    `rules` are those of its firewall that let addresses in, each with them. `closed` says why
    nobody may; `opening` what would open it, and `listed` whom its firewall then lets in.
    """

    port: PortSet
    must: AddressSet
    may: AddressSet
    reasons: tuple[Reason, ...] = ()
    closed: str = ""
    rules: tuple[tuple[AddressSet, Node], ...] = ()
    opening: str = ""
    listed: AddressSet = NOTHING

    def opening_for(self, label: str, address: Address, who: str) -> str:
        """Say what would let in an address, one of those that `who` names."""
        allow = f"allow {who} in the firewall of {label}"
        if not self.closed:
            return allow
        if not self.opening or AddressSet.from_range(address, address) <= self.listed:
            return self.opening
        return f"{self.opening} and {allow}"

    def rule_for(self, address: Address) -> Node | None:
        """Give the first rule that lets an address in."""
        one = AddressSet.from_range(address, address)
        return next((rule for addresses, rule in self.rules if one <= addresses), None)


def service_points(network: Network) -> tuple[Point, ...]:
    """Give every API server and MySQL server with a public name."""
    nodes: tuple[Node, ...] = (*network.all(ManagedCluster), *servers(network))
    return tuple(service(node) for node in nodes)


def endpoint_services(target: Point) -> frozenset[str]:
    """Give the services, in lower case, by whose endpoints a target may be asked (R-40).

    The empty name is that of an endpoint that is not told. None leads to an API server.
    """
    databases = isinstance(target.node, MySqlFlexibleServer | MySqlSingleServer)
    return frozenset({"microsoft.sql", ""}) if databases else frozenset()


def service(node: Node) -> Point:
    """Give the point of a service."""
    return Point(Kind.SERVICE, node.id, PUBLIC & EVERY_V4, node)


def private_doors(network: Network, point: Point) -> tuple[str, ...]:
    """Give the keys of the points inside networks that lead to a service, besides its public name.

    None where it is no service, or where its doors are not told.
    """
    node = point.node
    if point.kind is not Kind.SERVICE:
        return ()
    if isinstance(node, ManagedCluster):
        return tuple(each.id.lower() for each in api_server_points(network, node))
    try:
        if isinstance(node, MySqlFlexibleServer | MySqlSingleServer):
            return tuple(map(fold, approved_connections(network, node)))
    except Undetermined:
        pass
    return ()


def from_sites(trail: Trail, target: Point) -> Trail:
    """Follow packets from on premises to a service: by what addresses they come nobody tells."""
    why = Reason("collection-gap", "by what addresses sites reach the internet", trail.source.id)
    trail = remark(
        trail,
        "egress",
        trail.source.id,
        lambda _: "it cannot be told how it leaves for the internet",
        Bounds.maybe(trail.space.all),
        reasons=(why,),
    )
    return answered(trail.becoming(source=PUBLIC, reasons=(why,)), target)


def by_hidden_endpoint(trail: Trail, target: Point) -> Trail | None:
    """Follow packets to a private API server whose endpoint is not told; None: it is no such."""
    node = target.node
    if not isinstance(node, ManagedCluster) or api_server_points(trail.network, node):
        return None
    if api_server_access(trail.network, node).closed == "":
        return None
    lacks = Reason("collection-gap", f"the private endpoint of {node.label}", node.id)
    asked = trail.space.having(protocols=TCP, destination_ports=HTTPS)
    return remark(
        trail,
        "private-endpoint",
        node.id,
        lambda _: f"it cannot be told where the private endpoint of {node.label} is (K-12)",
        Bounds.maybe(asked),
        reasons=(lacks,),
    )


def lets_in_by_subnet(network: Network, target: Point, source: Point) -> bool:
    """Tell whether a service certainly lets a source in by its subnet (L-24)."""
    return by_subnet(network, target.node, source).passes is True


def answered(trail: Trail, target: Point, *, subnets: bool = True) -> Trail:
    """Add what a service's own firewall lets connect; without `subnets`, by addresses alone."""
    node = target.node
    access = _access(trail, node) if node is not None else Access(HTTPS, NOTHING, PUBLIC)
    space = trail.space
    label = node.label if node is not None else target.id
    [(port, _)] = access.port.intervals
    trail = remark(
        trail,
        "service",
        target.id,
        lambda _: f"{label} answers TCP {port}",
        Bounds.exactly(space.having(protocols=TCP, destination_ports=access.port)),
        passed=once_started(trail.network, target.id, port),
        stopped=f"{label} answers TCP {port} only",
    )
    may, must = space.having(source=access.may), space.having(source=access.must)
    door = BySubnet(False)
    if subnets and not access.closed:
        door = by_subnet(trail.network, node, trail.source)
    if door.passes is not False:
        may = space.all
    if door.passes:  # its source stays
        must, trail = space.all, trail.becoming(source=trail.source.addresses)
    return remark(
        trail,
        "service-firewall",
        target.id,
        lambda packet: access.closed or _asked(label, access, packet, door),
        Bounds(may, must),
        reasons=(*access.reasons, *door.reasons),
        opening=lambda packet: access.opening_for(
            label, packet.source, ends_seen(trail, packet)[0]
        ),
        rule=lambda packet: door.rule or access.rule_for(packet.source),
        unsure=f"it cannot be told whether the firewall of {label} lets it in",
    )


def _asked(label: str, access: Access, packet: Packet, door: BySubnet) -> str:
    if door.rule is not None:
        return f"rule {door.rule.label} of {label} lets the subnet in (L-24)"
    source = AddressSet.from_range(packet.source, packet.source)
    lets = "lets" if source <= access.must else "does not let"
    rule = access.rule_for(packet.source)
    who = f"rule {rule.label} of the firewall" if rule is not None else "the firewall"
    return f"{who} of {label} {lets} {packet.source} in"


def _access(trail: Trail, node: Node) -> Access:
    if isinstance(node, ManagedCluster):
        return api_server_access(trail.network, node)
    if isinstance(node, MySqlFlexibleServer | MySqlSingleServer):
        return database_access(trail.network, node, trail.tags)
    lacks = Reason("collection-gap", f"who may connect to {node.label}", node.id)
    return Access(HTTPS, NOTHING, PUBLIC, (lacks,))


@question_about
def api_server_access(network: Network, cluster: ManagedCluster) -> Access:
    """Tell who may connect to a cluster's API server from the internet (K-10 to K-12)."""
    try:
        access = cluster.properties.api_server_access_profile
        if access is not None and access.enable_private_cluster:
            return Access(HTTPS, NOTHING, NOTHING, (), f"{cluster.label} is private (K-12)")
        ranges = access.authorized_ip_ranges if access is not None else None
        if not ranges and not _told_public(cluster):
            raise Undetermined(f"apiServerAccessProfile of {cluster.label}", resource=cluster.id)
        if not ranges:
            return Access(HTTPS, PUBLIC, PUBLIC)
        allowed = AddressSet.from_prefixes(parse_prefix(each.strip()) for each in ranges) & PUBLIC
    except (Undetermined, AddressError) as error:
        what = error if isinstance(error, Undetermined) else Undetermined(str(error))
        return Access(HTTPS, NOTHING, PUBLIC, (gap(what, cluster.id),))
    try:
        sure, perhaps = _own(network, cluster)
    except Undetermined as unknown:
        return Access(HTTPS, allowed, PUBLIC, (gap(unknown, cluster.id),))
    reason = Reason(
        "semantics:K-11", f"whether {cluster.label} lets its NAT gateway in", cluster.id
    )
    return Access(HTTPS, allowed | sure, allowed | sure | perhaps, (reason,) if perhaps else ())


def _told_public(cluster: ManagedCluster) -> bool:
    """Whether Azure answered for a cluster that tells no profile: of a public one it tells none.

    What people wrote has neither a state nor a name.
    """
    p = cluster.properties
    return not p.private_fqdn and bool(p.fqdn or p.provisioning_state)


def _own(network: Network, cluster: ManagedCluster) -> tuple[AddressSet, AddressSet]:
    """Give the outbound addresses that a cluster lets in besides, and those it may (K-11).

    Those of its load balancer by themselves; of a NAT gateway no page says so, be it that of the
    nodes' subnet, which somebody brought along (R-39).
    """
    profile = cluster.properties.network_profile
    balancer = profile.load_balancer_profile if profile is not None else None
    nat = profile.nat_gateway_profile if profile is not None else None
    brought = NOTHING
    if (outbound_type(cluster) or "") == "userassignednatgateway":
        brought = _of_subnets(network, cluster)
    return _addresses_of(network, balancer), _addresses_of(network, nat) | brought


def _of_subnets(network: Network, cluster: ManagedCluster) -> AddressSet:
    """Give the addresses of the NAT gateways of a cluster's nodes, as far as they are told."""
    found = NOTHING
    try:
        for subnet in node_subnets(network, cluster):
            gateway = network.get(subnet.properties.nat_gateway, NatGateway)
            if gateway is not None:
                found = found | nat_gateway_addresses(network, gateway)
    except Undetermined:
        return PUBLIC & EVERY_V4
    return found


def _addresses_of(
    network: Network, profile: ClusterLoadBalancerProfile | ClusterNatGatewayProfile | None
) -> AddressSet:
    refs = (profile.effective_outbound_ips if profile is not None else None) or ()
    wanted = {fold(ref.id) for ref in refs if ref.id}
    known = public_addresses(network).items()
    found = [str(address) for address, pip in known if pip.key in wanted]
    return AddressSet.from_prefixes(map(parse_prefix, found))


@question_about
def database_access(network: Network, server: Server, tags: ServiceTags) -> Access:
    """Tell who may connect to a MySQL server from the internet (L-20 to L-22)."""
    try:
        if injected(server):
            closed = f"{server.label} has no public endpoint (L-21)"
            return Access(MYSQL, NOTHING, NOTHING, closed=closed)
        told, _ = public_access(server)
        if told is not None and told.lower() == "disabled":
            return _closed(network, server, tags)
        if server.properties.firewall_rules is None:
            missing = f"the firewall rules of {server.label}"
            remedy = firewall_rules_of(server)
            raise Undetermined(missing, resource=server.id, remedy=remedy)
        access = _by_rules(network, server, tags)
        if told is not None:
            return access
        lacks = Reason("collection-gap", f"publicNetworkAccess of {server.label}", server.id)
        return Access(MYSQL, NOTHING, access.may, (lacks, *access.reasons))
    except Undetermined as unknown:
        return Access(MYSQL, NOTHING, PUBLIC, (gap(unknown, server.id),))


def _closed(network: Network, server: Server, tags: ServiceTags) -> Access:
    """Nobody, with what would open it; what its firewall lists then counts again."""
    try:
        listed = _by_rules(network, server, tags).must
    except Undetermined:
        listed = NOTHING
    opening = f"enable the public network access of {server.label}"
    closed = f"{server.label} is closed to the public"
    return Access(MYSQL, NOTHING, NOTHING, closed=closed, opening=opening, listed=listed)


def _by_rules(network: Network, server: Server, tags: ServiceTags) -> Access:
    must, may = NOTHING, NOTHING
    reasons: list[Reason] = []
    rules: list[tuple[AddressSet, Node]] = []
    for rule in firewall_rules(server):
        pair = _ends(rule)
        if pair == ("0.0.0.0", "0.0.0.0"):
            # Every public address of Azure; those of the input are (L-22).
            ours = (parse_prefix(str(address)) for address in public_addresses(network))
            told = tags("AzureCloud")
            azure = AddressSet.from_prefixes(ours) | ((told or NOTHING) & PUBLIC)
            must, may = must | azure, may | (PUBLIC if told is None else azure)
            rules.append((azure, rule))
            if told is None:
                what = f"whom of Azure rule {rule.label} lets in"
                reasons.append(Reason("service-tag:AzureCloud", what, rule.id))
            continue
        found = AddressSet.from_range(parse_address(pair[0]), parse_address(pair[1])) & PUBLIC
        must, may = must | found, may | found
        rules.append((found, rule))
    return Access(MYSQL, must, may | must, tuple(reasons), rules=tuple(rules))


def _ends(rule: MySqlFirewallRule) -> tuple[str, str]:
    p = rule.properties
    start, end = (p.start_ip_address or "").strip(), (p.end_ip_address or "").strip()
    try:
        if parse_address(start) <= parse_address(end):
            return start, end
    except AddressError:
        pass
    raise Undetermined(f"the addresses of firewall rule {rule.label}", resource=rule.id)
