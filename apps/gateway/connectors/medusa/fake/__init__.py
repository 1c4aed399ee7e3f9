"""The verified fake: a shop that answers like Medusa 2.21, awkward semantics included.

It imports nothing of the rest of AIOS but what money is. The contract tests run unchanged against
it and against a real Medusa; a control endpoint makes it misbehave. What is for show (wares,
customers, feeds, the mailbox) is put around it by the demo.
"""
