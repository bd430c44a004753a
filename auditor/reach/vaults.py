"""Whether a gateway gets through the firewall of the vault that holds its certificates (T-9).

Three ways lead through: Azure's trusted services pass, the gateway's subnet is named and has the
service endpoint, or a private endpoint that the gateway's network resolves and reaches.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from auditor.addresses import AddressSet
from auditor.certificates import KeyVaultReference, key_vault_secret
from auditor.errors import Undetermined, quoted
from auditor.ids import fold
from auditor.network import names
from auditor.network.blank_references import require_not_meant
from auditor.network.doubt import Doubt, doubt
from auditor.network.endpoint_states import stuck
from auditor.network.export_commands import links_of
from auditor.network.gateway_backends import resolution
from auditor.network.gateway_homes import subnet_of, vnet_of
from auditor.network.gateways import gateway_of
from auditor.network.graph import Network, question
from auditor.network.names import records_by_label
from auditor.network.private_link import approved_endpoints, untold_endpoint
from auditor.network.reasons import teller
from auditor.network.tls import certificates_from_vaults
from auditor.network.untold_homes import may_be_one
from auditor.network.vault_access import vault_of
from auditor.reach.answer import Answer, Verdict
from auditor.reach.gatewaying import point_of
from auditor.reach.points import Point, endpoint
from auditor.reach.talking import obstacle
from auditor.resources.application_gateways import ApplicationGateway
from auditor.resources.dns import PrivateDnsZone
from auditor.resources.gateway_tls import SslCertificate
from auditor.resources.key_vault import KeyVault, KeyVaultProperties
from auditor.resources.public_addresses import PublicIp

_ZONES = {
    "vault.azure.net": "privatelink.vaultcore.azure.net",
    "vault.azure.cn": "privatelink.vaultcore.azure.cn",
    "vault.usgovcloudapi.net": "privatelink.vaultcore.usgovcloudapi.net",
}
"""The zone of private endpoints by the end of a vault's public name (L-15)."""

_HTTPS = 443
_SERVICE = "microsoft.keyvault"


class Fetch(msgspec.Struct, frozen=True):
    """A gateway and a vault from which it fetches certificates that listeners present."""

    gateway: ApplicationGateway
    reference: KeyVaultReference
    certificates: tuple[SslCertificate, ...]

    @property
    def id(self) -> str:
        """The gateway's id."""
        return self.gateway.id


class Shut(msgspec.Struct, frozen=True):
    """A vault that keeps a gateway out: why each way is closed, and where packets stop, if any."""

    vault: KeyVault
    whys: tuple[str, ...]
    blocked: Answer | None = None


@question
def fetches(network: Network) -> tuple[Fetch | Doubt, ...]:
    """Give every gateway with every vault that it fetches from; a doubt where that is not told."""
    found: dict[tuple[str, str], Fetch] = {}
    doubts: list[Doubt] = []
    for subject in certificates_from_vaults(network):
        if isinstance(subject, Doubt):
            doubts.append(subject)
            continue
        try:
            gateway, reference = gateway_of(network, subject), _reference(subject)
        except Undetermined as unknown:
            doubts.append(doubt(subject.id, unknown))
            continue
        key = gateway.key, reference.host
        before = found[key].certificates if key in found else ()
        found[key] = Fetch(gateway, reference, (*before, subject))
    return (*(found[key] for key in sorted(found)), *doubts)


def _reference(certificate: SslCertificate) -> KeyVaultReference:
    text = certificate.properties.key_vault_secret_id or ""
    found = key_vault_secret(text)
    if found is None:
        raise Undetermined(f"the vault that {quoted(text)} means", resource=certificate.id)
    return found


