"""How the published figures come about, for whoever reads them. Nothing here is secret."""

from typing import NamedTuple


class Note(NamedTuple):
    """One note, in both languages."""

    id: str
    zh: str
    en: str


NOTES = (
    Note(
        "source",
        "数据来自平台上实际发生的业务事件：下单、确认、收货、验收、应付与付款；不推算未加入平台的企业。",
        "Figures come from what happened on the platform: orders, promises, receipts, acceptance,"
        " debts and payments. Firms that are not on it are not estimated.",
    ),
    Note(
        "place",
        "地区为供应商所在省（GB/T 2260），行业为其大类（GB/T 4754-2017），以签约时所报为准；"
        "未填报的归入 000000 与 00。",
        "The region is the supplier's province (GB/T 2260) and the industry its division"
        " (GB/T 4754-2017), as stated when it signed; 000000 and 00 hold what was not stated.",
    ),
    Note(
        "active_suppliers",
        "活跃供应商：当月有下单、收货或付款的供应商户数，按 5 户取整。",
        "Active suppliers: those with an order, a receipt or a payment in the month; in steps of"
        " 5.",
    ),
    Note(
        "ordered_amount",
        "订货金额：当月所下订单金额，撤销不扣减，仅计人民币，按千元取整。",
        "Ordered amount: orders placed in the month, cancellations not deducted; in CNY, in steps"
        " of 1,000.",
    ),
    Note(
        "on_time_in_full",
        "按时足量率：承诺日（最后一次双方同意的日期）在当月的交货行中，承诺日当天或之前足量到货的占比；"
        "被拒收的数量不算到货。",
        "On time in full: of the schedule lines whose promised day, as agreed on last, lies in the"
        " month, the share of which all had been delivered by then; what was rejected was not.",
    ),
    Note(
        "payment_days",
        "付款天数：当月各笔付款从交货日到付款日的平均天数（自然日，每笔等权）。",
        "Payment days: the mean of calendar days from delivery to payment of all that was paid in"
        " the month, each debt's part counting once.",
    ),
    Note(
        "within_legal_term",
        "法定期限内付清率：法定最迟付款日在当月的应付金额中，到该日已付的占比（《保障中小企业款项支付条例》"
        "第九条）；无法定日期的款项不计。",
        "Within the legal term: of the amounts whose latest legal day lies in the month, the share"
        " paid by that day (Decree 802, Art. 9). What has no legal day does not count.",
    ),
    Note(
        "overdue_amount",
        "逾期金额：月末已过约定或法定付款日（取早者）而未付的金额，按千元取整；历史导入的款项不计。",
        "Overdue amount: unpaid at the month's end past the agreed or the legal day, whichever is"
        " earlier, in steps of 1,000; imported history does not count.",
    ),
    Note(
        "protection",
        "每一数字至少涉及三个企业集团，且任何一家（包括知道自己数字的核心企业）都不能据已公布的全部内容较准地"
        "推算另一家；否则不公布，并连带隐去其他数字。公布前以线性规划逐项核验，核验不过则整期不公布。"
        "不公布的格子不说明原因，因为原因本身会泄露信息。",
        "Every figure has at least three enterprise groups in it, and nobody, core firms with their"
        " own figures included, can estimate another's closely from all that was published. Else it"
        " is withheld, and others with it. Linear programs prove this before each release; a"
        " release that fails is not published. No reason is given for a cell that is withheld,"
        " since the reason would give something away.",
    ),
    Note(
        "immutable",
        "每月公布一次，公布后不再更改；所载为公布时所知，以后的更正不回改已公布月份。"
        "每次公布附 SHA-256，可与下载的 JSON 文件核对。",
        "Each month is published once and never changed: as it was known then. Later corrections"
        " change no published month. The SHA-256 is that of the JSON file that can be downloaded.",
    ),
    Note(
        "looks",
        "每次查看与下载都有记录；数字在合计之中的企业可以看到谁看过。",
        "Every look and download is logged; firms whose figures are in the sums see who looked.",
    ),
)
