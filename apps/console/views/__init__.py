"""One module per page; a view translates between the browser and one domain call."""
