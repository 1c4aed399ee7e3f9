"""What happened: the log, its numbers, and the doorbell that wakes workers.

Public: `models`, `operations`, `queries`, `event`, `events`, `kinds`, `acting`, `bell`,
`failpoints`, `health`, `heartbeat`, `tasks`.

`events` are what can be recorded, `acting` says in whose session, `bell` wakes tasks, `failpoints`
are where tests break off, `heartbeat` and `health` tell which parts live.
"""
