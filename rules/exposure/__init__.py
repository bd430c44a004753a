"""Exposure and declared intent."""
