"""Views that tell or change what they must not, as controls."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import path

from apps.proposals.models import Proposal


def leak(request: HttpRequest, proposal_id: Any) -> HttpResponse:
    """Shows any workspace's proposal."""
    return HttpResponse(Proposal.objects.get(pk=proposal_id).title)


def hidden(request: HttpRequest, proposal_id: Any) -> HttpResponse:
    """Tells of it in the 404."""
    return HttpResponse(Proposal.objects.get(pk=proposal_id).title, status=404)


def exists(request: HttpRequest, proposal_id: Any) -> HttpResponse:
    """Tells only that it is there."""
    return HttpResponse("Yes.")


def change(request: HttpRequest, proposal_id: Any) -> HttpResponse:
    """Changes it."""
    Proposal.objects.filter(pk=proposal_id).update(title="Changed")
    return HttpResponse(status=404)


urlpatterns = [
    path("leak/<uuid:proposal_id>/", leak),
    path("hidden/<uuid:proposal_id>/", hidden),
    path("exists/<uuid:proposal_id>/", exists),
    path("change/<uuid:proposal_id>/", change),
    path("unknown/<slug:nobody_knows>/", exists),
]
