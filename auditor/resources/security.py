"""Network security groups, their rules, application security groups (facts N-*)."""

from typing import ClassVar

from auditor.errors import Undetermined
from auditor.resources.base import (
    AddressOrTag,
    Detail,
    Given,
    Ports,
    Ref,
    Resource,
    Wire,
    Word,
    arm,
    settings,
    union,
)


class SecurityRuleProperties(Wire):
    """Settings of a rule; singular and plural fields as written (N-7)."""

    alike: ClassVar[bool] = True

    priority: int | None = None
    direction: Word | None = None
    access: Word | None = None
    protocol: Word | None = None
    description: str | None = None
    source_address_prefix: AddressOrTag | None = None
    source_address_prefixes: list[Given[AddressOrTag]] | None = None
    destination_address_prefix: AddressOrTag | None = None
    destination_address_prefixes: list[Given[AddressOrTag]] | None = None
    source_port_range: Ports | None = None
    source_port_ranges: list[Given[Ports]] | None = None
    destination_port_range: Ports | None = None
    destination_port_ranges: list[Given[Ports]] | None = None
    source_application_security_groups: list[Ref] | None = None
    destination_application_security_groups: list[Ref] | None = None


# As Azure spells them: read at once, for an audit asks often. Other spellings are read slowly.
_INBOUND = {"Inbound": True, "Outbound": False}
_ALLOWS = {"Allow": True, "Deny": False}


@arm("Microsoft.Network/networkSecurityGroups/securityRules")
class SecurityRule(Detail):
    """A rule of an NSG, custom or default. Its NSG is its `owner`."""

    properties: SecurityRuleProperties = settings(SecurityRuleProperties)

    @property
    def inbound(self) -> bool:
        """Whether it judges packets that arrive; those that leave when false.

        Raises Undetermined when the input tells no direction that Azure knows (N-5).
        """
        try:
            told = _INBOUND.get(self.properties.direction or "")
        except Undetermined:
            told = None
        return self._first("direction", "inbound", "outbound") if told is None else told

    @property
    def priority(self) -> int:
        """Its place among the rules of its direction (N-5). Raises Undetermined when untold."""
        try:
            told = self.properties.priority
        except Undetermined:
            told = None
        if told is None:
            raise Undetermined(f"the priority of {self.id}", resource=self.id)
        return told

    @property
    def allows(self) -> bool:
        """Whether a match lets the packet through; it drops it when false.

        Raises Undetermined when the input tells no access that Azure knows (N-5).
        """
        try:
            told = _ALLOWS.get(self.properties.access or "")
        except Undetermined:
            told = None
        return self._first("access", "allow", "deny") if told is None else told

    def _first(self, field: str, first: str, second: str) -> bool:
        try:
            word: str = (getattr(self.properties, field) or "").lower()
        except Undetermined:
            word = ""
        if word not in (first, second):
            raise Undetermined(f"the {field} of {self.id}", resource=self.id)
        return word == first

    @property
    def sources(self) -> tuple[str, ...]:
        """Source addresses and tags, as written, both fields merged (N-7)."""
        p = self.properties
        return union(p.source_address_prefix, p.source_address_prefixes)

    @property
    def destinations(self) -> tuple[str, ...]:
        """Destination addresses and tags, as written, both fields merged (N-7)."""
        p = self.properties
        return union(p.destination_address_prefix, p.destination_address_prefixes)

    @property
    def source_ports(self) -> tuple[str, ...]:
        """Source port ranges, as written, both fields merged (N-7)."""
        p = self.properties
        return union(p.source_port_range, p.source_port_ranges)

    @property
    def destination_ports(self) -> tuple[str, ...]:
        """Destination port ranges, as written, both fields merged (N-7)."""
        p = self.properties
        return union(p.destination_port_range, p.destination_port_ranges)


class NetworkSecurityGroupProperties(Wire):
    """Settings of an NSG.

    Its default rules are not read: they are the same in every group and nobody can change them
    (N-10), so who evaluates a group adds them.
    """

    security_rules: list[SecurityRule] | None = None
    network_interfaces: list[Ref] | None = None
    subnets: list[Ref] | None = None
    provisioning_state: Word | None = None


@arm("Microsoft.Network/networkSecurityGroups")
class NetworkSecurityGroup(Resource):
    """A network security group."""

    properties: NetworkSecurityGroupProperties = settings(NetworkSecurityGroupProperties)

    @property
    def told(self) -> bool:
        """Whether the input has the list of its rules, if only an empty one."""
        try:
            return self.properties.security_rules is not None
        except Undetermined:
            return False

    @property
    def rules(self) -> tuple[SecurityRule, ...]:
        """The custom rules, in the order written (not in the order of evaluation).

        Raises Undetermined when the input has no list of them: Azure writes an empty one where
        there is none, so a group without it was cut short and may let anything in.
        """
        settings = self.properties
        try:
            if settings.security_rules is not None:
                return tuple(settings.security_rules)
        except Undetermined:
            pass
        raise Undetermined(f"the security rules of {self.id}", resource=self.id)


class ApplicationSecurityGroupProperties(Wire, gc=False):
    """Settings of an application security group."""

    provisioning_state: Word | None = None


@arm("Microsoft.Network/applicationSecurityGroups")
class ApplicationSecurityGroup(Resource):
    """An application security group; its members name it, not the reverse (N-31)."""

    properties: ApplicationSecurityGroupProperties = settings(ApplicationSecurityGroupProperties)
