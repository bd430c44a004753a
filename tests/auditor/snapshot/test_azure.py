"""Credentials and clouds, with Azure's own libraries and no network."""

from __future__ import annotations

import os
import time
from email.utils import formatdate
from typing import Any

import pytest

pytest.importorskip("azure.identity")

from azure import identity
from azure.core.credentials import AccessToken

from auditor.errors import UsageError
from auditor.snapshot import azure
from auditor.snapshot.signing_in import ADVICE, CLOUDS, CREDENTIALS, Cloud
from auditor.snapshot.signing_in_failed import reason_of, unknown_caller
from auditor.snapshot.transport import ForeignAddress, NoCredential, Traffic

OWN = Cloud("https://arm.example/", "https://login.example")
PUBLIC = CLOUDS["public"]


class Credential:
    """Gives tokens that last as long as it is told."""

    def __init__(self, seconds: float = 3600) -> None:
        self.asked = 0
        self.seconds = seconds
        self.options: dict[str, object] = {}

    def get_token(self, *scopes: str, **options: object) -> AccessToken:
        import time

        self.asked += 1
        self.options = options
        return AccessToken("t", int(time.time() + self.seconds))


@pytest.mark.parametrize(
    ("kind", "made"),
    [
        ("auto", identity.DefaultAzureCredential),
        ("cli", identity.AzureCliCredential),
        ("environment", identity.EnvironmentCredential),
        ("workload-identity", identity.WorkloadIdentityCredential),
        ("managed-identity", identity.ManagedIdentityCredential),
        ("browser", identity.InteractiveBrowserCredential),
        ("device-code", identity.DeviceCodeCredential),
    ],
)
@pytest.mark.parametrize("cloud", [PUBLIC, CLOUDS["china"], OWN])
@pytest.mark.parametrize("tenant", [None, "7d3c1a52-0000-4000-8000-00000000aad0"])
def test_each_kind_of_credential_is_made_for_each_cloud(
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
    made: type[Any],
    cloud: Cloud,
    tenant: str | None,
) -> None:
    monkeypatch.setenv("AZURE_TENANT_ID", "7d3c1a52-0000-4000-8000-00000000aad0")
    monkeypatch.setenv("AZURE_CLIENT_ID", "5f1d2f0e-0000-4000-8000-0000000c11e7")
    monkeypatch.setenv("AZURE_FEDERATED_TOKEN_FILE", "/nowhere")

    credential = azure.credential_of(kind, cloud, tenant)

    assert isinstance(credential, made)
    credential.close()


@pytest.mark.parametrize("elsewhere", [None, "https://login.microsoftonline.com"])
def test_every_credential_of_the_chain_asks_the_authority_of_the_cloud(
    monkeypatch: pytest.MonkeyPatch, elsewhere: str | None
) -> None:
    for name in ("AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_FEDERATED_TOKEN_FILE"):
        monkeypatch.setenv(name, "x")
    monkeypatch.delenv("AZURE_AUTHORITY_HOST", raising=False)
    if elsewhere:
        monkeypatch.setenv("AZURE_AUTHORITY_HOST", elsewhere)

    credential = azure.credential_of("auto", OWN, None)

    kind = identity.WorkloadIdentityCredential
    [workload] = [each for each in credential.credentials if isinstance(each, kind)]
    assert workload._client._authority == OWN.authority
    assert os.environ.get("AZURE_AUTHORITY_HOST") == elsewhere
    credential.close()


def test_a_workload_identity_without_its_variables_says_which() -> None:
    with pytest.raises(NoCredential) as told:
        azure.credential_of("workload-identity", PUBLIC, None)
    assert "AZURE_FEDERATED_TOKEN_FILE" in told.value.advice


def test_each_kind_that_the_command_offers_has_advice() -> None:
    from auditor.commands.snapshot import snapshot

    (option,) = (each for each in snapshot.params if each.name == "credential")
    assert tuple(option.type.choices) == CREDENTIALS  # type: ignore[attr-defined]
    assert set(CREDENTIALS) == set(ADVICE)


def test_the_audience_of_a_token_is_the_clouds() -> None:
    assert PUBLIC.scope == "https://management.azure.com/.default"
    assert CLOUDS["usgov"].scope == "https://management.core.usgovcloudapi.net/.default"
    assert OWN.scope == "https://arm.example/.default"


def test_the_code_of_a_device_is_told_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    azure.show_code("https://login.example/device", "ABC", None)

    assert capsys.readouterr() == (
        "",
        "auditor: to sign in, open https://login.example/device and enter the code ABC\n",
    )


