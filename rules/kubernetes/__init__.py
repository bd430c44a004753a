"""Kubernetes objects against the Azure network."""
