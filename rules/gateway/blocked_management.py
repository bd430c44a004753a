"""A security group keeps Azure from managing a gateway.

## Why it matters
Azure runs the instances of an application gateway: it sends them their configuration, and asks
whether they are well. Without either the gateway turns to a failed state, its health is unknown,
changes do not arrive, and instances are taken out of service.

## What fails
The security group of a gateway's subnet does not let in

- the service tag `GatewayManager` on TCP 65200-65535, or 65503-65534 for the first generation; a
  gateway with network isolation does not need it: its subnet is delegated to
  `Microsoft.Network/applicationGateways`, or it has private frontends only;
- the service tag `AzureLoadBalancer` on the same ports.

One port of which nothing gets in is enough. A subnet without a security group is kept. Where only a
part gets in, or it depends on what the input does not tell (other service tags, what a network
holds), the answer is *unknown*. So it is when the group denies `AzureLoadBalancer` the port of a
listener: Azure wants every port open to it, and does not say which it uses.

## What to do
Allow them, before the rule that denies them:

    az network nsg rule create --resource-group GROUP --nsg-name NSG --name AllowGatewayManager \
        --priority 4095 --direction Inbound --access Allow --protocol Tcp \
        --source-address-prefixes GatewayManager --destination-port-ranges 65200-65535

## References
- https://learn.microsoft.com/azure/application-gateway/configuration-infrastructure#network-security-groups
- Facts A-5, A-10, N-10, N-15, N-29
"""

from __future__ import annotations

from collections.abc import Callable

from auditor.network.gateway_homes import gateway_homes, gateways_by_subnet, home
from auditor.network.graph import Network
from auditor.reach.demands import Refusal, allow_before, remedy_of, teller_of, whys
from auditor.reach.platform_demands import unmanaged, unprobed
from auditor.resources.application_gateways import ApplicationGateway
from auditor.resources.virtual_networks import Subnet
from auditor.rule import Finding, Outcomes, Reads, Severity, Unknown, apart, rule


@rule(
    "GW-022",
    severity=Severity.CRITICAL,
    since="0.1.0",
    of=gateway_homes,
    reads=Reads(subjects=("applicationGateways",)),
)
def blocked_management(network: Network, subject: Subnet | ApplicationGateway) -> Outcomes:
    """Judge the security group of one gateway subnet."""
    subnet = home(network, subject)

    def judge(refused: Callable[[Network, Subnet], Refusal | None]) -> Outcomes:
        found = refused(network, subnet)
        if found is not None:
            yield _told(network, subnet, found)

    parts = (("GatewayManager", unmanaged), ("AzureLoadBalancer", unprobed))
    yield from apart(subnet.id, parts, judge)


def _told(network: Network, subnet: Subnet, refused: Refusal) -> Finding | Unknown:
    who = refused.demand.who
    names = ", ".join(one.label for one in gateways_by_subnet(network)[subnet.key])
    probes = who == "AzureLoadBalancer"
    if not refused.certain:
        missing = f"whether {refused.words} gets in at {subnet.label}: {whys([refused])}"
        return Unknown(
            subnet.id, missing, key=who, remedy=remedy_of([refused]), told_by=teller_of([refused])
        )
    return Finding(
        subject=subnet.id,
        message=f"{refused.by} keeps {refused.words} out of {subnet.label}, the subnet of {names}",
        remedy="allow it: "
        + allow_before(network, refused, f"Allow{who}", nth=2 if probes else 1, every_port=probes),
        related=tuple(one.id for one in gateways_by_subnet(network)[subnet.key]),
        evidence=refused.quoted(network, subnet.id),
        key=who,
        covers=(("NSG-012", subnet.id),),
        witness=refused.witness,
        hops=refused.hops,
    )
