"""Batches: what is done to many risks of a register at once, each through its own service, and undone once.

Rules: riskapp.domain.registers. Policy: registers.toml (17). Tables: batch, batch_line.
"""
