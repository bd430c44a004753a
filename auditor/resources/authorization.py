"""Role assignments and managed identities: who may do what, and under which principal."""

from auditor.resources.base import Resource, Wire, Word, arm, settings


class RoleAssignmentProperties(Wire, gc=False):
    """Settings of a role assignment; `scope` and `roleDefinitionId` are ids as Azure spells them.

    They are no graph edges: a role reaches everything below its scope, and the built-in roles
    are in no export.
    """

    role_definition_id: str | None = None
    principal_id: str | None = None
    principal_type: str | None = None
    scope: str | None = None
    condition: str | None = None


@arm("Microsoft.Authorization/roleAssignments")
class RoleAssignment(Resource):
    """A role given to a principal at a scope."""

    properties: RoleAssignmentProperties = settings(RoleAssignmentProperties)


class ManagedIdentityProperties(Wire, gc=False):
    """Settings of a user-assigned managed identity."""

    principal_id: str | None = None
    client_id: str | None = None
    tenant_id: Word | None = None


@arm("Microsoft.ManagedIdentity/userAssignedIdentities")
class ManagedIdentity(Resource):
    """A user-assigned managed identity."""

    properties: ManagedIdentityProperties = settings(ManagedIdentityProperties)
