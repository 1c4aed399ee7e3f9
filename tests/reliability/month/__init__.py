"""A month of a shop with known answers: its orders, its letters, and what is owed to whom."""
