"""A workspace's past by the hundred thousand: finished proposals with all that belongs to them.

Written by PostgreSQL itself, as the product would have left it: runs with steps and model calls,
decisions, votes, executions, and the log's entries. Only sizes and shares are chosen here.
"""

from datetime import datetime
from uuid import UUID

from django.db import connection

from apps.accounts.models import User, Workspace
from apps.agents.models import Agent
from apps.gateway.models import Connector
from apps.policies.models import Version

DAYS = 365  # over which the past is spread evenly
A_RUN = 20  # proposals of one run

# One line per proposal of the past, with the ids of what belongs to it.
PLAN = """
CREATE TEMP TABLE past ON COMMIT DROP AS
SELECT n, uuidv7(moment - now()) AS proposal, uuidv7(moment - now()) AS change,
       uuidv7(moment - now()) AS decision, uuidv7(moment - now()) AS execution,
       uuidv7(moment - now()) AS submitted, uuidv7(moment - now()) AS decided,
       uuidv7(moment - now()) AS settled,
       md5(n::text) AS binding, moment AS made,
       moment + make_interval(secs => 60 + n %% 7200) AS judged,
       moment + make_interval(secs => 90 + n %% 7200) AS ended,
       CASE WHEN n %% 100 < 60 THEN 'policy' WHEN n %% 100 < 80 THEN 'approved'
            WHEN n %% 100 < 88 THEN 'rejected' WHEN n %% 100 < 92 THEN 'denied'
            WHEN n %% 100 < 96 THEN 'expired' ELSE 'failed' END AS fate,
       (ARRAY['low', 'medium', 'high'])[1 + n %% 3] AS risk, n / {a_run} AS run_number
FROM (SELECT n, %(now)s::timestamptz - make_interval(secs => {seconds} * (n + 0.5) / %(count)s)
             AS moment
      FROM generate_series(%(start)s::int, %(start)s::int + %(count)s::int - 1) AS g(n)) AS line;
CREATE TEMP TABLE past_run ON COMMIT DROP AS
SELECT run_number, uuidv7(min(made) - now()) AS run, min(made) AS made, max(ended) AS ended
FROM past GROUP BY run_number;
"""

RUNS = """
INSERT INTO agents_run (id, workspace_id, agent_id, trigger, started_by, on_behalf_of, state, stage,
                        priority, not_before, worker, attempts, deaths, started_at, finished_at,
                        summary, error)
SELECT run, %(workspace)s, %(agent)s, 'schedule', 'clock', '', 'done', 'learn', 5, made, '', 0, 0,
       made, ended, 'All is settled.', '' FROM past_run;
INSERT INTO inference_call (id, workspace_id, run_id, tier, provider, model, purpose, outcome, error,
                            input_tokens, output_tokens, cost, estimated, latency_ms, prompt_digest,
                            at, overdue_at, reserved, budgets)
SELECT uuidv7(made - now()), %(workspace)s, run, 'small', 'openai', 'model-a', 'plan repricing',
       'ok', '', 900, 120, 0.0004, false, 300 + run_number %% 900, '', made, made, 0, '{}'
FROM past_run;
"""

PROPOSALS = """
INSERT INTO policies_decision (id, workspace_id, subject_id, version_id, basis, outcome, rule, reason,
                               reviewers, fired, facts, at)
SELECT decision, %(workspace)s, change, %(version)s, 'basis',
       CASE fate WHEN 'policy' THEN 'allow' WHEN 'denied' THEN 'deny' ELSE 'review' END,
       'by amount', 'As the amount says.', CASE WHEN fate IN ('policy', 'denied') THEN 0 ELSE 1 END,
       '[]', jsonb_build_object('action', 'set_price', 'amount', n %% 90), made FROM past;
INSERT INTO proposals_proposal (id, workspace_id, run_id, agent_id, agent, playbook, trigger,
    submitted_by, on_behalf_of, title, rationale, evidence, "case", subject, confidence, cost, risk,
    amount, currency, priority, state, revision, binding, reviewers, returned, unwinding, created_at,
    due_at, expires_at, settled_at, wakes_on_change, alike, crowd, pressure)
SELECT proposal, %(workspace)s, run, %(agent)s, 'Repricer', 'repricing', 'schedule',
       'agent:' || %(agent)s, '', 'Price of SKU-' || n %% 5000, 'A competitor is cheaper.',
       '[{"kind": "competitor", "title": "Rival", "detail": {"price": "9.50"}}]', '{}',
       'sku:SKU-' || n %% 5000, 0.9, 0.0004, risk, n %% 90 + 0.99, 'EUR', 5,
       CASE fate WHEN 'policy' THEN 'done' WHEN 'approved' THEN 'done' ELSE fate END, 1, binding,
       CASE WHEN fate IN ('policy', 'denied') THEN 0 ELSE 1 END, '[]', false, past.made,
       past.made + interval '36 hours', past.made + interval '72 hours', past.ended, false, '', 0, '[]'
FROM past JOIN past_run USING (run_number);
INSERT INTO proposals_change (id, workspace_id, proposal_id, position, connector_id, action, params,
    proposed, target, before, after, decision_id, binding, is_open, sources)
SELECT change, %(workspace)s, proposal, 0, %(connector)s, 'set_price', params, params,
       'variant:v' || n %% 5000, '{"prices": {"EUR": "12.00"}, "cost": "5.00"}',
       jsonb_build_object('prices', jsonb_build_object('EUR', (n %% 90 + 0.99)::text)), decision,
       binding, false, '[]'
FROM (SELECT *, jsonb_build_object('product_id', 'p', 'variant_id', 'v' || n %% 5000, 'currency',
      'EUR', 'amount', (n %% 90 + 0.99)::text) AS params FROM past) AS line;
INSERT INTO proposals_review (id, workspace_id, proposal_id, reviewer_id, verdict, binding, reason,
    edited, via, at, alone, key, key_allowed_by)
SELECT uuidv7(judged - now()), %(workspace)s, proposal, %(reviewer)s,
       CASE fate WHEN 'rejected' THEN 'reject' ELSE 'approve' END, binding,
       CASE fate WHEN 'rejected' THEN 'The amount is wrong' ELSE '' END, '[]', 'console', judged,
       '', '', ''
FROM past WHERE fate IN ('approved', 'rejected', 'failed');
INSERT INTO gateway_execution (id, workspace_id, connector_id, subject_id, run_id, agent_id, binding,
    key, action, params, target, snapshot, priority, state, not_before, worker, attempts, deliveries,
    progress, reference, receipt, error, created_at, finished_at, reported)
SELECT execution, %(workspace)s, %(connector)s, change, run, %(agent)s, binding, 'past-' || n,
       'set_price', '{}', 'variant:v' || n %% 5000, '{}', 5,
       CASE fate WHEN 'failed' THEN 'refused' ELSE 'done' END, past.judged, 'w', 1, 1, '[]',
       'r' || n, '{"reference": "r", "after": {}}', '', past.judged, past.ended, true
FROM past JOIN past_run USING (run_number) WHERE fate IN ('policy', 'approved', 'failed');
"""

