from __future__ import annotations

from typing import Any

import pytest

from auditor.finding import Severity
from auditor.testing import ask, estate

from ..gateways import certificate, gateway, listener, part_id, pool, rule, told


def made(*hosts: str, file: str | None = "wildcard", **more: Any) -> dict[str, Any]:
    return gateway(
        certificate("wildcard", file=file),
        listener("shop", *hosts, protocol="Https", certificate="wildcard", **more),
        rule("shop", "shop", pool="servers"),
        pool("servers", "10.0.2.4"),
    )


@pytest.mark.parametrize("host", ["www.shop.contoso.example", "API.shop.contoso.example"])
def test_t_4_one_label_under_the_wildcard_is_covered(host: str) -> None:
    assert ask("TLS-003", estate(made(host))).kept == 1


@pytest.mark.parametrize(
    "host", ["shop.contoso.example", "a.b.shop.contoso.example", "www.contoso.example"]
)
def test_t_4_the_apex_deeper_names_and_others_are_not(host: str) -> None:
    (finding,) = ask("TLS-003", estate(made(host))).broken

    assert finding.subject == part_id("httpListeners", "shop")
    assert (finding.key, finding.severity) == (host, None)
    assert f"does not cover {host}" in finding.message
    assert told(finding, made(host))


def test_t_5_a_listeners_wildcard_is_wider_than_the_certificates() -> None:
    (finding,) = ask("TLS-003", estate(made("*.shop.contoso.example"))).broken
    assert finding.severity is Severity.MEDIUM
    assert "covers only a part of *.shop.contoso.example" in finding.message
    assert "gets a certificate error" in finding.message
    assert finding.remedy.endswith("--name shop --host-names HOST")


def test_both_fields_count_and_each_host_is_told() -> None:
    both = made("old.contoso.example", hostName="shop.contoso.example")
    answer = ask("TLS-003", estate(both))
    assert sorted(finding.key for finding in answer.broken) == [
        "old.contoso.example",
        "shop.contoso.example",
    ]
    assert all(told(finding, both) for finding in answer.broken)


def test_the_remedy_keeps_the_hosts_that_are_covered() -> None:
    (finding,) = ask("TLS-003", estate(made("other.example", "www.shop.contoso.example"))).broken
    assert finding.remedy.startswith("order a certificate that names other.example as well, or")
    assert finding.remedy.endswith("--name shop --host-names www.shop.contoso.example")


def test_a_listener_without_host_is_kept() -> None:
    assert ask("TLS-003", estate(made())).kept == 1


def test_one_unknown_for_each_certificate() -> None:
    vaulted = gateway(
        certificate("wildcard", secret="https://kv.vault.azure.net/secrets/a"),
        *(
            each
            for name in ("a", "b", "c")
            for each in (
                listener(name, f"{name}.example", protocol="Https", certificate="wildcard"),
                rule(name, name, pool="servers"),
            )
        ),
    )
    answer = ask("TLS-003", estate(vaulted))
    assert [unknown.subject for unknown in answer.unknown] == [
        part_id("sslCertificates", "wildcard")
    ]
