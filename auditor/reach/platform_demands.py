"""What the platform demands of a subnet for what lives there: gateways, Bastion, API servers."""

from __future__ import annotations

from auditor.addresses import PortSet
from auditor.errors import Undetermined
from auditor.network.gateway_subnets import is_isolated
from auditor.network.gateways import gateways_by_subnet, is_v2
from auditor.network.graph import Network
from auditor.network.reasons import Reason
from auditor.reach.demands import Refusal, manager, probes, refusal
from auditor.reach.gatewaying import ports_of
from auditor.reach.points import anywhere_in
from auditor.resources.virtual_networks import Subnet

_MANAGED = {True: PortSet.of(65200, 65535), False: PortSet.of(65503, 65534)}
"""The ports on which Azure manages gateways of the second generation, and of the first (A-10)."""


def unmanaged(network: Network, subnet: Subnet) -> Refusal | None:
    """Give what of Azure's management does not get at the gateways of a subnet (A-10).

    None where they have network isolation (A-5). Raises Undetermined when that, or their
    generation, is not told, and makes a difference.
    """
    point = anywhere_in(network, subnet)
    if refusal(network, point, manager(_MANAGED[True])) is None or is_isolated(network, subnet):
        return None
    return refusal(network, point, manager(_managed(network, subnet)))


def _managed(network: Network, subnet: Subnet) -> PortSet:
    total = PortSet()
    for gateway in gateways_by_subnet(network).get(subnet.key, ()):
        total = total | _MANAGED[is_v2(gateway)]
    return total


def unprobed(network: Network, subnet: Subnet) -> Refusal | None:
    """Give what of Azure's probes does not get at the gateways of a subnet (A-10).

    On the ports of their management and of their listeners; nothing answers on others. Raises
    Undetermined when it is not told on which they listen, and that makes a difference.
    """
    point = anywhere_in(network, subnet)
    if refusal(network, point, probes(PortSet.of(1, 65535))) is None:
        return None
    ports = _managed(network, subnet)
    doubts: list[Reason] = []
    for gateway in gateways_by_subnet(network).get(subnet.key, ()):
        known, reasons = ports_of(network, gateway)
        doubts += reasons
        for port in known:
            ports = ports | PortSet.of(port.number)
    found = refusal(network, point, probes(ports))
    if doubts and (found is None or not found.certain):
        raise Undetermined(doubts[0].detail, resource=doubts[0].resource)
    return found
