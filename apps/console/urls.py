"""The pages of the console."""

from django.urls import path

from apps.console.views import decide, health, history, icon, inbox, preferences, runs, trace

app_name = "console"
urlpatterns = [
    path("", inbox.show_inbox, name="inbox"),
    path("inbox/count", inbox.show_count, name="count"),
    path("proposals/<uuid:proposal_id>/", inbox.show_proposal, name="proposal"),
    path("proposals/<uuid:proposal_id>/approve", decide.approve, name="approve"),
    path("proposals/<uuid:proposal_id>/reject", decide.reject, name="reject"),
    path("proposals/<uuid:proposal_id>/resolve", decide.resolve, name="resolve"),
    path("history/", history.show_history, name="history"),
    path("runs/", runs.show_runs, name="runs"),
    path("runs/<uuid:run_id>/", runs.show_run, name="run"),
    path("trace/", trace.show_trace, name="trace"),
    path("preferences/workspace", preferences.switch_workspace, name="switch"),
    path("preferences/shortcuts", preferences.set_shortcuts, name="shortcuts"),
    path("favicon.ico", icon.show_icon, name="icon"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
]
