"""Events in a shape that the SDK does not know: the turn has its answer, and its end."""

from __future__ import annotations

from collections.abc import Callable

from kernels import Notebook
from tap import Tap


def test_a_turn_has_its_answer_and_its_end(
    plain_notebook: Callable[..., Notebook], tap: Tap
) -> None:
    kernel = plain_notebook()
    kernel.run("%load_ext copilot_magics\n%copilot_session tapped")
    odd = {"attachments": 7, "aborted": "never", "toolRequests": 7, "statusCode": "bad"}
    for number, kind in enumerate(("user.message", "assistant.message", "session.idle", "all")):
        names = ("user.message", "assistant.message", "session.idle") if kind == "all" else (kind,)
        tap.change(dict.fromkeys(names, odd))
        cell = kernel.run(f"%%copilot\nsay: answer {number}")
        assert cell.status == "ok", cell.outputs
        assert f"answer {number}" in cell.text
        assert kernel.run("print(_.outcome)").text.strip() == "answered"
    tap.change({"session.error": odd})
    cell = kernel.run("%%copilot\nhttp 401")
    assert cell.ename == "TurnFailed"
    assert "refused" in cell.evalue or "failed" in cell.evalue
    tap.change({})
    assert "once more" in kernel.run("%%copilot\nsay: once more").text
