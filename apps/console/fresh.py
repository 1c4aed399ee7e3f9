"""Whether the person at this browser has lately shown who they are: high risk asks for it."""

import time
from typing import cast
from urllib.parse import urlencode

from allauth.account.authentication import get_authentication_records
from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from apps.accounts.models import User
from apps.proposals.models import Proposal, Risk
from apps.proposals.operations import SignInNeeded


class NotFresh(SignInNeeded):
    """The person signed in too long ago; at `confirm` they show again that it is they."""

    def __init__(self, confirm: str) -> None:
        super().__init__(
            "This is high risk, and you signed in a while ago. Confirm that it is you, then "
            "approve. Nothing was changed."
        )
        self.confirm = confirm


def check_fresh(request: HttpRequest, proposal: Proposal) -> None:
    """Refuse high risk from a browser whose person has not signed in lately. Raises `NotFresh`.

    A password, a second factor or a passkey counts, at sign-in or when asked again, for
    `HIGH_RISK_SIGN_IN_SECONDS`.
    """
    if proposal.risk != Risk.HIGH:
        return
    records = get_authentication_records(request, cast(User, request.user))
    last = max((float(record["at"]) for record in records), default=0.0)
    if time.time() - last <= settings.HIGH_RISK_SIGN_IN_SECONDS:
        return
    back = urlencode({"next": reverse("console:proposal", args=[proposal.pk])})
    raise NotFresh(f"{reverse('account_reauthenticate')}?{back}")
