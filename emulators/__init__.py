"""Strict local stand-ins for the directories. They import nothing of ours."""
