"""Events in words: who did what, with an icon and a tone, for every kind of the audit log."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from apps.audit.kinds import Kind
from apps.audit.queries import Recorded
from apps.console.presenters.values import listed, money

Fields = Mapping[str, Any]
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
ACTIONS = {
    "set_price": "the price",
    "set_stock": "the stock",
    "update_product": "the product",
    "refund_payment": "the refund",
    "cancel_order": "the cancellation",
    "send_message": "the message",
}
AUTONOMY = {"shadow": "shadow", "review_all": "review all", "by_threshold": "by threshold"}
REFERENCE = 40  # characters of a receipt in a sentence; the execution shows all of it
STAGES = {"sense": "sensed", "plan": "planned", "act": "acted", "learn": "learned"}
ENDS = {
    "done": "carried out and proven",
    "failed": "refused by the back end",
    "needs_person": "stopped: a person has to look",
    "undone": "undone and proven",
}
OUTCOMES = {"allow": "allows it", "review": "asks for a review", "deny": "denies it"}
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
    no longer does (left); empty otherwise.
    """

    event: Recorded
    who: str
    text: str
    icon: str
    tone: str
    about: list[str]
    inbox: str


def quoted(f: Fields, name: str = "title") -> str:
    """A field's text in quotation marks, or words that stand for it."""
    return f"“{f[name]}”" if f.get(name) else "a proposal"


def because(f: Fields, name: str = "reason") -> str:
    """The reason as an appendix, if there is one."""
    return f": {f[name]}" if f.get(name) else ""


def article(noun: object) -> str:
    """The noun with its indefinite article."""
    word = str(noun)
    return f"an {word}" if word[:1] in tuple("aeiou") else f"a {word}"


def what(f: Fields) -> str:
    """The action an execution carries out."""
    action = str(f.get("action", ""))
    return ACTIONS.get(action, action.replace("_", " ") or "a change")


def stepped(f: Fields) -> str:
    """A stage of the loop; a summary that begins with its verb says it already."""
    verb, summary = STAGES.get(str(f.get("stage", "")), "went on"), str(f.get("summary") or "")
    if summary.casefold().startswith(f"{verb} "):
        return summary[:1].lower() + summary[1:]
    return f"{verb}{because(f, 'summary')}"


def started(f: Fields) -> str:
    """The beginning of a run, and what began it."""
    return f"started a run by {f['trigger']}" if f.get("trigger") else "started a run"


def called(f: Fields) -> str:
    """A request to a model."""
    parts = [str(f.get("model") or f.get("tier") or "a model")]
    if f.get("tokens"):
        parts.append(f"{f['tokens']} tokens")
    if f.get("outcome") not in (None, "", "ok"):
        parts.append(str(f["outcome"]))
    return f"asked {', '.join(parts)}"


def submitted(f: Fields) -> str:
    """A new proposal."""
    return f"proposed {quoted(f)}"


def returned(f: Fields) -> str:
    """A proposal that came back."""
    fields = [str(one.get("field", "")) for one in f.get("changed", ()) if isinstance(one, dict)]
    if fields == ["approval"]:
        return f"took the approval of {quoted(f)} back; it waits again"
    return f"gave {quoted(f)} back: {', '.join(fields) or 'something'} has changed"


def decided(f: Fields) -> str:
    """A recorded decision."""
    verdict = OUTCOMES.get(str(f.get("outcome")), "decides")
    rule = f" by “{f['rule']}”" if f.get("rule") else ""
    return f"{verdict}{rule}{because(f)}"


def reviewed(f: Fields) -> str:
    """A person's vote; one that is still secret as such."""
    if f.get("hidden"):
        return "voted; who and how is told once the others have voted"
    verb = "voted to reject" if f.get("verdict") == "reject" else "voted to approve"
    alone = f", as sole owner by {f['alone']}" if f.get("alone") else ""
    return f"{verb}{alone}{because(f)}"


def settled(f: Fields) -> str:
    """The end of a proposal: proven by the gateway, or told by a person who looked."""
    if f.get("undo_state") and f.get("state") != "undone":
        why = because(f, "why") or f": the undo ended {f['undo_state']}".replace("_", " ")
        return f"could not undo {quoted(f)}; a person has to look{why}"
    if f.get("reason"):
        end = {"done": "happened", "undone": "has been undone"}.get(str(f.get("state")))
        end = end or "did not happen"
        return f"says that {quoted(f)} {end}{because(f)}"
    return f"{ENDS.get(str(f.get('state')), 'settled')}: {quoted(f)}"


def edited(f: Fields) -> str:
    """A reviewer's edit."""
    changes = [
        f"{one.get('field')} {in_a_line(one.get('before'))} → {in_a_line(one.get('after'))}"
        for one in f.get("edited", ())
        if isinstance(one, dict)
    ]
    return f"edited {'; '.join(changes) or 'the values'}"


