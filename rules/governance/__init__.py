"""Resilience, hygiene, and trust in the audit itself."""
