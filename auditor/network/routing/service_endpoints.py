"""Routes of a subnet's service endpoints, which nothing overrides (R-7, R-40, R-41)."""

from __future__ import annotations

from auditor.addresses import AddressSet
from auditor.network.reasons import Reason
from auditor.network.routing.model import EffectiveRoute, Found, Hop, Influence, Source
from auditor.network.routing.place import Place
from auditor.resources.virtual_networks import ServiceEndpoint
from auditor.special_addresses import PUBLIC

_TAGS = {
    "microsoft.storage": "Storage",
    "microsoft.storage.global": "Storage",
    "microsoft.sql": "Sql",
    "microsoft.keyvault": "AzureKeyVault",
    "microsoft.azurecosmosdb": "AzureCosmosDB",
    "microsoft.servicebus": "ServiceBus",
    "microsoft.eventhub": "EventHub",
    "microsoft.azureactivedirectory": "AzureActiveDirectory",
    "microsoft.containerregistry": "AzureContainerRegistry",
    "microsoft.web": "AppService",
    "microsoft.cognitiveservices": "CognitiveServicesManagement",
}
"""The tag that holds the addresses of each service that has endpoints."""


def service_endpoint_routes(place: Place) -> Found:
    """Give the routes to services, of this subnet only.

    The service's addresses in the VNet's own region for sure, those elsewhere perhaps: which
    regions an endpoint covers differs by service. All of a service that is not told by regions.
    Without data on tags: some public addresses.
    """
    found = Found()
    for index, endpoint in enumerate(place.subnet.properties.service_endpoints or ()):
        pointer = f"/properties/serviceEndpoints/{index}"
        service = endpoint.service or ""
        tag = _TAGS.get(service.lower(), service)
        everywhere = place.tags(tag)
        near = place.tags(f"{tag}.{(place.vnet.location or '').replace(' ', '')}")
        if near is None and not place.tags.within(tag):
            near = everywhere
        if near is not None and _settled(endpoint):
            found.routes.extend(_route(place, pointer, service, near))
        within = (everywhere if everywhere is not None else PUBLIC) - (near or AddressSet())
        found.influences.append(
            Influence(
                within,
                Reason(f"service-tag:{tag}", f"what the endpoint of {service} covers"),
                Source.SYSTEM,
                Hop.SERVICE_ENDPOINT,
                "R-40",
                node=place.subnet,
                pointer=pointer,
                name=service,
            )
        )
    return found


def _settled(endpoint: ServiceEndpoint) -> bool:
    return (endpoint.provisioning_state or "succeeded").lower() == "succeeded"


def _route(place: Place, pointer: str, service: str, within: AddressSet) -> list[EffectiveRoute]:
    return [
        EffectiveRoute(
            prefix,
            Source.SYSTEM,
            Hop.SERVICE_ENDPOINT,
            "R-40",
            node=place.subnet,
            pointer=pointer,
            name=service,
        )
        for prefix in within.prefixes()
    ]
