"""The SQL of decisions and of what they count, written out: the ORM compiles each query anew."""

# Rows go as one JSON text each: the driver takes long over an array of long texts.
LOCK = """
    INSERT INTO policies_tally AS tally (workspace_id, scope, key, running, sums, approved)
    SELECT %s, wanted.scope, wanted.key, '{}', '{}', '{}'
    FROM jsonb_to_recordset(%s::jsonb) AS wanted (scope text, key text)
    ORDER BY wanted.scope COLLATE "C", wanted.key COLLATE "C"
    ON CONFLICT (workspace_id, scope, key) DO UPDATE SET scope = tally.scope
    RETURNING tally.scope, tally.key,
        CASE WHEN tally.running @> (%s::jsonb -> tally.scope) THEN NULL ELSE tally.sums END,
        tally.running, tally.approved
"""
READ = """
    SELECT tally.scope, tally.key, tally.sums, tally.running, tally.approved
    FROM policies_tally tally
    JOIN jsonb_to_recordset(%s::jsonb) AS wanted (scope text, key text) USING (scope, key)
    WHERE tally.workspace_id = %s
"""
WRITE = """
    UPDATE policies_tally tally SET running = new.running, approved = new.approved,
        sums = CASE WHEN new.moved IS NULL THEN tally.sums
                    ELSE (tally.sums || new.moved) - new.over END
    FROM jsonb_to_recordset(%s::jsonb)
        AS new (scope text, key text, running jsonb, moved jsonb, over text[], approved jsonb)
    WHERE tally.workspace_id = %s AND tally.scope = new.scope AND tally.key = new.key
"""
DECISIONS = """
    INSERT INTO policies_decision (id, workspace_id, subject_id, version_id, basis, outcome, rule,
        reason, reviewers, fired, facts, at)
    SELECT new.id, %s, new.subject_id, new.version_id, new.basis, new.outcome, new.rule,
        new.reason, new.reviewers, new.fired, new.facts, %s
    FROM jsonb_to_recordset(%s::jsonb) AS new (id uuid, subject_id uuid, version_id uuid,
        basis text, outcome text, rule text, reason text, reviewers smallint, fired jsonb,
        facts jsonb)
"""
WITH_PLACES = f"""
    WITH written AS ({WRITE}), placed AS (
        INSERT INTO policies_place (subject_id, workspace_id, standing, by_person, counted, at)
        SELECT new.subject_id, %s, new.standing, FALSE, new.counted, %s
        FROM jsonb_to_recordset(%s::jsonb) AS new (subject_id uuid, standing text, counted jsonb)
        ON CONFLICT (subject_id) DO UPDATE SET standing = EXCLUDED.standing, by_person = FALSE,
            counted = EXCLUDED.counted, earlier = NULL, at = EXCLUDED.at
    )
    {DECISIONS}
"""  # noqa: S608  (statements of our own)
RESERVE = """
    UPDATE policies_place SET standing = 'held', by_person = TRUE, at = %s
    WHERE subject_id = ANY(%s) AND standing = 'waiting'
    RETURNING workspace_id, counted
"""
