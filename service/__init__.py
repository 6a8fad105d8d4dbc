"""What the make verbs run: train when something changed, a conversation in the terminal, the servers."""
