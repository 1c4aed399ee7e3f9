"""Feeds: JSON lists over HTTP, read only."""
