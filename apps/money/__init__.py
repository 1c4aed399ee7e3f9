"""Money: a decimal in a currency, with exactly that currency's digits. Pure; owns no table.

Public: `currency`, `typed`, `display`, `received`.

`currency` knows how many decimals there are, `typed` reads what people type, `received`
reads what programs send, `display` writes amounts for a reader.
"""