LOG = """
INSERT INTO audit_event (id, kind, at, workspace_id, actor, subject_kind, subject_id, run_id,
                         payload_digest)
SELECT submitted, 'proposal.submitted', past.made, %(workspace)s, 'agent:' || %(agent)s, 'proposal',
       proposal::text, run, sha256('{"state":"approved","title":"A price"}') FROM past JOIN past_run USING (run_number)
UNION ALL
SELECT decided,
       'proposal.' || CASE WHEN fate IN ('rejected', 'denied', 'expired') THEN fate
                           ELSE 'approved' END, past.judged, %(workspace)s,
       CASE WHEN fate IN ('policy', 'denied') THEN 'policy' WHEN fate = 'expired' THEN 'clock'
            ELSE 'user:' || %(reviewer)s END, 'proposal', proposal::text, run, sha256('{"revision":1,"title":"A price"}')
FROM past JOIN past_run USING (run_number)
UNION ALL
SELECT settled, 'proposal.settled', past.ended, %(workspace)s, 'gateway', 'proposal',
       proposal::text, run, sha256('{"state":"done","title":"A price"}') FROM past JOIN past_run USING (run_number);
INSERT INTO audit_payload (event_id, salt, fields)
SELECT submitted, ''::bytea, '{"title": "A price", "state": "approved"}'::jsonb FROM past
UNION ALL
SELECT decided, ''::bytea, '{"title": "A price", "revision": 1}'::jsonb FROM past
UNION ALL
SELECT settled, ''::bytea, '{"title": "A price", "state": "done"}'::jsonb FROM past;
INSERT INTO audit_entry (index, event_id, workspace_id, run_id, kind)
SELECT last.index + row_number() OVER (ORDER BY number, kind), event, %(workspace)s, run, kind
FROM (SELECT n AS number, submitted AS event, run, 'proposal.submitted' AS kind
      FROM past JOIN past_run USING (run_number)
      UNION ALL
      SELECT n, decided, run, 'proposal.' || CASE WHEN fate IN ('rejected', 'denied', 'expired')
                                             THEN fate ELSE 'approved' END
      FROM past JOIN past_run USING (run_number)
      UNION ALL
      SELECT n, settled, run, 'proposal.settled' FROM past JOIN past_run USING (run_number)) AS one,
     (SELECT coalesce(max(index), 0) AS index FROM audit_entry) AS last;
UPDATE audit_cursor SET index = (SELECT max(index) FROM audit_entry);
"""


def write(
    *,
    workspace: Workspace,
    agent: Agent,
    connector: Connector,
    version: Version,
    reviewer: User,
    count: int,
    start: int,
    now: datetime,
) -> None:
    """Write `count` finished proposals numbered from `start`, spread over the last year.

    The caller's transaction holds it; several calls with other numbers add up.
    """
    given: dict[str, UUID | int | datetime] = {
        "workspace": workspace.pk,
        "agent": agent.pk,
        "connector": connector.pk,
        "version": version.pk,
        "reviewer": reviewer.pk,
        "count": count,
        "start": start,
        "now": now,
    }
    plan = PLAN.replace("{a_run}", str(A_RUN)).replace("{seconds}", str(DAYS * 86_400))
    with connection.cursor() as sql:
        for statements in (plan, RUNS, PROPOSALS, LOG):
            for statement in statements.split(";\n"):
                if statement.strip():
                    sql.execute(statement, given)
