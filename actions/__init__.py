"""The doorman on the action server's side: reads the slots, calls the bot, speaks, remembers. The only room that imports rasa_sdk."""
