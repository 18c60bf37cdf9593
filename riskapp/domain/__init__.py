"""What the policy says: pure rules on frozen facts. Standard library and networkx only."""
