"""A security rule admits a service tag that stands for other customers' machines.

## Why it matters
`AzureCloud` reads like "Azure itself" and means every public address in Microsoft's data centres:
the virtual machines of every other customer among them. Anybody with a credit card can send from
there (N-27). The same is true of tags for services that run other people's code or forward other
people's requests.

## What fails
An inbound Allow rule whose source is one of `tags`, or a regional form of one
(`AzureCloud.westeurope`), and which still decides packets after the rules before it. By default:

- `AzureCloud`: every public address of Azure's data centres;
- `AzureFrontDoor.Backend`: any profile of any customer, unless the application checks
  `X-Azure-FDID`;
- `AppService`, `AzureConnectors`, `LogicApps`, `PowerPlatformInfra`, `DataFactory`,
  `AzureDevOps`: apps, flows and jobs of every customer send from shared addresses.

`Internet` and `*` are NSG-003's. A rule for the listeners of an application gateway that admits
`AzureFrontDoor.Backend` is the documented way to stand behind Front Door: it is kept, in the
gateway's subnet, for the gateway's ports.

*Medium* where the group stands before nothing, or before nothing that has an address which the rule
names. *Unknown* when an earlier rule that might close it
is not fully told.

## What to do
Name the addresses that send, use a private endpoint, or narrow the tag to the service that is
meant.

## References
- https://learn.microsoft.com/azure/virtual-network/service-tags-overview
- https://learn.microsoft.com/azure/frontdoor/origin-security
- Facts N-27, N-28, E-30
"""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from auditor.errors import Undetermined
from auditor.network.entrances import aims_at_frontends, unexpected_ports
from auditor.network.filters import attachments
from auditor.network.open_rules import at, finding, title
from auditor.network.openings import (
    WITH_PORTS,
    Opening,
    concerns_internet,
    group_of,
    inbound_allows,
    opening_to_tags,
    openings,
    ports_in_words,
)
from auditor.resources.security import NetworkSecurityGroup, SecurityRule
from auditor.rule import Finding, Network, Outcomes, Severity, Unknown, refuse_nothing, rule

_FRONT_DOOR = "azurefrontdoor.backend"


class Params(Struct, frozen=True):
    """Which tags stand for other customers' machines."""

    tags: tuple[str, ...] = (
        "AzureCloud",
        "AzureFrontDoor.Backend",
        "AppService",
        "AzureConnectors",
        "AzureDevOps",
        "DataFactory",
        "LogicApps",
        "PowerPlatformInfra",
    )
    """Service tags; each stands for its regional forms too. Letter case does not matter."""

    def __post_init__(self) -> None:
        """Refuse no tags."""
        refuse_nothing("tags", self.tags)


@rule(
    "NSG-019",
    severity=Severity.HIGH,
    since="0.1.0",
    of=inbound_allows,
    suspects=opening_to_tags,
    parameters=Params,
)
def over_broad_service_tag(
    network: Network, security_rule: SecurityRule, params: Params
) -> Outcomes:
    """Judge one inbound Allow rule."""
    if not concerns_internet(network, security_rule) or aims_at_frontends(network, security_rule):
        return
    group = group_of(network, security_rule)
    found = openings(network, group)
    certain = _broad(found.tags.get(security_rule, {}), params)
    for tag in certain:
        opening = found.tags[security_rule][tag]
        if tag != _FRONT_DOOR or _beside_listeners(network, security_rule, group, opening):
            yield _finding(network, security_rule, group, tag, opening)
    untold = security_rule in found.possible and not _tells_sources(security_rule)
    if not certain and (untold or _broad(found.possible_tags.get(security_rule, {}), params)):
        yield Unknown(
            security_rule.id, missing=" and ".join(found.doubts) or "what earlier rules match"
        )


def _tells_sources(rule: SecurityRule) -> bool:
    """Whether a rule names any source at all: Azure stores none that does not."""
    try:
        return bool(rule.sources or rule.properties.source_application_security_groups)
    except Undetermined:
        return False


def _broad(tags: dict[str, Opening[SecurityRule]], params: Params) -> list[str]:
    broad = tuple([f"{tag.lower()}." for tag in params.tags])
    return sorted([tag for tag in tags if f"{tag}.".startswith(broad)])


def _beside_listeners(
    network: Network,
    rule: SecurityRule,
    group: NetworkSecurityGroup,
    opening: Opening[SecurityRule],
) -> bool:
    places = attachments(network, group)
    return any(unexpected_ports(network, rule, opening.of(p), places) for p in WITH_PORTS)


def _finding(
    network: Network,
    rule: SecurityRule,
    group: NetworkSecurityGroup,
    tag: str,
    opening: Opening[SecurityRule],
) -> Finding:
    spelled = next((text for text in rule.sources if text.strip().lower() == tag), tag)
    ports = {protocol: opening.of(protocol) for protocol in WITH_PORTS}
    words = ports_in_words(ports) or " and ".join(p.upper() for p in opening.portless)
    message = f"{title(rule, group)} admits {spelled}, which other customers send from, to {words}"
    told = finding(network, rule, group, opening, message + at(network, rule, group))
    return replace(told, key=tag)
