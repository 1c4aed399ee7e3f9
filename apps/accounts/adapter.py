"""How allauth behaves here: people are invited by an owner, nobody signs up alone."""

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class InvitedOnlyAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth ships no types
    """Closes public registration."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False
