"""What is no text is refused where it would be sent, and spelled out where it is kept."""

from __future__ import annotations

import pytest

from copilot_magics.errors import BadInput
from copilot_magics.magics import magic_named
from copilot_magics.options import parse
from copilot_magics.texts import as_text, check_text
from copilot_magics.turn import Turn


def test_half_a_character_is_not_sent() -> None:
    # The runtime would never answer.
    with pytest.raises(BadInput, match=r"The prompt holds half a .*\('\\ud83d', at place 4"):
        Turn("an \ud83d")
    with pytest.raises(BadInput, match="half a character"):
        parse(magic_named("copilot_session"), "\udcff")
    assert check_text("a whole 🙂", "It") == "a whole 🙂"


def test_a_path_that_is_no_text_can_be_kept() -> None:
    assert as_text("/a/\udcff.ipynb") == "/a/\\udcff.ipynb"
    assert as_text("/ä/b.ipynb") == "/ä/b.ipynb"


@pytest.mark.parametrize("typed", ['""', "\u2028", '"a\nb"'])
def test_an_argument_of_blanks_is_refused(typed: str) -> None:
    with pytest.raises(BadInput, match="does not know"):
        parse(magic_named("copilot_models"), typed)
