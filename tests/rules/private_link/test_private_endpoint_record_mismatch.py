from __future__ import annotations

from typing import Any

import pytest

from auditor.snapshot.document import OWN_SHAPE, Gap
from auditor.testing import Answer, arm_id, ask, estate, resource

from ...endpoints import (
    VAULTS,
    ZONE,
    endpoint,
    endpoint_id,
    interface,
    record,
    zone,
    zone_group,
    zone_id,
    zone_link,
)
from ...networks import vnet

Json = dict[str, Any]
PE = [
    vnet("a", "10.0.0.0/16", subnets={"ends": "10.0.0.0/24"}),
    endpoint(),
    interface("10.0.0.4"),
    zone(),
]


def asked(*resources: Json, pe: list[Json] = PE) -> Answer:
    return ask("PE-006", estate(*pe, *resources))


def test_the_record_is_the_endpoints_address() -> None:
    assert asked(zone_group("kv"), record("kv", "10.0.0.4")).kept == 1
    assert asked(zone_group("KV"), record("kv", "10.0.0.4")).kept == 1


def test_the_record_is_another_address() -> None:
    [finding] = asked(zone_group("kv"), record("kv", "10.0.0.9")).broken
    assert finding.subject == endpoint_id()
    assert finding.message == (
        "kv.privatelink.vaultcore.azure.net gives 10.0.0.9; private endpoint pe is 10.0.0.4"
    )
    assert finding.evidence[0].pointer == "/properties/aRecords"
    add, _, remove = finding.remedy.partition(" && ")
    assert add.endswith("--record-set-name kv --ipv4-address 10.0.0.4")
    assert "a remove-record --resource-group rg" in remove
    assert remove.endswith("--ipv4-address 10.0.0.9")


def test_one_stale_address_of_two_is_one_too_many() -> None:
    [finding] = asked(zone_group("kv"), record("kv", "10.0.0.4", "10.0.0.9")).broken
    assert "gives 10.0.0.9;" in finding.message
    assert "add-record" not in finding.remedy


def test_an_endpoint_with_two_addresses() -> None:
    two = [*PE[:2], interface("10.0.0.4", "10.0.0.5"), zone()]
    both = [record("kv", "10.0.0.4"), record("kv-west", "10.0.0.5")]
    assert asked(zone_group("kv", "kv-west"), *both, pe=two).kept == 1


def test_a_and_aaaa_of_one_name_are_both_judged() -> None:
    two = [*PE[:2], interface("10.0.0.4", "fd00::4"), zone()]
    right = [zone_group("kv"), record("kv", "10.0.0.4")]
    assert asked(*right, record("kv", "fd00::4"), pe=two).kept == 1
    [finding] = asked(*right, record("kv", "fd00::9"), pe=two).broken
    assert "record-set aaaa add-record" in finding.remedy
    assert finding.evidence[0].pointer == "/properties/aRecords" or finding.evidence


def test_a_record_that_the_group_wrote_and_is_gone() -> None:
    [finding] = asked(zone_group("kv"), record("another", "10.0.0.7")).broken
    assert "has no record kv for private endpoint pe (10.0.0.4)" in finding.message
    assert finding.evidence[0].resource == zone_id()
    assert finding.remedy.endswith("--record-set-name kv --ipv4-address 10.0.0.4")


def test_a_record_without_addresses_leads_nowhere() -> None:
    [finding] = asked(zone_group("kv"), record("kv")).broken
    assert "has no record kv for private endpoint pe (10.0.0.4)" in finding.message


def test_a_record_that_does_not_tell_an_address_is_unknown() -> None:
    blank = record("kv", "10.0.0.4")
    blank["properties"]["aRecords"].append({})
    answer = asked(zone_group("kv"), blank)
    assert (answer.kept, answer.broken) == (0, [])
    assert "the addresses of record kv.privatelink" in answer.unknown[0].missing


def test_a_name_that_is_only_guessed() -> None:
    assert asked(zone_group(), record("kv", "10.0.0.4")).kept == 1
    assert len(asked(zone_group(), record("kv", "10.0.0.9")).broken) == 1
    answer = asked(zone_group(), record("another", "10.0.0.7"))
    assert (answer.kept, answer.broken) == (0, [])
    assert "which records of privatelink" in answer.unknown[0].missing


def test_without_a_zone_group_among_others_it_is_not_judged() -> None:
    other = [endpoint("other"), interface("10.0.0.5", name="other"), zone_group("kv2", of="other")]

    answer = asked(record("kv", "10.0.0.9"), record("kv2", "10.0.0.5"), *other)

    assert (answer.kept, answer.broken, answer.unknown) == (1, [], [])


