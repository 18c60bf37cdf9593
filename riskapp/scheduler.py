"""The clock as a process of its own: `python -m riskapp.scheduler`."""
