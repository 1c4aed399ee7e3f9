"""Events in words: who did what, with an icon and a tone, for every kind of the audit log."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from apps.audit.events import EVENTS
from apps.audit.kinds import Kind
from apps.audit.queries import Recorded
from apps.console.presenters import events_words as words
from apps.console.presenters.events_words import Fields, because, quoted, what

PARTS = {
    "hidden": "Somebody",
    "policy": "Policy",
    "gateway": "Gateway",
    "clock": "Clock",
    "memory": "Memory",
    "inference": "Agent",
    "system": "AIOS",
    "seed": "AIOS",
}
KINDS_OF_ACTOR = {"agent": "Agent", "user": "A former member", "key": "API key"}
ALTERED = "content changed after it was recorded"
UNKNOWN = "a kind of event that AIOS does not know"
MISFIT = "content that does not fit this kind of event"
ODD = (TypeError, ValueError, AttributeError, LookupError, ArithmeticError)  # of odd content
PROCESSES = {
    "web": "Nobody, in the web server",
    "worker": "Nobody, in a worker",
    "sweep": "Nobody, in the sweeper",
}
ARRIVING = (Kind.PROPOSAL_SUBMITTED, Kind.PROPOSAL_RETURNED)
LEAVING = (
    Kind.PROPOSAL_APPROVED,
    Kind.PROPOSAL_DENIED,
    Kind.PROPOSAL_REJECTED,
    Kind.PROPOSAL_EXPIRED,
)


@dataclass(frozen=True, kw_only=True)
class Told:
    """An event as a person reads it: `who` did `text`.

    `about` are the ids it concerns. `inbox` says whether a proposal began to wait (arrived) or
    no longer does (left); empty otherwise. It `is_sound` unless it is not what it says it is.
    """

    event: Recorded
    who: str
    text: str
    icon: str
    tone: str
    about: list[str]
    inbox: str
    is_sound: bool = True


Telling = tuple[str, str, Callable[[Fields], str]]
TELLINGS: dict[str, Telling] = {
    Kind.RUN_STARTED: ("run", "", words.started),
    Kind.RUN_STEPPED: ("run", "", words.stepped),
    Kind.RUN_WAITING: ("wait", "", lambda _: "waits for decisions on its proposals"),
    Kind.RUN_FINISHED: ("run", "good", lambda f: f"finished the run{because(f, 'summary')}"),
    Kind.RUN_FAILED: ("alert", "bad", lambda f: f"failed{because(f, 'error')}"),
    Kind.RUN_PAUSED: ("wait", "warn", lambda f: f"pauses{because(f)}"),
    Kind.RUN_RETRIED: ("run", "", lambda f: f"had the run try again{because(f, 'error')}"),
    Kind.RUN_CANCELLED: ("stop", "", lambda f: f"cancelled the run{because(f)}"),
    Kind.RUN_ESCALATED: ("alert", "warn", lambda f: f"asks a person to look{because(f)}"),
    Kind.BUDGET_EXHAUSTED: ("alert", "warn", words.spent),
    Kind.MODEL_CALLED: ("model", "", words.called),
    Kind.PROPOSAL_SUBMITTED: ("proposal", "", words.submitted),
    Kind.PROPOSAL_APPROVED: ("check", "good", lambda f: f"approved {quoted(f)}"),
    Kind.PROPOSAL_DENIED: ("deny", "bad", lambda f: f"denied {quoted(f)}"),
    Kind.PROPOSAL_REJECTED: ("cross", "bad", lambda f: f"rejected {quoted(f)}{because(f)}"),
    Kind.PROPOSAL_EDITED: ("edit", "", words.edited),
    Kind.PROPOSAL_RETURNED: ("return", "warn", words.returned),
    Kind.PROPOSAL_EXPIRED: ("wait", "", lambda f: f"let {quoted(f)} expire; nothing was done"),
    Kind.PROPOSAL_SETTLED: ("check", "good", words.settled),
    Kind.PROPOSAL_CLAIMED: ("person", "", lambda _: "took it on"),
    Kind.PROPOSAL_RELEASED: ("person", "", words.freed),
    Kind.PROPOSAL_SNOOZED: ("wait", "", words.snoozed),
    Kind.PROPOSAL_WOKEN: ("return", "", words.woken),
    Kind.PROPOSAL_VIEWED: ("proposal", "", lambda f: f"opened the {f.get('section', 'facts')}"),
    Kind.PROPOSAL_ASKED: ("note", "warn", lambda f: f"asked{because(f, 'text')}"),
    Kind.PROPOSAL_ANSWERED: ("note", "", lambda f: f"answered{because(f, 'text')}"),
    Kind.PROPOSAL_ESCALATED: (
        "alert", "warn", lambda _: "told others: nobody has decided it in time"
    ),
    Kind.PROPOSAL_REFERRED: (
        "person", "warn", lambda f: f"asks a person to look at {quoted(f)}{because(f)}"
    ),
    Kind.DECISION_RECORDED: ("policy", "", words.decided),
    Kind.REVIEW_RECORDED: ("person", "", words.reviewed),
    Kind.EXECUTION_DUE: ("wait", "", lambda f: f"queued {what(f)}"),
    Kind.EXECUTION_STARTED: ("send", "", lambda f: f"calls the back end for {what(f)}"),
    Kind.EXECUTION_FINISHED: ("receipt", "good", words.finished),
    Kind.EXECUTION_UNKNOWN: ("alert", "warn", words.tried),
    Kind.EXECUTION_STALE: ("return", "warn", lambda f: f"did not call for {what(f)}: stale"),
    Kind.EXECUTION_STEPPED: ("send", "", words.stepping),
    Kind.EXECUTION_CANCELLED: ("return", "", lambda f: f"took {what(f)} back{because(f)}"),
    Kind.EXECUTION_PARKED: ("alert", "bad", lambda f: f"set {what(f)} aside{because(f, 'error')}"),
    Kind.EXECUTION_COMPENSATED: ("return", "good", lambda f: f"made up for {what(f)}"),
    Kind.SWITCH_ENGAGED: ("stop", "bad", lambda f: f"stopped {words.stopped(f)}{because(f)}"),
    Kind.SWITCH_RELEASED: ("run", "good", lambda f: f"let {words.stopped(f)} go on"),
    Kind.BREAKER_OPENED: (
        "alert", "warn",
        lambda f: f"calls {f.get('name') or 'a back end'} no more for now{because(f, 'error')}"
    ),
    Kind.BREAKER_CLOSED: (
        "check", "good", lambda f: f"calls {f.get('name') or 'a back end'} again"
    ),
    Kind.ACTION_CHANGED: ("person", "", lambda f: f"changed how {what(f)} is handled"),
    Kind.ITEM_REMEMBERED: ("memory", "", words.remembered),
    Kind.ITEM_SUPERSEDED: ("memory", "", lambda _: "replaced what it knew by a newer version"),
    Kind.ITEM_FORGOTTEN: ("memory", "", lambda f: f"forgot an item{because(f)}"),
    Kind.POLICY_PUBLISHED: (
        "policy", "", lambda f: f"published {f.get('policy', 'a policy')} v{f.get('version', '?')}"
    ),
    Kind.POLICY_ASKED: (
        "policy",
        "warn",
        lambda f: f"asks to publish {f.get('policy', 'a policy')} v{f.get('version', '?')}, which "
        "lets something new through: a second person decides",
    ),
    Kind.POLICY_TURNED_DOWN: (
        "policy",
        "",
        lambda f: f"turned down {f.get('policy', 'a policy')} v{f.get('version', '?')}",
    ),
    Kind.PUBLISHING_CHANGED: (
        "policy",
        "warn",
        lambda f: f"a sole owner publishes alone after {f.get('after', '?')} h, not "
        f"{f.get('before', '?')}",
    ),
    Kind.POLICY_RETIRED: ("policy", "warn", lambda f: f"retired {f.get('policy', 'a policy')}"),
    Kind.RATE_KEPT: ("policy", "", lambda f: f"keeps the rate {words.exchanged(f)}"),
    Kind.RATES_MOVED: (
        "policy",
        "warn",
        lambda f: f"has exchange rates that are new or moved by more than 5 %: "
        f"{', '.join(f.get('rates') or [])}",
    ),
    Kind.RATE_CONFIRMED: (
        "policy",
        "warn",
        lambda f: f"put the rate {words.exchanged(f)} in force"
        f"{' as ' + f['exception'] if f.get('exception') else ''}",
    ),
    Kind.RATE_REMOVED: ("policy", "warn", lambda f: f"removed the rate {words.exchanged(f)}"),
    Kind.CURRENCY_CHANGED: ("policy", "", words.counted_in),
    Kind.EXAMPLE_ADDED: ("person", "", lambda f: f"added the example {words.labelled(f)}"),
    Kind.EXAMPLE_REMOVED: ("person", "", lambda f: f"removed the example {words.labelled(f)}"),
    Kind.AGENT_CHANGED: ("person", "", words.reconfigured),
    Kind.CONNECTOR_CHANGED: ("plug", "", lambda f: f"changed a connector{because(f, 'name')}"),
    Kind.SOURCE_CHOSEN: ("plug", "", words.sourced),
    Kind.ROWS_SET_ASIDE: ("plug", "warn", words.puzzled),
    Kind.ROWS_DISMISSED: (
        "plug", "", lambda f: f"cleared the odd rows of {f.get('name') or 'a connector'}"
    ),
    Kind.CHANNEL_CHANGED: ("mail", "", lambda f: f"changed a channel{because(f, 'name')}"),
    Kind.NOTICE_FAILED: ("alert", "warn", lambda f: f"could not tell people{because(f, 'error')}"),
    Kind.DEMO_REMOVED: ("box", "", lambda _: "removed the demo data"),
    Kind.CREDENTIAL_ROTATED: (
        "plug", "", lambda f: f"replaced the secret of {f.get('name') or 'a connector'}"
    ),
    Kind.INVITATION_MADE: ("person", "", words.invited),
    Kind.INVITATION_WITHDRAWN: (
        "person", "", lambda f: f"withdrew the invitation of {f.get('email') or 'somebody'}"
    ),
    Kind.INVITATION_ACCEPTED: ("person", "good", lambda _: "accepted an invitation"),
    Kind.MEMBER_CHANGED: ("person", "", words.joined),
    Kind.AUTHORITY_CHANGED: ("person", "", words.authorised),
    Kind.KEY_CREATED: ("plug", "", lambda f: f"created an API key{because(f, 'name')}"),
    Kind.KEY_REVOKED: ("plug", "", lambda _: "revoked an API key"),
}  # fmt: skip


def in_words(event: Recorded, names: Mapping[str, str]) -> Told:
    """The event in words. `names` are display names by actor; lost content, content that does not
    fit its kind and unknown kinds are told plainly."""
    if event.kind not in EVENTS:
        told = alarm(event, names, UNKNOWN)
    elif event.altered:
        told = alarm(event, names, ALTERED)
    else:
        try:
            told = tell_fitting(event, names)
        except ODD:
            told = alarm(event, names, MISFIT)
    return told if event.attested else disowned(told)


def tell_fitting(event: Recorded, names: Mapping[str, str]) -> Told:
    """An event whose content fits its kind. Raises any of `ODD` where it does not."""
    icon, tone, phrase = TELLINGS.get(event.kind) or plain(event.kind)
    fields = event.fields and with_names(event, event.fields, names)
    return Told(
        event=event,
        who=name_of(event.actor, names),
        text=phrase(fields) if fields is not None else f"{event.kind} (content erased)",
        icon=icon,
        tone=tone_of(event.kind, fields or {}) or tone,
        about=concerns(event),
        inbox=inbox_effect(event.kind, fields or {}),
    )


def plain(kind: str) -> Telling:
    """How a kind is told that has no words here yet: `gift.given` as “gift given”."""
    return "note", "", lambda _: kind.replace(".", " ").replace("_", " ")


def alarm(event: Recorded, names: Mapping[str, str], why: str) -> Told:
    """An event that cannot be told as what it says it is: forged, or of another release."""
    return Told(
        event=event,
        who=name_of(event.actor, names),
        text=f"{event.kind} ({why})",
        icon="alert",
        tone="bad",
        about=concerns(event),
        inbox="",
        is_sound=False,
    )


def disowned(told: Told) -> Told:
    """The same, said to be by somebody who took the name it was recorded in."""
    return replace(told, who=f"Somebody in the name of {told.who}", icon="alert", tone="bad")


def session_of(event: Recorded, names: Mapping[str, str]) -> str:
    """In whose session the event was recorded, as the database knows it."""
    session = event.session or ""
    who = (name_of(part, names) for part in session.split())
    return PROCESSES.get(session) or " for ".join(who)


def with_names(event: Recorded, fields: Fields, names: Mapping[str, str]) -> Fields:
    """The fields with a name for what the event is about, and for what a kill switch stops."""
    about = names.get(f"{event.subject_kind}:{event.subject_id}", "")
    target = names.get(f"{fields.get('scope')}:{fields.get('target')}")
    return {"name": about, **fields, **({"target": target} if target else {})}


def name_of(actor: str, names: Mapping[str, str]) -> str:
    """How an actor is called on screen."""
    if actor in names:
        return names[actor]
    head = actor.partition(":")[0]
    return PARTS.get(actor) or KINDS_OF_ACTOR.get(head) or head.capitalize()


def tone_of(kind: str, fields: Fields) -> str:
    """A tone that depends on how it went; empty if it does not."""
    outcome = str(fields.get("outcome") or "")
    if kind == Kind.EXECUTION_FINISHED and outcome in ("refused", "needs_person"):
        return "bad"
    if kind == Kind.PROPOSAL_SETTLED and fields.get("state") in ("failed", "needs_person"):
        return "bad"
    if kind == Kind.DECISION_RECORDED:
        return {"deny": "bad", "review": "warn"}.get(outcome, "good")
    return ""


def concerns(event: Recorded) -> list[str]:
    """The ids an event is about: its subject, its change, its run."""
    fields = event.fields or {}
    change = fields.get("change")
    return [event.subject_id, *([str(change)] if isinstance(change, str) else ())]


def inbox_effect(kind: str, fields: Fields) -> str:
    """Whether a proposal began to wait for a person, or no longer does."""
    if kind in ARRIVING:
        return "arrived" if fields.get("state", "waiting") == "waiting" else ""
    if kind == Kind.PROPOSAL_SETTLED:
        return "arrived" if fields.get("state") == "needs_person" else "left"
    return "left" if kind in LEAVING else ""
