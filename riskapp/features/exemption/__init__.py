"""Exemption: words marked as perhaps exempt, the proper officer's decisions on them, and the record of who read them.

It stands just above readers: it decides on risks, but what is withheld is read below it (classification), and the
record of reading is written there too (readers.service), since every room that shows exempt words writes it.
Rule: riskapp.domain.exemption. Policy: exemption.toml. Tables: classification, exempt_read.
"""