def in_a_line(value: object) -> str:
    """A value of an edit; a list of records without its brackets."""
    return listed(value) if isinstance(value, (list, Mapping)) else str(value)


def spent(f: Fields) -> str:
    """A budget that kept a model from being asked."""
    whose = {"workspace": "the workspace"}.get(str(f.get("scope")), f"one {f.get('scope', 'run')}")
    return (
        f"asked no model: the budget of {whose} ({f.get('limit', '?')} USD) does not cover the "
        f"{f.get('needed', '?')} USD it could have cost"
    )


def finished(f: Fields) -> str:
    """The proven end of an execution."""
    if f.get("outcome") == "refused":
        return f"was refused {what(f)}{because(f, 'error')}"
    if f.get("outcome") == "needs_person":
        return f"cannot prove {what(f)}; a person has to look{because(f, 'error')}"
    reference = str(f.get("reference") or "")
    if len(reference) > REFERENCE:
        reference = f"{reference[: REFERENCE - 1]}…"
    return f"carried out {what(f)}" + (f", receipt {reference}" if reference else "")


def tried(f: Fields) -> str:
    """An attempt whose outcome is open."""
    return f"cannot tell yet whether {what(f)} happened, and reads back{because(f, 'error')}"


def stepping(f: Fields) -> str:
    """One step of an action that takes several."""
    step = f"“{str(f.get('step', '?')).replace('_', ' ')}” of {what(f)}"
    if f.get("undone"):
        return f"has undone {step}"
    if "failed" in f:
        return f"did not get through with {step}{because(f, 'failed')}"
    if "turned" in f:
        return f"undoes the steps before {step}{because(f, 'turned')}"
    return f"has done {step}"


def freed(f: Fields) -> str:
    """A claim that ended."""
    if f.get("reason") == "lapsed":
        return "lost the claim: it lapsed"
    return "put it behind the others" if f.get("reason") == "skipped" else "let go of it"


def snoozed(f: Fields) -> str:
    """A proposal put off."""
    until = str(f.get("until") or "")[:16].replace("T", " ")
    ends = [f"until {until} UTC"] if until else []
    ends += ["until the shop changes"] if f.get("on_change") else []
    return f"snoozed it {' or '.join(ends)}".rstrip()


def woken(f: Fields) -> str:
    """A proposal that is back in the queue."""
    whys = {"time": ": it is time", "change": ": the shop has changed"}
    return f"brought it back{whys.get(str(f.get('reason')), '')}"


def stopped(f: Fields) -> str:
    """What a kill switch stops."""
    scope = f.get("scope", "")
    return "everything" if scope == "workspace" else f"the {scope} “{f.get('target', '?')}”"


def joined(f: Fields) -> str:
    """A member with another role, or with none any more."""
    who, role = f.get("name") or "a member", f.get("role")
    return f"removed {who} from the workspace" if role == "" else f"made {who} {role or 'a member'}"


def remembered(f: Fields) -> str:
    """What an agent keeps, and of whom or what: `sku:TEE-1` is SKU TEE-1."""
    kind, _, name = str(f.get("subject") or "").partition(":")
    of = f" of {'SKU' if kind == 'sku' else kind} {name}".rstrip() if kind else ""
    return f"remembers {article(f.get('type', 'fact'))}{of}"


def authorised(f: Fields) -> str:
    """A changed authority."""
    ceiling = f.get("ceiling")
    limit = "any amount" if ceiling is None else f"up to {money(ceiling, f.get('currency', ''))}"
    verb = "gave" if f.get("granted", True) else "took away"
    return f"{verb} the authority for {what(f)}, {limit}"


def reconfigured(f: Fields) -> str:
    """A changed agent; how far it may go is told before and after."""
    named = f"changed an agent{because(f, 'name')}"
    was, now = (autonomy_in(f.get(side)) for side in ("before", "after"))
    return f"{named}; autonomy {f'{was} → ' if was else ''}{now}" if now else named


def labelled(f: Fields) -> str:
    """A labelled example in words."""
    intent = str(f.get("intent", "?")).replace("_", " ")
    return f"“{f.get('text', '?')}” of {intent} ({f.get('language', '?')})"


def autonomy_in(values: object) -> str:
    """The autonomy among an agent's values, in words; empty if it is not there."""
    return AUTONOMY.get(str(values.get("autonomy")), "") if isinstance(values, Mapping) else ""


def exchanged(f: Fields) -> str:
    """An exchange rate with its day and source: `1 EUR = 178.2 JPY of 2026-11-20 (ECB)`."""
    rate = f"1 {f.get('base', '?')} = {f.get('rate', '?')} {f.get('quote', '?')}"
    return f"{rate} of {f.get('as_of', '?')} ({f.get('source', '?')})"


