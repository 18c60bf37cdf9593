"""What happens: one folder for each idea of the policy, the same files in each."""
