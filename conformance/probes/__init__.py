"""Probes: pytest modules, one per area of the catalogue. They send and tag; they do not judge."""
