"""Whether an event's content is what was recorded, asked in the database: for figures, which add
up more events than can be read one by one.

`audit_canonical` writes JSON as RFC 8785 has it, as `apps.audit.content` does for single events. It
takes the digits of a number as they were given: those of what we record are the fewest there are.
"""

from django.db import migrations

FITS = r"""
CREATE FUNCTION audit_canonical(value jsonb) RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    written text;
    number numeric;
    digits text;
    exponent integer;
BEGIN
    CASE jsonb_typeof(value)
    WHEN 'object' THEN
        SELECT '{' || coalesce(string_agg(one, ',' ORDER BY key COLLATE "C"), '') || '}'
        INTO written
        FROM (
            SELECT key, to_json(key)::text || ':' || CASE
                WHEN jsonb_typeof(inner_value) IN ('string', 'boolean', 'null')
                    OR inner_value::text ~ '^-?[0-9]{1,15}$' THEN inner_value::text
                ELSE audit_canonical(inner_value) END AS one
            FROM jsonb_each(value) AS pair(key, inner_value)
        ) pairs;
    WHEN 'array' THEN
        SELECT '[' || coalesce(string_agg(one, ',' ORDER BY at), '') || ']'
        INTO written
        FROM (
            SELECT audit_canonical(inner_value) AS one, at
            FROM jsonb_array_elements(value) WITH ORDINALITY AS item(inner_value, at)
        ) items;
    WHEN 'number' THEN
        number := (value #>> '{}')::numeric;
        written := trim_scale(number)::text;
        IF abs(number) >= 1e21 OR (number <> 0 AND abs(number) < 0.000001) THEN
            digits := trim(both '0' from translate(written, '-.', ''));
            exponent := CASE WHEN abs(number) >= 1 THEN length(trunc(abs(number))::text) - 1
                        ELSE length(ltrim(split_part(written, '.', 2), '0')) - scale(trim_scale(number)) - 1 END;
            written := CASE WHEN number < 0 THEN '-' ELSE '' END || left(digits, 1)
                || CASE WHEN length(digits) > 1 THEN '.' || substr(digits, 2) ELSE '' END
                || 'e' || CASE WHEN exponent > 0 THEN '+' ELSE '' END || exponent;
        END IF;
    ELSE
        written := value::text;
    END CASE;
    RETURN written;
END $$;

CREATE FUNCTION audit_fits(recorded bytea, salt bytea, fields jsonb) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce(
        jsonb_typeof(fields) = 'object'
        AND sha256(salt || convert_to(audit_canonical(fields), 'UTF8')) = recorded, false)
$$;
"""
UNFIT = """
DROP FUNCTION audit_fits(bytea, bytea, jsonb);
DROP FUNCTION audit_canonical(jsonb);
"""


class Migration(migrations.Migration):
    dependencies = [("audit", "0013_invitation_kinds")]

    operations = [migrations.RunSQL(FITS, UNFIT)]
