"""Medusa v2: a shop over its admin API."""
