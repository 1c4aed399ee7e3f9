"""The read side: figures, tallies and how things stand, for dashboards and first steps.

Public: `connectors`, `counting`, `demo`, `executions`, `facts`, `figures`, `histogram`, `names`,
`queries`, `reading`, `rules`, `setup`, `spans`, `standing`, `stops`, `stuck`, `tally`.

Nothing here changes what happens; each module answers one question of a page.
"""
