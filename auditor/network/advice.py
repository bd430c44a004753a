"""What to do that the snapshot tells what an answer lacks, where the rule itself does not say.

What is absent is to be exported, by its id; a list that Azure refused, to be read again; a
template, to be compiled. What no export tells is said to be so, by the label of the reason.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator

from auditor import ids
from auditor.finding import Unknown
from auditor.ids import fold
from auditor.network.graph import Network, question
from auditor.network.kubernetes import EXPORT
from auditor.network.reasons import GAP
from auditor.network.untold_homes import in_full, led_to_by_id, perhaps_told
from auditor.remedy import az
from auditor.resources import walk
from auditor.resources.base import TYPES, Node
from auditor.snapshot.document import DELETED, Gap, Record

_COMPILE = "compile the template with its parameters, or audit what was deployed"
_DEPLOY = "it is known once it is deployed: audit what was deployed"
_WRITE = "audit what was deployed, or write it into the template or plan, which does not tell it"

_ID = re.compile(r"/subscriptions/[^\s,;:()\"']+", re.IGNORECASE)
_LABEL = re.compile(r"\(([a-z][a-z0-9]*(?:-[a-z]+)*)(?::[^()]*)?\)")
_NO_EXPORT = "no export tells it"
_BY_LABEL = {
    "avnm-unknown": "export what the network manager deployed with the rest: auditor snapshot",
    "bgp-routes-unknown": f"{_NO_EXPORT}: ask Azure for the routes of a machine there, with az "
    "network nic show-effective-route-table",
    "balancer-choice": f"{_NO_EXPORT}: give all machines of the load balancer the same rules",
    "conflict": "Azure keeps no such thing: export what is named again, all at one time",
    "custom-dns": f"{_NO_EXPORT}: ask the DNS server itself",
    "nat-port": f"{_NO_EXPORT} where the pool does not: ask Azure which port is whose, with az "
    "network lb list-mapping",
    "nva": f"{_NO_EXPORT}: look at the rules of the appliance itself",
    "egress-address": f"{_NO_EXPORT}: see from which address a request arrives",
    "firewall-instances": f"{_NO_EXPORT}: see from which address a request arrives",
    "forced-tunnel-unknown": f"{_NO_EXPORT}: look at the routes and rules of the site itself",
    "fqdn": f"{_NO_EXPORT}: look the name up from a machine there",
    "gateway-instances": f"{_NO_EXPORT}, as Azure lists no addresses of a gateway's instances: "
    "name its whole subnet, and no single addresses of it, in the rules and routes that decide",
    "gwlb": f"{_NO_EXPORT}: look at the rules of the appliances themselves",
    "health-assumed": f"{_NO_EXPORT}: look at the health of the backends",
    "k8s-objects-missing": EXPORT,
    "no-endpoint": "no way to it is followed: send a request and see",
    "nobody-listed": "export all that is in the subnet with the rest: auditor snapshot reads it",
    "nothing-selected": "correct the selector, or export what it means with the rest",
    "paas-injected": f"{_NO_EXPORT}: ask the service which addresses it has there, by its name",
    "pe-external": "export the subscription of the service with the rest",
    "peer-external": "export the subscription of the network at the other end with the rest",
    "platform": f"{_NO_EXPORT}: send a packet and see",
    "private-link": f"{_NO_EXPORT}: send a packet and see",
    "replay": "report it with the JSON of the input",
    "rules-engine": f"{_NO_EXPORT} in a form that is followed: send a request and see",
    "semantics": f"{_NO_EXPORT}, and Azure documents no answer: send a packet and see",
    "service-tag": "give the list of service tags that Microsoft publishes, with --service-tags",
    "type-not-read": "nothing: auditor does not read resources of that type",
    "vmss-model-only": "export the network interfaces of the instances with the rest, with az vmss "
    "nic list; auditor snapshot reads them",
    "waf": f"{_NO_EXPORT} in a form that is followed: send a request and see",
    "unallocated": "export it again once Azure has given it an address",
}
"""By the label of a reason, what to do where it is not what an export lacks."""


def advice(network: Network, unknown: Unknown) -> str:
    """Say what to do that what a rule could not tell is told."""
    said = list(dict.fromkeys(found.rstrip(".") for found in _ID.findall(unknown.missing)))
    named = list(dict.fromkeys((*said, *_behind(network, unknown))))
    return (
        _where_a_gap_is(network, said)
        or _by_label(unknown.missing)
        or _where_a_template_may(network, said)
        or _where_absent(network, said, len(said))
        or _where_a_gap_is(network, named)
        or _where_a_template_may(network, named)
        or _where_absent(network, named)
        or _where_a_template_tells(network, named)
        or _once_more(network, named, unknown.told_by)
    )


@question
def lone_subscription(network: Network) -> str:
    """Give the subscription of the input, if it has but one; a template may not tell its own."""
    keys = list(network.nodes)  # sorted: what begins alike stands together
    first, end = bisect_left(keys, _HEAD), bisect_left(keys, _BEHIND)
    if first == end:
        return ""
    both = [ids.subscription(key) for key in (keys[first], keys[end - 1])]
    return network.nodes[keys[first]].subscription if both[0] == both[1] else ""


_HEAD, _BEHIND = "/subscriptions/", "/subscriptions/{"


def _behind(network: Network, unknown: Unknown) -> Iterator[str]:
    """Who is to tell besides what the sentence names: who would, else the subject last."""
    if unknown.told_by:
        yield unknown.told_by
        if _is_known(network, unknown.told_by):
            return
    yield from reversed(unknown.related)
    if unknown.subject:
        yield unknown.subject


@question
def _gaps(network: Network) -> dict[str, Gap]:
    return {fold(gap.subject): gap for gap in network.gaps if gap.kind != "undecided"}


def _where_a_gap_is(network: Network, named: list[str]) -> str:
    return next((_again(network, each) for each in named if fold(each) in _gaps(network)), "")


def _where_a_template_may(network: Network, named: list[str]) -> str:
    """Say what to do where a template makes what is named, or some of a list, or does not."""
    open_lists = [gap for gap in network.gaps if gap.kind == "undecided"]
    keys = [f"{fold(each)}/" for each in named if not _is_known(network, each)]
    may = (gap for gap in open_lists for key in keys if key.startswith(f"{fold(gap.subject)}/"))
    return next((gap.cure or _COMPILE for gap in may), "")


def _again(network: Network, subject: str) -> str:
    gap = _gaps(network)[fold(subject)]
    kind = gap.kind
    if kind == "conflict":
        return "leave out the input that is older, and audit again"
    if kind == DELETED:
        return "keep it, or take it out of whatever names it as well"
    if kind == "denied":
        what = gap.hides[0] if gap.hides else subject
        return f"get a role that may read {what}, and take the snapshot again"
    return f"export {subject} again, whole, and audit again"


def _by_label(missing: str) -> str:
    """Say what to do for a reason by its label; what an export lacks as well comes first."""
    labels = _LABEL.findall(missing)
    if GAP in labels:
        return ""
    labels = [label for label in labels if label in _BY_LABEL]
    return next((_BY_LABEL[label] for label in labels), "")


def _where_absent(network: Network, named: list[str], most: int = 1) -> str:
    """Ask for those that are missing, the first or all: a sentence may name several."""
    absent = [each for each in named if not _is_known(network, each) and ids.type_of(each)]
    told = perhaps_told(network, _top(absent[0])) if absent else None
    if told is not None:
        return in_full(told)
    asked = dict(_missing(network, each) for each in absent[:most])
    if not asked:
        return ""
    them = "it" if len(asked) == 1 else "them"
    how = ", and ".join((*dict.fromkeys(asked.values()), *led_to_by_id(asked)))
    return f"export {them} {how}: {az('resource', 'show', ids=tuple(asked))}"


def _is_known(network: Network, arm_id: str) -> bool:
    return isinstance(network.find(arm_id), Node)


def _missing(network: Network, arm_id: str) -> tuple[str, str]:
    """Give what to export for what is missing, and how.

    For a part of a resource that is there it is that, once more.
    """
    top = _top(arm_id)
    if not _is_known(network, top):
        return top, "with the rest"
    if _stands_alone(arm_id):
        return arm_id, "with the rest"
    return top, "again, whole"


def _stands_alone(arm_id: str) -> bool:
    """Whether Azure lists a kind of child apart, and its parent does not show it."""
    kind = TYPES.get((ids.type_of(arm_id) or "").lower())
    above = TYPES.get((ids.type_of(ids.parent(arm_id) or "") or "").lower())
    return kind is not None and above is not None and not walk.holds(above, kind)


def _top(arm_id: str) -> str:
    return ids.top_level(arm_id) or arm_id


def _whole(network: Network, arm_id: str) -> str:
    """Give the resource that an export shows a node in: itself, where it has a record of its own.

    What Azure lists apart, as flow logs, their parent does not show.
    """
    node = network.find(arm_id)
    if isinstance(node, Node) and node.root.record is not None:
        return node.root.id
    return _top(arm_id)


def _where_a_template_tells(network: Network, named: list[str]) -> str:
    for each in named:
        node = network.find(each)
        record = node.root.record if isinstance(node, Node) else None
        if record is not None and record.unresolved and not record.listed_only:
            return _where_unresolved(record)
        if record is not None and (ids.subscription(each) or "").startswith("{"):
            return _WRITE
    return ""


def _where_unresolved(record: Record) -> str:
    """Say who decides what a template leaves open: its parameters, or Azure.

    The region, which most templates leave to the resource group, is seldom what is asked for.
    """
    reasons = [reason for pointer, reason in record.unresolved if pointer != "/location"]
    if any("parameter" in reason for reason in reasons):
        return _COMPILE
    return _DEPLOY if reasons else _WRITE


def _once_more(network: Network, named: list[str], told_by: str) -> str:
    told = [each for each in named if _is_known(network, each)]
    if not told:
        return "export what is named with the rest, and audit again"
    whole = az("resource", "show", ids=_whole(network, told_by if told_by in told else told[-1]))
    return f"if the export left it out, export the resource again, whole: {whole}"
