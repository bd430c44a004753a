"""Readers, one per shape of export, tried by content."""
