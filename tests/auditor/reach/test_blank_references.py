"""References whose id is an expression of a template: no answer fails for one, none is certain."""

from __future__ import annotations

from auditor.testing import estate

from ...exposed import nic, nsg, subnet, vnet
from ...reaching import asked

KNOWN_TO_AZURE = "known only to Azure"


def test_R_11_a_route_table_that_is_not_told_leaves_the_reply_open() -> None:
    hole = ("/properties/subnets/0/properties/routeTable/id", KNOWN_TO_AZURE)
    home = vnet(subnet(routeTable={}), subnet("far", "10.0.1.0/24"))
    network = estate(
        nic("web"), nic("db", subnet="far", address="10.0.1.4"), home, unresolved=(hole,)
    )

    for source, target in (("web", "db"), ("db", "web")):
        found = asked(network, source, target)
        assert (found.verdict, found.labels) == ("unknown", {"collection-gap"})


def test_N_2_a_group_that_does_not_tell_where_it_stands_stands_nowhere_by_its_own_word() -> None:
    hole = ("/properties/subnets/0/id", KNOWN_TO_AZURE)
    closed = nsg()
    closed["properties"]["subnets"] = [{}]
    network = estate(
        closed, nic("web"), nic("db", address="10.0.0.5"), vnet(subnet()), unresolved=(hole,)
    )

    assert asked(network, "web", "db").verdict == "reachable"
