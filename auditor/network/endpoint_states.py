"""Private endpoints whose connection carries nothing yet, or no more, and what mends them (L-1).

A connection that is Pending waits for whoever owns the service; one that was rejected or
disconnected stays so, and its endpoint has to be made anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeAlias

import msgspec

from auditor import ids
from auditor.ids import fold
from auditor.network.graph import Network
from auditor.network.namesakes import names_of
from auditor.network.private_link import endpoints_by_target
from auditor.remedy import az, unused_name
from auditor.resources import walk
from auditor.resources.base import Resource
from auditor.resources.key_vault import VaultConnection
from auditor.resources.mysql import ServerConnection
from auditor.resources.private_endpoints import PrivateEndpoint, ServiceConnection

Listed: TypeAlias = ServerConnection | VaultConnection
"""An entry of `privateEndpointConnections`: the connection seen from the service."""


class Stuck(msgspec.Struct, frozen=True):
    """A connection that is not approved: ids of its endpoint and of itself, empty if untold."""

    state: str
    endpoint: str = ""
    connection: str = ""

    @property
    def words(self) -> str:
        """Say it: `private endpoint pe is Pending`."""
        return f"private endpoint {ids.name(self.endpoint or self.connection)} is {self.state}"

    @property
    def waits(self) -> bool:
        """Whether somebody has only to approve it."""
        return self.state.lower() == "pending"


def stuck(network: Network, target: Resource, listed: Iterable[Listed] | None) -> tuple[Stuck, ...]:
    """Give the connections to a resource that are not approved, those that wait first.

    As the resource lists them, and as endpoints that name it tell them.
    """
    found: dict[str, Stuck] = {}
    for each in (*_told_by_endpoints(network, target), *_listed(target, listed or ())):
        found[fold(each.endpoint or each.connection)] = each
    return tuple(sorted(found.values(), key=lambda s: (not s.waits, fold(s.endpoint))))


def _told_by_endpoints(network: Network, target: Resource) -> Iterator[Stuck]:
    for endpoint, connection in endpoints_by_target(network).get(target.key, ()):
        state = _state(connection)
        if state:
            yield Stuck(state, endpoint.id)


def _listed(target: Resource, listed: Iterable[Listed]) -> Iterator[Stuck]:
    for each in listed:
        state = _state(each)
        if not state:
            continue
        endpoint = walk.peek(walk.peek(walk.peek(each, "properties"), "private_endpoint"), "id")
        own = walk.peek(each, "id")
        if not own and each.name:
            own = f"{target.id}/privateEndpointConnections/{each.name}"
        yield Stuck(state, endpoint or "", own or "")


def _state(connection: Listed | ServiceConnection) -> str:
    """The state of a connection as written; nothing where it is approved, or not told."""
    told = walk.peek(walk.peek(connection, "properties"), "private_link_service_connection_state")
    status: str = walk.peek(told, "status") or ""
    return "" if status.lower() == "approved" else status


def mended(network: Network, target: Resource, one: Stuck, group: str) -> str:
    """Give the commands that let a connection carry traffic: approve it, or make it anew."""
    if not one.waits:
        return _anew(network, target, one, group)
    approve = ("network", "private-endpoint-connection", "approve")
    if one.connection:
        return az(*approve, id=one.connection)
    listing = az("network", "private-endpoint-connection", "list", id=target.id)
    return f"{listing}, then {az(*approve, id='<id of the connection, as listed>')}"


def _anew(network: Network, target: Resource, one: Stuck, group: str) -> str:
    name = ids.name(one.endpoint) if one.endpoint else "<the endpoint>"
    where = ids.resource_group(one.endpoint) or target.resource_group
    delete = az("network", "private-endpoint", "delete", resource_group=where, name=name)
    return f"{delete} && {created(network, target, group, one.endpoint, name, where)}"


def created(
    network: Network,
    target: Resource,
    group: str,
    like: str = "",
    name: str = "",
    resource_group: str | None = None,
) -> str:
    """Give the command that makes a private endpoint of a resource, in the subnet of another."""
    old = network.find(like) if like else None
    properties = walk.peek(old, "properties") if isinstance(old, PrivateEndpoint) else None
    subnet = walk.peek(walk.peek(properties, "subnet"), "id")
    return az(
        "network",
        "private-endpoint",
        "create",
        resource_group=resource_group or target.resource_group,
        name=name or unused_name(f"pe-{target.label}", names_of(network, PrivateEndpoint)),
        private_connection_resource_id=target.id,
        group_id=group,
        connection_name=target.label,
        subnet=subnet or "<id of a subnet the application reaches>",
    )
