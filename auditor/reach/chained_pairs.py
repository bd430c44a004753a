"""Pairs of subnets between which everything goes by two Azure Firewalls, those alike as one.

Each hub has its own firewall, and the one hands over to the other. Pairs with equal filters,
between which the same rules of both decide and all routes lead from one to the next, there and
back, have one answer, as those of one hub have (`auditor.reach.firewalled_pairs`).
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations

from auditor.addresses import Address
from auditor.intervals import overlap
from auditor.network.graph import Network
from auditor.network.routing.model import Hop
from auditor.packets.diagram import Diagram
from auditor.reach.addressees import aims
from auditor.reach.cell import Cell, cell_of
from auditor.reach.firewalled_pairs import FirewalledPairs, Passage
from auditor.reach.forwarding import whose_word
from auditor.reach.handing_over import firewall_at
from auditor.reach.into_networks import leads_into
from auditor.reach.leading import leads_by
from auditor.reach.outcomes import Outcome
from auditor.reach.points import Kind, part_in_subnet
from auditor.reach.subnet_views import View, view_of
from auditor.reach.ways import Way
from auditor.resources import walk
from auditor.resources.virtual_networks import Subnet


class ChainedPairs:
    """The pairs of one matrix between which two Azure Firewalls stand."""

    def __init__(
        self, pairs: FirewalledPairs, is_mixed: Callable[[Diagram[Outcome]], bool]
    ) -> None:
        """Take the pairs with one firewall, which tell what each of the two does.

        `is_mixed` tells of what filters do whether it depends on which address somebody has.
        """
        self.network: Network = pairs.network
        self._is_mixed = is_mixed
        self._pairs = pairs
        self._known: dict[object, Cell | None] = {}
        self._next: dict[tuple[str, int, Address], Passage | None] = {}

    def cell(
        self, source: View, target: View, out: Diagram[Outcome], way: Way, first: Passage
    ) -> Cell | None:
        """Give the cell of a pair; None: its routes or rules are not as plain as that.

        Where filters at an end leave something open, the reasons name the groups there: each pair
        is asked about alone then.
        """
        second = self._handed_to(first, target)
        if second is None or not self._lead(source, target, way, first, second):
            return None
        told = [self._pairs.told_by(each, source, target) for each in (first, second)]
        again = self._pairs.rules_between(second, first.view, target)
        entering = [target.lets_in(v.addresses) for v in (source, first.view, second.view)]
        if None in (*told, again) or any(each is None or self._is_mixed(each) for each in entering):
            return None
        key = (source.version, out, *entering, *told, again, first.address, second.address)
        if key not in self._known:
            found = self._pairs.asked(source, target)
            self._known[key] = cell_of(found) if self._pairs.told_apart(found) else None
        return self._known[key]

    def _handed_to(self, first: Passage, target: View) -> Passage | None:
        """Give the firewall to which another one's routes hand what is for a subnet."""
        found = {
            route.address
            for way in first.view.ways_to(target.addresses)
            for route in way.possible
            if route.hop is Hop.APPLIANCE
        }
        address = found.pop() if len(found) == 1 else None
        if address is None:
            return None
        key = first.view.subnet.key, target.version, address
        if key not in self._next:
            self._next[key] = self._passage(first, target, address)
        return self._next[key]

    def _passage(self, first: Passage, target: View, address: Address) -> Passage | None:
        here = part_in_subnet(self.network, Kind.FIREWALL, first.configuration)
        found = firewall_at(self.network, here, address)
        place = self.network.find(walk.peek(walk.peek(found, "properties"), "subnet"))
        if found is None or found.root is first.configuration.root or not isinstance(place, Subnet):
            return None
        view = view_of(self.network, place, target.version, self._pairs.tags)
        return Passage(found, view, address) if view is not None else None

    # That all routes lead from one to the next, there and back

    def _lead(self, source: View, target: View, way: Way, first: Passage, second: Passage) -> bool:
        one, other = first.view, second.view
        every = [each.addresses for each in (source, one, other, target)]
        if any(overlap(*both) for both in combinations(every, 2)):
            return False
        return (
            self._goes_by(way, first)
            and self._all_by(one, target, second)
            and self._enters(other, target)
            and self._all_by(target, source, second)
            and self._all_by(target, one, second)
            and self._answers(target, second)
            and self._all_by(other, source, first)
            and self._answers(other, first)
            and self._answers(one, second)
            and self._enters(one, source)
            and self._take_what_is_forwarded(source, target, first, second)
        )

    def _goes_by(self, way: Way, passage: Passage) -> bool:
        return leads_by(way, passage.address) is True

    def _all_by(self, here: View, there: View, passage: Passage) -> bool:
        return all(self._goes_by(way, passage) for way in here.ways_to(there.addresses))

    def _enters(self, here: View, there: View) -> bool:
        home = there.point.home
        ways = here.ways_to(there.addresses)
        return all(leads_into(self.network, way, home, here.vnet) is True for way in ways)

    def _answers(self, here: View, passage: Passage) -> bool:
        """Whether all that is for a firewall's own addresses gets there."""
        return self._enters(here, passage.view) or self._all_by(here, passage.view, passage)

    def _take_what_is_forwarded(
        self, source: View, target: View, first: Passage, second: Passage
    ) -> bool:
        """Whether no peering keeps what the firewalls only forward (R-16)."""
        one, other = (
            part_in_subnet(self.network, Kind.FIREWALL, each.configuration)
            for each in (first, second)
        )
        words = (
            (one, other),
            (other, one),
            (one, source.point),
            (other, target.point),
        )
        kept = any(whose_word(self.network, *each) is not None for each in words)
        return not kept and len(aims(self.network, target.point)) == 1
