"""The clock: each feature's jobs run for a day, once, by the one process that holds the lease.

Rule: riskapp.domain.clock. Tables: job_run, lease. Process: riskapp.scheduler.
"""
