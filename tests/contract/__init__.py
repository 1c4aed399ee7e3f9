"""The same tests against the demo shop and a real Medusa."""