def test_where_no_zone_group_was_exported_it_is_unknown_and_told_once() -> None:
    for present in ([record("kv", "10.0.0.9")], []):
        network = estate(*PE, *present)
        (unknown,) = ask("PE-006", network).unknown
        assert unknown.missing == "the DNS zone groups of private endpoint pe"
        assert "az network private-endpoint dns-zone-group list" in unknown.remedy
        both = ask("PE-006", network, beside=["PE-005"])
        assert (both.unknown, both.kept) == ([], 0)


def test_a_record_that_is_seen_and_right_is_kept_whoever_wrote_it() -> None:
    assert asked(record("kv", "10.0.0.4"), zone_link("a")).kept == 1


def test_an_endpoint_to_a_service_of_ones_own_has_no_zone() -> None:
    own = endpoint(target=arm_id("Microsoft.Network/privateLinkServices", "pls"))

    answer = asked(pe=[PE[0], own, *PE[2:]])

    assert (answer.kept, answer.unknown) == (0, [])


def test_a_snapshot_that_asked_for_zone_groups_has_none_to_judge() -> None:
    answer = ask("PE-006", estate(*PE, shape=OWN_SHAPE))

    assert (answer.kept, answer.broken, answer.unknown) == (0, [], [])


def test_what_is_missing_is_unknown() -> None:
    without_zone = asked(zone_group("kv"), pe=PE[:3])
    assert (without_zone.kept, without_zone.broken) == (0, [])
    assert zone_id() in without_zone.unknown[0].missing
    without_records = asked(zone_group("kv"))
    assert "records of private zone" in without_records.unknown[0].missing
    assert without_records.unknown[0].told_by == zone_id()
    without_address = asked(zone_group("kv"), record("kv", "10.0.0.4"), pe=[*PE[:2], zone()])
    assert "addresses of private endpoint pe" in without_address.unknown[0].missing


def test_one_zone_that_is_missing_hides_no_other() -> None:
    group = zone_group("kv")
    gone = {"name": "gone", "properties": {"privateDnsZoneId": zone_id("gone.example")}}
    group["properties"]["privateDnsZoneConfigs"].insert(0, gone)
    answer = asked(group, record("kv", "10.0.0.9"))
    assert len(answer.broken) == 1
    assert zone_id("gone.example") in answer.unknown[0].missing


def test_two_endpoints_are_judged_apart() -> None:
    other = [endpoint("other"), interface("10.0.0.5", name="other"), zone_group("kv2", of="other")]
    answer = asked(zone_group("kv"), record("kv", "10.0.0.4"), record("kv2", "10.0.0.4"), *other)
    assert [finding.subject for finding in answer.broken] == [endpoint_id("other")]


SOA = resource(f"{ZONE}/SOA", f"{VAULTS}/@", {"soaRecord": {"serialNumber": 1}})
TXT = resource(f"{ZONE}/TXT", f"{VAULTS}/note", {"txtRecords": []})


@pytest.mark.parametrize(
    ("number", "shown", "told"),
    [
        (1, [], "broken"),
        (1, [SOA], "broken"),
        (2, [SOA], "unknown"),
        (2, [SOA, TXT], "broken"),
        (2, [SOA, record("another", "10.0.0.7")], "broken"),
        (2, [record("another", "10.0.0.7")], "broken"),
        (3, [SOA, record("another", "10.0.0.7")], "unknown"),
        (9, [record("kv", "10.0.0.4")], "kept"),
        (9, [record("kv", "10.0.0.9")], "broken"),
        (None, [SOA], "unknown"),
        (None, [], "unknown"),
    ],
)
def test_a_zone_that_counts_its_records_tells_whether_all_are_there(
    number: int | None, shown: list[Json], told: str
) -> None:
    """Each zone has one record of its own, whatever else: SOA."""
    counting = zone() if number is None else zone(numberOfRecordSets=number)

    answer = asked(zone_group("kv"), *shown, pe=[*PE[:3], counting])

    assert (answer.kept, len(answer.broken), len(answer.unknown)) == (
        (told == "kept", told == "broken", told == "unknown")
    )


@pytest.mark.parametrize(
    ("shape", "gaps", "told"),
    [
        (OWN_SHAPE, (), "broken"),
        (OWN_SHAPE, (Gap("denied", f"{zone_id()}/ALL", "403"),), "unknown"),
        ("ARM REST list", (), "unknown"),
    ],
)
def test_a_snapshot_asked_for_the_records_of_every_zone(
    shape: str, gaps: tuple[Gap, ...], told: str
) -> None:
    answer = ask("PE-006", estate(*PE, zone_group("kv"), SOA, shape=shape, gaps=gaps))

    assert (len(answer.broken), len(answer.unknown)) == (told == "broken", told == "unknown")


def test_of_two_names_the_one_that_is_there_is_judged_whatever_else_is_not() -> None:
    counting = [*PE[:3], zone(numberOfRecordSets=9)]

    answer = asked(zone_group("kv", "kv-west"), record("kv", "10.0.0.9"), pe=counting)

    assert (len(answer.broken), len(answer.unknown)) == (1, 1)
