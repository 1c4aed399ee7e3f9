"""The facts figures are made of, each in the moment it happened, as SQL over the other apps' rows.

Every source yields the same columns: at, id, fact, what, agent, version, action, extra, ms (a
duration or null), total (what is added up), subject (the row to look at) and who. A fact never
changes once its moment is over: it rests on the audit log, on rows that are only inserted, and on
columns nobody writes twice. So a day that is over can be counted once and for all.
"""

# The rule that decided on a proposal as it was then: of its changes, the one judged most strictly
RULED = """
    LEFT JOIN LATERAL (
        SELECT c.action, d.version_id
        FROM proposals_change c
        LEFT JOIN LATERAL (
            SELECT version_id, outcome FROM policies_decision
            WHERE subject_id = c.id AND at <= {at} ORDER BY at DESC, id DESC LIMIT 1
        ) d ON true
        WHERE c.proposal_id = p.id
        ORDER BY array_position(ARRAY['deny', 'review', 'allow'], d.outcome::text), c.position
        LIMIT 1
    ) ruled ON true
"""
WINDOW = "{0}.workspace_id = %(workspace)s AND {0}.at >= %(since)s AND {0}.at < %(until)s"
ATTESTED = "audit_attested({0}.actor, {0}.session)"  # what is not, is in no figure
OF_PROPOSAL = """coalesce(p.agent_id::text, '') AS agent,
           coalesce(ruled.version_id::text, '') AS version, coalesce(ruled.action, '') AS action"""


PARTS = {
    "fits_e": "audit_fits(e.payload_digest, content.salt, content.fields)",
    "of_proposal": OF_PROPOSAL,
    "window_e": f"{WINDOW.format('e')} AND {ATTESTED.format('e')}",
    # that of a forged event may be no id at all
    "subject_e": f"CASE WHEN {ATTESTED.format('e')} THEN e.subject_id::uuid END",
    "any_e": WINDOW.format("e"),
    "unattested_e": f"NOT {ATTESTED.format('e')}",
    **{f"window_{name}": WINDOW.format(name) for name in ("r", "k")},
    **{
        f"attested_{name}": ATTESTED.format(name)
        for name in ("c", "s", "done", "o", "f", "e", "earlier")
    },
    "ruled_e": RULED.format(at="e.at"),
    "ruled_r": RULED.format(at="r.at"),
    "ruled_p": RULED.format(at="p.created_at"),
}

