"""Policy: which version is in force, and adopting a new one.

Rule: riskapp.domain.policy and the modules it gathers. Files: policies/*.toml. Table: policy_version.
"""
