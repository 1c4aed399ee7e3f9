"""Where WebSockets lead."""

from django.urls import path

from apps.console.consumers import TraceConsumer

websocket_urlpatterns = [
    path("ws/trace/", TraceConsumer.as_asgi()),
    path("ws/trace/<uuid:run_id>/", TraceConsumer.as_asgi()),
]
