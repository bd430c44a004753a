"""TLS-018: the way of HTTP-01 challenges through a gateway that has a path for them."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.testing import Answer, arm_id, ask, estate, resource

from ...exposed import NSG, PIP, deny, nsg
from ...exposed import rule as security_rule
from ..gateways import (
    NAME,
    Part,
    gateway,
    home,
    listener,
    part_id,
    path_map,
    pool,
    redirect,
    ref,
    rule,
    told,
)

ACME = "/.well-known/acme-challenge/*"
WEB, CERTS = ref("backendAddressPools", "web"), ref("backendAddressPools", "certs")
POOLS = pool("web", "10.0.2.4"), pool("certs", "10.0.2.5")
WAF = "Microsoft.Network/ApplicationGatewayWebApplicationFirewallPolicies"
SUBJECT = part_id("urlPathMaps", "map") + "/pathRules/acme"


def paths(*patterns: str, name: str = "map", **more: Any) -> Part:
    """A path map with a rule for challenges; everything else goes to the pool `web`."""
    target = more.pop("target", {"backendAddressPool": CERTS})
    acme = {"paths": list(patterns or (ACME,)), **target}
    return path_map(name, {"defaultBackendAddressPool": WEB}, **more, acme=acme)


def plain(*parts: Part, host: str = "shop.example") -> tuple[Part, ...]:
    """A listener on port 80 with the path map."""
    hosts = (host,) if host else ()
    return (
        listener("plain", *hosts),
        rule("plain", "plain", path_map="map"),
        *(parts or (paths(),)),
        *POOLS,
    )


def secure(*parts: Part, host: str = "shop.example") -> tuple[Part, ...]:
    """A listener on port 443 with the path map."""
    hosts = (host,) if host else ()
    return (
        listener("secure", *hosts, protocol="Https"),
        rule("secure", "secure", path_map="map"),
        paths(),
        *POOLS,
        *parts,
    )


def front(include: bool | None = True, host: str = "shop.example") -> tuple[Part, ...]:
    """A listener on port 80 that redirects to the one on port 443."""
    hosts = (host,) if host else ()
    to = redirect("up", to="secure")
    if include is not None:
        to.body["properties"]["includePath"] = include
    return listener("plain", *hosts), rule("plain", "plain", redirect="up"), to


def judged(*parts: Part, rules: Any = None, by: str = "TLS-018", **more: Any) -> Answer:
    guard = {"networkSecurityGroup": {"id": arm_id(NSG, "nsg")}} if rules is not None else {}
    others = more.pop("beside", ())
    resources = [home(**guard), gateway(*parts, **more), *others]
    resources.append(resource(PIP, "pip-shop", {"ipAddress": "20.50.2.4"}))
    if rules is not None:
        resources.append(nsg(*rules))
    return ask(by, estate(*resources))


def keys(answer: Answer) -> list[str]:
    return [finding.key for finding in answer.broken]


def test_T_1_a_path_on_port_80_is_kept() -> None:
    assert judged(*plain()).kept == 1
    assert judged(*plain(host="")).kept == 1


def test_a_gateway_without_such_a_path_is_not_judged() -> None:
    other = plain(paths("/api/*"))
    answer = judged(*other)
    assert (answer.kept, answer.broken, answer.unknown) == (0, [], [])


def test_a_path_that_nobody_uses_is_not_judged() -> None:
    answer = judged(paths("/.well-known/acme-challenge/"), *POOLS)
    assert (answer.kept, answer.broken) == (0, [])


def test_a_private_listener_is_not_judged() -> None:
    inside = listener("plain", frontend="private"), rule("plain", "plain", path_map="map")
    answer = judged(*inside, paths("/.well-known/acme-challenge/"), *POOLS)
    assert (answer.kept, answer.broken) == (0, [])


@pytest.mark.parametrize(
    ("pattern", "broken"),
    [
        ("/.well-known/acme-challenge/*", 0),
        ("/.Well-Known/ACME-Challenge/*", 0),
        ("/.well-known/acme-challenge*", 0),
        ("/.well-known/acme-challenge/", 1),
        ("/.well-known/acme-challenge", 1),
        ("/.well-known/acme-challenge/shop/*", 1),
    ],
)
def test_A_23_the_pattern_takes_tokens(pattern: str, broken: int) -> None:
    answer = judged(*plain(paths(pattern)))
    assert keys(answer) == ["pattern"] * broken


def test_the_finding_names_the_rule_and_its_proof() -> None:
    made = gateway(*plain(paths("/.well-known/acme-challenge/")))

    (finding,) = ask("TLS-018", estate(home(), made)).broken

    assert finding.subject == SUBJECT
    assert finding.message == (
        "challenges under /.well-known/acme-challenge/ do not arrive by map/acme of agw-shop: "
        "its paths (/.well-known/acme-challenge/) take no token: a `*` is lacking at the end"
    )
    pointer = "/properties/urlPathMaps/0/properties/pathRules/0/properties/paths"
    assert finding.evidence[0].pointer == pointer
    assert told(finding, made)


def test_T_1_a_path_on_port_443_alone_is_told() -> None:
    (finding,) = judged(*secure()).broken

    assert finding.key == "secure shop.example"
    assert "nothing answers for shop.example on port 80" in finding.message


def test_A_24_a_redirect_that_keeps_the_path_is_followed() -> None:
    assert judged(*secure(*front())).kept == 1
    assert (
        judged(
            *secure(*front(), host=""),
        ).kept
        == 0
    ), "who has no host takes other names too"
    assert judged(*secure(*front(host=""))).kept == 1


def test_A_24_a_redirect_that_drops_the_path_is_told() -> None:
    (finding,) = judged(*secure(*front(False))).broken

    assert finding.key == "plain redirect"
    assert "the redirect up drops the path" in finding.message
    unknown = judged(*secure(*front(None))).unknown
    assert "includePath of the redirect up" in unknown[0].missing


def test_A_24_the_path_rule_itself_may_redirect() -> None:
    def own(include: bool) -> Answer:
        away = redirect("away", url="http://acme.example")
        away.body["properties"]["includePath"] = include
        target = {"redirectConfiguration": ref("redirectConfigurations", "away")}
        return judged(*plain(paths(target=target), away))

    assert own(True).kept == 1
    assert keys(own(False)) == ["plain redirect"]


def test_another_pool_on_port_80_is_told() -> None:
    straight = listener("plain", "shop.example"), rule("plain", "plain", pool="web")

    (finding,) = judged(*secure(*straight)).broken

    assert finding.key == "plain pool"
    assert "the listener plain sends them to another pool (web)" in finding.message
    same = listener("plain", "shop.example"), rule("plain", "plain", pool="certs")
    assert judged(*secure(*same)).kept == 1


def test_a_listener_on_another_port_is_none_on_port_80() -> None:
    other = listener("plain", "shop.example", port=8443), rule("plain", "plain", path_map="map")
    assert keys(judged(*other, paths(), *POOLS)) == ["plain shop.example"]


def test_one_of_two_that_answer_is_enough() -> None:
    wrong = listener("all"), rule("all", "all", pool="web")
    assert judged(*secure(*front(), *wrong)).kept == 1


def test_whoever_takes_some_of_the_names_is_unknown() -> None:
    some = listener("plain", "*.example"), rule("plain", "plain", redirect="up")
    up = redirect("up", to="secure")
    answer = judged(*secure(*some, up))
    assert "whether plain answers for shop.example" in answer.unknown[0].missing
    assert "ask for http://NAME/.well-known/acme-challenge/TOKEN" in answer.unknown[0].remedy


def test_each_host_is_told_once() -> None:
    both = (
        listener("secure", "a.example", "b.example", protocol="Https"),
        rule("secure", "secure", path_map="map"),
        paths(),
        *POOLS,
    )
    assert keys(judged(*both)) == ["secure a.example", "secure b.example"]
    wrong = listener("plain"), rule("plain", "plain", pool="web")
    assert keys(judged(*both, *wrong)) == ["plain pool"]


def test_A_23_two_rules_for_the_path_are_unknown_where_they_differ() -> None:
    wide = {"paths": ["/.well-known/*"], "backendAddressPool": WEB}
    same = {"paths": ["/.well-known/*"], "backendAddressPool": CERTS}

    answer = judged(*plain(paths(wide=wide)))

    assert "which of wide and acme takes" in answer.unknown[0].missing
    assert "keep one path rule for challenges" in answer.unknown[0].remedy
    assert judged(*plain(paths(wide=same))).kept == 1


def both(*hosts: str, pool: Any = WEB, protocol: str = "Http") -> tuple[Part, ...]:
    """A listener whose map has two path rules for challenges."""
    other = {"paths": ["/.well-known/acme-challenge*"], "backendAddressPool": pool}
    served = listener("plain", *hosts, protocol=protocol), rule("plain", "plain", path_map="map")
    return *served, paths(other=other), *POOLS


def test_A_23_which_of_two_rules_takes_the_path_is_told_once() -> None:
    (unknown,) = judged(*both("shop.example")).unknown
    assert unknown.subject == SUBJECT
    assert "which of other and acme takes" in unknown.missing

    answer = judged(*both("a.example", "b.example", protocol="Https"))
    assert (answer.kept, len(answer.broken)) == (0, 2), "once for each host, not for each rule"

    redirected = listener("up", "a.example", "b.example"), rule("up", "up", redirect="up")
    up = redirect("up", to="plain")
    up.body["properties"]["includePath"] = True
    answer = judged(*both("a.example", "b.example", protocol="Https"), *redirected, up)
    assert (answer.kept, len(answer.unknown), answer.broken) == (0, 1, [])


def test_what_stops_the_challenges_of_two_rules_is_told_once() -> None:
    answer = judged(*both("shop.example", pool=CERTS), rules=[deny("rest", 4096)])

    assert (answer.kept, keys(answer)) == (0, ["plain filter"])


def test_a_rule_beside_it_that_tells_no_paths_hides_nothing() -> None:
    parts = plain(paths("/.well-known/acme-challenge/", other={"backendAddressPool": WEB}))

    assert keys(judged(*parts)) == ["pattern"]


def test_the_group_must_let_the_internet_in() -> None:
    everybody = security_rule("http", 100, "Internet", "80")
    some = security_rule("http", 100, "198.51.100.0/24", "80")
    rest = deny("rest", 4096)

    assert judged(*plain(), rules=[everybody, rest]).kept == 1
    assert keys(judged(*plain(), rules=[rest])) == ["plain filter"]
    (finding,) = judged(*plain(), rules=[some, rest]).broken
    assert "rest of nsg keeps most of the internet from port 80" in finding.message
    assert "--destination-port-ranges 80" in finding.remedy
    bad = deny("bad", 90, "203.0.0.0/8", "*")
    assert judged(*plain(), rules=[bad, everybody, rest]).kept == 1


def test_a_port_that_is_closed_to_everybody_is_told_once() -> None:
    (special,) = judged(*plain(), rules=[deny("rest", 4096)]).broken
    (general,) = judged(*plain(), rules=[deny("rest", 4096)], by="GW-023").broken

    assert ("GW-023", general.subject, general.key) in special.covers


def test_who_gets_in_may_be_unknown() -> None:
    cloud = security_rule("http", 100, "AzureCloud", "80")
    answer = judged(*plain(), rules=[cloud, deny("rest", 4096)])
    assert (len(answer.unknown), answer.broken) == (1, [])
    assert "service-tag:azurecloud" in answer.unknown[0].missing


def test_the_group_counts_on_the_way_of_a_redirect_too() -> None:
    assert keys(judged(*secure(*front()), rules=[deny("rest", 4096)])) == ["plain filter"]


def waf(*rules: dict[str, Any], mode: str = "Prevention", state: str = "Enabled") -> Any:
    settings = {"policySettings": {"mode": mode, "state": state}, "customRules": list(rules)}
    return resource(WAF, "waf", settings)


def custom(
    variable: str,
    operator: str,
    *values: str,
    action: str = "Block",
    priority: int = 10,
    negated: bool = False,
    **more: Any,
) -> dict[str, Any]:
    condition = {
        "matchVariables": [{"variableName": variable}],
        "operator": operator,
        "negationConditon": negated,
        "matchValues": list(values),
    }
    return {
        "name": f"{action.lower()}-{priority}",
        "priority": priority,
        "ruleType": "MatchRule",
        "action": action,
        "state": "Enabled",
        "matchConditions": [condition],
        **more,
    }


def guarded(*rules: dict[str, Any], **more: Any) -> tuple[int, int]:
    """How many findings and unknowns there are with a policy of these custom rules."""
    answer = judged(
        *plain(), firewallPolicy={"id": arm_id(WAF, "waf")}, beside=[waf(*rules, **more)]
    )
    assert all(key == "plain waf" for key in keys(answer))
    return len(answer.broken), len(answer.unknown)


HIDDEN = custom("RequestUri", "Contains", "/.well-known", "/.git")


def test_a_custom_rule_that_blocks_the_path_is_told() -> None:
    policy = waf(HIDDEN)
    answer = judged(*plain(), firewallPolicy={"id": arm_id(WAF, "waf")}, beside=[policy])

    (finding,) = answer.broken

    assert "the rule block-10 of the WAF policy waf blocks them" in finding.message
    assert told(finding, policy)


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (custom("RequestUri", "BeginsWith", "/."), (1, 0)),
        (custom("RequestUri", "BeginsWith", "/admin"), (0, 0)),
        (custom("RequestUri", "BeginsWith", "/.WELL-KNOWN/acme-challenge/x"), (0, 1)),
        (custom("RequestUri", "Equal", "/.well-known/acme-challenge/"), (0, 1)),
        (custom("RequestUri", "Equal", "/admin"), (0, 0)),
        (custom("RequestUri", "Regex", "^/[.]"), (0, 1)),
        (custom("RequestUri", "Contains", "/admin", negated=True), (1, 0)),
        (custom("RequestUri", "Any"), (1, 0)),
        (custom("RemoteAddr", "IPMatch", "198.51.100.0/24", negated=True), (1, 0)),
        (custom("RemoteAddr", "IPMatch", "198.51.100.0/24"), (0, 0)),
        (custom("RemoteAddr", "IPMatch", "0.0.0.0/0"), (1, 0)),
        (custom("RemoteAddr", "IPMatch", "20.0.0.0/8"), (0, 1)),
        (custom("RemoteAddr", "IPMatch", "nobody"), (0, 1)),
        (custom("RemoteAddr", "GeoMatch", "DE", "AT", negated=True), (0, 1)),
        (custom("RequestMethod", "Equal", "POST"), (0, 0)),
        (custom("RequestMethod", "Equal", "POST", negated=True), (1, 0)),
        (custom("RequestHeaders", "Contains", "curl"), (0, 1)),
        (custom("RequestUri", "Contains", "/.well-known", state="Disabled"), (0, 0)),
        (custom("RequestUri", "Contains", "/.well-known", action="Log"), (0, 0)),
        (custom("RequestUri", "Contains", "/.well-known", action="JSChallenge"), (1, 0)),
        (custom("RequestUri", "Any", ruleType="RateLimitRule"), (0, 0)),
        ({"name": "odd", "priority": 1, "action": "Block", "matchConditions": "x"}, (0, 1)),
    ],
)
def test_what_custom_rules_do(rule: dict[str, Any], expected: tuple[int, int]) -> None:
    assert guarded(rule) == expected


def test_the_first_custom_rule_decides() -> None:
    let = custom("RequestUri", "BeginsWith", "/.well-known", action="Allow", priority=5)
    late = custom("RequestUri", "BeginsWith", "/.well-known", action="Allow", priority=50)
    perhaps = custom("RequestHeaders", "Contains", "x", action="Allow", priority=5)

    assert guarded(let, HIDDEN) == (0, 0)
    assert guarded(HIDDEN, late) == (1, 0)
    assert guarded(HIDDEN, perhaps) == (0, 1)


def test_conditions_hold_together() -> None:
    both = custom("RequestUri", "Contains", "/.well-known")
    both["matchConditions"] += custom("RemoteAddr", "IPMatch", "198.51.100.7")["matchConditions"]
    assert guarded(both) == (0, 0)


def test_a_firewall_that_only_watches_blocks_nothing() -> None:
    assert guarded(HIDDEN, mode="Detection") == (0, 0)
    assert guarded(HIDDEN, state="Disabled") == (0, 0)


def test_a_policy_that_is_not_here_is_unknown() -> None:
    answer = judged(*plain(), firewallPolicy={"id": arm_id(WAF, "waf")})
    assert (len(answer.unknown), answer.broken) == (1, [])


def test_a_gateway_that_hides_its_path_maps_is_unknown() -> None:
    network = estate(gateway(*plain()), unresolved=(("/properties/urlPathMaps", "[p]"),))
    answer = ask("TLS-018", network)
    assert any("path maps" in unknown.missing for unknown in answer.unknown)
    assert NAME in answer.unknown[-1].subject


@pytest.mark.parametrize("way", ["urlPathMaps", "pathRules", "paths"])
def test_a_path_that_is_not_told_may_be_for_challenges(way: str) -> None:
    made = gateway(*plain())
    [path_map] = made["properties"]["urlPathMaps"]
    [acme] = path_map["properties"]["pathRules"]
    holders = {
        "urlPathMaps": made["properties"],
        "pathRules": path_map["properties"],
        "paths": acme["properties"],
    }
    del holders[way][way]

    answer = ask("TLS-018", estate(home(), made, resource(PIP, "pip-shop", {})))

    assert (answer.kept, answer.broken) == (0, [])
    assert answer.unknown
