"""What the channels talk to in tests: a bot that answers what it is told to, and stand-ins for the messengers."""
