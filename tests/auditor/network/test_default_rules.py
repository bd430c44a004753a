"""Where default rules stand is looked up in the input only for who asks: few do, of many groups."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.network import effective_rules as module
from auditor.network.effective_rules import Direction, effective_rules
from auditor.resources.interfaces import NetworkInterface
from auditor.testing import estate

from ...exposed import nic, nsg, rule, subnet, vnet


def test_the_input_is_not_read_again_for_the_rules_themselves(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looked: list[str] = []

    def look(*about: Any) -> str:
        looked.append(about[-1])
        return ""

    monkeypatch.setattr(module, "pointer_to", look)
    network = estate(nsg(rule("in", 100)), nic("web", nsg="nsg"), vnet(subnet()))
    [card] = network.all(NetworkInterface)
    [layer] = effective_rules(network, card, Direction.INBOUND).layers

    names = [each.name.rpartition("/")[2] for each in layer.rules]
    assert (len(names), looked) == (4, [])
    assert layer.rules[-1].pointer == ""
    assert looked == [names[-1]]
