"""Whether a principal may read secrets of a key vault (T-9).

A vault decides by its own access policies or, with `enableRbacAuthorization`, by role assignments
on the vault, its resource group, its subscription or above.
"""

from __future__ import annotations

import enum
from collections import defaultdict

import msgspec

from auditor.certificates import KeyVaultReference
from auditor.errors import Undetermined
from auditor.ids import fold, name
from auditor.network.export_commands import (
    assignments_on,
    membership,
    role_definition,
    vault_named,
)
from auditor.network.graph import Network, question
from auditor.network.untold_homes import may_be_within
from auditor.resources import walk
from auditor.resources.application_gateways import ApplicationGateway
from auditor.resources.authorization import ManagedIdentity, RoleAssignment
from auditor.resources.key_vault import AccessPolicy, KeyVault

READING_ROLES = {
    "4633458b-17de-408a-b874-0445c86b69e6": "Key Vault Secrets User",
    "b86a8fe4-44ce-4948-aee5-eccb2c155cd7": "Key Vault Secrets Officer",
    "00482a5a-887f-4fb3-b363-3b7fe8e74483": "Key Vault Administrator",
    "db79e9a7-68ee-4b58-9aeb-b90e7c24fcba": "Key Vault Certificate User",
}
"""Built-in roles that let a principal read secrets, by id."""

_OTHER_ROLES = frozenset(
    {
        "8e3af657-a8ff-443c-a75c-2fe8c4bcb635",  # Owner
        "b24988ac-6180-42a0-ab88-20f7382dd24c",  # Contributor
        "acdd72a7-3385-48ef-bd42-f606fba81ae7",  # Reader
        "f25e0fa2-a7c8-4377-a976-54943a77a395",  # Key Vault Contributor
        "21090545-7ca7-4776-b22c-e363652d74d2",  # Key Vault Reader
        "a4417e6f-fecd-4de8-b567-7b0420556985",  # Key Vault Certificates Officer
        "12338af0-0e69-4776-bea7-57ae8d297424",  # Key Vault Crypto User
        "14b46e9e-c2b7-41b4-b07b-48a6ebf60603",  # Key Vault Crypto Officer
        "4d97b98b-1d4f-4787-a291-c67834d212e7",  # Network Contributor
        "f1a07417-d97a-45cb-824c-7a7467783830",  # Managed Identity Operator
    }
)
"""Built-in roles that do not, as far as identities of gateways commonly hold them."""


class Access(enum.Enum):
    """Whether a principal may read secrets, and by which means the vault decides."""

    ALLOWED = "allowed"
    NO_POLICY = "no access policy"
    NO_ROLE = "no role"


class _Grants(msgspec.Struct, frozen=True):
    """Role assignments by principal, and all of them."""

    by_principal: dict[str, tuple[RoleAssignment, ...]]
    every: tuple[RoleAssignment, ...]


def vault_of(network: Network, reference: KeyVaultReference) -> KeyVault:
    """Give the vault a reference names. Raises Undetermined when it is not in the snapshot."""
    found = _vaults(network).get(reference.vault)
    if found is None:
        raise Undetermined(
            f"the key vault {reference.host} is not in the snapshot",
            remedy=vault_named(reference.vault),
        )
    return found


@question
def _vaults(network: Network) -> dict[str, KeyVault]:
    # Names of vaults are unique in the world.
    return {vault.label.lower(): vault for vault in network.all(KeyVault)}


def secret_access(network: Network, vault: KeyVault, principal: str, secret: str) -> Access:
    """Tell whether a principal (an object id) may read a secret of a vault, by its name.

    Raises Undetermined when the snapshot does not tell: no access policies, no role assignments
    that concern the vault, none that is inherited (every subscription has some, so the list is not
    whole), a custom role, or what may be a group that holds the principal.
    """
    p = vault.properties
    if p.enable_rbac_authorization:
        return _by_role(network, vault, principal, secret)
    if p.access_policies is None:
        raise Undetermined("the access policies of the vault", resource=vault.id)
    wanted = principal.lower()
    readers = [policy.object_id for policy in p.access_policies if _lets_get(policy)]
    if wanted in {(one or "").lower() for one in readers}:
        return Access.ALLOWED
    if not all(policy.object_id for policy in p.access_policies):
        missing = f"for whom an access policy of the key vault {vault.label} is"
        raise Undetermined(missing, resource=vault.id)
    for one in readers:
        if one and one.lower() not in _single_principals(network):
            raise Undetermined(
                f"whether the identity belongs to {one}, a group perhaps, which an access policy "
                f"of the key vault {vault.label} lets get secrets",
                resource=vault.id,
                remedy=membership(one, principal),
            )
    return Access.NO_POLICY


