from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from auditor.testing import ask, estate

from ..gateways import certificate, gateway, listener, part_id, pool, rule, told

START = datetime(2026, 10, 1, tzinfo=UTC)
END = datetime(2027, 10, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)
MADE = gateway(
    certificate("wildcard", file="wildcard"),
    listener("shop", protocol="Https", certificate="wildcard"),
    rule("shop", "shop", pool="servers"),
    pool("servers", "10.0.2.4"),
)


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        (START - SECOND, "is not valid before 2026-10-01 00:00 UTC"),
        (START, None),
        (END, None),
        (END + SECOND, "expired on 2027-10-01 00:00 UTC"),
    ],
)
def test_both_ends_of_a_lifetime_are_valid(moment: datetime, words: str | None) -> None:
    answer = ask("TLS-002", estate(MADE, as_of=moment))
    assert len(answer.broken) == (1 if words else 0)
    assert all((words or "") in finding.message for finding in answer.broken)


def test_it_speaks_in_the_place_of_the_days_that_are_left() -> None:
    network = estate(MADE, as_of=END + SECOND)

    (finding,) = ask("TLS-002", network).broken

    assert finding.subject == part_id("sslCertificates", "wildcard")
    assert finding.related == (part_id("httpListeners", "shop"),)
    assert told(finding, MADE)
    assert len(ask("TLS-001", network).broken) == 1
    assert ask("TLS-001", network, beside=["TLS-002"]).broken == []


def test_what_lies_in_key_vault_is_unknown() -> None:
    vaulted = gateway(
        certificate("wildcard", secret="https://kv.vault.azure.net/secrets/a"),
        listener("shop", protocol="Tls", certificate="wildcard"),
        rule("shop", "shop", pool="servers"),
    )
    assert len(ask("TLS-002", estate(vaulted)).unknown) == 1
