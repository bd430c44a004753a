from __future__ import annotations

from typing import Any

import pytest

from auditor.testing import arm_id, ask, estate, resource

from ..gateways import certificate, gateway, listener, part_id, pool, rule, told

ROLES = "/subscriptions/1/providers/Microsoft.Authorization/roleDefinitions"
SECRETS_USER = "4633458b-17de-408a-b874-0445c86b69e6"
READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
CUSTOM = "99999999-9999-9999-9999-999999999999"
VAULT = arm_id("Microsoft.KeyVault/vaults", "kv-shop")
IDENTITY = arm_id("Microsoft.ManagedIdentity/userAssignedIdentities", "id-gateway")
OURS = "aaaaaaaa-0000-0000-0000-000000000001"
OTHERS = "bbbbbbbb-0000-0000-0000-000000000002"


def made(identity: dict[str, Any] | None = None) -> dict[str, Any]:
    own = {"type": "UserAssigned", "userAssignedIdentities": {IDENTITY: {"principalId": OURS}}}
    return gateway(
        certificate("wildcard", secret="https://KV-shop.vault.azure.net/secrets/wildcard"),
        listener("shop", protocol="Https", certificate="wildcard"),
        rule("shop", "shop", pool="servers"),
        pool("servers", "10.0.2.4"),
        identity=own if identity is None else identity,
    )


def vault(*policies: tuple[str, list[str]], rbac: bool | None = None) -> dict[str, Any]:
    entries = [{"objectId": who, "permissions": {"secrets": what}} for who, what in policies]
    mode = {} if rbac is None else {"enableRbacAuthorization": rbac}
    return resource("Microsoft.KeyVault/vaults", "kv-shop", {"accessPolicies": entries, **mode})


GROUP = VAULT.partition("/providers")[0]
"""The resource group of the vault: what is assigned there, the vault inherits."""


def assignment(
    principal: str, role: str, scope: str = VAULT, kind: str = "ServicePrincipal"
) -> dict[str, Any]:
    kind_of = "Microsoft.Authorization/roleAssignments"
    return resource(
        kind_of,
        f"{principal}-{role}",
        {
            "principalId": principal,
            "principalType": kind,
            "roleDefinitionId": f"{ROLES}/{role}",
            "scope": scope,
        },
    )


def test_t_9_a_gateway_without_identity_is_told() -> None:
    for nobody in ({"type": "None"}, {"type": "UserAssigned", "userAssignedIdentities": {}}):
        answer = ask("TLS-007", estate(made(nobody), vault()))
        told_of = [finding.key for finding in answer.broken]
        assert told_of == (["identity"] if nobody["type"] == "None" else [])
    bare = made()
    del bare["identity"]

    (finding,) = ask("TLS-007", estate(bare, vault())).broken

    assert finding.subject == part_id("sslCertificates", "wildcard")
    assert "has no user-assigned identity" in finding.message
    assert told(finding, bare)


@pytest.mark.parametrize("rights", [["get"], ["Get", "list"], ["all"]])
def test_an_access_policy_that_lets_it_get_secrets_keeps_it(rights: list[str]) -> None:
    assert ask("TLS-007", estate(made(), vault((OURS.upper(), rights)))).kept == 1


@pytest.mark.parametrize("policies", [(), ((OURS, ["list"]),), ((OTHERS, ["list"]),)])
def test_no_access_policy_for_it_is_told(policies: tuple[tuple[str, list[str]], ...]) -> None:
    made_of = (made(), vault(*policies))

    (finding,) = ask("TLS-007", estate(*made_of)).broken

    assert "no access policy of the vault lets it get secrets" in finding.message
    assert f"--name kv-shop --object-id {OURS} --secret-permissions get" in finding.remedy
    assert told(finding, *made_of)


def test_an_access_policy_for_what_may_be_a_group_is_unknown() -> None:
    made_of = (made(), vault((OURS, ["list"]), (OTHERS, ["get"])))

    answer = ask("TLS-007", estate(*made_of))

    assert (answer.kept, answer.broken) == (0, [])
    assert f"whether the identity belongs to {OTHERS}, a group perhaps" in answer.unknown[0].missing


def test_an_access_policy_for_somebody_who_is_no_group_does_not_count() -> None:
    other = resource(
        "Microsoft.ManagedIdentity/userAssignedIdentities", "id", {"principalId": OTHERS.upper()}
    )
    for known in (other, assignment(OTHERS, READER), assignment(OTHERS, READER, kind="User")):
        made_of = (made(), vault((OTHERS, ["get"])), known)
        assert len(ask("TLS-007", estate(*made_of)).broken) == 1
    group = assignment(OTHERS, READER, kind="Group")
    assert len(ask("TLS-007", estate(made(), vault((OTHERS, ["get"])), group)).unknown) == 1


