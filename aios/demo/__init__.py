"""The demo shop: the verified fake of a Medusa server with wares, customers, feeds and a mailbox.

It is its own process (`python -m aios.demo`), which needs neither the database nor the settings of
AIOS: its state and a ledger of every effective write are in one SQLite file.
"""
