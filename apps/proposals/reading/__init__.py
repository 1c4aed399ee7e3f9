"""Proposals as people look for them and beside each other: the queue, search, the past, batches."""
