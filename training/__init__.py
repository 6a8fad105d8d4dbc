"""The long training that is done once: from labelled messages to the reader's network. Needs requirements-training.lock."""
