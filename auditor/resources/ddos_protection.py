"""DDoS protection plans."""

from msgspec import field

from auditor.resources.base import Named, Resource, Wire, Word, arm, settings


class DdosProtectionPlanProperties(Wire):
    """Settings of a plan, with the lists of who uses it that Azure shows."""

    virtual_networks: list[Named] | None = None
    public_ip_addresses: list[Named] | None = field(default=None, name="publicIPAddresses")
    provisioning_state: Word | None = None


@arm("Microsoft.Network/ddosProtectionPlans")
class DdosProtectionPlan(Resource):
    """A DDoS protection plan; networks name it (`ddosProtectionPlan`)."""

    properties: DdosProtectionPlanProperties = settings(DdosProtectionPlanProperties)
