"""A machine's management port answers the internet.

## Why it matters
SSH, RDP and WinRM are tried day and night from everywhere. An open rule in a security group is a
risk; a port that a packet from the internet reaches, through every filter and route on its way, is
a door.

## What fails
A machine as in EXP-004, with a management port among those that the internet certainly reaches:
22, 23, 5985, 5986 over TCP and 3389 over TCP and UDP, at the machine, whatever the port is called
at the entrance. Of a range of ports that a NAT rule or pool divides among machines (50000-50119 to
22) each surely has one, if nobody tells which: that is told without a packet to try. `ports` names
all of them (3389 counts over UDP as well), and machines that may be managed so are approved with
`allow`:

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
from auditor.network.doubt import Doubt
from auditor.network.reads import INHABITANTS
from auditor.ports import PortSet, parse_ports
from auditor.reach.closing import closing
from auditor.reach.instance_openings import of_instances_alike
from auditor.reach.lost_balancers import LostBalancer, openings_told_or_not
from auditor.reach.openings import Opening, beyond, within
from auditor.reach.told import remedy_of, teller_of, told_of, whys
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
    network: Network, subject: Opening | LostBalancer | Doubt, params: Params
) -> Outcomes:
    """Judge the management ports that one entrance opens of one machine."""
    managing = parse_ports(*params.ports)
    if not isinstance(subject, Opening):
        yield from _hidden(subject, managing, params.allow)
        return
    opening = subject
    if opening.approved(params.allow):
        return
    sure = {each: within(each.certain, _asked(each, managing)) for each in opening.ways}
    way = next((each for each, ports in sure.items() if ports), opening)
    certain = sure[way]
    found = certain or within(opening.possible, _asked(opening, managing))
    shown = way.shown(found, certain=bool(certain)) if found else None
    if shown is None:
        return
    what = f"{opening.words}: {way.open_on(found)}"
    if not certain:
        yield Unknown(
            opening.id,
            f"whether the internet reaches the management port of {what}: {whys([shown])}",
            related=(opening.entrance.address,),
            key=opening.key,
            remedy=remedy_of([shown]),
            told_by=teller_of([shown]),
        )
        return
    told = told_of(network, shown, opening.id)
    alone = not any(beyond(each.certain, ports) for each, ports in sure.items())
    yield Finding(
        subject=opening.id,
        message=f"the internet reaches the management port of {what} ({way.packet(told)})",
        remedy="reach the machine through Bastion or a VPN, and "
        + closing(network, way, found, managing),
        related=(opening.entrance.address,),
        evidence=told.evidence,
        key=opening.key,
        covers=(
            *((("EXP-004", opening.id, opening.key),) if alone else ()),
            *(("EXP-005", each.id, each.key) for each in of_instances_alike(network, opening)),
        ),
        witness=None if way.one_each else told.witness,
        hops=told.hops,
    )


def _asked(opening: Opening, managing: PortSet) -> dict[str, PortSet]:
    """The ports at the entrance that become management ports, by protocol."""
    return {"tcp": opening.sent_for(managing), "udp": opening.sent_for(managing & _RDP)}


def _hidden(hidden: LostBalancer | Doubt, managing: PortSet, allow: tuple[str, ...]) -> Outcomes:
    """Say of an entrance of which not all is told that it may be one to management ports."""
    if approved(allow, hidden.id):
        return
    if isinstance(hidden, Doubt):
        if not approved(allow, hidden.told_by):
            covers = (("EXP-004", hidden.id),)
            yield Unknown(hidden.id, hidden.missing, told_by=hidden.told_by, covers=covers)
        return
    names = hidden.opens({"tcp": managing, "udp": managing & _RDP})
    if names:
        by = ids.name(hidden.id)
        what = f"whether the internet reaches the management port of {names} by {by}"
        yield Unknown(hidden.id, f"{what}: {hidden.why}", told_by=hidden.id)
