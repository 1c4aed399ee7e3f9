"""From domain values to the words, icons and tones a person sees. Nothing here reads a table."""
