"""What an event of each kind says, from its fields."""

from collections.abc import Mapping
from typing import Any

from apps.console.presenters.values import listed, money
from apps.gateway import catalogue

Fields = Mapping[str, Any]
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
    action = str(f.get("action") or "")
    return f"the {catalogue.noun(action)}" if action else "a change"


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
    fields = [
        str(moved_field.get("field", ""))
        for moved_field in f.get("changed", ())
        if isinstance(moved_field, dict)
    ]
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
    keys = f", with a key as {f['key_allowed_by']} allows" if f.get("key_allowed_by") else ""
    return f"{verb}{alone}{keys}{because(f)}"


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
        f"{edit.get('field')} {in_a_line(edit.get('before'))} → {in_a_line(edit.get('after'))}"
        for edit in f.get("edited", ())
        if isinstance(edit, dict)
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


def invited(fields: Fields) -> str:
    """Somebody was asked in, as what."""
    return f"invited {fields.get('email') or 'somebody'} as {fields.get('role') or 'a member'}"


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
    retired = isinstance(f.get("after"), Mapping) and f["after"].get("retired")
    named = f"{'retired' if retired else 'changed'} an agent{because(f, 'name')}"
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


def sourced(f: Fields) -> str:
    """Where something is read from now."""
    about = str(f.get("resource", "something")).replace("_", " ")
    if not f.get("after"):
        return f"no longer has {about} read from one connector only"
    return f"has {about} read from {f['after']} only"


def puzzled(f: Fields) -> str:
    """That rows could not be read as they are."""
    count, name = f.get("count", 1), f.get("name") or "a connector"
    about = str(f.get("resource", "rows")).replace("_", " ")
    rows = "one odd row" if count == 1 else f"{count} odd rows"
    return f"found {rows} of {about} at {name}{because(f)}"
