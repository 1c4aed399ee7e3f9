"""Ready-made kinds of agents: one folder each, all alike."""
