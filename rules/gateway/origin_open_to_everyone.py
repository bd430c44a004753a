"""A gateway behind Front Door still answers everyone.

## Why it matters
Front Door checks requests at the edge, with its own certificate and firewall. A gateway that
answers the whole internet besides can be asked directly, and whoever finds its address has passed
the edge by. The service tag alone is not enough: every customer of Front Door sends from it.

## What fails
An application gateway that an enabled Front Door origin names, by its public address or the DNS
name of that address, and

- that some client outside `AzureFrontDoor.Backend` certainly reaches: its subnet's security group
  lets most of the internet in, or there is none;
- or whose WAF policy checks no `X-Azure-FDID` header, so that other customers' Front Doors get in
  (medium).

An origin over Private Link needs neither. What the input does not tell (the policy, what the tag
holds) is *unknown*.

## What to do
Allow `AzureFrontDoor.Backend` instead of `Internet` in the security group of the gateway's subnet,
and add a custom rule to the WAF policy that blocks requests whose `X-Azure-FDID` is not the id of
your Front Door.

## References
- https://learn.microsoft.com/azure/frontdoor/origin-security
- Facts A-11, A-13, N-27, N-28
"""

from __future__ import annotations

from auditor.network.doubt import Doubt, settled
from auditor.network.graph import evidence
from auditor.reach.answer import Verdict
from auditor.reach.edge import Origin, guarded_origins
from auditor.reach.told import told_of, whys
from auditor.rule import Finding, Network, Outcomes, Severity, Unknown, rule


@rule(
    "GW-029",
    severity=Severity.HIGH,
    since="0.1.0",
    of=guarded_origins,
    peers=("CHK:APPD A01.12", "CHK:ALZ D05.04"),
)
def origin_open_to_everyone(network: Network, origin: Origin | Doubt) -> Outcomes:
    """Judge who reaches one gateway besides its Front Door."""
    origin = settled(origin)
    gateway = origin.gateway
    told = evidence(origin.door, origin.pointer, origin.host)
    stranger = origin.stranger(network)
    if stranger is not None and stranger.verdict is Verdict.REACHABLE:
        packet = told_of(network, stranger)
        yield Finding(
            subject=gateway.id,
            message=f"{gateway.label} is an origin of {origin.door.root.label} and answers clients "
            f"outside Front Door ({packet.words})",
            remedy="allow AzureFrontDoor.Backend instead of Internet in the security group of the "
            "gateway's subnet",
            related=(origin.door.id,),
            evidence=(told, *packet.evidence),
            key="anyone",
            witness=packet.witness,
            hops=packet.hops,
        )
    elif stranger is not None:
        yield Unknown(
            gateway.id,
            f"whether {gateway.label} answers clients outside Front Door: {whys([stranger])}",
            related=(origin.door.id,),
            key="anyone",
        )
    elif origin.checks_header(network) is False:
        yield Finding(
            subject=gateway.id,
            message=f"{gateway.label} is an origin of {origin.door.root.label}, and no rule of its "
            "WAF policy asks for the header X-Azure-FDID: every Front Door gets in",
            remedy="add a custom rule to the WAF policy that blocks requests whose X-Azure-FDID is "
            f"not the id of {origin.door.root.label}",
            related=(origin.door.id,),
            evidence=(told,),
            severity=Severity.MEDIUM,
            key="header",
        )
