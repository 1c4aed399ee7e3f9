"""REST for programs: proposals, reviews, runs, events, kill switches.

Public: `main`.

`main` is the application.
"""
