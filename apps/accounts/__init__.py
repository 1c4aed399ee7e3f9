"""Who may do what: workspaces, people, API keys, authorities, invitations.

Public: `models`, `operations`, `queries`, `permissions`, `scope`, `idempotency`, `invitations`,
`outside`, `erasure`.

`permissions` says what a person may, `scope` narrows the admin to it, `outside` are agents that run
elsewhere, `idempotency` keeps answers for repeated requests.
"""
