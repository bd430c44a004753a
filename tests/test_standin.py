"""The stand-in of Azure, read by Azure's own clients."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .standin import Estate, Fault, StandIn
from .standin.faults import denied, page_of_a_proxy, throttled
from .standin.identity import CLIENT, SECRET, TENANT

pytest.importorskip("azure.identity")

from azure.core.credentials import TokenCredential
from azure.core.exceptions import (
    ClientAuthenticationError,
    DecodeError,
    HttpResponseError,
    ResourceExistsError,
    ResourceNotFoundError,
)
from azure.core.rest import HttpRequest
from azure.identity import ClientSecretCredential, DefaultAzureCredential
from azure.mgmt.containerservice import ContainerServiceClient
from azure.mgmt.network import NetworkManagementClient
from azure.mgmt.resourcegraph import ResourceGraphClient
from azure.mgmt.resourcegraph.models import QueryRequest, QueryRequestOptions

HUB_AND_SPOKE = Path(__file__).parents[1] / "fixtures/estates/hub-and-spoke"
HUB = "0d9e4b62-3a17-4f85-b0c6-5e8f12a7c930"
BILLING = "91f3d6ab-07e4-4c58-8b2d-a6c0479e1f53"
ORDERS = "4c7a91e8-b250-4d3f-96a1-d83b0e5f6c27"
GROUP = f"/subscriptions/{ORDERS}/resourceGroups/rg-orders"
NETWORK = "Microsoft.Network"


@pytest.fixture
def azure() -> Iterator[StandIn]:
    with StandIn(Estate.of_path(HUB_AND_SPOKE), page_size=2) as standin, standin.signed():
        yield standin


@pytest.fixture
def credential(azure: StandIn) -> Iterator[TokenCredential]:
    with ClientSecretCredential(
        TENANT, CLIENT, SECRET, authority=azure.base, disable_instance_discovery=True
    ) as made:
        yield made


def network(azure: StandIn, credential: TokenCredential, subscription: str = ORDERS) -> Any:
    return NetworkManagementClient(
        credential,
        subscription,
        base_url=azure.base,
        credential_scopes=[f"{azure.base}/.default"],
        retry_backoff_factor=0,
        polling_interval=0.01,
    )


def get(client: Any, path: str, version: str = "2024-05-01") -> Any:
    answer = client.send_request(HttpRequest("GET", f"{path}?api-version={version}"))
    answer.raise_for_status()
    return answer.json()


def test_the_default_credential_signs_in_by_its_environment(azure: StandIn) -> None:
    with DefaultAzureCredential(disable_instance_discovery=True) as credential:
        client = network(azure, credential)

        names = [one.name for one in client.virtual_networks.list_all()]

    assert names == ["vnet-orders"]
    assert azure.signed_in == 1


def test_a_wrong_secret_is_refused(azure: StandIn) -> None:
    with (
        ClientSecretCredential(
            TENANT, CLIENT, "wrong", authority=azure.base, disable_instance_discovery=True
        ) as credential,
        pytest.raises(ClientAuthenticationError, match="AADSTS7000215"),
    ):
        list(network(azure, credential).virtual_networks.list_all())

    assert azure.calls == []


def test_lists_come_in_pages(azure: StandIn, credential: TokenCredential) -> None:
    azure.azure.page_size = 1
    names = [one.name for one in network(azure, credential).network_security_groups.list_all()]

    assert names == ["nsg-web", "nsg-endpoints"]
    path = f"/subscriptions/{ORDERS}/providers/microsoft.network/networksecuritygroups"
    assert azure.count()[path] == 2


def test_clusters_are_listed(azure: StandIn, credential: TokenCredential) -> None:
    client = ContainerServiceClient(
        credential, BILLING, base_url=azure.base, credential_scopes=[f"{azure.base}/.default"]
    )

    (cluster,) = client.managed_clusters.list()
    pools = list(client.agent_pools.list("rg-billing", "aks-billing"))

    assert cluster.name == "aks-billing"
    assert [pool.name for pool in pools] == ["system", "billing"]


def test_children_and_groups_have_lists(azure: StandIn, credential: TokenCredential) -> None:
    client = network(azure, credential, HUB)

    groups = client.firewall_policy_rule_collection_groups.list("RG-HUB", "AFWP-HUB")
    gateways = client.virtual_network_gateways.list("rg-hub")

    assert len(list(groups)) == 2
    assert [one.name for one in gateways] == ["vgw-hub"]


def test_gateways_have_no_list_in_a_subscription(
    azure: StandIn, credential: TokenCredential
) -> None:
    path = f"/subscriptions/{HUB}/providers/{NETWORK}/virtualNetworkGateways"

    with pytest.raises(HttpResponseError, match="InvalidResourceType"):
        get(network(azure, credential), path)


def test_unknown_fields_survive(azure: StandIn, credential: TokenCredential) -> None:
    azure.estate.add(
        {
            "id": f"{GROUP}/providers/{NETWORK}/ipGroups/g",
            "type": f"{NETWORK}/ipGroups",
            "name": "g",
            "properties": {"fromTheFuture": {"a": None}, "provisioningState": "Dreaming"},
        }
    )
    path = f"/subscriptions/{ORDERS}/providers/{NETWORK}/ipGroups"

    (group,) = get(network(azure, credential), path)["value"]

    assert group["properties"] == {"fromTheFuture": {"a": None}, "provisioningState": "Dreaming"}


def test_letter_case_does_not_matter(azure: StandIn, credential: TokenCredential) -> None:
    path = f"/SUBSCRIPTIONS/{ORDERS.upper()}/providers/microsoft.network/VIRTUALNETWORKS"

    assert len(get(network(azure, credential), path)["value"]) == 1


def test_an_api_version_is_asked_for(azure: StandIn, credential: TokenCredential) -> None:
    client = network(azure, credential)
    answer = client.send_request(HttpRequest("GET", "/subscriptions"))

    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "MissingApiVersionParameter"


def test_a_call_without_a_token_is_refused(azure: StandIn) -> None:
    class Nobody:
        def get_token(self, *scopes: str, **options: Any) -> Any:
            from azure.core.credentials import AccessToken

            return AccessToken("made-up", 9_999_999_999)

    with pytest.raises(ClientAuthenticationError):
        list(network(azure, Nobody()).virtual_networks.list_all())

    assert {call.signed for call in azure.calls} == {False}


def test_what_a_denied_subscription_holds_is_refused(
    azure: StandIn, credential: TokenCredential
) -> None:
    azure.azure.denied.add(ORDERS)
    client = network(azure, credential)

    with pytest.raises(HttpResponseError, match="AuthorizationFailed"):
        list(client.virtual_networks.list_all())
    seen = get(client, "/subscriptions", "2022-12-01")["value"]
    assert sorted(one["subscriptionId"] for one in seen) == sorted([HUB, BILLING])


def test_a_namespace_that_is_not_registered_says_so(
    azure: StandIn, credential: TokenCredential
) -> None:
    azure.azure.unregistered.add("microsoft.network")

    with pytest.raises(ResourceExistsError, match="MissingSubscriptionRegistration"):
        list(network(azure, credential).virtual_networks.list_all())


def test_a_child_list_of_what_is_gone_is_404(azure: StandIn, credential: TokenCredential) -> None:
    client = network(azure, credential, HUB)
    parent = f"/subscriptions/{HUB}/resourceGroups/rg-hub/providers/{NETWORK}/firewallPolicies/x"

    with pytest.raises(ResourceNotFoundError):
        list(client.firewall_policy_rule_collection_groups.list("rg-hub", "x"))
    assert get_status(client, parent) == 404


def get_status(client: Any, path: str) -> int:
    status: int = client.send_request(
        HttpRequest("GET", f"{path}?api-version=2024-05-01")
    ).status_code
    return status


def test_effective_rules_take_their_time(azure: StandIn, credential: TokenCredential) -> None:
    nic = next(one for one in azure.estate.by_key if one.endswith("/nic-web-1"))
    azure.azure.effective[nic, "effectiveroutetable"] = [
        {"source": "Default", "state": "Active", "nextHopType": "VnetLocal"}
    ]
    client = network(azure, credential)

    begun = client.network_interfaces.begin_get_effective_route_table("rg-orders", "nic-web-1")

    assert [route.next_hop_type for route in begun.result().value] == ["VnetLocal"]
    with pytest.raises(HttpResponseError, match="running virtual machine"):
        client.network_interfaces.begin_list_effective_network_security_groups(
            "rg-orders", "nic-web-1"
        ).result()


def test_service_tags_of_a_region(azure: StandIn, credential: TokenCredential) -> None:
    tags = network(azure, credential).service_tags.list("westeurope")

    assert [tag.name for tag in tags.values_property] == ["Storage"]


def test_management_groups_hold_subscriptions(azure: StandIn, credential: TokenCredential) -> None:
    azure.azure.groups |= {"root": ["landing", HUB], "landing": [ORDERS]}
    client = network(azure, credential)
    path = "/providers/Microsoft.Management/managementGroups/root/"

    below = get(client, f"{path}descendants", "2020-05-01")
    assert [one["name"] for one in below["value"]] == ["landing", ORDERS]
    assert len(below["nextLink"]) > 0
    assert len(get(client, f"{path}subscriptions", "2020-05-01")["value"]) == 2


def test_resources_are_listed_without_settings(azure: StandIn, credential: TokenCredential) -> None:
    azure.azure.page_size = 1000
    path = f"/subscriptions/{ORDERS}/resources"

    rows = get(network(azure, credential), path, "2021-04-01")["value"]

    assert {"Microsoft.Network/virtualNetworks", "Microsoft.KeyVault/vaults"} <= {
        row["type"] for row in rows
    }
    assert all("properties" not in row for row in rows)


def ask(azure: StandIn, credential: TokenCredential, query: str, **options: Any) -> Any:
    client = ResourceGraphClient(
        credential,
        base_url=azure.base,
        credential_scopes=[f"{azure.base}/.default"],
        retry_backoff_factor=0,
    )
    named = options.pop("subscriptions", None)
    request = QueryRequest(query=query, subscriptions=named, options=QueryRequestOptions(**options))
    return client.resources(request)


def test_resource_graph_answers_in_pages(azure: StandIn, credential: TokenCredential) -> None:
    query = f"resources | where type =~ '{NETWORK}/virtualNetworks' | project id | order by id"

    first = ask(azure, credential, query, top=2)
    second = ask(azure, credential, query, top=2, skip_token=first.skip_token)

    assert (first.total_records, first.count, second.count) == (3, 2, 1)
    assert second.skip_token is None
    assert len({row["id"] for row in first.data + second.data}) == 3


def test_resource_graph_is_silent_about_what_it_may_not_read(
    azure: StandIn, credential: TokenCredential
) -> None:
    azure.azure.denied.add(HUB)
    query = f"resources | where type in~ ('{NETWORK}/virtualNetworks', 'x/y') | order by id"

    answer = ask(azure, credential, query, subscriptions=[HUB, ORDERS])

    assert [row["subscriptionId"] for row in answer.data] == [ORDERS]
    assert answer.data[0]["type"] == "microsoft.network/virtualnetworks"


def test_resource_graph_refuses_what_it_does_not_know(
    azure: StandIn, credential: TokenCredential
) -> None:
    for query in ("resources | summarize count()", "nothing", "resources | project fromMars"):
        with pytest.raises(HttpResponseError, match="BadRequest"):
            ask(azure, credential, query)


def test_resource_graph_has_a_limit_on_an_answer(
    azure: StandIn, credential: TokenCredential
) -> None:
    azure.azure.most_bytes = 10_000

    with pytest.raises(HttpResponseError, match="ResponsePayloadTooLarge"):
        ask(azure, credential, "resources | order by id", top=1000)
    assert ask(azure, credential, "resources | project id | order by id", top=10).count == 10


def test_a_throttled_call_is_made_again(azure: StandIn, credential: TokenCredential) -> None:
    azure.faults.append(throttled("virtualNetworks"))

    assert len(list(network(azure, credential).virtual_networks.list_all())) == 1
    assert [call.status for call in azure.calls] == [429, 200]


@pytest.mark.parametrize("status", [500, 503])
def test_errors_of_the_server_are_scripted(
    azure: StandIn, credential: TokenCredential, status: int
) -> None:
    azure.faults.append(Fault("virtualNetworks", times=2, status=status))

    assert len(list(network(azure, credential).virtual_networks.list_all())) == 1
    assert [call.status for call in azure.calls] == [status, status, 200]


def test_refusals_html_and_broken_texts_are_scripted(
    azure: StandIn, credential: TokenCredential
) -> None:
    client = network(azure, credential)
    azure.faults.extend([denied("natGateways"), page_of_a_proxy("routeTables")])
    azure.faults.append(Fault("virtualNetworks", halve=True))

    with pytest.raises(HttpResponseError, match="AuthorizationFailed"):
        list(client.nat_gateways.list_all())
    with pytest.raises((DecodeError, ValueError)):
        list(client.route_tables.list_all())
    with pytest.raises((DecodeError, ValueError)):
        list(client.virtual_networks.list_all())


def test_a_body_cut_off_is_asked_for_again(azure: StandIn, credential: TokenCredential) -> None:
    azure.faults.append(Fault("virtualNetworks", drop=True))
    client = network(azure, credential)

    assert len(list(client.virtual_networks.list_all())) == 1
    assert len(azure.calls) == 2


def test_a_list_changes_between_its_pages(azure: StandIn, credential: TokenCredential) -> None:
    azure.azure.page_size = 1
    path = f"/subscriptions/{ORDERS}/providers/microsoft.network/networksecuritygroups"
    first = azure.estate.listed(path)[0]
    azure.faults.append(Fault("networkSecurityGroups", then=lambda: azure.estate.forget(first.id)))

    names = [one.name for one in network(azure, credential).network_security_groups.list_all()]

    assert names == ["nsg-web"]
    assert first.key not in azure.estate.by_key


def test_the_cloud_describes_itself(azure: StandIn, credential: TokenCredential) -> None:
    cloud = get(network(azure, credential), "/metadata/endpoints", "2022-09-01")

    assert cloud["resourceManager"] == azure.base
    assert json.dumps(cloud).count(azure.base) > 5
