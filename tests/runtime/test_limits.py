"""Context, compaction, quotas and limits: told when they matter, and always on request."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator

import pytest
from cells import Cell
from kernels import Notebook
from scripted import ScriptedServer
from tap import Tap

QUOTA = {
    "entitlementRequests": 300,
    "isUnlimitedEntitlement": False,
    "overage": 0,
    "overageAllowedWithExhaustedQuota": False,
    "remainingPercentage": 4.0,
    "usageAllowedWithExhaustedQuota": False,
    "usedRequests": 288,
    "resetDate": "2031-02-03T00:00:00Z",
}
EXHAUSTED = {
    "type": "session_limits_exhausted.requested",
    "requestId": "r1",
    "usedAiCredits": 31,
    "maxAiCredits": 30,
}


@pytest.fixture
def kernel(plain_notebook: Callable[..., Notebook], tap: Tap) -> Iterator[Notebook]:
    started = plain_notebook()
    started.run("%load_ext copilot_magics\n%copilot_session limits")
    yield started
    for cell in started.cells:
        assert cell.stderr == ""


def shown(cell: Cell) -> str:
    assert cell.status == "ok", cell.text
    return str(cell.displays[-1]["text/markdown"])


def lines(cell: Cell) -> list[str]:
    """Return the lines above the answer."""
    return re.findall("(?m)^> (.*)$", shown(cell))


def test_limits(kernel: Notebook, tap: Tap, provider: ScriptedServer) -> None:
    filled = all_is_told_on_request_and_else_nothing(kernel)
    a_context_that_fills_up_and_is_summed_up(kernel, filled)
    a_quota_that_runs_out(kernel, tap)
    a_limit_that_is_used_up_is_asked_about(kernel, tap, provider)


def all_is_told_on_request_and_else_nothing(kernel: Notebook) -> int:
    """Return how many tokens the context holds."""
    prompt = 'tool view {"path": "."}\nsay: done'
    assert lines(kernel.run(f"%%copilot\n{prompt}")) == []
    context, model, tools = lines(kernel.run(f"%%copilot --verbose --into r\n{prompt}"))
    told = kernel.run("import json\nprint(json.dumps([r.context, r.usage]))").stdout
    held, used = json.loads(told)
    assert held["tokens"] == held["system"] + held["tools"] + held["conversation"] > 1000
    assert context == (
        f"Context: {held['tokens']:,} of {held['limit']:,} tokens "
        f"({held['tokens'] / held['limit']:.0%}): {held['system']:,} instructions, "
        f"{held['tools']:,} tools, {held['conversation']:,} conversation."
    )
    assert used["model_calls"] == 2
    assert model.startswith(
        f"Model: 2 calls, {used['input_tokens']:,} tokens in (0 from the cache)"
    )
    assert f"first token after {used['first_token']:.2f} s" in model
    assert re.fullmatch(r"Tools: view \d+\.\d s\.", tools)
    kernel.run("%config CopilotMagics.verbose = True")
    plain = kernel.run("%%copilot\nsay: hi").displays[-1]["text/plain"]
    assert plain.startswith("Context: ")
    kernel.run("%config CopilotMagics.verbose = False")
    return int(held["tokens"])


def a_context_that_fills_up_and_is_summed_up(kernel: Notebook, filled: int) -> None:
    kernel.run(f"%env COPILOT_PROVIDER_MAX_PROMPT_TOKENS={filled * 10 // 8}")
    kernel.run("%copilot_session full")
    (line,) = lines(kernel.run(f"%%copilot\nsay: {'word ' * 200}"))
    assert line.startswith("The context is getting full: ")
    assert line.endswith("a model that takes more has more room.")
    kernel.run("%env COPILOT_PROVIDER_MAX_PROMPT_TOKENS=")
    kernel.run("%copilot_session long\n%copilot say: first")
    (line,) = lines(kernel.run("%%copilot\nhttp 413 once\nrecall"))
    assert re.fullmatch(
        r"The history had grown too long for the model: it goes on from a summary"
        r" \([\d,]+ tokens became [\d,]+\)\.",
        line,
    )


def a_quota_that_runs_out(kernel: Notebook, tap: Tap) -> None:
    tap.change({"assistant.usage": {"quotaSnapshots": {"premium_interactions": QUOTA}}})
    cell = kernel.run("%%copilot\nsay: scarce")
    assert lines(cell) == ["4 % of your premium requests are left, until 2031-02-03."]
    tap.change({})


def a_limit_that_is_used_up_is_asked_about(
    kernel: Notebook, tap: Tap, provider: ScriptedServer
) -> None:
    tap.change({"model.call_start": EXHAUSTED})
    for number, answer in enumerate(("Go on with 30 more", "Stop here")):
        cell = kernel.start(f"%%copilot\ngate limit{number}")
        kernel.wait_widget(answer).click()
        said = "This session has used 31 of the 30 AI credits that it may use."
        cell.wait_output(lambda cell, line=f"{said} {answer}.": line in cell.text)
        provider.release(f"limit{number}")
        assert lines(cell.result()) == [f"{said} {answer}."]
    unwatched = kernel.run("%%copilot\nsay: hm", allow_stdin=False)
    assert "Nobody is there to be asked whether to go on." in unwatched.text
