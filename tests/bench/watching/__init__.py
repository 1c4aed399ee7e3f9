"""Processes of the trace benchmark: those who watch, and a bare broadcaster to compare with."""
