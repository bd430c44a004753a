"""Whether an application gateway sends anything to a machine: its probe has to get in (A-29).

A probe that asks on the port of the requests needs no word of its own. One that asks on another
goes from the gateway's subnet to the machine too; where it is denied the machine counts as down.
"""

from __future__ import annotations

from auditor import ids
from auditor.addresses import PortSet
from auditor.network.effective_rules import Direction
from auditor.network.graph import Network
from auditor.network.reasons import Reason
from auditor.reach.bounds import Bounds
from auditor.reach.filtering import admitted
from auditor.reach.points import Point
from auditor.reach.stages import remark
from auditor.reach.trail import Trail
from auditor.resources import walk
from auditor.resources.application_gateways import GatewayProbe


def probed(trail: Trail, gateway: Point, machine: Point, probe: GatewayProbe) -> Trail:
    """Add that the probe of a gateway's backend settings has to get in at a machine."""
    name = ids.name(machine.nic.id if machine.nic is not None else machine.id)
    healthy = _gets_in(trail, gateway, machine, port_of(probe))
    return judged(trail, probe, healthy, name, f"the subnet of {ids.name(gateway.id)}")


def judged(
    trail: Trail, probe: GatewayProbe, healthy: bool | None, name: str, sender: str
) -> Trail:
    """Add what becomes of requests to `name`, whom a probe finds healthy, or not; None: untold."""
    if healthy is True:
        return trail
    port = port_of(probe)
    return remark(
        trail,
        "probe",
        probe.id,
        lambda _: (
            f"the health probe {probe.label} to port {port} of {name} "
            f"{'is denied: it counts as down' if healthy is False else 'may get in or not'}"
        ),
        Bounds.nothing(trail.space) if healthy is False else Bounds.maybe(trail.space.all),
        reasons=(Reason("health-assumed", f"whether {probe.label} gets in at {name}", probe.id),),
        opening=f"allow {sender} to port {port} inbound at {name}",
        rule=probe,
    )


def port_of(probe: GatewayProbe) -> int:
    """Give the port that a probe asks on, which `probe_of` found to be told."""
    return int(walk.peek(walk.peek(probe, "properties"), "port") or 0)


def probe_of(network: Network, settings: object) -> GatewayProbe | None:
    """Give the probe of backend settings, when it is told and asks on a port of its own."""
    kept = walk.peek(settings, "properties")
    probe = network.find(walk.peek(kept, "probe"))
    if not isinstance(probe, GatewayProbe):
        return None
    port = walk.peek(walk.peek(probe, "properties"), "port")
    return probe if port and port != walk.peek(kept, "port") else None


def _gets_in(trail: Trail, gateway: Point, machine: Point, port: int) -> bool | None:
    """Whether a probe gets out at the gateway's subnet and in at the machine, from any instance."""
    space, version, tags = trail.space, trail.space.version, trail.tags
    network = trail.network
    out = space.having(
        source=gateway.addresses,
        destination=machine.addresses,
        protocols=((6, 6),),
        destination_ports=PortSet.of(port),
    )
    passes = (
        admitted(network, None, Direction.OUTBOUND, version, gateway.subnet, tags),
        admitted(network, machine.nic, Direction.INBOUND, version, machine.subnet, tags),
    )
    if any((out & each.may).is_empty for each in passes):
        return False
    return True if all(out <= each.must for each in passes) else None
