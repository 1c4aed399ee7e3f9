"""How much of an answer is taken in. Pure."""

MOST_BYTES = 4_000_000  # of a whole answer, one event, or the text of a stream
MOST_STREAM_BYTES = 32_000_000  # of a stream: each token comes in an envelope of 300 bytes
MOST_ERROR_BYTES = 64_000  # of an error's body; the rest is not read
MOST_TOKENS = 10_000_000  # of one call; a larger count is a mistake, or meant to do harm
MOST_NAME = 100  # characters of a model's name
