"""Tells, with proof, whether an Azure network is what its architecture says it is."""

__version__ = "0.1.0"
