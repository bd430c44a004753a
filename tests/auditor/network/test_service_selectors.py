"""What `service:` selectors find, with what kubectl tells and without."""

from __future__ import annotations

import pytest

from auditor.addresses import AddressSet
from auditor.testing import arm_id, estate, resource

from ...clusters import GROUP, cluster
from ...kubernetes import service
from ...networks import internal_balancer
from ...selecting import BALANCER, PIP, Json, found, public, refused, shop

UID = "0f3b8c1e-1111-2222-3333-444455556666"
BASE = f"a{UID.replace('-', '')}"[:32]


def served(
    *fronts: tuple[str, Json], group: str = GROUP, name: str = "kubernetes-internal"
) -> Json:
    """A cluster's load balancer with a rule for each frontend."""
    balancer = arm_id(BALANCER, name, group=group)
    rules = [
        {
            "name": f"{front}-TCP-443",
            "properties": {
                "frontendIPConfiguration": {"id": f"{balancer}/frontendIPConfigurations/{front}"}
            },
        }
        for front, _ in fronts
    ]
    frontends = [{"name": front, "properties": settings} for front, settings in fronts]
    return resource(
        BALANCER,
        name,
        {"frontendIPConfigurations": frontends, "loadBalancingRules": rules},
        group=group,
    )


@pytest.mark.parametrize("front", [BASE, f"{BASE}-nodes", f"{BASE.upper()}-IPv6"])
def test_k_51_and_k_52_a_frontend_is_called_after_the_uid(front: str) -> None:
    network = estate(
        cluster(),
        served((front, {"privateIPAddress": "10.0.0.9"}), ("other", {})),
        kubernetes=(service(metadata={"uid": UID}),),
    )
    told = found(network, "service:WEB/nginx")
    assert [node.label for node in told.nodes] == [front]
    assert told.doubts == ()


def test_a_service_is_found_by_its_address_first_among_clusters() -> None:
    network = estate(
        cluster(),
        served(("front", {"privateIPAddress": "10.0.0.9"})),
        internal_balancer("lb", "10.0.0.9", ("elsewhere", "x")),
        kubernetes=(service(address="10.0.0.9"),),
    )
    told = found(network, "service:web/nginx")
    assert [node.label for node in told.nodes] == ["front"]
    assert told.doubts == ()


def test_a_service_at_an_address_that_two_balancers_have_is_a_doubt() -> None:
    network = estate(
        internal_balancer("a", "10.0.0.9", ("a", "x")),
        internal_balancer("b", "10.0.0.9", ("b", "x")),
        kubernetes=(service(address="10.0.0.9"),),
    )
    told = found(network, "service:web/nginx")
    assert len(told.nodes) == 2
    assert "which of 2 load balancers at 10.0.0.9" in str(told.doubts[0])


def test_a_service_whose_balancer_is_absent_has_its_address() -> None:
    network = estate(cluster(), kubernetes=(service(address="10.0.0.9"),))
    told = found(network, "service:web/nginx")
    assert told.addresses == AddressSet.from_text(["10.0.0.9"])
    assert [doubt.label for doubt in told.doubts] == ["collection-gap"]


def test_a_service_without_address_is_unallocated() -> None:
    network = estate(cluster(), kubernetes=(service(),))
    assert [doubt.label for doubt in found(network, "service:web/nginx").doubts] == ["unallocated"]


def test_a_service_that_azure_does_not_serve() -> None:
    network = estate(kubernetes=(service(spec={"type": "ClusterIP"}),))
    assert "no load balancer of Azure serves it" in refused(network, "service:web/nginx")
    other = estate(kubernetes=(service(spec={"loadBalancerClass": "example.com/own"}),))
    assert found(other, "service:web/nginx").doubts


def test_a_service_that_cannot_be_read_is_a_doubt() -> None:
    network = estate(kubernetes=(service(spec={"ports": 7}),))
    assert [doubt.label for doubt in found(network, "service:web/nginx").doubts] == [
        "collection-gap"
    ]


@pytest.mark.parametrize("key", ["k8s-azure-service", "service"])
def test_k_57_without_kubectl_the_tags_of_a_public_address_tell(key: str) -> None:
    front = {"publicIPAddress": {"id": arm_id(PIP, "pip", group=GROUP)}}
    network = estate(
        cluster(),
        served(("front", front), ("other", {}), name="kubernetes"),
        public("pip", {key: "web/api,web/nginx"}),
    )
    told = found(network, "service:web/nginx")
    assert [node.label for node in told.nodes] == ["front"]
    assert told.doubts == ()


def test_a_tagged_address_that_nobody_carries_stands_for_itself() -> None:
    network = estate(public("pip", {"k8s-azure-service": "web/nginx"}))
    told = found(network, "service:web/nginx")
    assert told.addresses == AddressSet.from_text(["20.50.1.2"])
    assert told.doubts


@pytest.mark.parametrize(
    "resources",
    [(cluster(),), (served(("front", {"privateIPAddress": "10.0.0.9"})),)],
    ids=["a cluster", "a cluster's load balancer alone"],
)
def test_without_kubectl_and_without_tags_nobody_can_tell(resources: tuple[Json, ...]) -> None:
    told = found(estate(*resources), "service:web/nginx")
    assert told.nodes == ()
    assert "kubectl get services" in str(told.doubts[0])


def test_a_service_that_is_not_there_is_refused_with_what_is_near() -> None:
    network = estate(cluster(), kubernetes=(service(address="10.0.0.9"),))
    assert "did you mean web/nginx" in refused(network, "service:web/ngnx")
    assert "kubectl get services" in refused(shop(), "service:web/nginx")
