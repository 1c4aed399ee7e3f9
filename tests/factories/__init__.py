"""Rows the tests need, made through the product's own operations."""
