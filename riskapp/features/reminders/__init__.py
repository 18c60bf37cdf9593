"""Reminders: what became due for whom, the messages that say so, and the outbox where they are read.

Rule: riskapp.domain.reminders. Policy: reminders.toml. Tables: occurrence, message, attempt. Words: templates/mail.
"""
