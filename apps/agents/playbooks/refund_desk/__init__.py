"""Refund desk: answer customers' messages, and give money back where it is due."""