def _lets_get(policy: AccessPolicy) -> bool:
    rights = policy.permissions.secrets if policy.permissions else None
    return bool({one.lower() for one in rights or ()} & {"get", "all"})


@question
def _single_principals(network: Network) -> frozenset[str]:
    """The principals that are known to be no groups: managed identities, and as roles call them.

    A policy does not say what its principal is.
    """
    found: list[str | None] = []
    for identity in network.all(ManagedIdentity):
        found.append(walk.peek(walk.peek(identity, "properties"), "principal_id"))
    for gateway in network.all(ApplicationGateway):
        shown = walk.peek(walk.peek(gateway, "identity"), "user_assigned_identities") or {}
        found += [walk.peek(each, "principal_id") for each in shown.values()]
    for assignment in network.all(RoleAssignment):
        settings = walk.peek(assignment, "properties")
        if (walk.peek(settings, "principal_type") or "").lower() not in ("", "group"):
            found.append(walk.peek(settings, "principal_id"))
    return frozenset(each.lower() for each in found if each)


def _by_role(network: Network, vault: KeyVault, principal: str, secret: str) -> Access:
    grants = _assignments(network)
    concerning = tuple(one for one in grants.every if _covers(one, vault, secret))
    if not concerning:
        raise Undetermined(
            f"the role assignments on the key vault {vault.label}",
            resource=vault.id,
            remedy=assignments_on(vault),
        )
    own = grants.by_principal.get(principal.lower(), ())
    roles = [_role(one) for one in own if _covers(one, vault, secret)]
    if any(role in READING_ROLES for role in roles):
        return Access.ALLOWED
    for one in grants.by_principal.get(principal.lower(), ()):
        if _role(one) not in _OTHER_ROLES and _may_cover(one, vault, secret):
            missing = f"whether {one.properties.scope} holds {vault.label}, of which group"
            raise Undetermined(missing, resource=vault.id)
    strange = next((role for role in roles if role not in _OTHER_ROLES), None)
    if strange is not None:
        raise Undetermined(
            f"whether the custom role {strange} may read secrets",
            resource=vault.id,
            remedy=role_definition(strange),
        )
    for one in concerning:
        group = (one.properties.principal_type or "").lower() in ("group", "")
        if group and _role(one) not in _OTHER_ROLES:
            raise Undetermined(
                f"whether the identity belongs to the group {one.properties.principal_id}, which "
                f"may read secrets of {vault.label}",
                resource=vault.id,
                remedy=membership(one.properties.principal_id or "", principal),
            )
    if all(fold(one.properties.scope or "").startswith(vault.key) for one in concerning):
        raise Undetermined(
            f"the role assignments above the key vault {vault.label}",
            resource=vault.id,
            remedy=assignments_on(vault),
        )
    return Access.NO_ROLE


def _covers(assignment: RoleAssignment, vault: KeyVault, secret: str) -> bool:
    """Whether an assignment holds for a secret: made on it, on the vault, or above.

    Assignments on a management group are taken to hold: which subscriptions it has is not told.
    """
    scope = fold(assignment.properties.scope or "/").rstrip("/")
    if scope.startswith("/providers/microsoft.management/managementgroups"):
        return True
    return f"{vault.key}/secrets/{secret.lower()}/".startswith(f"{scope}/")


def _may_cover(assignment: RoleAssignment, vault: KeyVault, secret: str) -> bool:
    """Whether an assignment may hold for a secret, of which a template leaves the home open."""
    scope = fold(assignment.properties.scope or "/").rstrip("/")
    inside = f"{vault.key}/secrets/{secret.lower()}"
    return may_be_within(inside, scope) and not _covers(assignment, vault, secret)


def _role(assignment: RoleAssignment) -> str:
    return name(assignment.properties.role_definition_id or "").lower()


@question
def _assignments(network: Network) -> _Grants:
    found: dict[str, list[RoleAssignment]] = defaultdict(list)
    every = network.all(RoleAssignment)
    for one in every:
        found[(one.properties.principal_id or "").lower()].append(one)
    return _Grants({key: tuple(group) for key, group in found.items()}, every)
