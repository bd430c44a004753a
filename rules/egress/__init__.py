"""Egress and SNAT."""
