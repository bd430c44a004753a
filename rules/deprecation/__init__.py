"""Retirements and unsupported choices."""
