"""Which addresses may be called, and connections to no others: what gateway and inference share.

Public: `addresses`, `connections`.

Plain Python; owns no table and knows no settings: who opens a connection says what is its own.
"""
