"""What waits for a person and what becomes of it: from submission to effect and undo.

Public: `models`, `operations`, `queries`, `reading`, `text`, `batch_rules`, `blind`, `changes`,
`deadlines`, `effects`, `evidence`, `impact`, `judged`, `refusals`, `erasure`.

`reading` is how people find and compare proposals, `text` what works on their words, `blind` what
is kept from who still votes.
"""
