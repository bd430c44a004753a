"""A machine's management port answers the internet.

## Why it matters
SSH, RDP and WinRM are tried day and night from everywhere. An open rule in a security group is a
risk; a port that a packet from the internet reaches, through every filter and route on its way, is
a door.

## What fails
A machine as in EXP-004, with a management port among those that the internet certainly reaches:
22, 23, 5985, 5986 over TCP and 3389 over TCP and UDP, at the machine, whatever the port is called
at the entrance. `ports` names all of them (3389 counts over UDP as well), and machines that may be
managed so are approved with `allow`:

    [params.EXP-005]
    ports = ["22-23", "3389", "5985-5986", "8443"]
    allow = ["*/networkInterfaces/nic-jump"]

## What to do
Close the port and reach the machine through Bastion or a VPN; until then allow the addresses of
administrators only.

## References
- https://learn.microsoft.com/azure/bastion/bastion-overview
- Facts E-3, E-12, E-18, N-11, P-2, R-13
"""

from __future__ import annotations

from msgspec import Struct

from auditor import ids
from auditor.network.approval import approved
from auditor.network.openings import ports_in_words
from auditor.network.reads import INHABITANTS
from auditor.ports import PortSet, parse_ports
from auditor.reach.closing import closing
from auditor.reach.instance_openings import of_instances_alike
from auditor.reach.lost_balancers import LostBalancer, openings_told_or_not
from auditor.reach.openings import Opening, beyond, within
from auditor.reach.told import teller_of, told_of, whys
from auditor.rule import Finding, Network, Outcomes, Reads, Severity, Unknown, refuse_nothing, rule

_RDP = PortSet.of(3389)


class Params(Struct, frozen=True):
    """What is a management port, and who may have one open."""

    ports: tuple[str, ...] = ("22-23", "3389", "5985-5986")
    """TCP ports at the machine, or ranges; 3389 counts over UDP as well."""
    allow: tuple[str, ...] = ()
    """Globs of ids of machines, load balancers or public IPs; letter case does not matter."""

    def __post_init__(self) -> None:
        """Refuse what is no port."""
        parse_ports(*self.ports)
        refuse_nothing("ports", self.ports)


@rule(
    "EXP-005",
    severity=Severity.CRITICAL,
    since="0.1.0",
    of=openings_told_or_not,
    reads=Reads(subjects=INHABITANTS, nearby=("loadBalancers",)),
    parameters=Params,
    controls=("MCSB/NS-3",),
    peers=("POL:ASC_OpenManagementPortsOnVirtualMachines",),
)
def management_port_open(
    network: Network, opening: Opening | LostBalancer, params: Params
) -> Outcomes:
    """Judge the management ports that one entrance opens of one machine."""
    managing = parse_ports(*params.ports)
    if isinstance(opening, LostBalancer):
        yield from _by_lost(opening, managing, params.allow)
        return
    if opening.approved(params.allow):
        return
    wanted = {"tcp": opening.sent_for(managing), "udp": opening.sent_for(managing & _RDP)}
    certain, possible = within(opening.certain, wanted), within(opening.possible, wanted)
    found = certain or possible
    shown = opening.shown(found, certain=bool(certain)) if found else None
    if shown is None:
        return
    what = f"{opening.words}: {ports_in_words(found)}"
    if not certain:
        yield Unknown(
            opening.id,
            f"whether the internet reaches the management port of {what}: {whys([shown])}",
            related=(opening.entrance.address,),
            key=opening.key,
            told_by=teller_of([shown]),
        )
        return
    told = told_of(network, shown, opening.id)
    alone = not beyond(opening.certain, wanted)
    yield Finding(
        subject=opening.id,
        message=f"the internet reaches the management port of {what} ({told.words})",
        remedy="reach the machine through Bastion or a VPN, and "
        + closing(network, opening, found, managing),
        related=(opening.entrance.address,),
        evidence=told.evidence,
        key=opening.key,
        covers=(
            *((("EXP-004", opening.id, opening.key),) if alone else ()),
            *(("EXP-005", each.id, each.key) for each in of_instances_alike(network, opening)),
        ),
        witness=told.witness,
        hops=told.hops,
    )


def _by_lost(lost: LostBalancer, managing: PortSet, allow: tuple[str, ...]) -> Outcomes:
    names = lost.opens({"tcp": managing, "udp": managing & _RDP})
    if names and not approved(allow, lost.id):
        what = f"whether the internet reaches the management port of {names} by {ids.name(lost.id)}"
        yield Unknown(lost.id, f"{what}: {lost.why}", told_by=lost.id)
