"""Who is told what, when and by which channel; it never decides.

Public: `models`, `operations`, `queries`, `messages`, `transports`.

`messages` are the words, `transports` the ways they go.
"""
