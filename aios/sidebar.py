"""The sidebar of the admin: which lists there are, in groups, and who sees them."""

from typing import Any

from django.urls import reverse_lazy


def page(title: str, icon: str, model: str, allowed: str = "configures") -> dict[str, Any]:
    """A row: the list of a model, for those whose role allows it."""
    return {
        "title": title,
        "icon": icon,
        "link": reverse_lazy(f"admin:{model}_changelist"),
        "permission": f"apps.accounts.scope.{allowed}",
    }


NAVIGATION: list[dict[str, Any]] = [
    {"title": "People", "items": [
        page("People", "person", "accounts_user", "administers"),
        page("Invitations", "forward_to_inbox", "accounts_invitation", "administers"),
        page("Memberships", "badge", "accounts_membership", "administers"),
        page("Authorities", "approval", "accounts_authority", "administers"),
        page("API keys", "key", "accounts_apikey", "administers"),
        page("Channels", "campaign", "notifications_channel"),
    ]},
    {"title": "Agents", "items": [
        page("Agents", "smart_toy", "agents_agent"),
        page("Agents from outside", "webhook", "accounts_outsideagent"),
        page("Runs", "play_circle", "agents_run"),
        page("Schedules", "schedule", "django_celery_beat_periodictask"),
        page("Intervals", "timer", "django_celery_beat_intervalschedule"),
        page("Crontabs", "calendar_month", "django_celery_beat_crontabschedule"),
        page("Model tiers", "layers", "inference_tier"),
        page("Budgets", "savings", "inference_budget"),
        page("Model calls", "forum", "inference_call"),
    ]},
    {"title": "Policies", "items": [
        page("Policies", "gavel", "policies_policy"),
        page("Policy changes", "rule_settings", "policies_publication"),
        page("Policy versions", "history", "policies_version"),
        page("Publishing alone", "timer", "policies_publishingsetting"),
        page("Decisions", "rule", "policies_decision"),
        page("Exchange rates", "currency_exchange", "policies_exchangerate"),
        page("Currency", "payments", "policies_currencysetting"),
    ]},
    {"title": "Connectors", "items": [
        page("Connectors", "cable", "gateway_connector"),
        page("Actions", "tune", "gateway_actionsetting"),
        page("Executions", "bolt", "gateway_execution"),
    ]},
    {"title": "Knowledge", "items": [page("Items", "menu_book", "memory_item")]},
    {"title": "Audit", "items": [page("Events", "history", "audit_event")]},
]  # fmt: skip
