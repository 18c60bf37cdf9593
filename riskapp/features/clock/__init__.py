"""Clock: what runs by itself each day, who may run it, and what it did.

Rule: riskapp.domain.clock. Tables: job_run, lease.
"""
