"""Secrets are taken out of records; everything else stays byte for byte."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.snapshot import redact, secret_texts
from auditor.snapshot.redact import REDACTED, redacted

from .planted import ENCODED, PLANTED, SECRET, planted

ROOT = Path(__file__).parents[3]


def through(value: Any) -> Any:
    return json.loads(redacted(json.dumps(value, separators=(",", ":")).encode()))


@pytest.mark.parametrize(
    "key",
    [
        "sharedKey", "authorizationKey", "radiusServerSecret", "administratorLoginPassword",
        "adminPassword", "customData", "userData", "connectionString", "primaryConnectionString",
        "storageAccountAccessKey", "secret", "clientSecret", "sasToken", "SHAREDKEY", "auth_token",
        "api-key", "preSharedKey", "primaryKey", "password", "accountKey", "ikePsk", "MYSQL_PWD",
        "pass", "dbPass", "pfxBlob", "secretText", "sas", "sasKey", "storageKey", "signingKey",
        "adminPasswordHash", "md5AuthenticationKey", "SECRET_KEY_BASE", ".dockerconfigjson",
        "startupScript", "cloudInit", "kubeAdminConfig",
    ],
)  # fmt: skip
def test_values_of_secret_keys_are_replaced(key: str) -> None:
    assert through({"properties": {key: "s3cr3t", "other": "kept"}}) == {
        "properties": {key: REDACTED, "other": "kept"}
    }


@pytest.mark.parametrize(
    "kept",
    [
        {"keyVaultSecretId": "https://v.vault.azure.net/secrets/wildcard"},
        {"secret": {"id": "/subscriptions/s/providers/Microsoft.Cdn/profiles/p/secrets/x"}},
        {"disablePasswordAuthentication": True},
        {"password": None},
        {"password": ""},
        {"accessPolicies": [{"permissions": {"keys": [], "secrets": ["get", "list"]}}]},
        {
            "secrets": [
                {"sourceVault": {"id": "/s"}, "vaultCertificates": [{"certificateUrl": "u"}]}
            ]
        },
        {"publicKeys": [{"keyData": "ssh-rsa AAAA"}]},
        {"trustedRootCertificates": [{"properties": {"data": "MIIC"}}]},
        {"sslCertificates": [{"properties": {"publicCertData": "MIIC"}}]},
        {"name": "allow-token-service", "properties": {"priority": 100}},
        {"path": "/health?full=1"},
        {"bypass": "AzureServices"},
        {"sshPublicKey": "ssh-rsa AAAA"},
        {"keyName": "cmk", "keyVaultUri": "https://v.vault.azure.net/"},
        {"key": "app.kubernetes.io/name", "values": ["web"]},
        {"description": "lets the token service in: see https://wiki/x?page=7#part"},
        {"tags": {"key1": "value1", "compass": "north"}},
        {"nginx.ingress.kubernetes.io/auth-tls-secret": "shop/ca"},
    ],
    ids=lambda value: next(iter(value)),
)
def test_what_is_no_secret_stays(kept: dict[str, Any]) -> None:
    text = json.dumps(kept, separators=(",", ":")).encode()

    assert redacted(text) == text


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("https://a.blob.core.windows.net/c?sv=1&sig=abc%3D&se=2", "sv=1&sig=<redacted>&se=2"),
        ("DefaultEndpointsProtocol=https;AccountKey=abc==;E=1", "AccountKey=<redacted>;E=1"),
        ("Server=db;User=u;Password=hunter2;", "Password=<redacted>;"),
        ("Bearer abcdefghijkl", "Bearer <redacted>"),
        ("/api/health?code=abc", "?code=<redacted>"),
        ("Pwd=abc", "Pwd=<redacted>"),
        ("SharedSecret = abc", "SharedSecret = <redacted>"),
        ("https://user:hunter2@host/x", "https://user:<redacted>@host/x"),
        ("eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.", "<redacted>"),
        ("Server=a;Password='hunter2;hunter2';Db=x", "Password=<redacted>;Db=x"),
        ('export DB_PASSWORD="hunter2" && run', "export DB_PASSWORD=<redacted>"),
        ("--password hunter2 --verbose", "--password <redacted> --verbose"),
        ("/password:hunter2", "/password:<redacted>"),
        ("curl -u user:hunter2 https://x", "user:<redacted> https://x"),
        ("sshpass -p hunter2 ssh x", "-p <redacted> ssh x"),
        ("{name: a, password: hunter2}", "password: <redacted>}"),
        ("<password>hunter2</password>", "<redacted></password>"),
        ('<add key="DbPassword" value="hunter2"/>', 'value="<redacted>"/>'),
        ("x-api-key: hunter2", "x-api-key: <redacted>"),
        ('ConvertTo-SecureString "hunter2" -AsPlainText', '"<redacted>" -AsPlainText'),
        ("https://hooks.slack.com/services/T0/B0/hunter2", "services/<redacted>"),
        ("https://x.webhook.office.com/webhookb2/hunter2@x/y", "webhookb2/<redacted>"),
        ("https://x/?X-Amz-Signature=hunter2&a=1", "X-Amz-Signature=<redacted>&a=1"),
        ("ghp_" + "a1B2" * 9, "<redacted>"),
        ("glpat-" + "a1B2" * 5, "<redacted>"),
        ("xoxb-123456789012-a1B2c3", "<redacted>"),
        ("abc8Q~" + "a1B2c3D4" * 4, "<redacted>"),
        ("+/a1" * 21 + "a1==", "<redacted>"),
        ("pw: hunter2", "pw: <redacted>"),
    ],
)
def test_secrets_inside_a_text_are_replaced_and_the_rest_stays(text: str, left: str) -> None:
    found = through({"anything": text})["anything"]

    assert found.endswith(left)
    assert "hunter2" not in found
    assert "abc" not in found.replace("abcd", "")


def test_a_header_is_secret_by_its_name_on_either_side() -> None:
    rules = [
        {"headerName": "Authorization", "headerValue": "abc"},
        {"headerValue": "abc", "headerName": "x-functions-key"},
        {"headerName": "X-Forwarded-For", "headerValue": "abc"},
    ]

    values = [rule["headerValue"] for rule in through({"rules": rules})["rules"]]

    assert values == [REDACTED, REDACTED, "abc"]


@pytest.mark.parametrize(
    "value",
    [
        {"keys": [{"keyName": "key1", "value": "abc"}]},
        {"headers": [{"key": "Authorization", "value": "abc"}]},
        {"customHeaders": [{"name": "x-auth", "value": "abc"}]},
        {"conditions": [{"variable": "http_req_Authorization", "pattern": "abc"}]},
        {"accessKeys": {"one": "abc"}},
        {"secrets": {"db": "abc"}},
        {"credentials": {"pw": "abc"}},
    ],
)
def test_what_something_beside_or_above_it_calls_a_secret_is_replaced(value: Any) -> None:
    found = json.dumps(through(value))

    assert "abc" not in found
    assert REDACTED in found


def test_private_parts_of_certificates_and_protected_settings_are_replaced_at_any_depth() -> None:
    found = through(
        {
            "sslCertificates": [{"properties": {"data": "PFX", "password": 7}}],
            "protectedSettings": {"a": {"b": ["x", 1]}},
            "secretKey": ["x", ["y"]],
        }
    )

    assert found == {
        "sslCertificates": [{"properties": {"data": REDACTED, "password": REDACTED}}],
        "protectedSettings": {"a": {"b": [REDACTED, REDACTED]}},
        "secretKey": [REDACTED, [REDACTED]],
    }


@pytest.mark.parametrize("kind", PLANTED)
def test_no_secret_that_a_type_is_known_to_hold_survives(kind: str) -> None:
    resource = planted(kind)
    text = json.dumps(resource, separators=(",", ":")).encode()

    found = redacted(text)

    for secret in (SECRET.encode(), ENCODED[40:].encode(), b"sig=hunter"):
        assert secret not in found
    assert json.loads(found).keys() == resource.keys()
    assert json.loads(found)["id"] == resource["id"]


def test_of_the_object_of_a_secret_what_is_no_secret_stays() -> None:
    secret = {"adminPassword": {"value": "x", "reference": {"secretName": "y"}}}

    assert through(secret) == {
        "adminPassword": {"value": REDACTED, "reference": {"secretName": "y"}}
    }


def test_other_match_values_and_named_values_stay() -> None:
    kept = [
        {"selector": "X-Azure-FDID", "matchValue": ["1f2e"]},
        {"matchVariables": [{"selector": "User-Agent"}], "matchValues": ["curl"]},
        {"name": "frontend", "values": ["10.0.0.0/24", {"value": "x"}]},
    ]
    assert through({"tokens-of-it": kept}) == {"tokens-of-it": kept}


def test_an_escaped_key_hides_nothing() -> None:
    assert redacted(b'{"\\u0070assword":"x"}') == b'{"\\u0070assword":"<redacted>"}'


def test_numbers_doubled_keys_and_spelling_stay() -> None:
    text = b'{"a":1.00,"a":1e400,"n":"\\u00e9\xc3\xa9","password":"x","z":[]}'

    assert redacted(text) == text.replace(b'"x"', b'"<redacted>"')


def test_deep_nesting_is_no_harm() -> None:
    text = b'{"a":' * 50_000 + b'{"password":"x"}' + b"}" * 50_000

    assert b'"x"' not in redacted(text)


def test_recorded_estates_hold_no_secret_so_that_nothing_of_them_changes() -> None:
    files = sorted((ROOT / "fixtures/estates").glob("*/*.json"))
    random.Random(1).shuffle(files)
    for file in files[:40]:
        for resource in json.loads(file.read_bytes())["value"]:
            assert through(resource) == resource


WORDS = (
    *("sig=", "?code=", ";token=", "&api_key=", "api-key=", "AccountKey = ", "Pwd=", "password ="),
    *("Bearer ", "basic\t", "BASIC ", "eyJ", "://", "u:", "@", "a.b.", "abcdefgh", "x", " ", "&"),
    *("LS0tLS1CRUdJTiBSU0Eg", "LS0tLS1CRUdJTiBQUklW", "secret", "token", '":', "':", '\\"', ": "),
    *("key=", "psk: ", "'", "pw:", "--", "/", "<", ">", "{", "cookie", "-u ", "u:x", "sshpass -p"),
    *("SecureString ", '"', "ghp_" + "a" * 20, "github_pat_" + "a" * 20, "glpat-" + "a" * 16),
    *("xoxb-" + "1" * 10, "sk_live_" + "1" * 10, "8Q~" + "a" * 31, "a" * 86 + "==", "signature="),
    *("hooks.slack.com/services/", "office.com/webhook/", "discord.com/api/webhooks/", 'name="'),
    *('" value="', "x-auth: ", "x-api-key:", "-----BEGIN PGP PRIVATE KEY BLOCK-----"),
    *("-----BEGIN RSA PRIVATE KEY-----", "-----BEGIN PRIVATE KEY-----", "\n", "%", "é"),
)


@given(st.lists(st.sampled_from(WORDS), max_size=6).map("".join))
def test_no_short_cut_passes_a_secret_by(text: str) -> None:
    """Texts and records that are told at a glance to hold no secret hold none."""
    kept = text
    for pattern in secret_texts.WITHIN:
        kept = pattern.sub("", kept)
    record = json.dumps({"a": text}, ensure_ascii=False).encode()

    if kept != text:
        assert secret_texts.MARK.search(text)
        assert redact._hinted(record)


@given(
    st.sampled_from([*redact._EXACT, *redact._ENDS, *redact._CERTIFICATES]),
    st.sampled_from(["", "-", "_", "__"]),
    st.integers(0, 20),
    st.booleans(),
)
def test_no_short_cut_passes_a_secret_key_by(key: str, gap: str, at: int, large: bool) -> None:
    spelled = key[:at] + gap + key[at:]
    spelled = spelled.upper() if large else spelled

    assert redact._hinted(json.dumps({spelled: "x"}).encode())
