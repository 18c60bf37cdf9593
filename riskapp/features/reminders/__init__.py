"""Reminders: what became due for whom, once; the mail that says so; and the outbox.

Rule: riskapp.domain.reminders. Policy: reminders.toml. Tables: occurrence, message, attempt.
"""
