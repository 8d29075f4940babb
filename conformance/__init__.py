"""A conformance test suite for the Bugzy HTTP API's published contract."""

__version__ = "0.1.0"
