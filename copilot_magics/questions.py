"""``%copilot Why?`` is a prompt, and not a request for IPython's help on ``Why``.

IPython takes every line that ends in a question mark for such a request, and would send nothing. So
a line of ``%copilot`` becomes a call of the magic before IPython looks at its end. What follows the
name at once, as in ``%copilot?``, remains a request for the magic's help.
"""

from __future__ import annotations

from tokenize import DEDENT, INDENT, TokenInfo
from typing import Any

from IPython.core.inputtransformer2 import HelpEnd, MagicAssign


class PromptLine(MagicAssign):
    """``%copilot TEXT`` on a line of its own, or assigned to a name."""

    priority = HelpEnd.priority - 1

    @classmethod
    def find(cls, tokens_by_line: list[list[TokenInfo]]) -> PromptLine | None:
        """Find the first such line of a cell."""
        for line in tokens_by_line:
            tokens = [token for token in line if token.type not in (INDENT, DEDENT)]
            for at in (0, 2):
                if _begins_prompt(tokens[at : at + 3]) and (at == 0 or tokens[1].string == "="):
                    # Where IPython finds a request for help: among equals the priority decides.
                    return cls(tokens[0].start)
        return None

    def transform(self, lines: list[str]) -> list[str]:
        """Return the cell's lines, this one a call of the magic."""
        self.start_col = lines[self.start_line].index("%", self.start_col)
        called: list[str] = super().transform(lines)
        return called


def _begins_prompt(tokens: list[TokenInfo]) -> bool:
    if [token.string for token in tokens[:2]] != ["%", "copilot"] or len(tokens) < 3:
        return False
    return tokens[2].start[1] > tokens[1].end[1] and tokens[2].string.strip() not in ("", "?")


def start(shell: Any) -> None:
    """Begin to read such lines as prompts."""
    shell.input_transformer_manager.token_transformers.append(PromptLine)


def stop(shell: Any) -> None:
    """Leave them to IPython again."""
    transformers = shell.input_transformer_manager.token_transformers
    if PromptLine in transformers:
        transformers.remove(PromptLine)
