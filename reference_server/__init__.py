"""A small, complete implementation of the Bugzy API's contract, driven by openapi.yaml."""

import logging

# What is logged is for whoever configures logging, as the command line does.
logging.getLogger(__name__).addHandler(logging.NullHandler())
