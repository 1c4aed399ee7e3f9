"""What is carried out: the catalogue of actions, executions and their guards, connectors.

Public: `models`, `operations`, `queries`, `catalogue`, `connectors`, `configuration`, `onboarding`,
`records`, `resources`, `sources`, `errors`, `switches`, `health`, `outbound`, `mailing`,
`odd_rows`, `catalogue_size`, `amounts`, `email_address`, `retry_after`, `secret`, `erasure`.

`operations` act and are for `proposals` alone; `records` and `resources` are what is read,
`sources` from where; `switches` stop, `health` keeps breakers and rates, `outbound` and `mailing`
are the ways out.
"""
