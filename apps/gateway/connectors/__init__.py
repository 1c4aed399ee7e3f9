"""Adapters to outside systems: one folder per kind, all alike."""
