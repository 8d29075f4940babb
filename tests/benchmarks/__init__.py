"""Benchmarks, run by hand: `python -m tests.benchmarks`. The test command collects nothing here."""
