from __future__ import annotations

from typing import Any

from auditor.testing import ask, estate

from ..gateways import Part, gateway, listener, part_id, rule, told


def site(name: str, *hosts: str, priority: int | None = None, port: int = 80) -> tuple[Part, Part]:
    order: dict[str, Any] = {} if priority is None else {"priority": priority}
    return listener(name, *hosts, port=port), rule(f"{name}-rule", name, pool="servers", **order)


def taken(*parts: Part, tier: str = "WAF_v2") -> list[str]:
    return ask("GW-015", estate(gateway(*parts, tier=tier))).names


def test_a_22_a_basic_listener_asked_first_takes_everything() -> None:
    first = site("anything", priority=10)
    second = site("shop", "shop.contoso.example", priority=20)

    assert taken(*first, *second) == ["anything"]
    assert taken(*second, *first) == ["anything"]


def test_a_basic_listener_asked_last_is_right() -> None:
    parts = (*site("anything", priority=20), *site("shop", "shop.contoso.example", priority=10))
    answer = ask("GW-015", estate(gateway(*parts)))
    assert (answer.kept, answer.broken, answer.unknown) == (2, [], [])


def test_one_finding_names_all_that_is_lost() -> None:
    made = gateway(
        *site("anything", priority=10),
        *site("shop", "shop.contoso.example", "www.contoso.example", priority=20),
        *site("api", "api.contoso.example", priority=30),
    )

    (finding,) = ask("GW-015", estate(made)).broken

    assert finding.subject == part_id("httpListeners", "anything")
    assert "www.contoso.example" in finding.message
    assert "api.contoso.example" in finding.message
    assert part_id("httpListeners", "api") in finding.related
    assert finding.remedy.endswith(
        "--resource-group rg --gateway-name agw-shop --name shop-rule --priority 8 && az network "
        "application-gateway rule update "
        "--resource-group rg --gateway-name agw-shop --name api-rule --priority 9"
    )
    assert told(finding, made)


def test_the_same_host_twice_goes_to_the_first() -> None:
    parts = (
        *site("one", "shop.contoso.example", priority=1),
        *site("two", "SHOP.contoso.example", priority=2),
    )
    (finding,) = ask("GW-015", estate(gateway(*parts))).broken
    assert finding.remedy == "delete one of the listeners two and one"


def test_t_5_a_wildcard_takes_deeper_names_and_narrower_wildcards() -> None:
    wide = site("wide", "*.contoso.example", priority=10)

    assert taken(*wide, *site("deep", "a.b.contoso.example", priority=20)) == ["wide"]
    assert taken(*wide, *site("narrow", "*.b.contoso.example", priority=20)) == ["wide"]
    assert taken(*wide, *site("apex", "contoso.example", priority=20)) == []
    assert taken(*wide, *site("deep", "a.b.contoso.example", priority=5)) == []


def test_other_ports_and_frontends_do_not_compete() -> None:
    first = site("anything", priority=10)
    assert taken(*first, *site("shop", "shop.contoso.example", priority=20, port=8443)) == []
    inside = listener("inside", "shop.contoso.example", frontend="private")
    assert taken(*first, inside, rule("inside", "inside", pool="servers", priority=20)) == []


def test_a_listener_without_rule_does_not_compete() -> None:
    assert taken(listener("anything"), *site("shop", "shop.contoso.example", priority=20)) == []


def test_a_22_the_first_generation_goes_by_the_list() -> None:
    anything = site("anything")
    shop = site("shop", "shop.contoso.example")

    assert taken(*anything, *shop, tier="Standard") == ["anything"]
    assert taken(*shop, *anything, tier="Standard") == []


def test_without_priorities_a_basic_listener_comes_last_and_overlaps_are_unknown() -> None:
    anything, shop = site("anything"), site("shop", "shop.contoso.example")
    wide = site("wide", "*.contoso.example")

    assert taken(*anything, *shop) == []
    answer = ask("GW-015", estate(gateway(*wide, *shop)))
    assert [unknown.subject for unknown in answer.unknown] == [part_id("httpListeners", "shop")]
    assert answer.broken == []
