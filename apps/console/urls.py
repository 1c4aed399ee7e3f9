"""The pages of the console."""

from django.urls import path

from apps.console.views import (
    connectors,
    decide,
    executions,
    health,
    history,
    icon,
    inbox,
    preferences,
    runs,
    stops,
    stuck,
    trace,
)

app_name = "console"
urlpatterns = [
    path("", inbox.show_inbox, name="inbox"),
    path("inbox/count", inbox.show_count, name="count"),
    path("proposals/<uuid:proposal_id>/", inbox.show_proposal, name="proposal"),
    path("proposals/<uuid:proposal_id>/approve", decide.approve, name="approve"),
    path("proposals/<uuid:proposal_id>/reject", decide.reject, name="reject"),
    path("proposals/<uuid:proposal_id>/resolve", decide.resolve, name="resolve"),
    path("proposals/<uuid:proposal_id>/take-back", decide.take_back, name="take-back"),
    path("proposals/<uuid:proposal_id>/undo", decide.undo, name="undo"),
    path("history/", history.show_history, name="history"),
    path("runs/", runs.show_runs, name="runs"),
    path("runs/<uuid:run_id>/", runs.show_run, name="run"),
    path("trace/", trace.show_trace, name="trace"),
    path("operations/", executions.show_executions, name="executions"),
    path("operations/executions/<uuid:execution_id>/", executions.show_execution, name="execution"),
    path(
        "operations/executions/<uuid:execution_id>/rehearse", executions.rehearse, name="rehearse"
    ),
    path(
        "operations/executions/<uuid:execution_id>/resubmit", executions.resubmit, name="resubmit"
    ),
    path("operations/stuck/", stuck.show_stuck, name="stuck"),
    path("operations/connectors/", connectors.show_connectors, name="connectors"),
    path("operations/connectors/<uuid:connector_id>/reset", connectors.reset_breaker, name="reset"),
    path("operations/stop/", stops.stop, name="stop"),
    path("operations/stop/<uuid:switch_id>/release", stops.release_stop, name="release"),
    path("operations/stops", stops.show_stops, name="stops"),
    path("preferences/workspace", preferences.switch_workspace, name="switch"),
    path("preferences/shortcuts", preferences.set_shortcuts, name="shortcuts"),
    path("favicon.ico", icon.show_icon, name="icon"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
]
