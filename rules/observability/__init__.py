"""Observability of the network."""
