"""Quality: how well each register is kept, counted by unit, listed by risk, asked on the record and answered there.

Rule: riskapp.domain.quality. Policy: quality.toml. Table: quality_reason, beside those of risks.
"""
