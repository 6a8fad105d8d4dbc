"""Measures how well messages are understood and people are advised. Never imported by the bot."""
