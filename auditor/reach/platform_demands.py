"""What the platform demands of a subnet for what lives there: gateways, Bastion, machines."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import partial

import msgspec

from auditor.addresses import EVERY_V4, PortSet
from auditor.errors import Undetermined
from auditor.network.effective_rules import Direction
from auditor.network.filters import subnet_name
from auditor.network.gateway_homes import gateways_by_subnet
from auditor.network.gateway_subnets import is_isolated
from auditor.network.gateways import is_v2
from auditor.network.graph import Network, question
from auditor.network.subnets import BASTION
from auditor.reach.demands import Demand, Refusal, manager, probes, refusal
from auditor.reach.gatewaying import ports_of
from auditor.reach.points import anywhere_in
from auditor.reach.probing import asked, asking, denied, unsure
from auditor.resources.managed_clusters import ManagedCluster
from auditor.resources.virtual_networks import Subnet
from auditor.special_addresses import PUBLIC

_MANAGED = {True: PortSet.of(65200, 65535), False: PortSet.of(65503, 65534)}
"""The ports on which Azure manages gateways of the second generation, and of the first (A-10)."""
_HTTPS = PortSet.of(443)


def unmanaged(network: Network, subnet: Subnet) -> Refusal | None:
    """Give what of Azure's management does not get at the gateways of a subnet (A-10).

    None where they have network isolation (A-5). Raises Undetermined when that, or their
    generation, is not told, and makes a difference.
    """
    point = anywhere_in(network, subnet)
    if refusal(network, point, manager(_MANAGED[True])) is None or is_isolated(network, subnet):
        return None
    return refusal(network, point, manager(_managed(network, subnet)))


def confined(network: Network, subnet: Subnet) -> Refusal | None:
    """Give what does not get out to the internet of gateways in a subnet (A-10), as `unmanaged`."""
    out = Demand("Internet", _HTTPS, PUBLIC & EVERY_V4, Direction.OUTBOUND)
    found = refusal(network, anywhere_in(network, subnet), out)
    return None if found is None or is_isolated(network, subnet) else found


def _managed(network: Network, subnet: Subnet) -> PortSet:
    total = PortSet()
    for gateway in gateways_by_subnet(network).get(subnet.key, ()):
        total = total | _MANAGED[is_v2(gateway)]
    return total


def unprobed(network: Network, subnet: Subnet) -> Refusal | None:
    """Give what of Azure's probes does not get at the gateways of a subnet (A-10).

    On the ports of their management. That rules must let them in on every port is documented, what
    is asked on the listeners' is not: raises Undetermined when only there some are denied, and when
    it is not told on which ports gateways listen, and that makes a difference.
    """
    point = anywhere_in(network, subnet)
    if refusal(network, point, probes(PortSet.of(1, 65535))) is None:
        return None
    found = refusal(network, point, probes(_managed(network, subnet)))
    if found is not None:
        return found
    for gateway in gateways_by_subnet(network).get(subnet.key, ()):
        ports, reasons = ports_of(network, gateway)
        for port in ports:
            if refusal(network, point, probes(PortSet.of(port.number))) is not None:
                missing = f"whether Azure probes port {port.number} of {gateway.label}"
                raise Undetermined(missing, resource=gateway.id, remedy=_EVERY_PORT)
        if reasons:
            by = reasons[0].resource or gateway.id
            raise Undetermined(reasons[0].detail, resource=by)
    return None


_EVERY_PORT = (
    "no export tells it, and Azure documents no answer: let AzureLoadBalancer in on every port, as "
    "Azure asks"
)
_API_SERVER = PortSet.of(9988)


class Guest(msgspec.Struct, frozen=True):
    """Something in a subnet that the platform must reach; `refused` tells what does not get in."""

    name: str
    refused: Callable[[], Refusal | None]


@question
def guests(network: Network) -> dict[str, tuple[Guest, ...]]:
    """Give what the platform must reach in each subnet, by the subnet's key (A-10, N-43, N-46).

    Machines that probes plainly get at are not listed; their subnets are, if need be with nobody.
    """
    found: dict[str, list[Guest]] = defaultdict(list)
    gateways = gateways_by_subnet(network)
    for subnet in network.all(Subnet):
        if subnet_name(subnet).lower() == BASTION.lower():
            for demand in (manager(_HTTPS), probes(_HTTPS)):
                found[subnet.key].append(Guest("Bastion", _at(network, subnet, demand)))
        for gateway in gateways.get(subnet.key, ())[:1]:
            found[subnet.key].append(Guest(gateway.label, partial(unmanaged, network, subnet)))
            found[subnet.key].append(Guest(gateway.label, partial(unprobed, network, subnet)))
    for cluster, subnet in _api_servers(network):
        name = f"the API server of {cluster.label}"
        found[subnet.key].append(Guest(name, _at(network, subnet, probes(_API_SERVER))))
    for probe in asking(network):
        closer = {machine.id for machine in unsure(network, probe)}
        for target in asked(network, probe).machines.values():
            place = target.place
            if place is not None:
                here = found[place.key]
                if target.id in closer:
                    refused = partial(denied, network, probe, target.id)
                    here.append(Guest(probe.root.label, refused))
    return {key: tuple(each) for key, each in found.items()}


def _at(network: Network, subnet: Subnet, demand: Demand) -> Callable[[], Refusal | None]:
    return partial(refusal, network, anywhere_in(network, subnet), demand)


def _api_servers(network: Network) -> Iterator[tuple[ManagedCluster, Subnet]]:
    for cluster in network.all(ManagedCluster):
        try:
            profile = cluster.properties.api_server_access_profile
            subnet = network.find(profile.subnet_id) if profile is not None else None
        except Undetermined:
            continue
        if isinstance(subnet, Subnet):
            yield cluster, subnet
