from __future__ import annotations

import pytest

from auditor.errors import Undetermined
from auditor.resources.virtual_networks import VirtualNetwork
from auditor.testing import estate, resource


def test_a_location_that_a_template_does_not_tell_stays_unknown() -> None:
    network = estate(
        resource("Microsoft.Network/virtualNetworks", "a", {"subnets": []}),
        unresolved=(("/location", "[parameters('location')]"),),
    )
    (vnet,) = network.all(VirtualNetwork)
    assert vnet.name == "a"
    with pytest.raises(Undetermined, match="location"):
        _ = vnet.location