def counted_in(f: Fields) -> str:
    """The currency a workspace counts in, and how old its rates may be."""
    after = f.get("after") or {}
    return (
        f"counts in {after.get('currency', '?')} and takes rates up to "
        f"{after.get('rates_max_age_days', '?')} days old"
    )


def sourced(fields: Mapping[str, Any]) -> str:
    """Where something is read from now."""
    what = str(fields.get("resource", "something")).replace("_", " ")
    if not fields.get("after"):
        return f"lets {what} be read from every connector that has them"
    return f"has {what} read from {fields['after']} only"


def puzzled(fields: Mapping[str, Any]) -> str:
    """That rows could not be read as they are."""
    count, name = fields.get("count", 1), fields.get("name") or "a connector"
    what = str(fields.get("resource", "rows")).replace("_", " ")
    rows = "one odd row" if count == 1 else f"{count} odd rows"
    return f"found {rows} of {what} at {name}{because(fields)}"


Telling = tuple[str, str, Callable[[Fields], str]]
TELLINGS: dict[Kind, Telling] = {
    Kind.RUN_STARTED: ("run", "", started),
    Kind.RUN_STEPPED: ("run", "", stepped),
    Kind.RUN_WAITING: ("wait", "", lambda _: "waits for decisions on its proposals"),
    Kind.RUN_FINISHED: ("run", "good", lambda f: f"finished the run{because(f, 'summary')}"),
    Kind.RUN_FAILED: ("alert", "bad", lambda f: f"failed{because(f, 'error')}"),
    Kind.RUN_PAUSED: ("wait", "warn", lambda f: f"pauses{because(f)}"),
    Kind.RUN_RETRIED: ("run", "", lambda f: f"had the run try again{because(f, 'error')}"),
    Kind.RUN_CANCELLED: ("stop", "", lambda f: f"cancelled the run{because(f)}"),
    Kind.RUN_ESCALATED: ("alert", "warn", lambda f: f"asks a person to look{because(f)}"),
    Kind.BUDGET_EXHAUSTED: ("alert", "warn", spent),
    Kind.MODEL_CALLED: ("model", "", called),
    Kind.PROPOSAL_SUBMITTED: ("proposal", "", submitted),
    Kind.PROPOSAL_APPROVED: ("check", "good", lambda f: f"approved {quoted(f)}"),
    Kind.PROPOSAL_DENIED: ("deny", "bad", lambda f: f"denied {quoted(f)}"),
    Kind.PROPOSAL_REJECTED: ("cross", "bad", lambda f: f"rejected {quoted(f)}{because(f)}"),
    Kind.PROPOSAL_EDITED: ("edit", "", edited),
    Kind.PROPOSAL_RETURNED: ("return", "warn", returned),
    Kind.PROPOSAL_EXPIRED: ("wait", "", lambda f: f"let {quoted(f)} expire; nothing was done"),
    Kind.PROPOSAL_SETTLED: ("check", "good", settled),
    Kind.PROPOSAL_CLAIMED: ("person", "", lambda _: "took it on"),
    Kind.PROPOSAL_RELEASED: ("person", "", freed),
    Kind.PROPOSAL_SNOOZED: ("wait", "", snoozed),
    Kind.PROPOSAL_WOKEN: ("return", "", woken),
    Kind.PROPOSAL_VIEWED: ("proposal", "", lambda f: f"opened the {f.get('section', 'facts')}"),
    Kind.PROPOSAL_ASKED: ("note", "warn", lambda f: f"asked{because(f, 'text')}"),
    Kind.PROPOSAL_ANSWERED: ("note", "", lambda f: f"answered{because(f, 'text')}"),
    Kind.PROPOSAL_ESCALATED: (
        "alert", "warn", lambda _: "told others: nobody has decided it in time"
    ),
    Kind.PROPOSAL_REFERRED: (
        "person", "warn", lambda f: f"asks a person to look at {quoted(f)}{because(f)}"
    ),
    Kind.DECISION_RECORDED: ("policy", "", decided),
    Kind.REVIEW_RECORDED: ("person", "", reviewed),
    Kind.EXECUTION_DUE: ("wait", "", lambda f: f"queued {what(f)}"),
    Kind.EXECUTION_STARTED: ("send", "", lambda f: f"calls the back end for {what(f)}"),
    Kind.EXECUTION_FINISHED: ("receipt", "good", finished),
    Kind.EXECUTION_UNKNOWN: ("alert", "warn", tried),
    Kind.EXECUTION_STALE: ("return", "warn", lambda f: f"did not call for {what(f)}: stale"),
    Kind.EXECUTION_STEPPED: ("send", "", stepping),
    Kind.EXECUTION_CANCELLED: ("return", "", lambda f: f"took {what(f)} back{because(f)}"),
    Kind.EXECUTION_PARKED: ("alert", "bad", lambda f: f"set {what(f)} aside{because(f, 'error')}"),
    Kind.EXECUTION_COMPENSATED: ("return", "good", lambda f: f"made up for {what(f)}"),
    Kind.SWITCH_ENGAGED: ("stop", "bad", lambda f: f"stopped {stopped(f)}{because(f)}"),
    Kind.SWITCH_RELEASED: ("run", "good", lambda f: f"let {stopped(f)} go on"),
    Kind.BREAKER_OPENED: (
        "alert", "warn",
        lambda f: f"calls {f.get('name') or 'a back end'} no more for now{because(f, 'error')}"
    ),
    Kind.BREAKER_CLOSED: (
        "check", "good", lambda f: f"calls {f.get('name') or 'a back end'} again"
    ),
    Kind.ACTION_CHANGED: ("person", "", lambda f: f"changed how {what(f)} is handled"),
    Kind.ITEM_REMEMBERED: ("memory", "", remembered),
    Kind.ITEM_SUPERSEDED: ("memory", "", lambda _: "replaced what it knew by a newer version"),
    Kind.ITEM_FORGOTTEN: ("memory", "", lambda f: f"forgot an item{because(f)}"),
    Kind.POLICY_PUBLISHED: (
        "policy", "", lambda f: f"published {f.get('policy', 'a policy')} v{f.get('version', '?')}"
    ),
    Kind.POLICY_RETIRED: ("policy", "warn", lambda f: f"retired {f.get('policy', 'a policy')}"),
    Kind.RATE_KEPT: ("policy", "", lambda f: f"keeps the rate {exchanged(f)}"),
    Kind.RATE_REMOVED: ("policy", "warn", lambda f: f"removed the rate {exchanged(f)}"),
    Kind.CURRENCY_CHANGED: ("policy", "", counted_in),
    Kind.EXAMPLE_ADDED: ("person", "", lambda f: f"added the example {labelled(f)}"),
    Kind.EXAMPLE_REMOVED: ("person", "", lambda f: f"removed the example {labelled(f)}"),
    Kind.AGENT_CHANGED: ("person", "", reconfigured),
    Kind.CONNECTOR_CHANGED: ("plug", "", lambda f: f"changed a connector{because(f, 'name')}"),
    Kind.SOURCE_CHOSEN: ("plug", "", sourced),
    Kind.ROWS_SET_ASIDE: ("plug", "warn", puzzled),
    Kind.ROWS_DISMISSED: (
        "plug", "", lambda f: f"cleared the odd rows of {f.get('name') or 'a connector'}"
    ),
    Kind.CHANNEL_CHANGED: ("mail", "", lambda f: f"changed a channel{because(f, 'name')}"),
    Kind.NOTICE_FAILED: ("alert", "warn", lambda f: f"could not tell people{because(f, 'error')}"),
    Kind.DEMO_REMOVED: ("box", "", lambda _: "removed the demo data"),
    Kind.CREDENTIAL_ROTATED: (
        "plug", "", lambda f: f"replaced the secret of {f.get('name') or 'a connector'}"
    ),
    Kind.MEMBER_CHANGED: ("person", "", joined),
    Kind.AUTHORITY_CHANGED: ("person", "", authorised),
    Kind.KEY_CREATED: ("plug", "", lambda f: f"created an API key{because(f, 'name')}"),
    Kind.KEY_REVOKED: ("plug", "", lambda _: "revoked an API key"),
}  # fmt: skip


def tell(event: Recorded, names: Mapping[str, str]) -> Told:
    """The event in words. `names` are display names by actor; erased content is told plainly."""
    kind = Kind(event.kind)
    icon, tone, phrase = TELLINGS[kind]
    fields = event.fields and with_names(event, event.fields, names)
    return Told(
        event=event,
        who=name_of(event.actor, names),
        text=phrase(fields) if fields is not None else f"{kind.value} (content erased)",
        icon=icon,
        tone=tone_of(kind, fields or {}) or tone,
        about=concerns(event),
        inbox=inbox_effect(kind, fields or {}),
    )


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


def tone_of(kind: Kind, fields: Fields) -> str:
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


def inbox_effect(kind: Kind, fields: Fields) -> str:
    """Whether a proposal began to wait for a person, or no longer does."""
    if kind in ARRIVING:
        return "arrived" if fields.get("state", "waiting") == "waiting" else ""
    if kind == Kind.PROPOSAL_SETTLED:
        return "arrived" if fields.get("state") == "needs_person" else "left"
    return "left" if kind in LEAVING else ""
