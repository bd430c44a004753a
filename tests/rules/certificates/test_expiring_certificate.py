from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from auditor.finding import Severity
from auditor.testing import ask, estate

from ..gateways import certificate, gateway, listener, part_id, pool, rule, told

END = datetime(2027, 10, 1, tzinfo=UTC)
"""The last moment of the certificate in fixtures/certificates/wildcard.b64."""


def made(file: str | None = "wildcard", secret: str | None = None) -> dict[str, Any]:
    return gateway(
        certificate("wildcard", file=file, secret=secret),
        listener("shop", "www.shop.contoso.example", protocol="Https", certificate="wildcard"),
        rule("shop", "shop", pool="servers"),
        pool("servers", "10.0.2.4"),
    )


@pytest.mark.parametrize(
    ("days", "severity"),
    [
        (31, None),
        (30.01, None),
        (30, Severity.MEDIUM),
        (14.01, Severity.MEDIUM),
        (14, Severity.HIGH),
        (3.01, Severity.HIGH),
        (3, Severity.CRITICAL),
        (0, Severity.CRITICAL),
        (-1, Severity.CRITICAL),
    ],
)
def test_t_11_the_severity_rises_with_the_days(days: float, severity: Severity | None) -> None:
    answer = ask("TLS-001", estate(made(), as_of=END - timedelta(days=days)))
    assert [finding.severity for finding in answer.broken] == ([severity] if severity else [])


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (11.5, "expires in 11 days, on 2027-10-01"),
        (1, "expires in 1 day, on"),
        (0.5, "expires within a day"),
        (-2, "has expired, on"),
    ],
)
def test_the_message_counts_the_days(days: float, words: str) -> None:
    (finding,) = ask("TLS-001", estate(made(), as_of=END - timedelta(days=days))).broken
    assert words in finding.message
    assert "presents on shop" in finding.message
    assert told(finding, made())


def test_the_thresholds_are_parameters() -> None:
    network = estate(made(), as_of=END - timedelta(days=40))
    assert ask("TLS-001", network, notice_days=60).broken[0].severity is Severity.MEDIUM


def test_a_certificate_nobody_presents_is_not_judged() -> None:
    idle = gateway(
        certificate("spare", file="wildcard-expired"),
        listener("idle", protocol="Https", certificate="spare"),
    )
    answer = ask("TLS-001", estate(idle))
    assert (answer.kept, answer.broken, answer.unknown) == (0, [], [])


def test_a_41_what_lies_in_key_vault_is_unknown() -> None:
    secret = "https://kv-shop.vault.azure.net/secrets/wildcard"
    (unknown,) = ask("TLS-001", estate(made(None, secret))).unknown
    assert unknown.subject == part_id("sslCertificates", "wildcard")
    assert "it lies in Key Vault (secret wildcard of kv-shop.vault.azure.net)" in unknown.missing
    assert unknown.remedy.endswith(
        "az keyvault certificate show --vault-name kv-shop --name wildcard"
    )


def test_what_cannot_be_read_is_unknown() -> None:
    broken = made()
    broken["properties"]["sslCertificates"][0]["properties"]["publicCertData"] = "AAAA"
    assert "cannot be read" in ask("TLS-001", estate(broken)).unknown[0].missing
    assert "no publicCertData" in ask("TLS-001", estate(made(None))).unknown[0].missing


def test_the_remedy_goes_where_the_certificate_lies() -> None:
    now = END - timedelta(days=2)
    uploaded = ask("TLS-001", estate(made(), as_of=now)).broken[0]
    secret = "https://kv-shop.vault.azure.net/secrets/wildcard-shop"
    vaulted = ask("TLS-001", estate(made(secret=secret), as_of=now)).broken[0]

    assert "ssl-cert update --resource-group rg --gateway-name agw-shop" in uploaded.remedy
    assert "--vault-name kv-shop --name wildcard-shop" in vaulted.remedy
