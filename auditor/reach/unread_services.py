"""Services of types that nobody reads, which take a place in a subnet without a delegation.

Which subnet that is, they tell alone. One of which the input tells neither who is in it nor that
nobody is may be theirs (E-2).
"""

from __future__ import annotations

from auditor.errors import Undetermined
from auditor.network.filters import subnet_name
from auditor.network.gateway_subnets import LIVES_IN
from auditor.network.graph import Network, question
from auditor.network.reasons import Reason
from auditor.network.subnets import RESERVED_NAMES
from auditor.network.unselected import unread_of
from auditor.resources.virtual_networks import Subnet

_TYPES = frozenset(
    {
        "microsoft.aad/domainservices",
        "microsoft.apimanagement/service",
        "microsoft.app/managedenvironments",
        "microsoft.batch/batchaccounts",
        "microsoft.hdinsight/clusters",
        "microsoft.redhatopenshift/openshiftclusters",
        "microsoft.web/hostingenvironments",
    }
)
_RESERVED = frozenset(name.lower() for name in RESERVED_NAMES)


@question
def unread_services(network: Network) -> tuple[Reason, ...]:
    """Give the services of the input that may have a place in a subnet and that nobody reads."""
    return unread_of(network, _TYPES)


def unread_in(network: Network, subnet: Subnet) -> tuple[Reason, ...]:
    """Give those of them that may be in a subnet; none where others are told to be there.

    They are taken to have their subnet for themselves, as their documentation asks.
    """
    found = unread_services(network)
    return () if not found or _is_anothers(network, subnet) else found


def _is_anothers(network: Network, subnet: Subnet) -> bool:
    """Whether a subnet is told to be empty, or that of somebody else."""
    p = subnet.properties
    try:
        if subnet.delegated_to or p.private_endpoints or p.application_gateway_ip_configurations:
            return True
        if p.ip_configurations is not None and not p.ip_configurations:
            return not (p.service_association_links or p.resource_navigation_links)
    except Undetermined:
        return False
    if subnet_name(subnet).lower() in _RESERVED:
        return True
    return any(network.referrers(subnet, *LIVES_IN))
