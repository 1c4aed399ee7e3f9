"""The pipeline as data: which event leads to which task. Nothing else decides what comes next."""

from apps.audit.kinds import Kind

FLOW: dict[str, tuple[str, ...]] = {
    Kind.RUN_STARTED: ("agents.advance",),
    Kind.RUN_STEPPED: ("agents.advance",),
    Kind.RUN_RETRIED: ("agents.advance",),
    Kind.EXECUTION_DUE: ("proposals.execute",),
    Kind.EXECUTION_FINISHED: ("proposals.settle",),
    Kind.EXECUTION_STALE: ("proposals.settle",),
    Kind.EXECUTION_PARKED: ("proposals.settle", "notifications.notify"),
    Kind.EXECUTION_UNKNOWN: ("gateway.reconcile",),
    Kind.PROPOSAL_DENIED: ("agents.resume",),
    Kind.PROPOSAL_REJECTED: ("agents.resume",),
    Kind.PROPOSAL_EXPIRED: ("agents.resume",),
    Kind.PROPOSAL_SETTLED: ("agents.resume",),
    Kind.PROPOSAL_ASKED: ("agents.answer",),
    Kind.SWITCH_RELEASED: ("agents.advance", "agents.answer", "proposals.execute"),
    # of what happens all the time people are told by the sweep: a mail is in no hurry
    Kind.PROPOSAL_RETURNED: ("notifications.notify",),
    Kind.PROPOSAL_REFERRED: ("notifications.notify",),
    Kind.PROPOSAL_ANSWERED: ("notifications.notify",),
    Kind.PROPOSAL_ESCALATED: ("notifications.notify",),
    Kind.RUN_ESCALATED: ("notifications.notify",),
    Kind.RUN_FAILED: ("notifications.notify",),
    Kind.SWITCH_ENGAGED: ("notifications.notify",),
    Kind.BREAKER_OPENED: ("notifications.notify",),
    Kind.POLICY_ASKED: ("notifications.notify",),
    Kind.RATES_MOVED: ("notifications.notify",),
    Kind.ITEM_REMEMBERED: ("memory.embed",),
}

# What the sweeper runs, broker or not: each finishes work whose message was lost.
SWEEP: tuple[str, ...] = (
    "apps.audit.tasks.dispatch",
    "apps.agents.tasks.advance",
    "apps.gateway.tasks.reconcile",  # before the next: what a lost worker held is due again
    "apps.proposals.tasks.execute",
    "apps.proposals.tasks.settle",
    "apps.proposals.tasks.expire",
    "apps.proposals.tasks.tend",
    "apps.agents.tasks.resume",
    "apps.agents.tasks.answer_questions",
    "apps.memory.tasks.embed",
    "apps.memory.tasks.retain",
    "apps.inference.tasks.release",
    "apps.notifications.tasks.notify",
    "apps.notifications.tasks.deliver",
    "apps.insights.tasks.tend",
)

# Which queue a task goes to; urgent is never behind a nightly batch.
ROUTES: dict[str, dict[str, str]] = {
    "audit.dispatch": {"queue": "urgent"},
    "gateway.reconcile": {"queue": "urgent"},
    "memory.*": {"queue": "bulk"},
    "inference.*": {"queue": "bulk"},
    "insights.*": {"queue": "bulk"},
    "notifications.*": {"queue": "bulk"},
    "proposals.expire": {"queue": "bulk"},
    "proposals.tend": {"queue": "bulk"},
    "*": {"queue": "default"},
}