def test_a_credential_is_asked_once_until_its_token_runs_out_or_is_challenged() -> None:
    lasting, fleeting = Credential(), Credential(200)
    for inner in (lasting, fleeting):
        once = azure.Once(inner)
        for _ in range(3):
            once.get_token("scope")
    assert (lasting.asked, fleeting.asked) == (1, 3)

    azure.Once(lasting).get_token("scope", claims="{}")
    assert lasting.asked == 2


def test_the_tenant_that_was_chosen_is_asked_whatever_the_credential() -> None:
    inner = Credential()
    azure.Once(inner, "T").get_token("scope")
    assert inner.options == {"tenant_id": "T"}

    azure.Once(inner).get_token("scope")
    assert inner.options == {}


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/subscriptions",
        "http://arm.example/subscriptions",
        "//evil.example/subscriptions",
        "https://arm.example.evil.example/",
        "https://arm.example@evil.example/",
        "https://arm.example:444/",
        "https://arm.example:none/",
        "https://name@arm.example/",
        "https://name:word@arm.example:443/",
        "https:arm.example/",
        "/subscriptions/s/resourceGroups/../../../providers/x",
        "https://arm.example/subscriptions/%2E%2e/x?api-version=1",
        "/subscriptions/s/.",
        "/subscriptions/s/..\\x",
        "subscriptions",
        "",
    ],
)
def test_nothing_is_sent_to_another_host(url: str) -> None:
    transport = azure.AzureTransport(OWN, azure.Once(Credential()), 1, Traffic())
    with pytest.raises(ForeignAddress):
        transport.send("GET", url)
    transport.close()


@pytest.mark.parametrize(
    ("link", "asked"),
    [
        ("https://arm.example/a?b=c", "https://arm.example/a?b=c"),
        ("https://arm.example:443/a?b=c&d=%24", "https://arm.example/a?b=c&d=%24"),
        ("HTTPS://ARM.example/a", "https://arm.example/a"),
        ("/a?b=c", "https://arm.example/a?b=c"),
    ],
)
def test_a_link_to_our_own_host_is_followed_however_it_is_spelled(link: str, asked: str) -> None:
    transport = azure.AzureTransport(OWN, azure.Once(Credential()), 1, Traffic())
    assert transport._own(link) == asked
    transport.close()


def test_throttling_is_told_with_its_seconds() -> None:
    told: list[float] = []
    traffic = Traffic(told.append)
    for headers in ({"Retry-After": "7"}, {}, {"Retry-After": "soon"}, {"Retry-After": "0"}):
        traffic.throttle(azure.seconds(headers))

    assert told == [7.0, 5.0, 5.0, 1.0]


def test_a_wait_may_be_a_date_or_in_milliseconds() -> None:
    at = formatdate(time.time() + 90, usegmt=True)

    assert 80 < (azure.asked_wait({"Retry-After": at}) or 0) < 91
    assert azure.asked_wait({"Retry-After": formatdate(0, usegmt=True)}) == 0
    assert azure.asked_wait({"x-ms-retry-after-ms": "1500"}) == 1.5
    assert azure.asked_wait({"Retry-After": "Mon, 99 Foo 2026"}) is None


CHAIN = """DefaultAzureCredential failed to retrieve a token from the included credentials.
Attempted credentials:
\tEnvironmentCredential: EnvironmentCredential authentication unavailable. Variables are not set.
Visit https://aka.ms/x to troubleshoot this issue.
\tAzureCliCredential: {}
To mitigate this issue, please refer to https://aka.ms/y."""


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (
            CHAIN.format("Azure CLI not found on path"),
            "there is none in the environment, of a workload, of this machine, or of az",
        ),
        (
            CHAIN.format("AADSTS70043: The refresh token has expired."),
            "AzureCliCredential: AADSTS70043: The refresh token has expired",
        ),
        (
            "WorkloadIdentityCredential authentication unavailable. The workload options are not "
            "fully configured. See the troubleshooting guide for more information: https://a.b/c.",
            "WorkloadIdentityCredential authentication unavailable. The workload options are not "
            "fully configured",
        ),
    ],
)
def test_a_failure_tells_its_reason_in_one_line(said: str, told: str) -> None:
    from azure.core.exceptions import ClientAuthenticationError

    assert reason_of(ClientAuthenticationError(said)) == told


def test_who_cannot_reach_the_sign_in_is_not_told_to_sign_in() -> None:
    refused = unknown_caller(ValueError("AADSTS7000215: Invalid client secret"), "auto")
    away = unknown_caller(ValueError("HTTPSConnection(host='x'): no route"), "auto")

    assert "az login" in refused.advice
    assert "az login" not in away.advice
    assert "HTTPS_PROXY" in away.advice


@pytest.mark.parametrize("name", ["", "no such", "../x", "a/b", "t?x", "-\x1b[2J"])
def test_a_tenant_that_can_be_none_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="is no tenant"):
        azure.connect(OWN, credential="environment", tenant=name)
