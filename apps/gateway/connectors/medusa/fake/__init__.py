"""The verified fake: a demo shop that answers like Medusa 2.21, awkward semantics included.

It is its own process (`python -m apps.gateway.connectors.medusa.fake`), imports nothing of the
rest of AIOS, and keeps its state and a ledger of every effective write in one SQLite file. The
contract tests run unchanged against it and against a real Medusa. Beside Medusa's endpoints it
has a demo mailbox, feeds, and a control endpoint that makes it misbehave.
"""
