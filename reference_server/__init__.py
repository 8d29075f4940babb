"""A small, complete implementation of the Bugzy API's contract, driven by openapi.yaml."""