def shut_out(network: Network, fetch: Fetch) -> Shut | None:
    """Tell why a vault's firewall keeps a gateway out; None when some way leads through.

    Raises Undetermined when none surely does, and some may.
    """
    vault = vault_of(network, fetch.reference)
    if _is_open(vault):
        return None
    whys: list[str] = []
    doubts: list[Undetermined] = []
    blocked: list[Answer] = []
    for way in (_trusted, _by_subnet, _by_address, _by_endpoint):
        try:
            closed = list(way(network, fetch, vault))
        except Undetermined as unknown:
            doubts.append(unknown)
            continue
        if not closed:
            return None
        whys += [each for each in closed if isinstance(each, str)]
        blocked += [each for each in closed if isinstance(each, Answer)]
    if doubts:
        raise doubts[0]
    return Shut(vault, tuple(dict.fromkeys(whys)), blocked[0] if blocked else None)


def _is_open(vault: KeyVault) -> bool:
    """Whether the vault has no firewall: none is written, or it lets everybody in."""
    p = vault.properties
    access = p.public_network_access or "Enabled"
    if access.lower() not in ("enabled", "disabled"):
        raise Undetermined(f"whom {vault.label} lets in as {quoted(access)}", resource=vault.id)
    if _closed_to_networks(p):
        return False
    if p.network_acls is None:
        return True
    if not p.network_acls.default_action:
        raise Undetermined(f"defaultAction of {vault.label}", resource=vault.id)
    return p.network_acls.default_action.lower() != "deny"


_CLOSED = "its public network access is disabled, whatever its rules say"


def _closed_to_networks(p: KeyVaultProperties) -> bool:
    """Whether the rules for networks and addresses count for nothing."""
    return (p.public_network_access or "").lower() == "disabled"


def _trusted(_: Network, fetch: Fetch, vault: KeyVault) -> Iterator[str | Answer]:
    acls = vault.properties.network_acls
    bypass = acls.bypass if acls is not None else None
    if not bypass:
        raise Undetermined(f"the bypass of {vault.label}", resource=vault.id)
    if "azureservices" not in bypass.lower().replace(" ", "").split(","):
        yield "trusted services do not pass"


def _by_subnet(network: Network, fetch: Fetch, vault: KeyVault) -> Iterator[str | Answer]:
    p = vault.properties
    subnet = subnet_of(network, fetch.gateway)
    rules = (p.network_acls.virtual_network_rules or ()) if p.network_acls else ()
    if _closed_to_networks(p):
        yield _CLOSED
        return
    named = [fold(rule.id or "") for rule in rules]
    if subnet.key not in named:
        if any(may_be_one(subnet.key, each) for each in named):
            missing = f"whether a rule of {vault.label} names {subnet.label}, of which group"
            raise Undetermined(missing, resource=vault.id)
        yield f"no rule names the subnet {subnet.label}"
        return
    services = {(each.service or "").lower() for each in subnet.properties.service_endpoints or ()}
    if not services & {_SERVICE, f"{_SERVICE}.global"}:
        yield f"the subnet {subnet.label}, which a rule names, has no service endpoint"


def _by_address(network: Network, fetch: Fetch, vault: KeyVault) -> Iterator[str | Answer]:
    """Rules for addresses: which one a gateway goes out by, no fact tells."""
    p = vault.properties
    rules = (p.network_acls.ip_rules or ()) if p.network_acls else ()
    if _closed_to_networks(p):
        yield _CLOSED
        return
    if rules:
        allowed = AddressSet.from_text([rule.value for rule in rules if rule.value])
        own = AddressSet.from_text(_public_addresses(network, fetch.gateway))
        behind_nat = subnet_of(network, fetch.gateway).properties.nat_gateway is not None
        if behind_nat or not own or own.overlaps(allowed):
            missing = f"by which address {fetch.gateway.label} goes to {vault.label}"
            raise Undetermined(missing, resource=fetch.gateway.id, remedy=_SEE_IN_THE_LOG)
    yield "no rule names its address"


_SEE_IN_THE_LOG = (
    "no export tells it, and Azure documents no answer: see CallerIPAddress in the AuditEvent log "
    "of the vault, or let trusted services pass"
)


def _public_addresses(network: Network, gateway: ApplicationGateway) -> Iterator[str]:
    for frontend in gateway.frontends:
        found = network.get(frontend.properties.public_ip_address, PublicIp)
        if found is not None and found.properties.ip_address:
            yield found.properties.ip_address


