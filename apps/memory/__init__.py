"""What agents know, with its provenance; found by words and by meaning.

Public: `models`, `operations`, `queries`, `erasure`.
"""
