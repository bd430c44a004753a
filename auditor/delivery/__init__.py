"""Telling people what an audit found: webhooks and mail, with secrets that are never shown."""
