"""The embedded model behind the real runtime: it answers, and it remembers."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any

from copilot_magics.local import server, session_options
from copilot_magics.runtime.locate import cached_model
from copilot_magics.runtime.loop import submit
from copilot_magics.runtime.process import runtime

if TYPE_CHECKING:
    from copilot.session import CopilotSession

MODEL = cached_model()
"""The fetched model, found before a test has a cache of its own."""


def options() -> dict[str, Any]:
    model = server(MODEL)
    return {
        "provider": {"type": "openai", "base_url": model.base_url, "api_key": model.api_key},
        "model": model.model,
        "streaming": True,
        "enable_session_store": False,
        **session_options(),
    }


async def ask(session: CopilotSession, prompt: str) -> str:
    answer: list[str] = []
    idle = asyncio.Event()

    def take(event: Any) -> None:
        if event.type.value == "assistant.message":
            answer.append(event.data.content)
        elif event.type.value == "session.idle":
            idle.set()

    forget = session.on(take)
    await session.send(prompt)
    await idle.wait()
    forget()
    return "".join(answer)


async def converse(name: str) -> list[str]:
    client = await runtime().client()
    session = await client.create_session(session_id=name, name=name, **options())
    first = await ask(session, "Let's discuss TypeScript generics")
    await session.disconnect()
    session = await client.resume_session(name, **options())
    second = await ask(session, "What were we discussing?")
    await session.disconnect()
    return [first, second]


async def converse_twice() -> list[list[str]]:
    try:
        return [await converse(name) for name in ("one", "two")]
    finally:
        await runtime().kill()


def test_it_remembers_and_repeats_itself(runtime_path: Path) -> None:
    once, again = submit(converse_twice()).result()
    assert "TypeScript" in once[0]
    assert "TypeScript generics" in once[1]
    assert once == again
