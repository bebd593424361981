"""Whatever onboarding's pages and letters say, they say in Chinese too."""

import re
from pathlib import Path

from services.onboarding.api.join import pages
from services.onboarding.commands.letters import LETTERS
from services.onboarding.domain import agreement
from shared import uscc

ROOT = Path(agreement.__file__).parents[1]
FAULTS = re.findall(r'return "([^"]+)"', Path(uscc.__file__).read_text())


def test_every_message_is_translated() -> None:
    said = {part for letter in LETTERS for part in letter} | {uscc.INNER_WRONG}
    said |= {fault for fault in FAULTS if fault.endswith(".") or ":" in fault}
    for template in (ROOT / "templates").glob("*.html"):
        page = template.read_text()
        said |= set(re.findall(r'_\("([^"]+)"', page))
        blocks = re.findall(r"{% trans[^%]*%}(.*?){% endtrans %}", page)
        said |= {re.sub(r"{{ (\w+) }}", r"%(\1)s", block) for block in blocks}
    assert len(said) > 20
    assert not {message for message in said if message not in pages.catalog}


def test_both_languages_of_an_agreement_name_the_same_things() -> None:
    texts = [(ROOT / "agreements" / f"{agreement.CURRENT}.{name}.md") for name in ("zh", "en")]
    chinese, english = [set(re.findall(r"{(\w+)}", text.read_text())) for text in texts]
    assert chinese == english
