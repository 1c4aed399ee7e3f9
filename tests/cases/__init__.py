"""Faults from the wild, each with what came out and the right value; a test is named for each."""
