"""What excludes each other is refused, and nothing else."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

import pytest

from copilot_magics.errors import BadInput
from copilot_magics.exclusions import check_now, check_options

PLAIN: dict[str, Any] = {
    "background": False, "now": False, "code": False, "fix": False, "model": "", "timeout": None,
    "as_type": None, "attach": [],
}  # fmt: skip


@pytest.mark.parametrize(
    ("given", "what"),
    [
        ({"background": True, "code": True}, "--background and --code"),
        ({"fix": True, "background": True}, "--fix and --background"),
        ({"as_type": "int", "code": True}, "--as and --code"),
        ({"as_type": "int", "fix": True}, "--as and --fix"),
        ({"now": True, "code": True}, "--code and --now"),
        ({"now": True, "fix": True}, "--fix and --now"),
        ({"now": True, "model": "m"}, "--now and --model"),
        ({"now": True, "timeout": "5"}, "--now and --timeout"),
        ({"now": True, "timeout": "0"}, "--now and --timeout"),
        ({"now": True, "as_type": "int"}, "--now and --as"),
    ],
)
def test_what_excludes_each_other(given: dict[str, Any], what: str) -> None:
    with pytest.raises(BadInput, match=f"{what} do not go together; nothing was sent"):
        check_options(Namespace(**{**PLAIN, **given}))
    for name, value in given.items():
        check_options(Namespace(**{**PLAIN, name: value}))
    together = {"background": True, "model": "m", "timeout": "5", "as_type": "int"}
    check_options(Namespace(**{**PLAIN, **together}))


def test_now_has_neither_model_nor_timeout_nor_schema() -> None:
    check_now(False, "m", 5, int)
    check_now(True, "", None, None)
    for model, timeout, schema in (("m", None, None), ("", 0.0, None), ("", None, int)):
        with pytest.raises(BadInput, match=r"now=True and .*= do not go together"):
            check_now(True, model, timeout, schema)
