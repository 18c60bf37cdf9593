"""How fast riskapp is, beside floors measured in the same run: `make bench`."""
