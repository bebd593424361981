"""Units and currencies, as a reader of Chinese or of English says them."""

# UN/ECE Recommendation 20, as a procurement office says them.
UNITS = {
    "C62": ("件", "pc"),
    "EA": ("个", "ea"),
    "H87": ("件", "pc"),
    "PR": ("副", "pr"),
    "SET": ("套", "set"),
    "KGM": ("千克", "kg"),
    "GRM": ("克", "g"),
    "TNE": ("吨", "t"),
    "MTR": ("米", "m"),
    "MTK": ("平方米", "m²"),
    "MTQ": ("立方米", "m³"),
    "LTR": ("升", "l"),
    "HUR": ("小时", "h"),
    "DAY": ("天", "d"),
    "PK": ("包", "pk"),
    "BX": ("箱", "box"),
    "CT": ("箱", "ctn"),
    "RO": ("卷", "roll"),
    "ROL": ("卷", "roll"),
    "D97": ("托", "pallet"),
}
CURRENCIES = {"CNY": "元", "USD": "美元", "EUR": "欧元", "JPY": "日元", "HKD": "港元"}
