"""Where an export lists the default rules that Azure adds to every security group (N-10).

What they do is known without it: they are looked up only to say where one of them is written.
"""

import msgspec

from auditor.network.graph import Network, question_about
from auditor.resources.base import Wire, settings
from auditor.resources.decode import restructure
from auditor.resources.security import NetworkSecurityGroup

COLLECTION = "defaultSecurityRules"


class _Named(Wire, gc=False):
    name: str | None = None


class _Listing(Wire):
    default_security_rules: list[_Named] | None = None


class _Group(Wire):
    properties: _Listing = settings(_Listing)


def pointer_to(network: Network, group: NetworkSecurityGroup, name: str) -> str:
    """Give the pointer to a default rule inside its group; empty where the input does not list it.

    By name: nobody promises an order.
    """
    place = _places(network, group).get(name.lower())
    return "" if place is None else f"/properties/{COLLECTION}/{place}"


@question_about
def _places(_: Network, group: NetworkSecurityGroup) -> dict[str, int]:
    record = group.record
    if record is None:
        return {}
    try:
        tree = restructure(msgspec.json.decode(record.body), _Group, record.dialect)
        listed = msgspec.convert(tree, _Group, strict=False).properties.default_security_rules
    except (msgspec.DecodeError, msgspec.ValidationError, RecursionError):
        return {}
    return {each.name.lower(): place for place, each in enumerate(listed or ()) if each.name}
