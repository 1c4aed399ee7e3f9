"""Schemas as responses, where an operation needs the very bytes of what it answers."""

import json

from django.http import HttpResponse
from ninja import Schema
from ninja.responses import NinjaJSONEncoder


def respond(content: Schema, *, status: int = 200, location: str = "") -> HttpResponse:
    """The content as JSON: decimals are strings, times are UTC."""
    response = HttpResponse(
        json.dumps(content.model_dump(), cls=NinjaJSONEncoder),
        status=status,
        content_type="application/json; charset=utf-8",
    )
    if location:
        response["Location"] = location
    return response
