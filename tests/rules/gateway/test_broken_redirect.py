from __future__ import annotations

from typing import Any

import pytest

from auditor.finding import Severity
from auditor.testing import arm_id, ask, estate

from ..gateways import (
    AGW,
    Part,
    certificate,
    gateway,
    listener,
    part,
    part_id,
    pool,
    redirect,
    rule,
    told,
)

SECURE = (
    certificate(),
    listener("secure", protocol="Https", certificate="wildcard"),
    rule("secure", "secure", pool="servers"),
    pool("servers", "10.0.2.4"),
)
PLAIN = (listener("plain"), rule("plain", "plain", redirect="r"))


def words(*parts: Part) -> list[str]:
    made = gateway(*SECURE, *parts)
    answer = ask("GW-009", estate(made))
    assert all(told(finding, made) for finding in answer.broken)
    return [finding.message.partition(" of agw-shop ")[2] for finding in answer.broken]


def test_a_redirect_to_an_https_listener_or_url_is_kept() -> None:
    assert words(*PLAIN, redirect("r", to="secure")) == []
    assert words(*PLAIN, redirect("r", url="https://contoso.example")) == []


def test_a_redirect_to_nowhere_is_told() -> None:
    assert words(*PLAIN, redirect("r")) == ["names neither a listener nor a URL to go to"]
    assert words(*PLAIN, redirect("r", to="gone")) == [
        "leads to gone, which is no listener of this gateway"
    ]


def test_a_listener_of_another_gateway_is_no_target() -> None:
    foreign = {"id": arm_id(f"{AGW}/httpListeners", "agw-other", "web")}
    target = part("redirectConfigurations", "r", targetListener=foreign)
    assert words(*PLAIN, target) == ["leads to web, which is no listener of this gateway"]


def test_a_redirect_to_its_own_listener_is_told() -> None:
    assert words(*PLAIN, redirect("r", to="plain")) == [
        "sends visitors of the listener plain back to it"
    ]


def test_a_circle_is_told_once() -> None:
    parts = (
        *(listener("a"), rule("a", "a", redirect="to-b"), redirect("to-b", to="b")),
        *(listener("b"), rule("b", "b", redirect="to-c"), redirect("to-c", to="c")),
        *(listener("c"), rule("c", "c", redirect="to-a"), redirect("to-a", to="a")),
    )
    assert words(*parts) == ["goes round in a circle: a -> b -> c"]
    assert words(*reversed(parts)) == ["goes round in a circle: a -> b -> c"]


def test_a_circle_speaks_for_all_its_listeners() -> None:
    """GW-008 told of those that another redirect of the circle answers for."""
    made = gateway(
        *SECURE,
        *(listener("a"), rule("a", "a", redirect="to-b"), redirect("to-b", to="b")),
        *(listener("b"), rule("b", "b", redirect="to-a"), redirect("to-a", to="a")),
    )
    (finding,) = ask("GW-009", estate(made)).broken
    assert set(finding.covers) == {
        ("GW-008", part_id("httpListeners", name)) for name in ("a", "b")
    }


def test_the_remedy_does_not_lead_back() -> None:
    made = gateway(
        *(listener("plain"), rule("plain", "plain", redirect="on"), redirect("on", to="secure")),
        listener("secure", protocol="Https"),
        rule("secure", "secure", redirect="back"),
        redirect("back", to="plain"),
    )
    (finding,) = ask("GW-009", estate(made)).broken
    assert finding.remedy == (
        "let the rule of the listener secure send to a backend pool in place of a redirect"
    )


def test_a_way_into_a_circle_is_not_the_circle() -> None:
    parts = (
        *(listener("in"), rule("in", "in", redirect="to-a"), redirect("to-a", to="a")),
        *(listener("a"), rule("a", "a", redirect="to-b"), redirect("to-b", to="b")),
        *(listener("b"), rule("b", "b", redirect="back"), redirect("back", to="a")),
    )
    assert sorted(words(*parts)) == [
        "goes round in a circle: a -> b",
        "leads to the listener a, which is plain HTTP",
    ]


