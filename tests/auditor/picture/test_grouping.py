"""Networks drawn closed."""

from __future__ import annotations

from auditor.picture.grouping import by_network, grouped
from auditor.topology import Kind, Line, Picture, Spot, Tie

from ...networks import peer, vnet
from .sketch import farm, line, sketch, spot


def test_a_small_picture_stays_as_it_is() -> None:
    drawn = sketch(*farm(3))
    assert grouped(drawn) is drawn


def test_a_closed_network_counts_what_is_inside() -> None:
    drawn = by_network(sketch(*farm(12)))

    assert [each.name for each in drawn.spots] == ["internet", "app"]
    assert spot(drawn, "app").facts == ("10.0.0.0/16", "12 × machines", "1 × subnet")
    assert drawn.grouped == 2


def test_lines_end_at_the_closed_network() -> None:
    drawn = by_network(
        sketch(*farm(12), vnet("far", "10.1.0.0/16", peers=[peer("app"), peer("gone")]))
    )

    assert line(drawn, "app", "far").tie == "peering"
    assert spot(drawn, "gone").missing


def test_doubts_inside_are_counted() -> None:
    (network, *_) = farm(0)
    network["properties"]["subnets"][0]["properties"]["routeTable"] = "[variables('routes')]"
    path = "/properties/subnets/0/properties/routeTable"
    drawn = by_network(sketch(network, unresolved=((path, "an expression"),)))

    assert spot(drawn, "app").doubts == ("1 things inside are not told",)


def test_a_service_of_one_network_alone_is_inside_and_one_of_two_is_not() -> None:
    spots = (
        Spot("/a", Kind.NETWORK, "a"),
        Spot("/b", Kind.NETWORK, "b"),
        Spot("/own", Kind.SERVICE, "own"),
        Spot("/shared", Kind.SERVICE, "shared"),
        Spot("/a/pe", Kind.ENDPOINT, "pe-a", "/a"),
        Spot("/b/pe", Kind.ENDPOINT, "pe-b", "/b"),
    )
    lines = (
        Line("/a/pe", "/own", Tie.LINK),
        Line("/a/pe", "/shared", Tie.LINK),
        Line("/b/pe", "/shared", Tie.LINK),
    )
    drawn = by_network(Picture(spots, lines))

    assert [each.name for each in drawn.spots] == ["a", "b", "shared"]
    assert spot(drawn, "a").facts == ("1 × private endpoint", "1 × service")
