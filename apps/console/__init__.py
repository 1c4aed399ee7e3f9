"""The browser: pages for reviewers, operators and owners, and the live trace.

Public: `routing`.

`routing` are its WebSockets; its pages are named in `aios.urls`.
"""
