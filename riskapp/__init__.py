"""riskapp: a risk management framework for a council, aligned with HM Treasury's Orange Book."""
