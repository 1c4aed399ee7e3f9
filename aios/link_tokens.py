"""Logs without the tokens of links: who reads a log opens nothing with it."""

import logging
import re

# addresses whose next part lets somebody in: an invitation, a new password
TOKEN = re.compile(r"(/invitations/|/password/reset/key/)[^/\s'\"?]+")


class WithoutLinkTokens(logging.Filter):
    """Takes the tokens of links out of every line, before it is written."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Always true: the line stays, its tokens do not."""
        said = record.getMessage()
        if (kept := TOKEN.sub(r"\1…", said)) != said:
            record.msg, record.args = kept, ()
        return True
