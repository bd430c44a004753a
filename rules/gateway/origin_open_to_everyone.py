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
- or whose WAF policy does not block requests by the header `X-Azure-FDID`, so that other
  customers' Front Doors get in (medium): by an enabled custom rule that blocks every other value
  than the profile's `frontDoorId` (any value, where that is not told), or allows that one before a
  rule that blocks everything; in a policy that is enabled and in Prevention mode.

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

from auditor import ids
from auditor.errors import Undetermined
from auditor.network.custom_waf_rules import free_priority, rule_names
from auditor.network.doubt import Doubt, settled
from auditor.network.graph import evidence
from auditor.network.group_commands import changed_rule
from auditor.reach.answer import Answer, Verdict
from auditor.reach.closing import also, letting_in
from auditor.reach.edge import Gap, Origin, guarded_origins
from auditor.reach.told import remedy_of, teller_of, told_of, whys
from auditor.remedy import az, unused_name
from auditor.rule import Finding, Network, Outcomes, Reads, Severity, Unknown, rule


@rule(
    "GW-029",
    severity=Severity.HIGH,
    since="0.1.0",
    of=guarded_origins,
    peers=("CHK:APPD A01.12", "CHK:ALZ D05.04"),
    reads=Reads(
        subjects=(
            "applicationGateways",
            "Microsoft.Cdn/profiles",
            "Microsoft.Cdn/profiles/originGroups",
            "Microsoft.Cdn/profiles/originGroups/origins",
            "publicIPAddresses",
        )
    ),
)
def origin_open_to_everyone(network: Network, origin: Origin | Doubt) -> Outcomes:
    """Judge who reaches one gateway besides its Front Door."""
    origin = settled(origin)
    gateway = origin.gateway
    told = evidence(origin.door, origin.pointer, origin.host)
    stranger = origin.stranger(network)
    door = ids.name(origin.profile)
    if stranger is not None and stranger.verdict is Verdict.REACHABLE:
        packet = told_of(network, stranger)
        yield Finding(
            subject=gateway.id,
            message=f"{gateway.label} is an origin of Front Door {door} and answers clients "
            f"outside Front Door ({packet.words})",
            remedy="allow AzureFrontDoor.Backend instead of Internet in the security group of the "
            "gateway's subnet" + _by_rule(network, stranger),
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
            remedy=remedy_of([stranger]),
            told_by=teller_of([stranger]),
        )
    else:
        yield from _by_header(network, origin)


def _by_rule(network: Network, stranger: Answer) -> str:
    """The command for the rule that lets strangers in, where somebody wrote one."""
    rule = letting_in(network, stranger)
    command = changed_rule(rule, source_address_prefixes="AzureFrontDoor.Backend") if rule else ""
    return also(command)


def _by_header(network: Network, origin: Origin) -> Outcomes:
    gateway, door = origin.gateway, ids.name(origin.profile)
    try:
        gap = origin.gap(network)
    except Undetermined as unknown:
        missing = f"whether {gateway.label} lets in other Front Doors than {door}: "
        yield Unknown(
            gateway.id,
            missing + unknown.missing,
            related=(origin.door.id,),
            key="header",
            told_by=unknown.resource,
        )
        return
    if gap is not None:
        yield Finding(
            subject=gateway.id,
            message=f"{gateway.label} is an origin of Front Door {door}, and {gap.why}",
            remedy=_remedy(gap, origin.fdid(network) or f"<frontDoorId of {door}>"),
            related=(origin.door.id, *((gap.policy.id,) if gap.policy else ())),
            evidence=(evidence(origin.door, origin.pointer, origin.host),),
            severity=Severity.MEDIUM,
            key="header",
        )


def _remedy(gap: Gap, fdid: str) -> str:
    words = f"block requests whose X-Azure-FDID is not {fdid}"
    if gap.policy is None:
        return f"give it a WAF policy with a custom rule to {words}"
    if gap.other:
        return f"have the rule of {gap.policy.label} ask for {fdid} instead"
    waf = ("network", "application-gateway", "waf-policy")
    here = {"resource_group": gap.policy.resource_group, "policy_name": gap.policy.label}
    if gap.mode is not None:
        return "let it block: " + az(
            *waf, "policy-setting", "update", **here, state="Enabled", mode="Prevention"
        )
    rule = {**here, "name": unused_name("OnlyOurFrontDoor", rule_names(gap.policy), join="")}
    create = az(
        *waf,
        "custom-rule",
        "create",
        **rule,
        priority=free_priority(gap.policy),
        rule_type="MatchRule",
        action="Block",
    )
    match = az(
        *waf, "custom-rule", "match-condition", "add", **rule,
        match_variables="RequestHeaders.X-Azure-FDID", operator="Equal", negate=True, values=fdid,
    )  # fmt: skip
    return f"{words}: {create} && {match}"
