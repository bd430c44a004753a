"""ARM resource ids: compared without case, shown as spelled.

An id is `/subscriptions/S/resourceGroups/G/providers/NS/type/name[/type/name]...`.
Azure itself writes the same id with different letter case in different answers, so every
comparison goes through `fold`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache


def fold(arm_id: str) -> str:
    """Give the form in which two spellings of one id are equal.

    Lower case, exactly one leading slash, none at the end.
    """
    try:  # characters are read in half the time of slices
        if arm_id[0] == "/" and arm_id[-1] != "/" and arm_id[1] != "/":
            return arm_id.lower()
    except IndexError:
        pass
    return "/" + arm_id.strip("/").lower()


def folded(arm_ids: Sequence[str]) -> list[str]:
    """Give the folded form of many ids, without a call for each."""
    try:
        return [
            each.lower() if each[0] == "/" and each[-1] != "/" and each[1] != "/" else fold(each)
            for each in arm_ids
        ]
    except IndexError:
        return list(map(fold, arm_ids))


def parent(arm_id: str) -> str | None:
    """Give the id of the resource that holds this one, or None at the top.

    `.../virtualNetworks/v/subnets/s` is held by `.../virtualNetworks/v`. An extension resource
    (`{id}/providers/NS/type/name`) is held by the resource it extends.
    """
    tail = arm_id.rsplit("/", 4)
    if len(tail) == 5:  # as most often, and at once
        before, provider, above, _, name = tail
        if before and name and arm_id[0] == "/" and arm_id[1] != "/":
            if provider.lower() != "providers":
                return f"{before}/{provider}/{above}"
            lower = before.lower()
            extends = "providers" in lower and "providers" in lower.split("/")[1::2]
            return before if extends else None
    return _parent(arm_id.strip("/").split("/"))


def _parent(parts: list[str]) -> str | None:
    if len(parts) < 4:
        return None
    head = parts[:-2]
    if len(head) >= 2 and head[-2].lower() == "providers":
        head = head[:-2]
        if not any(part.lower() == "providers" for part in head[::2]):
            return None
    return "/" + "/".join(head)


def is_top(key: str) -> bool:
    """Tell at once of most folded ids that `parent` is None: of no part and no extension."""
    head, _, tail = key.rpartition("/providers/")
    return head != "" and tail.count("/") == 2 and "providers" not in head


def name(arm_id: str) -> str:
    """Give the last segment."""
    return arm_id.rstrip("/").rpartition("/")[2]


def top_level(arm_id: str) -> str:
    """Cut an id down to the resource that holds everything else in it.

    `.../loadBalancers/l/frontendIPConfigurations/f` gives `.../loadBalancers/l`.
    """
    parts = arm_id.strip("/").split("/")
    for index, word in enumerate(parts):
        if word.lower() == "providers":
            return "/" + "/".join(parts[: index + 4])
    return arm_id


def top_name(arm_id: str) -> str:
    """Give the name of the resource that holds everything else in an id: `l`, as above."""
    return name(top_level(arm_id))


def known_as(arm_id: str) -> str:
    """Give the name that people know a resource by.

    That of an instance of a scale set is a number, and that of its NIC is the same for all of them:
    `web/0` and `web/0/nic` tell whose they are.
    """
    scale_set, instance = segment(arm_id, "virtualMachineScaleSets"), segment(arm_id, _INSTANCES)
    own = name(arm_id)
    if not scale_set or not instance:
        return own
    whole = f"{scale_set}/{instance}"
    itself = arm_id.lower().endswith(f"/{_INSTANCES}/{instance}".lower())
    return whole if itself else f"{whole}/{own}"


_INSTANCES = "virtualMachines"


def segment(arm_id: str, kind: str) -> str | None:
    """Give the name that follows `kind` (`resourceGroups`, `virtualNetworks`, ...), if any.

    An id is pairs of a kind and a name, so that a resource group called `virtualNetworks` is none.
    """
    wanted = kind.lower()
    parts = arm_id.strip("/").split("/")
    for here, name in zip(parts[::2], parts[1::2], strict=False):
        if here.lower() == wanted:
            return name
    return None


def subscription(arm_id: str) -> str | None:
    """Give the subscription's id as spelled."""
    return segment(arm_id, "subscriptions")


class GroupName(str):
    """The name of a resource group, which is unique in its subscription alone."""

    subscription: str = ""


def resource_group(arm_id: str) -> GroupName | None:
    """Give the resource group's name as spelled."""
    name = segment(arm_id, "resourceGroups")
    if name is None:
        return None
    group = GroupName(name)
    group.subscription = subscription(arm_id) or ""
    return group


def group_or_file(arm_id: str) -> str:
    """Give the resource group, or the file of the template that does not tell it; else nothing."""
    group = resource_group(arm_id) or ""
    file = re.fullmatch(r"\{resource-group:(.+)\}", group, re.IGNORECASE)
    if file is None:
        return group
    return "standard input" if file[1] == "-" else file[1]


def group_key(arm_id: str) -> tuple[str, str]:
    """Give the subscription and the resource group in lower case, empty where there is none.

    What all resources of one group have in common; no name is unique without its subscription.
    """
    parts = arm_id.split("/", 5)
    if len(parts) > 4 and parts[1] == "subscriptions" and parts[3] == "resourcegroups":
        return parts[2].lower(), parts[4].lower()
    parts = arm_id.lower().split("/", 5)
    if len(parts) > 4 and parts[1] == "subscriptions" and parts[3] == "resourcegroups":
        return parts[2], parts[4]
    return (subscription(arm_id) or "").lower(), (resource_group(arm_id) or "").lower()


@lru_cache(maxsize=4096)
def _type_of_shape(shape: tuple[str, ...]) -> str:
    return "/".join(shape)


def type_of(arm_id: str) -> str | None:
    """Give the resource type an id implies, as spelled (`Microsoft.Network/virtualNetworks`).

    None for an id without a provider (a subscription, a resource group).
    """
    parts = arm_id.strip("/").split("/")
    for index in range((len(parts) - 1) // 2 * 2, -1, -2):
        if parts[index].lower() == "providers":
            tail = parts[index + 1 :]
            return _type_of_shape((tail[0], *tail[1::2])) if len(tail) >= 3 else None
    return None
