"""Peering and Virtual WAN."""
