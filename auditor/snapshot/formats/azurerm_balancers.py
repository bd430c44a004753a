"""What load balancers of Terraform's azurerm provider are called in ARM."""

from __future__ import annotations

from auditor.snapshot.formats.azurerm_blocks import (
    Block,
    Body,
    common,
    each,
    ip_configuration,
    named,
    reference,
    references,
    settings,
    sku,
    unset,
)
from auditor.snapshot.formats.functions import Unknown, Value


def load_balancer(block: Block) -> Body:
    """Give a load balancer."""
    frontends = each(
        block.blocks("frontend_ip_configuration"),
        lambda one: (
            named(one, "frontendIPConfigurations", ip_configuration(one))
            | settings(zones=one.get("zones"))
        ),
    )
    return common(block, {"frontendIPConfigurations": frontends}, sku=sku(block))


def _frontend(block: Block) -> Value:
    """Give the reference to a frontend that is named, not identified."""
    name = block.get("frontend_ip_configuration_name")
    parent = block.id("loadbalancer_id")
    if isinstance(name, str) and isinstance(parent, str):
        return reference(f"{parent}/frontendIPConfigurations/{name}")
    return name if isinstance(name, Unknown) else parent


def _pools(block: Block) -> Value:
    pools = block.ids("backend_address_pool_ids")
    return block.id("backend_address_pool_id") if unset(pools) else pools


def lb_rule(block: Block) -> Body:
    """Give a load-balancing rule."""
    pools = _pools(block)
    several = isinstance(pools, list) and len(pools) > 1
    one = pools[0] if isinstance(pools, list) and len(pools) == 1 else pools
    return settings(
        protocol=block.get("protocol"),
        frontendPort=block.get("frontend_port"),
        backendPort=block.get("backend_port"),
        frontendIPConfiguration=_frontend(block),
        backendAddressPool=None if several else reference(one),
        backendAddressPools=references(pools) if several else None,
        probe=reference(block.id("probe_id")),
        enableFloatingIP=block.get("floating_ip_enabled", "enable_floating_ip"),
        disableOutboundSnat=block.get("disable_outbound_snat"),
        idleTimeoutInMinutes=block.get("idle_timeout_in_minutes"),
        loadDistribution=block.get("load_distribution"),
    )


def lb_nat_rule(block: Block) -> Body:
    """Give an inbound NAT rule."""
    return settings(
        protocol=block.get("protocol"),
        frontendPort=block.get("frontend_port"),
        frontendPortRangeStart=block.get("frontend_port_start"),
        frontendPortRangeEnd=block.get("frontend_port_end"),
        backendPort=block.get("backend_port"),
        frontendIPConfiguration=_frontend(block),
        backendAddressPool=reference(block.id("backend_address_pool_id")),
    )


def lb_probe(block: Block) -> Body:
    """Give a health probe."""
    return settings(
        protocol=block.get("protocol") or "Tcp",
        port=block.get("port"),
        requestPath=block.get("request_path"),
        intervalInSeconds=block.get("interval_in_seconds"),
        numberOfProbes=block.get("number_of_probes"),
    )


def lb_outbound_rule(block: Block) -> Body:
    """Give an outbound rule."""
    parent = block.id("loadbalancer_id")
    frontends = block.blocks("frontend_ip_configuration")
    if isinstance(parent, str) and isinstance(frontends, list):
        base = f"{parent}/frontendIPConfigurations"
        frontends = [reference(f"{base}/{one.get('name')}") for one in frontends]
    return settings(
        protocol=block.get("protocol"),
        frontendIPConfigurations=frontends,
        backendAddressPool=reference(block.id("backend_address_pool_id")),
        allocatedOutboundPorts=block.get("allocated_outbound_ports"),
        idleTimeoutInMinutes=block.get("idle_timeout_in_minutes"),
    )
