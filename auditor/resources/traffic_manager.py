"""Traffic Manager profiles: DNS names that lead to the best of several endpoints."""

from auditor.resources.base import Resource, Wire, arm, settings


class TrafficManagerTarget(Wire, gc=False):
    """Where an endpoint leads: to a resource of Azure by its id, else to a name."""

    target_resource_id: str | None = None


class TrafficManagerEndpoint(Wire, gc=False):
    """One entry of `endpoints`."""

    id: str | None = None
    name: str | None = None
    properties: TrafficManagerTarget | None = None


class TrafficManagerProperties(Wire):
    """Settings of a profile."""

    endpoints: list[TrafficManagerEndpoint] | None = None


@arm("Microsoft.Network/trafficManagerProfiles")
class TrafficManagerProfile(Resource):
    """A Traffic Manager profile."""

    properties: TrafficManagerProperties = settings(TrafficManagerProperties)