def _by_endpoint(network: Network, fetch: Fetch, vault: KeyVault) -> Iterator[str | Answer]:
    points = list(_endpoints(network, vault))
    if not points:
        require_not_meant(network, vault, "privateLinkServiceId")
        waiting = stuck(network, vault, vault.properties.private_endpoint_connections)
        words = ["it has no approved private endpoint", *(each.words for each in waiting)]
        yield ", its ".join(words)
        return
    zone_name = _ZONES.get(fetch.reference.host.partition(".")[2])
    if zone_name is None:
        raise Undetermined(f"the private zone of {fetch.reference.host}", resource=vault.id)
    vnet = vnet_of(network, fetch.gateway)
    name = f"{fetch.reference.vault}.{zone_name}"
    seen = resolution(network, vnet, name)
    if seen.zone is None:
        _require_zones_told(network, vault, zone_name)
    if seen.zone is None or not seen.found:
        yield f"no private zone that {vnet.label} asks has a record {name}"
        return
    records = records_by_label(network, seen.zone.key).get(fetch.reference.vault, ())
    addresses = AddressSet.from_text(text for each in records for text in each.addresses)
    doubt = next((reason for point in points for reason in point.reasons), None)
    named = [point for point in points if point.addresses.overlaps(addresses)]
    if not named:
        if doubt is not None or not records:
            missing = doubt.detail if doubt is not None else f"where {name} leads"
            by = doubt.resource if doubt is not None else seen.zone.id
            raise Undetermined(missing, resource=by or vault.id)
        yield f"the record {name} leads to {addresses}, which is no endpoint of the vault"
        return
    gateway = point_of(network, fetch.gateway)
    answer = obstacle(network, [gateway], named, _HTTPS, straight=True)
    if answer is not None and answer.verdict is Verdict.UNKNOWN:
        missing = "; ".join(dict.fromkeys(map(str, answer.reasons)))
        raise Undetermined(missing, resource=teller(answer.reasons) or vault.id)
    if answer is not None and answer.verdict is Verdict.BLOCKED:
        yield f"its private endpoint is out of reach: {answer.blockers[0].says}"
        yield answer


def _require_zones_told(network: Network, vault: KeyVault, zone_name: str) -> None:
    """Raise Undetermined where a zone outside the input, or one without its links, may be asked."""
    for zone in network.all(PrivateDnsZone):
        if zone.label.lower() == zone_name and not names.links_exported(network, zone):
            lacks = f"the network links of private zone {zone.label}"
            raise Undetermined(lacks, resource=zone.id, remedy=links_of(zone))
    for each in approved_endpoints(network, vault):
        for group in names.zone_groups(network).get(each.key, ()):
            for config in group.properties.private_dns_zone_configs or ():
                zone_id = config.properties.private_dns_zone_id
                if zone_id and fold(zone_id) not in network.nodes:
                    raise Undetermined(f"{zone_id} is not in the snapshot", resource=zone_id)
        if not network.all(PrivateDnsZone) and not network.asked_below(each):
            raise Undetermined(f"the private zones, of which one may be {zone_name}")


def _endpoints(network: Network, vault: KeyVault) -> Iterator[Point]:
    """The approved private endpoints of a vault. Raises Undetermined when one is not here."""
    known = {each.key for each in approved_endpoints(network, vault)}
    for each in approved_endpoints(network, vault):
        yield endpoint(network, each)
    untold = untold_endpoint(network, vault)
    if untold is not None:
        missing = f"the state of the connection of {untold.label}"
        raise Undetermined(missing, resource=untold.id)
    for connection in vault.properties.private_endpoint_connections or ():
        ref = connection.properties.private_endpoint
        state = connection.properties.private_link_service_connection_state
        status = (state.status or "") if state is not None else ""
        carries = status.lower() in ("", "approved")
        if carries and ref is not None and ref.id and fold(ref.id) not in known:
            raise Undetermined(f"{ref.id} is not in the snapshot", resource=ref.id)
