"""Every kind of event the audit log knows, and the fields each carries beside the common ones.

Common to all: who (`actor`), what it is about (`subject_kind`, `subject_id`), `workspace_id`,
`run_id` if a run caused it, and when (`at`, UTC). A kind never changes its meaning; a new meaning
is a new kind.
"""

from enum import StrEnum


class Kind(StrEnum):
    """`subject.verb`; the fields in `fields` follow each member."""

    # the loop: stage is sense | plan | act | learn
    RUN_STARTED = "run.started"  # agent, playbook, trigger
    RUN_STEPPED = "run.stepped"  # stage, number, summary; of planning: cases, recalled
    RUN_WAITING = "run.waiting"  # proposals
    RUN_PAUSED = "run.paused"  # stage, reason: what is away; it goes on by itself
    RUN_FINISHED = "run.finished"  # summary
    RUN_FAILED = "run.failed"  # stage, error
    RUN_RETRIED = "run.retried"  # stage, error: what it had failed of
    RUN_CANCELLED = "run.cancelled"  # reason
    RUN_ESCALATED = "run.escalated"  # stage, reason
    BUDGET_EXHAUSTED = "budget.exhausted"  # scope, limit, needed, agent; once for each limit
    MODEL_CALLED = "model.called"  # purpose, tier, model, tokens, cost, latency_ms, outcome
    # what an agent proposes and what becomes of it
    PROPOSAL_SUBMITTED = "proposal.submitted"  # title, actions, outcome, revision
    PROPOSAL_APPROVED = "proposal.approved"  # by policy or person, binding
    PROPOSAL_DENIED = "proposal.denied"  # rule, version
    PROPOSAL_REJECTED = "proposal.rejected"  # reason
    PROPOSAL_EDITED = "proposal.edited"  # before, after
    PROPOSAL_RETURNED = "proposal.returned"  # what changed
    PROPOSAL_EXPIRED = "proposal.expired"
    PROPOSAL_SETTLED = "proposal.settled"  # outcome
    PROPOSAL_CLAIMED = "proposal.claimed"  # until
    PROPOSAL_RELEASED = "proposal.released"  # reason: released | skipped | decided | lapsed
    PROPOSAL_SNOOZED = "proposal.snoozed"  # until, on_change
    PROPOSAL_WOKEN = "proposal.woken"  # reason: time | change | person, changed
    PROPOSAL_VIEWED = "proposal.viewed"  # section, binding
    PROPOSAL_ASKED = "proposal.asked"  # question, text
    PROPOSAL_ANSWERED = "proposal.answered"  # question, text, changed
    PROPOSAL_ESCALATED = "proposal.escalated"  # due_at
    PROPOSAL_REFERRED = "proposal.referred"  # title, reason: a case that only a person can end
    DECISION_RECORDED = "decision.recorded"  # outcome, rules, version
    REVIEW_RECORDED = "review.recorded"  # verdict, binding, reason; alone, key_allowed_by: policies
    # effects
    EXECUTION_DUE = "execution.due"  # action, target, key
    EXECUTION_STARTED = "execution.started"  # attempt, action, target, key
    EXECUTION_FINISHED = "execution.finished"  # outcome, reference, attempt
    EXECUTION_UNKNOWN = "execution.unknown"  # attempt, error
    EXECUTION_STALE = "execution.stale"  # before, now
    EXECUTION_STEPPED = "execution.stepped"  # step of a saga, reference
    EXECUTION_CANCELLED = "execution.cancelled"  # reason
    EXECUTION_PARKED = "execution.parked"  # deliveries
    EXECUTION_COMPENSATED = "execution.compensated"  # by which execution
    # guards
    SWITCH_ENGAGED = "switch.engaged"  # scope, target, reason
    SWITCH_RELEASED = "switch.released"  # scope, target
    BREAKER_OPENED = "breaker.opened"  # failures, error
    BREAKER_CLOSED = "breaker.closed"
    ACTION_CHANGED = "action.changed"  # action, before, after
    # knowledge
    ITEM_REMEMBERED = "item.remembered"  # type, namespace, subject, version
    ITEM_SUPERSEDED = "item.superseded"  # by
    ITEM_FORGOTTEN = "item.forgotten"  # reason
    # configuration
    POLICY_PUBLISHED = "policy.published"  # policy, version, digest, asked_by, exception
    POLICY_RETIRED = "policy.retired"  # policy, version
    POLICY_ASKED = "policy.asked"  # policy, version, findings, alone_from
    POLICY_TURNED_DOWN = "policy.turned_down"  # policy, version
    PUBLISHING_CHANGED = "publishing.changed"  # before, after: hours
    RATE_KEPT = "rate.kept"  # base, quote, rate, as_of, source
    RATES_MOVED = "rates.moved"  # count, rates: those that are new or have moved, in words
    RATE_CONFIRMED = "rate.confirmed"  # as kept; asked_by, exception: why nobody else agreed
    RATE_REMOVED = "rate.removed"  # base, quote, rate, as_of, source
    CURRENCY_CHANGED = "currency.changed"  # before, after
    EXAMPLE_ADDED = "example.added"  # intent, language, text
    EXAMPLE_REMOVED = "example.removed"  # intent, language, text
    AGENT_CHANGED = "agent.changed"  # before, after
    CONNECTOR_CHANGED = "connector.changed"  # what; never a secret
    CHANNEL_CHANGED = "channel.changed"  # before, after; never a secret
    NOTICE_FAILED = "notice.failed"  # channel, error
    DEMO_REMOVED = "demo.removed"  # what, counts
    SOURCE_CHOSEN = "source.chosen"  # resource, before, after: names of connectors
    ROWS_SET_ASIDE = "rows.set_aside"  # resource, new ones, how many in all, the first reason
    ROWS_DISMISSED = "rows.dismissed"  # how many
    CREDENTIAL_ROTATED = "credential.rotated"  # connector
    INVITATION_MADE = "invitation.made"  # email, role
    INVITATION_WITHDRAWN = "invitation.withdrawn"  # email
    INVITATION_ACCEPTED = "invitation.accepted"  # email, role, by whom it was made
    MEMBER_CHANGED = "member.changed"  # user, role
    AUTHORITY_CHANGED = "authority.changed"  # user, action, ceiling
    KEY_CREATED = "key.created"  # prefix, scopes, actions it may propose (null: every kind)
    KEY_REVOKED = "key.revoked"  # prefix
