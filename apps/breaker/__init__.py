"""The circuit breaker that gateway and inference share. Pure; owns no table: each keeps its own.

Public: `circuit`.
"""
