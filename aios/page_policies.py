"""The content security policy of each page: the strict one but where a page cannot do with it."""

from typing import Any

from csp.middleware import CSPMiddleware, PolicyParts
from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase


class PagePolicies(CSPMiddleware):
    """Loosens single directives under the prefixes of `LOOSER_CONTENT_SECURITY_POLICIES`."""

    def get_policy_parts(
        self, request: HttpRequest, response: HttpResponseBase, report_only: bool = False
    ) -> PolicyParts:
        """The parts of a page's policy; the directives its prefix names replace the strict ones."""
        parts: PolicyParts = super().get_policy_parts(request, response, report_only)
        looser: dict[str, dict[str, Any]] = settings.LOOSER_CONTENT_SECURITY_POLICIES
        for prefix, directives in looser.items():
            if request.path_info.startswith(prefix):
                parts.replace = {**directives, **(parts.replace or {})}
        return parts