# what: auto (policy alone) | approved (as it was) | edited | rejected | denied (policy) | expired
DECIDED = """
    SELECT e.at, e.id, 'decided' AS fact,
           CASE WHEN e.kind <> 'proposal.approved' THEN substr(e.kind, 10)
                WHEN e.actor = 'policy' THEN 'auto'
                WHEN EXISTS (SELECT FROM proposals_review r
                             WHERE r.proposal_id = p.id AND r.verdict = 'approve'
                               AND r.edited <> '[]' AND r.at <= e.at) THEN 'edited'
                ELSE 'approved' END AS what,
           {of_proposal}, '' AS extra,
           NULL::numeric AS ms, 0::bigint AS total, p.id AS subject, e.actor AS who
    FROM audit_event e JOIN proposals_proposal p ON p.id = {subject_e}
    {ruled_e}
    WHERE {window_e} AND e.kind IN ('proposal.approved', 'proposal.denied',
                                              'proposal.rejected', 'proposal.expired')
"""
# The first verdict on a proposal; ms: since it was submitted
FIRST_VERDICT = """
    SELECT r.at, r.id, 'first_verdict' AS fact, r.verdict AS what, {of_proposal}, '' AS extra,
           extract(epoch FROM r.at - p.created_at) * 1000 AS ms, 0::bigint AS total,
           p.id AS subject, 'user:' || r.reviewer_id AS who
    FROM proposals_review r JOIN proposals_proposal p ON p.id = r.proposal_id
    {ruled_r}
    WHERE {window_r} AND NOT EXISTS (
        SELECT FROM proposals_review earlier
        WHERE earlier.proposal_id = r.proposal_id AND (earlier.at, earlier.id) < (r.at, r.id))
"""
# A verdict of somebody who held the proposal; extra: their id, ms: since they took it
HELD_VERDICT = """
    SELECT r.at, r.id, 'held_verdict' AS fact, r.verdict AS what, {of_proposal},
           r.reviewer_id::text AS extra,
           extract(epoch FROM r.at - claimed.at) * 1000 AS ms, 0::bigint AS total, p.id AS subject,
           'user:' || r.reviewer_id AS who
    FROM proposals_review r JOIN proposals_proposal p ON p.id = r.proposal_id
    {ruled_r}
    CROSS JOIN LATERAL (
        SELECT max(c.at) AS at FROM audit_event c
        WHERE c.subject_kind = 'proposal' AND c.subject_id = p.id::text
          AND c.kind = 'proposal.claimed' AND c.actor = 'user:' || r.reviewer_id AND c.at <= r.at
          AND {attested_c}
    ) claimed
    WHERE {window_r} AND claimed.at IS NOT NULL
"""
# An end of a proposal; what: done, failed, needs_person or undone; altered where it cannot be told
SETTLED = """
    SELECT e.at, e.id, 'settled' AS fact,
           CASE WHEN content.event_id IS NULL THEN ''
                WHEN {fits_e} THEN coalesce(content.fields ->> 'state', '')
                ELSE 'altered' END AS what,
           {of_proposal}, '' AS extra, NULL::numeric AS ms, 0::bigint AS total,
           p.id AS subject, e.actor AS who
    FROM audit_event e JOIN proposals_proposal p ON p.id = {subject_e}
    LEFT JOIN audit_payload content ON content.event_id = e.id
    {ruled_e}
    WHERE {window_e} AND e.kind = 'proposal.settled'
"""
# A case that waited for a person came to its end; ms: since it began to
RESOLVED = """
    SELECT e.at, e.id, 'recovered' AS fact, 'needs_person' AS what, {of_proposal}, '' AS extra,
           extract(epoch FROM e.at - case_.at) * 1000 AS ms, 0::bigint AS total, p.id AS subject,
           e.actor AS who
    FROM audit_event e JOIN proposals_proposal p ON p.id = {subject_e}
    JOIN audit_payload content ON content.event_id = e.id
    CROSS JOIN LATERAL (
        SELECT s.at, old.fields ->> 'state' AS state,
               audit_fits(s.payload_digest, old.salt, old.fields) AS fits
        FROM audit_event s JOIN audit_payload old ON old.event_id = s.id
        WHERE s.subject_kind = 'proposal' AND s.subject_id = e.subject_id
          AND s.kind = 'proposal.settled' AND (s.at, s.id) < (e.at, e.id) AND {attested_s}
        ORDER BY s.at DESC, s.id DESC LIMIT 1
    ) case_
    {ruled_e}
    WHERE {window_e} AND e.kind = 'proposal.settled'
      AND content.fields ->> 'state' <> 'needs_person' AND case_.state = 'needs_person'
      AND {fits_e} AND case_.fits
"""
# An outcome that was not proven for a while is proven now; ms: since doubt began, a month at most
PROVEN = """
    SELECT f.at, f.id, 'recovered' AS fact, 'unknown' AS what,
           coalesce(x.agent_id::text, '') AS agent, '' AS version, x.action, '' AS extra,
           extract(epoch FROM f.at - doubt.at) * 1000 AS ms, 0::bigint AS total, x.id AS subject,
           f.actor AS who
    FROM (
        SELECT e.subject_id, min(e.at) AS at FROM audit_event e
        WHERE e.workspace_id = %(workspace)s AND e.kind = 'execution.unknown' AND {attested_e}
          AND e.at >= %(since)s::timestamptz - interval '30 days' AND e.at < %(until)s
        GROUP BY e.subject_id
    ) doubt
    JOIN gateway_execution x ON x.id = doubt.subject_id::uuid
    CROSS JOIN LATERAL (
        SELECT done.at, done.id, done.actor,
               CASE WHEN content.event_id IS NULL THEN NULL
                    WHEN audit_fits(done.payload_digest, content.salt, content.fields)
                    THEN content.fields ->> 'outcome' ELSE 'needs_person' END AS outcome
        FROM audit_event done LEFT JOIN audit_payload content ON content.event_id = done.id
        WHERE done.subject_kind = 'execution' AND done.subject_id = doubt.subject_id
          AND done.kind = 'execution.finished' AND done.at >= doubt.at AND {attested_done}
        ORDER BY done.at, done.id LIMIT 1
    ) f
    WHERE f.at >= %(since)s AND f.at < %(until)s AND f.outcome IS DISTINCT FROM 'needs_person'
"""
# what: unknown (doubt began, once an execution) | breaker (opened); extra: the connector
BROKEN = """
    SELECT e.at, e.id, 'broken' AS fact,
           CASE e.kind WHEN 'breaker.opened' THEN 'breaker' ELSE 'unknown' END AS what,
           coalesce(x.agent_id::text, '') AS agent, '' AS version, coalesce(x.action, '') AS action,
           coalesce(x.connector_id::text, e.subject_id) AS extra,
           NULL::numeric AS ms, 0::bigint AS total, coalesce(x.id, {subject_e}) AS subject,
           e.actor AS who
    FROM audit_event e
    LEFT JOIN gateway_execution x ON e.kind = 'execution.unknown' AND x.id = {subject_e}
    WHERE {window_e} AND e.kind IN ('execution.unknown', 'breaker.opened')
      AND (e.kind = 'breaker.opened' OR NOT EXISTS (
        SELECT FROM audit_event earlier
        WHERE earlier.subject_kind = 'execution' AND earlier.subject_id = e.subject_id
          AND earlier.kind = 'execution.unknown' AND (earlier.at, earlier.id) < (e.at, e.id)
          AND {attested_earlier}))
"""
# A breaker closed; extra: its connector, ms: since it opened
CLOSED = """
    SELECT e.at, e.id, 'recovered' AS fact, 'breaker' AS what, '' AS agent, '' AS version,
           '' AS action, e.subject_id AS extra, extract(epoch FROM e.at - opened.at) * 1000 AS ms,
           0::bigint AS total, {subject_e} AS subject, e.actor AS who
    FROM audit_event e
    CROSS JOIN LATERAL (
        SELECT max(o.at) AS at FROM audit_event o
        WHERE o.subject_kind = e.subject_kind AND o.subject_id = e.subject_id
          AND o.kind = 'breaker.opened' AND o.at <= e.at AND {attested_o}
    ) opened
    WHERE {window_e} AND e.kind = 'breaker.closed' AND opened.at IS NOT NULL
"""
# A run of an agent could not go on; subject: the run
RUN_FAILED = """
    SELECT e.at, e.id, 'broken' AS fact, 'run' AS what, run.agent_id::text AS agent,
           '' AS version, '' AS action, '' AS extra, NULL::numeric AS ms, 0::bigint AS total,
           run.id AS subject, e.actor AS who
    FROM audit_event e JOIN agents_run run ON run.id = {subject_e}
    WHERE {window_e} AND e.kind = 'run.failed'
"""
# A run that had failed was tried again and came to its end; ms: since it failed the last time
RUN_MENDED = """
    SELECT e.at, e.id, 'recovered' AS fact, 'run' AS what, run.agent_id::text AS agent,
           '' AS version, '' AS action, '' AS extra,
           extract(epoch FROM e.at - failed.at) * 1000 AS ms, 0::bigint AS total,
           run.id AS subject, e.actor AS who
    FROM audit_event e JOIN agents_run run ON run.id = {subject_e}
    CROSS JOIN LATERAL (
        SELECT max(f.at) AS at FROM audit_event f
        WHERE f.subject_kind = 'run' AND f.subject_id = e.subject_id
          AND f.kind = 'run.failed' AND f.at <= e.at AND {attested_f}
    ) failed
    WHERE {window_e} AND e.kind IN ('run.finished', 'run.escalated') AND failed.at IS NOT NULL
"""
# what: how the call ended; extra: tier and model; three facts a call: call (total: 10⁻⁸ dollars),
# tokens_in and tokens_out (total: tokens)
CALLED = """
    SELECT k.at, k.id, sort.fact, k.outcome AS what, coalesce(run.agent_id::text, '') AS agent,
           '' AS version, '' AS action, k.tier || '|' || k.model AS extra,
           sort.ms, sort.total, k.run_id AS subject, k.purpose AS who
    FROM inference_call k LEFT JOIN agents_run run ON run.id = k.run_id
    CROSS JOIN LATERAL (VALUES
        ('call', CASE WHEN k.outcome = 'ok' THEN k.latency_ms END, (k.cost * 100000000)::bigint),
        ('tokens_in', NULL, k.input_tokens::bigint),
        ('tokens_out', NULL, k.output_tokens::bigint)
    ) sort (fact, ms, total)
    WHERE {window_k} AND k.outcome <> 'started'
"""
# What an agent planned; what: cases (total: proposals planned), found (total: how many of
# them rest on something the memory knew)
RECALLED = """
    SELECT e.at, e.id, 'recalled' AS fact, sort.what, coalesce(run.agent_id::text, '') AS agent,
           '' AS version, '' AS action, '' AS extra, NULL::numeric AS ms, sort.total,
           run.id AS subject, e.actor AS who
    FROM audit_event e
    JOIN audit_payload content ON content.event_id = e.id
    JOIN agents_run run ON run.id = {subject_e}
    CROSS JOIN LATERAL (VALUES
        ('cases', (content.fields ->> 'cases')::bigint),
        ('found', (content.fields ->> 'recalled')::bigint)
    ) sort (what, total)
    WHERE {window_e} AND e.kind = 'run.stepped' AND content.fields ? 'recalled'
      AND content.fields ->> 'cases' <> '0' AND {fits_e}
"""
# An event figures are made of whose content is not what was recorded, or recorded in somebody's
# name without their session: it is in none of them. what: the kind of event, or unattested
ALTERED = """
    SELECT e.at, e.id, 'altered' AS fact, e.kind AS what, coalesce(run.agent_id::text, '') AS agent,
           '' AS version, '' AS action, '' AS extra, NULL::numeric AS ms, 0::bigint AS total,
           {subject_e} AS subject, e.actor AS who
    FROM audit_event e
    JOIN audit_payload content ON content.event_id = e.id
    LEFT JOIN agents_run run ON run.id = e.run_id
    WHERE {window_e} AND e.kind = 'KIND' AND NOT {fits_e}
"""
UNATTESTED = """
    SELECT e.at, e.id, 'altered' AS fact, 'unattested' AS what, '' AS agent, '' AS version,
           '' AS action, '' AS extra, NULL::numeric AS ms, 0::bigint AS total,
           NULL::uuid AS subject, e.actor AS who
    FROM audit_event e
    WHERE {any_e} AND e.kind IN (KINDS) AND {unattested_e}
"""
SUBMITTED = """
    SELECT p.created_at AS at, p.id, 'submitted' AS fact, '' AS what, {of_proposal}, '' AS extra,
           NULL::numeric AS ms, 0::bigint AS total, p.id AS subject, p.submitted_by AS who
    FROM proposals_proposal p
    {ruled_p}
    WHERE p.workspace_id = %(workspace)s
      AND p.created_at >= %(since)s AND p.created_at < %(until)s
"""
INDEXED = (  # kinds of event that share an index by their time
    "'proposal.approved', 'proposal.denied', 'proposal.rejected', 'proposal.expired'",
    "'proposal.settled'",
    "'execution.unknown', 'breaker.opened', 'breaker.closed'",
    "'run.stepped'",
)
TEMPLATES: dict[str, tuple[str, ...]] = {
    "submitted": (SUBMITTED,),
    "decided": (DECIDED,),
    "first_verdict": (FIRST_VERDICT,),
    "held_verdict": (HELD_VERDICT,),
    "settled": (SETTLED,),
    "broken": (f"{BROKEN} UNION ALL {RUN_FAILED}",),
    "recovered": (RESOLVED, PROVEN, f"{CLOSED} UNION ALL {RUN_MENDED}"),
    "call": (CALLED,),
    "recalled": (RECALLED,),
    "altered": (
        " UNION ALL ".join(
            [ALTERED.replace("KIND", kind) for kind in ("proposal.settled", "run.stepped")]
            + [UNATTESTED.replace("KINDS", kinds) for kinds in INDEXED]
        ),
    ),
}
# fact -> the statements that find it
SOURCES = {
    fact: tuple(template.format(**PARTS) for template in templates)
    for fact, templates in TEMPLATES.items()
}