@pytest.mark.parametrize(
    "scope",
    [VAULT, f"{VAULT}/secrets/wildcard", GROUP, "/subscriptions/"],
)
def test_a_role_on_the_vault_or_above_keeps_it(scope: str) -> None:
    scope = VAULT.partition("/resourceGroups")[0] if scope == "/subscriptions/" else scope
    granted = assignment(OURS, SECRETS_USER, scope)
    assert ask("TLS-007", estate(made(), vault(rbac=True), granted)).kept == 1


def test_no_role_that_reads_secrets_is_told() -> None:
    made_of = (made(), vault((OURS, ["get"]), rbac=True))
    grants = (assignment(OURS, READER), assignment(OTHERS, SECRETS_USER, GROUP))

    (finding,) = ask("TLS-007", estate(*made_of, *grants)).broken

    assert "it has no role that reads secrets there" in finding.message
    assert "--role 'Key Vault Secrets User'" in finding.remedy
    assert told(finding, *made_of)


def test_a_role_on_another_secret_or_vault_does_not_count() -> None:
    elsewhere = assignment(OURS, SECRETS_USER, f"{VAULT}/secrets/other")
    grants = (elsewhere, assignment(OTHERS, READER, GROUP))
    assert len(ask("TLS-007", estate(made(), vault(rbac=True), *grants)).broken) == 1
    near = assignment(OURS, SECRETS_USER, f"{VAULT}-2")
    assert len(ask("TLS-007", estate(made(), vault(rbac=True), near, grants[1])).broken) == 1


@pytest.mark.parametrize(
    ("resources", "words", "advice"),
    [
        (
            (),
            "the key vault kv-shop.vault.azure.net is not in the snapshot",
            "az keyvault show --name kv-shop",
        ),
        (
            (vault(rbac=True),),
            "the role assignments on the key vault kv-shop",
            "az role assignment list",
        ),
        (
            (vault(rbac=True), assignment(OTHERS, READER)),
            "assignments above the key vault kv-shop",
            "az role assignment list",
        ),
        (
            (vault(rbac=True), assignment(OURS, CUSTOM)),
            "custom role",
            f"az role definition list --name {CUSTOM}",
        ),
        (
            (vault(rbac=True), assignment(OTHERS, SECRETS_USER, kind="Group")),
            "the group",
            f"az ad group member check --group {OTHERS} --member-id {OURS}",
        ),
        (
            (vault((OTHERS, ["get"])),),
            "a group perhaps",
            f"az ad group member check --group {OTHERS} --member-id {OURS}",
        ),
    ],
)
def test_what_is_not_told_is_unknown(
    resources: tuple[dict[str, Any], ...], words: str, advice: str
) -> None:
    answer = ask("TLS-007", estate(made(), *resources))
    assert (answer.kept, answer.broken) == (0, [])
    assert words in answer.unknown[0].missing
    assert advice in answer.unknown[0].remedy


def test_the_principal_is_looked_up_where_the_gateway_does_not_show_it() -> None:
    silent = made({"type": "UserAssigned", "userAssignedIdentities": {IDENTITY: {}}})
    identity = resource(
        "Microsoft.ManagedIdentity/userAssignedIdentities", "id-gateway", {"principalId": OURS}
    )
    assert ask("TLS-007", estate(silent, vault((OURS, ["get"])), identity)).kept == 1
    assert len(ask("TLS-007", estate(silent, vault((OURS, ["get"])))).unknown) == 1


def test_an_uploaded_certificate_is_not_judged() -> None:
    uploaded = gateway(
        certificate("wildcard", file="wildcard"),
        listener("shop", protocol="Https", certificate="wildcard"),
        rule("shop", "shop", pool="servers"),
    )
    assert ask("TLS-007", estate(uploaded)).kept == 0


def test_a_policy_that_does_not_tell_for_whom_it_is_may_be_the_gateways() -> None:
    answer = ask("TLS-007", estate(made(), vault(("", ["get"]))))
    assert (answer.broken, answer.kept) == ([], 0)
    assert "for whom an access policy of the key vault kv-shop is" in answer.unknown[0].missing
    assert ask("TLS-007", estate(made(), vault((OTHERS, ["list"])))).names == ["wildcard"]
