"""What the API reads and answers: one file per resource."""
