"""Repricing: follow the competitor within limits."""
