from __future__ import annotations

from auditor.finding import Severity
from auditor.testing import arm_id, ask, estate, resource

from ..gateways import gateway, listener, part_id, path_map, pool, ref, rule, told

WEB = (listener("web"), rule("web", "web", pool="servers"))


def test_a_pool_without_members_is_told() -> None:
    made = gateway(*WEB, pool("servers"))

    (finding,) = ask("GW-006", estate(made)).broken

    assert finding.subject == part_id("backendAddressPools", "servers")
    assert "servers of agw-shop is empty" in finding.message
    assert "--gateway-name agw-shop --name servers" in finding.remedy
    assert told(finding, made)


def test_a_pool_with_an_address_or_a_name_is_kept() -> None:
    assert ask("GW-006", estate(gateway(*WEB, pool("servers", "10.0.2.4")))).kept == 1
    assert ask("GW-006", estate(gateway(*WEB, pool("servers", "app.contoso.example")))).kept == 1


def test_a_nic_is_a_member_from_either_side() -> None:
    nic = arm_id("Microsoft.Network/networkInterfaces/ipConfigurations", "nic-1", "main")
    listed = pool("servers", backendIPConfigurations=[{"id": nic}])
    pointing = resource(
        "Microsoft.Network/networkInterfaces",
        "nic-1",
        {
            "ipConfigurations": [
                {
                    "name": "main",
                    "properties": {
                        "applicationGatewayBackendAddressPools": [
                            ref("backendAddressPools", "servers")
                        ]
                    },
                }
            ]
        },
    )

    assert ask("GW-006", estate(gateway(*WEB, listed))).broken == []
    assert ask("GW-006", estate(gateway(*WEB, pool("servers")), pointing)).broken == []


def test_a_pool_that_no_rule_uses_is_not_judged() -> None:
    made = gateway(*WEB, pool("servers", "10.0.2.4"), pool("spare"))

    answer = ask("GW-006", estate(made))

    assert (answer.kept, answer.broken) == (1, [])


def test_path_rules_and_the_default_of_a_path_map_use_pools() -> None:
    made = gateway(
        listener("web"),
        rule("web", "web", path_map="paths"),
        path_map(
            "paths",
            {"defaultBackendAddressPool": ref("backendAddressPools", "rest")},
            api={"paths": ["/api/*"], "backendAddressPool": ref("backendAddressPools", "api")},
        ),
        pool("rest"),
        pool("api"),
    )

    assert ask("GW-006", estate(made)).names == ["api", "rest"]


def test_a_path_rule_for_every_path_leaves_the_default_unused() -> None:
    def judged(pattern: str) -> list[str]:
        made = gateway(
            listener("web"),
            rule("web", "web", path_map="paths"),
            path_map(
                "paths",
                {"defaultBackendAddressPool": ref("backendAddressPools", "rest")},
                api={"paths": [pattern], "backendAddressPool": ref("backendAddressPools", "api")},
            ),
            pool("rest"),
            pool("api", "10.0.1.4"),
        )
        return ask("GW-006", estate(made)).names

    assert judged("/*") == []
    assert judged("/a*") == ["rest"]


def test_an_ingress_controllers_pool_is_milder() -> None:
    made = gateway(*WEB, pool("servers"), tags={"managed-by-k8s-ingress": "1.8"})
    (finding,) = ask("GW-006", estate(made)).broken
    assert finding.severity is Severity.MEDIUM
    assert finding.remedy.startswith("give the Ingress a default backend")


def test_a_rule_that_does_not_tell_its_target_leaves_the_pool_unknown() -> None:
    made = gateway(*WEB, rule("other", "web", path_map="gone"), pool("spare"))

    answer = ask("GW-006", estate(made))

    assert (answer.broken, len(answer.unknown)) == ([], 1)
    assert "urlPathMaps/gone" in answer.unknown[0].missing


def test_a_rule_that_names_an_absent_pool_is_unknown_where_there_are_no_pools() -> None:
    answer = ask("GW-006", estate(gateway(*WEB)))

    assert (answer.kept, answer.broken) == (0, [])
    [unknown] = answer.unknown
    assert unknown.subject == gateway(*WEB)["id"]
    assert "backendAddressPools/servers is not in the snapshot" in unknown.missing


def test_a_gateway_without_pools_and_rules_has_nothing_to_judge() -> None:
    answer = ask("GW-006", estate(gateway(listener("web"))))

    assert (answer.kept, answer.broken, answer.unknown) == (0, [], [])
