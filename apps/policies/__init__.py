"""What is allowed: rules with limits and caps over time, versions, recorded decisions.

Public: `models`, `operations`, `queries`, `cel`, `comparisons`, `facts`, `publishing`, `series`,
`thresholds`, `window_facts`, `windows`, `erasure`.

`facts` are what rules see, `cel` how they are read, `windows` what is counted over time,
`publishing` how a change comes into force, `thresholds` limits as numbers in a form.
"""
