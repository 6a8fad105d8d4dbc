"""What lives inside the Rasa server: reading, the safety policy, the interview, channels. The only room that imports rasa."""