def test_plain_http_is_no_target() -> None:
    served = (listener("other"), rule("other", "other", pool="servers"))
    assert words(*PLAIN, redirect("r", url="http://contoso.example")) == [
        "leads to http://contoso.example, which is plain HTTP"
    ]
    assert words(*PLAIN, *served, redirect("r", to="other")) == [
        "leads to the listener other, which is plain HTTP"
    ]


def test_a_listener_without_rule_is_no_target() -> None:
    idle = listener("idle", protocol="Https", certificate="wildcard")
    assert words(*PLAIN, idle, redirect("r", to="idle")) == [
        "leads to the listener idle, which no rule serves"
    ]


def test_a_redirect_that_nothing_uses_is_not_judged() -> None:
    answer = ask("GW-009", estate(gateway(*SECURE, redirect("r"))))
    assert (answer.kept, answer.broken) == (0, [])


def test_it_speaks_for_the_listener_that_only_redirects_wrongly() -> None:
    made = gateway(*SECURE, *PLAIN, redirect("r", url="http://contoso.example"))
    network = estate(made)

    (finding,) = ask("GW-009", network).broken

    assert finding.covers == (("GW-008", part_id("httpListeners", "plain")),)
    assert ask("GW-008", network).names == ["plain"]
    assert ask("GW-008", network, beside=["GW-009"]).names == []


@pytest.mark.parametrize("target", [{"url": "http://contoso.example"}, {"to": "plain"}, {}])
def test_who_stays_on_plain_http_in_public_is_told_as_severely_as_without_a_redirect(
    target: dict[str, str],
) -> None:
    network = estate(gateway(*SECURE, *PLAIN, redirect("r", **target)))

    (finding,) = ask("GW-009", network).broken
    (general,) = ask("GW-008", network).broken

    assert (general.severity, finding.severity) == (None, Severity.HIGH)


def test_what_serves_no_page_or_is_private_is_medium() -> None:
    idle = listener("idle", protocol="Https", certificate="wildcard")
    nowhere = estate(gateway(*SECURE, *PLAIN, redirect("r", to="gone")))
    unserved = estate(gateway(*SECURE, *PLAIN, idle, redirect("r", to="idle")))
    inside = (listener("plain", frontend="private"), rule("plain", "plain", redirect="r"))
    private = estate(gateway(*SECURE, *inside, redirect("r", url="http://contoso.example")))

    for network in (nowhere, unserved, private):
        (finding,) = ask("GW-009", network).broken
        assert finding.severity is None


def test_the_remedy_leads_to_the_listener_of_the_same_host() -> None:
    made = gateway(
        certificate(),
        listener("www", "www.contoso.example", protocol="Https", certificate="wildcard"),
        listener("api", "api.contoso.example", protocol="Https", certificate="wildcard"),
        listener("plain", "api.contoso.example"),
        rule("plain", "plain", redirect="r"),
        redirect("r", url="http://api.contoso.example/"),
    )
    (finding,) = ask("GW-009", estate(made)).broken
    assert finding.remedy.endswith("--target-listener api")


@pytest.mark.parametrize("key", ["httpListeners", "redirectConfigurations"])
@pytest.mark.parametrize("hole", ["absent", "expression"])
def test_a_list_that_is_not_told_is_unknown(key: str, hole: str) -> None:
    """Without the listeners it was said to lead to none of them, without the redirects nothing."""
    made = gateway(*SECURE, *PLAIN, redirect("r", to="plain"))
    more: dict[str, Any] = {"unresolved": ((f"/properties/{key}", "[variables('x')]"),)}
    if hole == "absent":
        del made["properties"][key]
        more = {}

    answer = ask("GW-009", estate(made, **more))

    assert (answer.kept, answer.broken) == (0, [])
    assert answer.unknown


def test_a_redirect_to_another_gateway_leads_to_no_listener_of_this_one() -> None:
    away = redirect("r", to="secure")
    other = part_id("httpListeners", "secure", "other")
    away.body["properties"]["targetListener"] = {"id": other}

    assert len(ask("GW-009", estate(gateway(*SECURE, *PLAIN, away))).broken) == 1
