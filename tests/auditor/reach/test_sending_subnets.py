"""Who may send machines in spokes anything: a glance at all of a hub's, or one by one, alike."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auditor.network import passage
from auditor.network.graph import Network
from auditor.reach import kept_back, lateral, sending_subnets
from auditor.testing import arm_id, ask, estate

from ...exposed import deny, nsg, pip, ref, rule
from ...firewalls import FIREWALL, classic, firewall, network_rule
from ...networks import nic, peer, subnet_id, vnet
from ...routing import route, table

SPACE = "10.0.0.0/8"
FW = "10.255.0.4"

SPOKES = st.lists(
    st.fixed_dictionaries(
        {
            "by_firewall": st.booleans(),
            "inward": st.sampled_from(["all", "peers", "none"]),
            "outward": st.sampled_from(["all", "hub", "none"]),
            "second": st.booleans(),
        }
    ),
    min_size=2,
    max_size=5,
)
LET = st.sampled_from([(SPACE, SPACE), ("10.0.0.0/16", SPACE), (SPACE, "10.1.0.0/16"), None])


def spoke(number: int, spec: dict[str, Any]) -> list[Any]:
    """A network with one machine, or two in two subnets, behind one group."""
    name, space = f"s{number}", f"10.{number}.0.0/16"
    source = SPACE if spec["inward"] == "peers" else "*"
    inward = [] if spec["inward"] == "none" else [rule("ssh", 100, source, 22)]
    to = {"hub": "10.255.0.0/16", "none": space}.get(spec["outward"])
    held = {"direction": "Outbound", "protocol": "*"}
    outward = (
        []
        if to is None
        else [
            rule("o", 100, "*", "*", **held, destinationAddressPrefix=to),
            deny("no", 200, "*", "*", **held, destinationAddressPrefix="*"),
        ]
    )
    guarded: dict[str, Any] = {
        "networkSecurityGroup": ref(arm_id("Microsoft.Network/networkSecurityGroups", f"g{number}"))
    }
    if spec["by_firewall"]:
        guarded["routeTable"] = ref(arm_id("Microsoft.Network/routeTables", f"t{number}"))
    subnets = {"a": {"addressPrefix": f"10.{number}.0.0/24", **guarded}}
    made = [nic(f"{name}a", f"10.{number}.0.4", (name, "a"), vm=f"{name}a")]
    if spec["second"]:
        subnets["b"] = {"addressPrefix": f"10.{number}.1.0/24", **guarded}
        made.append(nic(f"{name}b", f"10.{number}.1.4", (name, "b"), vm=f"{name}b"))
    return [
        nsg(*inward, deny("all", 4000, "*", "*", protocol="*"), *outward, name=f"g{number}"),
        table(f"t{number}", route("0.0.0.0/0", "VirtualAppliance", FW)),
        vnet(name, space, subnets=subnets, peers=[_peer("hub", "10.255.0.0/16")]),
        *made,
    ]


def _peer(far: str, space: str) -> Any:
    return peer(far, space, allowVirtualNetworkAccess=True, allowForwardedTraffic=True)


def hub(let: tuple[str, str] | None, spokes: int) -> list[Any]:
    """A hub with a firewall that lets SSH through from some addresses to some."""
    rules = [] if let is None else [network_rule("ssh", let[0], let[1], "22")]
    settings: dict[str, Any] = {
        "privateIPAddress": FW,
        "subnet": {"id": subnet_id("hub", "AzureFirewallSubnet")},
        "publicIPAddress": {"id": arm_id("Microsoft.Network/publicIPAddresses", "pip")},
    }
    return [
        pip("pip", arm_id(FIREWALL, "fw/azureFirewallIpConfigurations/c")),
        firewall(
            policy=None,
            ipConfigurations=[{"name": "c", "properties": settings}],
            networkRuleCollections=[classic("n", 100, "Allow", *rules)] if rules else [],
        ),
        vnet(
            "hub",
            "10.255.0.0/16",
            subnets={"AzureFirewallSubnet": "10.255.0.0/24"},
            peers=[_peer(f"s{number}", f"10.{number}.0.0/16") for number in range(spokes)],
        ),
    ]


def estate_of(let: tuple[str, str] | None, specs: list[dict[str, Any]]) -> Network:
    every = [each for number, spec in enumerate(specs) for each in spoke(number, spec)]
    return estate(*hub(let, len(specs)), *every)


def told(network: Network) -> list[str]:
    network.known.clear()
    answer = ask("NSG-011", network)
    return sorted(map(repr, (*answer.broken, *answer.unknown)))


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(let=LET, specs=SPOKES)
def test_a_glance_at_all_spokes_hides_nobody(
    monkeypatch: pytest.MonkeyPatch, let: tuple[str, str] | None, specs: list[dict[str, Any]]
) -> None:
    network = estate_of(let, specs)
    with monkeypatch.context() as patched:
        patched.setattr(sending_subnets, "_MANY", 0)
        quick = told(network)
    with monkeypatch.context() as patched:
        patched.setattr(lateral, "kept_back", lambda *_: False)
        patched.setattr(sending_subnets, "sends", lambda *_: True)
        assert told(network) == quick


def test_a_firewall_that_lets_nothing_through_keeps_spokes_apart() -> None:
    spec = {"by_firewall": True, "inward": "all", "outward": "all", "second": False}
    assert told(estate_of(None, [spec] * 3)) == []
    assert len(told(estate_of((SPACE, SPACE), [spec] * 3))) == 3


def test_each_machine_is_asked_once_where_it_may_send(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    passes = passage.may_pass

    def counted(*given: Any) -> Any:
        asked.append("")
        return passes(*given)

    spec = {"by_firewall": True, "inward": "all", "outward": "all", "second": False}
    monkeypatch.setattr(kept_back, "may_pass", counted)
    monkeypatch.setattr(sending_subnets, "_MANY", 0)
    counts = []
    for number in (8, 16):
        asked.clear()
        assert told(estate_of(None, [spec] * number)) == []
        counts.append(len(asked))
    assert counts[1] == 2 * counts[0] > 0
