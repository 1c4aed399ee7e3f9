"""Order numbers in a text: what is said to be one, and nothing that only looks like it. Pure."""

import re

WORD = (
    r"(?:order|bestellung|bestellnummer|bestell-?nr|auftrag|auftragsnummer|commande|pedido|"
    r"ordine|bestelling|bestelnummer|bestel-?nr|ordernummer)"
)
SAID = (
    r"(?:number|numero|número|numéro|nummer|nr|nro|num|núm|no|n°|nº|№|n|id|code|nummern|nos?|"
    r"mit der|with the|mit|with|met|con|avec|le|der|the|is|ist|est|es|è)"
)
# `order #1042`, `Bestellung Nr. 1042`, `commande n° 1042`, `order “1042”`, `#1042`
PLAIN = (
    rf"(?:(?<!\w){WORD}s?(?:[\s,:.]*{SAID}(?!\w)|[\s]*[n#][°º.]?){{0,3}}[\s:.]*[#:(\[<*\"'“„«]?\s*"
    rf"|(?<![\w&/#])#\s?)"
)
# `no. 1042`, of whatever
BARE = r"(?<!\w)(?:nr|no|n|num|número|numero|numéro|nummer|number)[.°º]*\s*[:#]?\s*"
NUMBER = re.compile(rf"(?:{PLAIN}|{BARE})(\d{{3,12}})(?!\w)", re.IGNORECASE)
FURTHER = re.compile(r"\s*(?:,|;|/|&|\+|\b(?:and|und|et|y|e|en|or|oder|ou|o|of)\b)\s*"
                     r"(?:#|nr\.?|no\.?|n°)?\s*(\d{3,12})(?!\w)", re.IGNORECASE)  # fmt: skip
MONTH = (
    r"(?:jan|feb|mar|mär|apr|may|mai|jun|jul|aug|sep|okt|oct|nov|dec|dez|janv|févr|mars|avr|juin|"
    r"juil|août|déc|ene|abr|ago|dic|gen|mag|giu|lug|set|ott|mrt|mei)[a-zäéûôü]*\.?"
)
# A figure as people write it: 1042, 1.299,00, 1 299
FIGURE = r"(?>\d{1,3}(?:[.,' \xa0\u202f]\d{3}){1,4}(?!\d)|\d+)(?:[.,]\d+)?"
# What holds digits and is no order number; left out before one is looked for. A mail may be long
# and full of digits: whatever repeats here is bounded or never given back.
OTHER = [
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"(?<![\w])\d{4}[-/.]\d{1,2}[-/.]\d{1,2}(?:[t ]\d{1,2}:\d{2}\S*)?(?!\w)",  # 2026-11-20
        r"(?<![\w])\d{1,2}[-/.]\s?\d{1,2}[-/.]\s?\d{2,4}(?!\w)",  # 20.11.2026, 11/20/2026
        rf"(?<!\w)(?:\d{{1,2}}(?:st|nd|rd|th|er|º|°|\.)?\s*(?:of |de |di |des )?)?{MONTH}"
        rf"(?:\s+\d{{1,2}}(?:st|nd|rd|th)?)?,?\s+(?:de |del )?\d{{4}}(?!\w)",  # 20 November 2026
        r"(?<!\w)(?:in|im jahr|im|since|seit|from|en|depuis|desde|nel|dal|sinds|year|of|von|vom|de)"
        r"\s+(?:19|20)\d\d(?![\w-])",  # since 2026
        rf"(?:[€$£¥]|(?<!\w)(?:eur|usd|gbp|chf|euro))\s{{0,3}}{FIGURE}",  # EUR 1,200
        rf"(?<![\w#]){FIGURE}[ \xa0\u202f]?"  # 100 %, 3 pieces
        r"(?:[€$£¥%]|(?:eur|usd|gbp|chf|euros?|dollars?|pounds?|percent|"
        r"prozent|kg|g|cm|mm|km|ml|l|watt|w|v|mah|gb|days?|tage[n]?|jours?|días?|giorni|dagen|hours?|stunden|"
        r"heures?|uhr|pieces?|stück|stuks|times|mal)(?![\w'’]))",
        r"(?<!\w)(?:\d{1,3}(?:[.,']\d{3}){0,4}[.,]\d{1,2}|\d{4,}[.,]\d\d)(?!\w)",  # 1.299,00
        r"(?:\+|(?<!\w)00)\d[\d\s()/.-]{6,30}\d",  # +49 171 2345678
        r"(?<!\w)\(?0\d{1,4}\)?(?:[\s/.-]+\d{2,}){1,5}(?!\w)",  # 0171 2345678
        r"(?<!\w)\d{2,4}(?:[\s.-]\d{2,4}){2,}(?!\w)",  # 612 345 678
        r"(?<!\w)(?:tel|phone|telephone|telefon|téléphone|tél|teléfono|telefono|telefoon|mobile?|"
        r"mobil|handy|fax|call me|portable|móvil|cellulare)(?:s|nummer|number|nr)?(?!\w)"
        rf"[\s.:]*+(?:(?!{WORD})\w++[\s.:]++){{0,2}}\+?\d[\d\s()/.-]{{2,}}\d",
        r"(?<!\w)(?:tracking|sendungs|track|suivi|seguimiento|tracciamento|parcel|paket|colis|"
        r"shipment|invoice|rechnung\w*|facture|factura|fattura|factuur|voucher|gutschein\w*|customer|kunden\w*|"
        r"client|cliente|klant\w*|article|artikel\w*|item|product|model|modell|ref|sku)[- ]?"
        r"(?:id|code|number|nummer|nr|no|n°|numéro|número|numero)?[\s.:#]*(?:is |ist |est |es |è )?"
        r"[a-z]{0,4}\d[\d\s-]{2,}\d(?!\w)",
    )
]
# `10115 Berlin`, but not `order 1042 Mug broken`: what is plainly an order's is no place's
POSTCODE = re.compile(
    rf"(?P<plain>{PLAIN}\d{{3,12}}(?!\w))"
    r"|(?<!\w)(?:[a-z]{1,4}-?)?\d{4,5}[ \xa0]?(?:[A-Z]{2}[ \xa0])?"
    r"(?=(?-i:[A-ZÄÖÜÉ][a-zäöüßéèñ]{2,}))",
    re.IGNORECASE,
)


def order_numbers(text: str) -> list[str]:
    """Every number the text calls one of an order, in order, each once; ASCII digits only.

    Dates, years, telephone numbers, amounts, postcodes, invoices and tracking codes are none, not
    even behind the word: “my order 2026-11-20”.
    """
    kept = text
    for pattern in OTHER:
        kept = pattern.sub(" ¤ ", kept)
    kept = POSTCODE.sub(lambda match: match["plain"] or " ¤ ", kept)
    found: list[str] = []
    for match in NUMBER.finditer(kept):
        found.append(match.group(1))
        place = match.end()
        while more := FURTHER.match(kept, place):
            found.append(more.group(1))
            place = more.end()
    return list(dict.fromkeys("".join(str(int(digit)) for digit in number) for number in found))


def doubtful(number: str) -> bool:
    """Whether a number could as well be a year, a postcode or a telephone number."""
    compact = r"(?:19|20)\d\d(?:(?:0[1-9]|1[0-2])(?:[0-2]\d|3[01]))?"  # 2026, 20261120
    return len(number) > 8 or number.startswith("0") or bool(re.fullmatch(compact, number))
