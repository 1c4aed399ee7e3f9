"""Money: a decimal in a currency, with exactly that currency's digits. Pure; owns no table.

`currency` knows how many decimals there are, `typed` reads what people type, `display` writes
amounts for a reader.
"""
