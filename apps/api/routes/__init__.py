"""The API's operations: one file per resource. Each makes one domain call."""
