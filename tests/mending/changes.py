"""Making, changing and deleting resources and their parts."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from typing import Any

from .kinds import GATEWAY, PARTS, TOPS
from .options import NAMED, NEW, PLACE, SETTERS, inside

Json = dict[str, Any]
Options = dict[str, list[str]]


class CannotFollow(Exception):
    """A command that this does not know, or whose subject the estate does not have."""


def commands(remedy: str) -> Iterator[tuple[str, Options]]:
    """Give the commands of a remedy: their words, and the values of each option."""
    for part in re.split(" && |; ", remedy):
        _, az, text = part.partition("az ")
        if not az:
            continue
        words: list[str] = []
        options: Options = {}
        for word in shlex.split(text):
            if word.startswith("--"):
                name, told, value = word[2:].partition("=")
                last = options.setdefault(name, [])
                last += [value] if told else []
            elif options:
                last.append(word)
            else:
                words.append(word)
        yield " ".join(words), options


def found(estate: list[Json], group: str, options: Options, name: str) -> Json:
    """Give a resource by the names that a command gives. Raises CannotFollow."""
    kind = f"{one(options, 'resource-group')}/providers/{TOPS[group]}"
    return only(estate, options, f"/resourcegroups/{kind}/{name}")


def only(estate: list[Json], options: Options, tail: str) -> Json:
    """Give the resource whose id ends so, in the subscription that a command names.

    Without one, az looks in that of whoever is signed in: it has to be the only one. Raises
    CannotFollow.
    """
    head = f"/subscriptions/{options['subscription'][0]}/" if "subscription" in options else "/"
    both = [
        each
        for each in estate
        if str(each["id"]).lower().startswith(head.lower())
        and str(each["id"]).lower().endswith(tail.lower())
    ]
    if len(both) != 1:
        raise CannotFollow(f"{len(both)} {tail}")
    return both[0]


def home(estate: list[Json], options: Options) -> str:
    """Give the id of the subscription in which a command makes something. Raises CannotFollow."""
    if "subscription" in options:
        return f"/subscriptions/{options['subscription'][0]}"
    heads = {"/".join(str(each["id"]).lower().split("/")[:3]): each for each in estate}
    if len(heads) != 1:
        raise CannotFollow("no --subscription")
    return "/".join(str(estate[0]["id"]).split("/")[:3])


def one(options: Options, name: str) -> str:
    if name not in options:
        raise CannotFollow(f"no --{name}")
    return options[name][0]


def change_top(estate: list[Json], group: str, verb: str, options: Options) -> None:
    resource_group, name = one(options, "resource-group"), one(options, "name")
    if verb == "create":
        head = home(estate, options)
        kind = TOPS[group]
        arm_id = f"{head}/resourceGroups/{resource_group}/providers/{kind}/{name}"
        new: Json = {"id": arm_id, "name": name, "type": kind, "properties": {}}
        if "location" in options:
            new["location"] = options["location"][0]
        if "sku" in options:
            new["sku"] = {"name": options["sku"][0]}
        estate[:] = [each for each in estate if str(each["id"]).lower() != arm_id.lower()]
        estate.append(new)
        _set(estate, group, new, options)
        return
    each = found(estate, group, options, name)
    if verb == "delete":
        estate.remove(each)
        forget(estate, str(each["id"]))
    elif verb == "update":
        _set(estate, group, each, options)
    else:
        raise CannotFollow(f"{group} {verb}")


def change_part(estate: list[Json], group: str, verb: str, options: Options) -> None:
    above, option, collection = PARTS[group]
    if "ids" in options:  # the same, in one word
        words = options["ids"][0].split("/")
        told = {"resource-group": [words[4]], option: [words[-3]], "name": [words[-1]]}
        told["subscription"] = [words[2]]
        options = {**options, **told}
    holder = found(estate, above, options, one(options, option))
    parts: list[Json] = holder["properties"].setdefault(collection, [])
    name = one(options, "name").lower()
    each = next((part for part in parts if str(part["name"]).lower() == name), None)
    if verb == "create":
        if each is not None:
            parts.remove(each)
        name = options["name"][0]
        each = {"id": f"{holder['id']}/{collection}/{name}", "name": name}
        each["properties"] = dict(NEW.get(group, {}))
        parts.append(each)
    if each is None:
        raise CannotFollow(f"no {collection} {name} in {holder['id']}")
    if verb == "delete":
        parts.remove(each)
        forget(estate, str(each.get("id") or f"{holder['id']}/{collection}/{name}"))
        _peers(estate, holder, each, gone=True)
    elif verb in ("create", "update"):
        _set(estate, group, each, {key: told for key, told in options.items() if key != option})
        _refer(group, holder, each, options)
        if verb == "create":
            _peers(estate, holder, each)
    else:
        raise CannotFollow(f"{group} {verb}")


def _peers(estate: list[Json], home: Json, half: Json, *, gone: bool = False) -> None:
    """What becomes of the two halves of a peering when one is made, or deleted."""
    far = half["properties"].get("remoteVirtualNetwork", {}).get("id", "").lower()
    backs = [
        back
        for vnet in estate
        if str(vnet["id"]).lower() == far
        for back in vnet["properties"].get("virtualNetworkPeerings", ())
        if back["properties"]["remoteVirtualNetwork"]["id"].lower() == str(home["id"]).lower()
    ]
    for back in backs:
        state = back["properties"].get("peeringState")
        if gone and state == "Connected":
            back["properties"]["peeringState"] = "Disconnected"
        elif not gone and state == "Initiated":
            back["properties"]["peeringState"] = half["properties"]["peeringState"] = "Connected"


def _refer(group: str, holder: Json, part: Json, options: Options) -> None:
    """References between the parts of one application gateway, by name."""
    inside = {
        "target-listener": ("targetListener", "httpListeners"),
        "redirect-config": ("redirectConfiguration", "redirectConfigurations"),
    }
    for option, (field, collection) in inside.items():
        if group.startswith(GATEWAY[0]) and option in options:
            arm_id = f"{holder['id']}/{collection}/{options[option][0]}"
            part["properties"][field] = {"id": arm_id}


def _set(estate: list[Json], group: str, node: Json, options: Options) -> None:
    settings = node["properties"]
    for name, words in options.items():
        if (group, name) in SETTERS:
            SETTERS[group, name](settings, words)
        elif (group, name) in NAMED:
            field, kind = NAMED[group, name]
            refs = [{"id": _id_of(estate, kind, word, options)} for word in words]
            settings[field] = refs if field.endswith("es") else refs[0]
        elif name not in PLACE and name not in ("target-listener", "redirect-config"):
            raise CannotFollow(f"{group} --{name}")
    for path in options.get("remove", ()):
        _remove(node, path)
        if path == "publicIPAddress":
            forget(estate, str(node.get("id")))
    for assignment in options.get("set", ()):
        path, _, value = assignment.partition("=")
        told = value == "true" if value in ("true", "false") else value
        *above, last = _home(node, path).split("/")
        inside(node, above)[last] = told
    added = options.get("add", [])
    for value in added[1:]:
        *above, last = _home(node, added[0]).split("/")
        inside(node, above).setdefault(last, []).append(value)


def _id_of(estate: list[Json], kind: str, word: str, options: Options) -> str:
    return word if "/" in word else str(found(estate, kind, options, word)["id"])


def _home(node: Json, path: str) -> str:
    """Where a path of az stands in JSON: az lifts what is in `properties`."""
    return (
        path.replace(".", "/")
        if path.split(".")[0] in node
        else "properties/" + path.replace(".", "/")
    )


def forget(node: Any, arm_id: str) -> None:
    """Take out what refers to something that is gone, or to a part of it, as Azure does."""
    gone = arm_id.lower()

    def refers(value: Any) -> bool:
        told = value.get("id") if isinstance(value, dict) and len(value) == 1 else None
        return isinstance(told, str) and (told.lower() + "/").startswith(gone + "/")

    if isinstance(node, list):
        node[:] = [value for value in node if not refers(value)]
    elif isinstance(node, dict):
        for key in [key for key, value in node.items() if refers(value)]:
            del node[key]
    for value in node.values() if isinstance(node, dict) else node:
        if isinstance(value, dict | list):
            forget(value, arm_id)


def _remove(node: Json, path: str) -> None:
    """Take a value out; az lifts the `properties` of what stands in lists too."""
    words = re.sub(r"\[(\d+)\]", r"/\1", _home(node, path)).split("/")
    at: Any = node
    for key in words[:-1]:
        at = at[int(key)].get("properties", at[int(key)]) if key.isdigit() else at[key]
    del at[words[-1]]
