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


class TrafficManagerDns(Wire, gc=False):
    """`dnsConfig`: the profile's name in DNS, which need not be its own."""

    relative_name: str | None = None
    fqdn: str | None = None


class TrafficManagerProperties(Wire):
    """Settings of a profile."""

    dns_config: TrafficManagerDns | None = None
    endpoints: list[TrafficManagerEndpoint] | None = None


@arm("Microsoft.Network/trafficManagerProfiles")
class TrafficManagerProfile(Resource):
    """A Traffic Manager profile."""

    properties: TrafficManagerProperties = settings(TrafficManagerProperties)
