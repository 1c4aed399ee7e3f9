"""What stops a start. The message is for the person at the keyboard."""


class StartError(Exception):
    """AIOS cannot start; the text says what is wrong, where, and what to do."""


class Stopped(BaseException):
    """The person, or the machine, asked AIOS to stop."""
