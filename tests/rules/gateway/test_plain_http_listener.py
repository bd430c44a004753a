from __future__ import annotations

import pytest

from auditor.finding import Severity
from auditor.testing import ask, estate

from ..gateways import (
    Part,
    certificate,
    gateway,
    listener,
    part_id,
    path_map,
    pool,
    redirect,
    ref,
    rule,
    told,
)

SECURE = (
    certificate(),
    listener("secure", protocol="Https", certificate="wildcard"),
    rule("secure", "secure", pool="servers"),
    pool("servers", "10.0.2.4"),
)


def test_a_listener_that_serves_pages_over_http_is_told() -> None:
    made = gateway(listener("plain"), rule("plain", "plain", pool="servers"), *SECURE)

    answer = ask("GW-008", estate(made))

    assert answer.names == ["plain"]
    (finding,) = answer.broken
    assert "every path over plain HTTP" in finding.message
    assert "--target-listener secure" in finding.remedy
    assert "rule update --resource-group rg --gateway-name agw-shop --name plain" in finding.remedy
    assert finding.remedy.endswith("--remove backendAddressPool --remove backendHttpSettings")
    assert told(finding, made)


@pytest.mark.parametrize(
    ("target", "kept"),
    [
        (redirect("r", to="secure"), True),
        (redirect("r", url="https://www.contoso.example/"), True),
        (redirect("r", url="HTTPS://www.contoso.example/"), True),
        (redirect("r", url="http://www.contoso.example/"), False),
        (redirect("r"), False),
        (redirect("r", to="plain"), False),
    ],
)
def test_only_a_redirect_to_https_keeps_it(target: Part, kept: bool) -> None:
    made = gateway(listener("plain"), rule("plain", "plain", redirect="r"), target, *SECURE)
    assert (ask("GW-008", estate(made)).broken == []) is kept


def test_every_path_must_redirect() -> None:
    made = gateway(
        listener("plain"),
        rule("plain", "plain", path_map="paths"),
        path_map(
            "paths",
            {"defaultRedirectConfiguration": ref("redirectConfigurations", "r")},
            old={"paths": ["/old/*"], "backendAddressPool": ref("backendAddressPools", "servers")},
        ),
        redirect("r", to="secure"),
        *SECURE,
    )

    (finding,) = ask("GW-008", estate(made)).broken

    assert "serves /old/* over plain HTTP" in finding.message
    assert finding.remedy.endswith(
        "--path-map-name paths --name old --paths '/old/*' --redirect-config plain-to-https"
    )
    assert ask("GW-008", estate(made), plain_paths=("/old/*",)).kept == 1


def test_a_certificate_authority_may_ask_over_http() -> None:
    made = gateway(
        listener("plain"),
        rule("plain", "plain", path_map="paths"),
        path_map(
            "paths",
            {"defaultRedirectConfiguration": ref("redirectConfigurations", "r")},
            acme={
                "paths": ["/.well-known/acme-challenge/*"],
                "backendAddressPool": ref("backendAddressPools", "servers"),
            },
        ),
        redirect("r", to="secure"),
        *SECURE,
    )
    assert ask("GW-008", estate(made)).broken == []


def test_a_private_listener_is_milder() -> None:
    made = gateway(
        listener("plain", frontend="private"), rule("plain", "plain", pool="servers"), *SECURE
    )
    assert ask("GW-008", estate(made)).broken[0].severity is Severity.MEDIUM


def test_listeners_for_https_and_those_without_rule_are_not_judged() -> None:
    answer = ask("GW-008", estate(gateway(listener("idle"), *SECURE)))
    assert (answer.kept, answer.broken) == (0, [])


def test_a_redirect_that_is_nowhere_leaves_it_unknown() -> None:
    made = gateway(listener("plain"), rule("plain", "plain", redirect="gone"), *SECURE)

    (unknown,) = ask("GW-008", estate(made)).unknown

    assert unknown.subject == part_id("httpListeners", "plain")
    assert "redirectConfigurations/gone" in unknown.missing


def test_a_redirect_to_a_listener_that_is_not_there_is_left_to_the_rule_about_redirects() -> None:
    made = gateway(
        listener("plain"),
        rule("plain", "plain", redirect="r"),
        redirect("r", to="nowhere"),
        *SECURE,
    )
    answer = ask("GW-008", estate(made))
    assert (answer.broken, answer.unknown, answer.kept) == ([], [], 1)
    assert len(ask("GW-009", estate(made)).broken) == 1


@pytest.mark.parametrize(
    ("host", "target"),
    [
        ("api.contoso.example", "api"),
        ("API.contoso.example", "api"),
        ("pay.shop.example", "any-shop"),
        ("other.example", "HTTPS-LISTENER"),
    ],
)
def test_the_remedy_leads_to_the_listener_of_the_same_host(host: str, target: str) -> None:
    made = gateway(
        certificate(),
        *(
            listener(name, hosts, protocol="Https", certificate="wildcard")
            for name, hosts in (
                ("www", "www.contoso.example"),
                ("any-shop", "*.shop.example"),
                ("api", "api.contoso.example"),
            )
        ),
        listener("plain", host),
        rule("plain", "plain", pool="servers"),
        pool("servers", "10.0.2.4"),
    )
    (finding,) = ask("GW-008", estate(made)).broken
    assert f"--target-listener {target} " in finding.remedy
    assert finding.remedy.startswith("add a listener") == (target == "HTTPS-LISTENER")
