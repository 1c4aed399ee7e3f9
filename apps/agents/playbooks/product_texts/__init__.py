"""Product texts: tidy the titles customers read."""
