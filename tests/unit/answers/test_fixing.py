"""Which block of an answer is the mended cell."""

from __future__ import annotations

import pytest

from copilot_magics.answers.cells import cell_code
from copilot_magics.answers.fixing import _mended, _whole

BROKEN = "import math\n\ndef area(r):\n    return math.pi * r ** '2'\n\narea(3)"
MENDED = BROKEN.replace("'2'", "2")


@pytest.mark.parametrize(
    ("text", "block"),
    [
        (f"```python\n{MENDED}\n```", MENDED),
        (f"```py\nr ** 2\n```\nso:\n```python\n{MENDED}\n```\n```py\narea(4)\n```", MENDED),
        (f"```\nTypeError: …\n```\n```\n{MENDED}\n```", MENDED),
        (f"```bash\npip install x\n```\n```python\n{MENDED}\n```", MENDED),
        ("```bash\npip install x\n```", None),
        ("```python\n\n```", None),
        ("It is fine.", None),
    ],
)
def test_it_is_the_one_most_like_the_cell(text: str, block: str | None) -> None:
    found = _mended(text, BROKEN)
    assert (cell_code(found) if found else None) == block


def test_a_cell_of_another_language_keeps_its_magic() -> None:
    found = _mended("```sh\nls\n```", "%%bash\nlss")
    assert found is not None
    assert _whole(cell_code(found), "%%bash\nlss") == "%%bash\nls"
    assert _whole("%%sh\nls", "%%bash\nlss") == "%%sh\nls"
    assert _whole("x", "%time y") == "x"
