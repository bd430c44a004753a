"""What names lead to, as far as DNS zones and public IPs of the snapshot tell (L-11 to L-13)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from auditor.addresses import Address, address_or_none
from auditor.errors import Undetermined
from auditor.network.export_commands import ASK_THE_SERVER
from auditor.network.gateway_backends import Resolution, public_addresses, resolution, wildcards
from auditor.network.graph import Network, question
from auditor.network.names import AZURE_DNS, private_records
from auditor.resources import walk
from auditor.resources.dns import PrivateRecordSet, PublicRecordSet, RecordSet
from auditor.resources.public_addresses import PublicIp
from auditor.resources.virtual_networks import VirtualNetwork

_MOST_ALIASES = 8
"""How many CNAME records are followed, one after another."""


_IN_PUBLIC = Resolution(None, False)

_SERVICES = (
    ".azure.com",
    ".azure.net",
    ".azure-api.net",
    ".azurecontainerapps.io",
    ".azurecr.io",
    ".azureedge.net",
    ".azurefd.net",
    ".azurestaticapps.net",
    ".azurewebsites.net",
    ".microsoftonline.com",
    ".trafficmanager.net",
    ".windows.net",
)
"""How names of Microsoft's own end: their addresses are public, or those of private endpoints."""


def of_microsoft(network: Network, host: str) -> bool:
    """Tell whether a name, or what public zones of the snapshot make it an alias of, is one of
    Microsoft's own: no machine's of anybody's.
    """
    name = host.rstrip(".").lower()
    for _ in range(_MOST_ALIASES):
        if name.endswith(_SERVICES):
            return True
        name = _next_name(_public_records(network).get(name, ()))
    return False


def addresses_named(
    network: Network, vnet: VirtualNetwork | None, host: str
) -> tuple[Address, ...]:
    """Give the addresses that a name has for whoever asks in a VNet, sorted; none: it has none.

    For whoever asks on the internet, where the VNet is None. Raises Undetermined when neither a
    linked private zone, nor a public zone or a public IP of the snapshot tells it, and in a VNet
    with DNS servers of its own, which may answer anything (L-14).
    """
    name = host.rstrip(".").lower()
    server = own_server(vnet) if vnet is not None else ""
    if vnet is not None and server:
        missing = f"what the DNS server {server} of {vnet.label} answers for {host}"
        raise Undetermined(missing, resource=vnet.id, remedy=ASK_THE_SERVER)
    for _ in range(_MOST_ALIASES):
        answer = resolution(network, vnet, name) if vnet is not None else _IN_PUBLIC
        if answer.zone is None:
            records: Iterable[RecordSet] = _public_records(network).get(name, ())
        elif not answer.found:
            return ()
        else:
            known = private_records(network).get(answer.zone.key, ())
            records = _records_of(name, answer.zone.label.lower(), known)
        found = {each for record in records for each in _told_by(network, record)}
        if answer.zone is None:
            found |= {each for each, ip in public_addresses(network).items() if _is_of(ip, name)}
        if found:
            return tuple(sorted(found))
        name = _next_name(records)
        if not name:
            break
    raise Undetermined(f"where the name {host} leads")


def own_server(vnet: VirtualNetwork) -> str:
    """Give a DNS server that somebody set for a VNet; empty: all ask Azure's (L-11)."""
    options = vnet.properties.dhcp_options
    servers = (options.dns_servers or ()) if options else ()
    return next((server for server in servers if server != AZURE_DNS), "")


def _next_name(records: Iterable[RecordSet]) -> str:
    return next((alias for record in records if (alias := _alias(record))), "")


def _records_of(name: str, zone: str, known: Iterable[PrivateRecordSet]) -> list[PrivateRecordSet]:
    """The records of a name in a zone: its own, else those of the nearest wildcard."""
    for host in (name, *wildcards(name, zone)):
        found = [record for record in known if record.host == host]
        if found:
            return found
    return []


@question
def _public_records(network: Network) -> dict[str, tuple[PublicRecordSet, ...]]:
    found: dict[str, list[PublicRecordSet]] = defaultdict(list)
    for record in network.all(PublicRecordSet):
        found[record.host].append(record)
    return {key: tuple(each) for key, each in found.items()}


def _told_by(network: Network, record: RecordSet) -> Iterable[Address]:
    texts = list(record.addresses)
    target = walk.peek(walk.peek(record, "properties"), "target_resource")
    aimed = network.find(walk.peek(target, "id")) if target is not None else None
    if isinstance(aimed, PublicIp):
        texts.append(walk.peek(walk.peek(aimed, "properties"), "ip_address") or "")
    return [each for each in map(address_or_none, texts) if each is not None]


def _alias(record: RecordSet) -> str:
    told = walk.peek(walk.peek(record, "properties"), "cname_record")
    return (walk.peek(told, "cname") or "").rstrip(".").lower()


def _is_of(public: PublicIp, name: str) -> bool:
    told = walk.peek(walk.peek(public, "properties"), "dns_settings")
    return (walk.peek(told, "fqdn") or "").rstrip(".").lower() == name
