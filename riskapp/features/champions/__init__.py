"""Champions: who was appointed to which unit, the role that follows the appointment, and the training that is due.

Rule: riskapp.domain.champions. Policy: people.toml. Tables: champion_appointment, training_record.
"""
