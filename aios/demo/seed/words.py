"""What the demo shop sells: kinds of articles and the lines they come in."""

from typing import NamedTuple


class Kind(NamedTuple):
    """A kind of article: code, name, lowest and highest price in EUR, options, a sentence."""

    code: str
    name: str
    low: int
    high: int
    options: tuple[str, ...]
    about: str


SHOE, WEAR, ONE = ("40", "42", "44"), ("S", "M", "L"), ("One size",)
COLOUR, SIZE = ("Slate", "Moss"), ("Small", "Large")

KINDS = (
    Kind("TRS", "Trail Shoe", 79, 149, SHOE, "Grips on wet roots and dries overnight."),
    Kind("HKB", "Hiking Boot", 119, 229, SHOE, "Full leather with a resoleable Vibram-type sole."),
    Kind("SND", "Trekking Sandal", 49, 99, SHOE, "Adjusts in three places and floats."),
    Kind("RNJ", "Rain Jacket", 99, 249, WEAR, "Three layers, sealed seams, packs into its pocket."),
    Kind("DWJ", "Down Jacket", 129, 289, WEAR, "Responsible down, warm to minus ten."),
    Kind("FLC", "Fleece Pullover", 49, 99, WEAR, "Recycled fleece that does not pill."),
    Kind("BSL", "Merino Base Layer", 45, 89, WEAR, "Soft 18.5 micron wool, no smell after days."),
    Kind("TRO", "Trekking Trousers", 59, 129, WEAR, "Zip-off legs, four-way stretch."),
    Kind("SHT", "Hiking Shirt", 39, 79, WEAR, "Sun protection UPF 50 and roll-up sleeves."),
    Kind("SOC", "Wool Sock", 12, 24, WEAR, "Padded heel and toe, knitted without seams."),
    Kind("GLV", "Liner Glove", 19, 45, WEAR, "Works on touch screens."),
    Kind("BNE", "Knitted Beanie", 15, 35, COLOUR, "Double-layered wool with a fleece band."),
    Kind("CAP", "Sun Cap", 19, 39, COLOUR, "Neck guard that folds away."),
    Kind("DPK", "Day Pack", 59, 119, COLOUR, "22 litres, ventilated back, rain cover included."),
    Kind("TPK", "Trekking Pack", 139, 259, COLOUR, "55 litres with an adjustable frame."),
    Kind("HIP", "Hip Bag", 25, 49, COLOUR, "Bottle holder and key clip."),
    Kind("TNT", "Two-Person Tent", 179, 399, ONE, "Stands in four minutes, 2.1 kg."),
    Kind("TRP", "Tarp", 49, 119, SIZE, "Ripstop with eight anchor points."),
    Kind("SLB", "Sleeping Bag", 99, 249, ("Regular", "Long"), "Comfort at 2 degrees."),
    Kind("MAT", "Sleeping Mat", 49, 159, ("Regular", "Wide"), "Self-inflating, R-value 3.6."),
    Kind("PLW", "Camp Pillow", 19, 39, ONE, "Inflates with four breaths."),
    Kind("HMK", "Hammock", 39, 89, COLOUR, "Carries 180 kg, tree straps included."),
    Kind("STV", "Gas Stove", 35, 89, ONE, "Boils half a litre in under three minutes."),
    Kind("POT", "Camp Cook Set", 39, 99, ONE, "Hard-anodised pots that nest with a stove."),
    Kind("MUG", "Enamel Mug", 9, 19, COLOUR, "Chips are part of its charm."),
    Kind("BTL", "Steel Bottle", 19, 39, SIZE, "Keeps tea hot for twelve hours."),
    Kind("FLT", "Water Filter", 29, 79, ONE, "Hollow fibre, 0.1 micron, 1,000 litres."),
    Kind("LMP", "Head Lamp", 25, 79, ONE, "400 lumens, charges by USB-C."),
    Kind("LTN", "Camp Lantern", 25, 59, ONE, "Warm light, dims without flicker."),
    Kind("KNF", "Pocket Knife", 25, 69, ONE, "Carbon steel blade with a beech handle."),
    Kind("AXE", "Camp Axe", 49, 99, ONE, "Hand-forged head, hickory handle."),
    Kind("POL", "Trekking Pole Pair", 49, 129, ONE, "Carbon, folds to 36 cm."),
    Kind("CMP", "Compass", 19, 49, ONE, "Mirror sight and declination scale."),
    Kind("AID", "First Aid Kit", 19, 49, ONE, "For four people and three days."),
    Kind("BLK", "Wool Blanket", 59, 139, COLOUR, "Woven from recycled wool."),
    Kind("CHR", "Folding Chair", 45, 99, COLOUR, "Holds 120 kg and weighs one."),
    Kind("TBL", "Camp Table", 59, 129, ONE, "Slatted top that rolls up."),
    Kind("GRL", "Fire Grill", 39, 89, ONE, "Steel grate with folding legs."),
    Kind("TWL", "Travel Towel", 15, 35, SIZE, "Dries in an hour on a branch."),
    Kind("DRY", "Dry Bag", 12, 35, SIZE, "Rolls shut, keeps out a river."),
)

# where the shop shows which kinds; what is named nowhere is in no category
CATEGORIES = (
    ("Footwear", ("TRS", "HKB", "SND")),
    ("Clothing", ("RNJ", "DWJ", "FLC", "BSL", "TRO", "SHT", "SOC", "GLV", "BNE", "CAP")),
    ("Packs", ("DPK", "TPK", "HIP", "DRY")),
    ("Shelter and sleep", ("TNT", "TRP", "SLB", "MAT", "PLW", "HMK", "BLK")),
    ("Camp kitchen", ("STV", "POT", "MUG", "BTL", "FLT", "GRL")),
    ("Tools and light", ("LMP", "LTN", "KNF", "AXE", "POL", "CMP")),
    ("Furniture", ("CHR", "TBL")),
)

# code and name of a line, and how much its articles cost of the kind's price span
LINES = (
    ("ALD", "Alder", 0.0),
    ("BRK", "Birken", 0.25),
    ("COR", "Corrie", 0.5),
    ("NOR", "Nordlys", 0.75),
    ("TAR", "Tarn", 1.0),
)
SUBTITLES = (
    "Made to be repaired",
    "For long days outside",
    "A quiet classic",
    "Light and plain",
    "Built for bad weather",
)
