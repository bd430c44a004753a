"""Dated facts that rules read: retirements, policy tables."""
