"""Write the sessions that transcripts.ipynb reads: `PYTHONPATH=tests python notebooks/samples.py`.

The runtime and the tools are real, and so are the times that they took. The model is the tests'
scripted one, which is given its answers; and the sessions' dates are moved apart afterwards.
"""

from __future__ import annotations

import json
import os
import shutil
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import scripted
from directives import Call, Json, Request, Say, Step
from scripted import ScriptedServer

from copilot_magics.runtime.locate import find_runtime

SESSIONS = Path(__file__).resolve().parent / "sessions" / "session-state"
PROJECT = Path("/home/alice/churn")
CUSTOMERS = "\n".join(
    ["id,months,plan,left"]
    + [f"{n},{n * 7 % 60},{'basic' if n % 3 else 'pro'},{int(n % 7 < 2)}" for n in range(500)]
)
SYSTEM = 300
"""Characters that are kept of the system's prompt, which is the same in all of them."""


def bash(command: str, description: str) -> str:
    """Return the directive for a call of the shell."""
    return f"tool bash {json.dumps({'command': command, 'description': description})}"


def python(code: str, description: str) -> str:
    """Return the directive for a call of the shell that runs some Python."""
    return bash(f"python3 -c {json.dumps(code)}", description)


TALKS: dict[str, tuple[int, str, dict[str, list[str]]]] = {
    "churn": (
        75,
        "scripted",
        {
            "Which columns does customers.csv have?": [
                'tool view {"path": "/home/alice/churn/customers.csv", "view_range": [1, 5]}',
                "say: Four: `id`, `months` (for how long a customer), `plan`, and `left`.",
            ],
            "How many customers left?": [
                bash("grep -c ',1$' customers.csv; wc -l < customers.csv", "Count who left"),
                "say: 144 of 500, which is 29 %.",
            ],
            "On which plan do they leave more often?": [
                bash("Rscript -e 'table(read.csv(\"customers.csv\"))'", "Cross-tabulate with R"),
                "then "
                + python(
                    "import csv, collections as c, time; time.sleep(0.4); "
                    "rows = list(csv.DictReader(open('customers.csv'))); "
                    "print(c.Counter((r['plan'], r['left']) for r in rows))",
                    "Cross-tabulate with Python",
                ),
                "say: On neither: about 29 % of both leave. (R is not here, so I used Python.)",
            ],
            "Do new customers leave sooner?": [
                python(
                    "import csv, time; time.sleep(0.9); "
                    "rows = list(csv.DictReader(open('customers.csv'))); "
                    "new = [r for r in rows if int(r['months']) < 12]; "
                    "print(len(new), sum(int(r['left']) for r in new))",
                    "Compare the first year",
                ),
                "say: A little: of those in their first year, a few more leave than of the others.",
            ],
        },
    ),
    "forecast": (
        40,
        "scripted-mini",
        {
            "Which model should I use to forecast monthly sales?": [
                "think: Monthly data, so a season of twelve.",
                "say: Begin with a seasonal naive forecast. It is the one to beat.",
            ],
            "How long a history does that need?": [
                "say: Two whole years: one to repeat, and one to see how well that goes.",
            ],
        },
    ),
    "addresses": (
        12,
        "scripted",
        {
            "Find customers without a plan.": [
                bash("grep -n ',,' customers.csv || echo none", "Look for empty fields"),
                "say: There are none.",
            ],
            "Write the plans to plans.txt.": [
                bash("cut -d, -f3 customers.csv | sort | uniq -c > plans.txt; sleep 0.3", "Count"),
                'tool view {"path": "/home/alice/churn/plan.txt"}',
                "then " + bash("cat plans.txt", "Look at the result, by its right name"),
                "say: `plans.txt` has three lines: the header, 333 on basic, 167 on pro.",
            ],
            "Now ask the address service.": ["http 401"],
        },
    ),
    "colours": (
        5,
        "scripted-mini",
        {
            "Name two colours that everybody can tell apart.": ["say: Blue and orange."],
            "And on a dark background?": ["say: Light blue and yellow."],
        },
    ),
}


def tokens(request: Request, said: list[Step]) -> Json:
    """Count tokens as a person would expect: four characters each."""
    asked = len(json.dumps(request.messages)) // 4
    texts = [step.text for step in said if isinstance(step, Say)]
    texts += [json.dumps(step.tools) for step in said if isinstance(step, Call)]
    answered = sum(map(len, texts)) // 4
    return {
        "prompt_tokens": asked,
        "completion_tokens": answered,
        "total_tokens": asked + answered,
    }


def main() -> None:
    """Hold the conversations, and keep their journals."""
    answers = {
        asked: "\n".join(steps) for _, _, talk in TALKS.values() for asked, steps in talk.items()
    }
    scripted._usage = tokens
    PROJECT.mkdir(parents=True)
    (PROJECT / "customers.csv").write_text(CUSTOMERS + "\n")
    try:
        with (
            TemporaryDirectory() as home,
            ScriptedServer(answers=answers) as server,
        ):
            os.environ |= {
                "COPILOT_HOME": home,
                "COPILOT_CLI_PATH": str(find_runtime()),
                "COPILOT_PROVIDER_TYPE": "openai",
                "COPILOT_PROVIDER_BASE_URL": server.url,
                "COPILOT_PROVIDER_API_KEY": "a-key-of-a-scripted-server",
            }
            for name, (days, model, talk) in TALKS.items():
                hold(name, model, list(talk))
                keep(Path(home) / "session-state" / name, days, server.url)
    finally:
        shutil.rmtree(PROJECT)
        PROJECT.parent.rmdir()


def hold(name: str, model: str, prompts: list[str]) -> None:
    """Hold one conversation."""
    from copilot_magics import Session
    from copilot_magics.errors import TurnFailed

    with Session(name, model=model, permissions="allow-all", cwd=PROJECT) as session:
        for prompt in prompts:
            try:
                print(session.ask(prompt).text)
            except TurnFailed as failed:
                print(failed)


def keep(folder: Path, days: int, url: str) -> None:
    """Keep a journal as if it had been written days ago, with little of the system's prompt."""
    kept = SESSIONS / folder.name
    shutil.rmtree(kept, ignore_errors=True)
    kept.mkdir(parents=True)
    text = (folder / "events.jsonl").read_text(encoding="utf-8")
    lines = text.replace(url, "https://models.example/v1").splitlines()
    (kept / "events.jsonl").write_text(
        "".join(f"{moved(json.loads(line), days)}\n" for line in lines), encoding="utf-8"
    )


def moved(event: dict[str, Any], days: int) -> str:
    """Return an event as it would have been some days ago."""
    then = datetime.fromisoformat(event["timestamp"]) - timedelta(days=days)
    event["timestamp"] = f"{then:%Y-%m-%dT%H:%M:%S}.{then.microsecond // 1000:03}Z"
    if event["type"] == "system.message":
        event["data"]["content"] = event["data"]["content"][:SYSTEM] + "…"
    return json.dumps(event, ensure_ascii=False, separators=(",", ":"))


if __name__ == "__main__":
    main()
