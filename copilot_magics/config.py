"""The defaults a user can set with ``%config CopilotMagics``.

A value is looked up in one order everywhere: the magic's own option, else the trait here (also
from ``ipython_config.py``), else the Copilot CLI's environment variable, else the built-in default.
"""

from __future__ import annotations

from traitlets import Bool, Enum, Float, List, Unicode
from traitlets.config import SingletonConfigurable

PERMISSIONS = ("ask", "read-only", "allow-all", "deny")
RERUNS = ("append", "replay", "rewind")
PROVIDERS = ("github", "openai", "azure", "anthropic", "ollama", "local")
CONTEXTS = ("none", "variables", "cells", "all")
WIRE_APIS = ("completions", "responses")


class CopilotMagics(SingletonConfigurable):
    """Defaults of the magics; ``%config CopilotMagics`` lists them, ``?`` explains them."""

    model = Unicode(
        "", help="The model to ask; empty: COPILOT_MODEL, else the provider's default."
    ).tag(config=True)
    reasoning_effort = Unicode(
        "", help="How hard the model thinks: low, medium, high or xhigh, where it can."
    ).tag(config=True)
    provider = Enum(
        ("", *PROVIDERS),
        "",
        help="Who answers; empty: COPILOT_PROVIDER_* where set, else github.",
    ).tag(config=True)
    base_url = Unicode("", help="The provider's URL; empty: the provider's own.").tag(config=True)
    api_key_env = Unicode(
        "", help="The NAME of the environment variable that holds the key of base_url."
    ).tag(config=True)
    wire_api = Enum(
        ("", *WIRE_APIS), "", help="The provider's API: completions (default) or responses."
    ).tag(config=True)
    local_model = Unicode(
        "", help="Path of a GGUF file for the provider local; empty: the one `setup --local` got."
    ).tag(config=True)
    runtime_url = Unicode(
        "",
        help="Where a Copilot runtime listens that your kernels share, e.g. localhost:7777; empty: "
        "each kernel runs its own.",
    ).tag(config=True)
    runtime_token_env = Unicode(
        "COPILOT_CONNECTION_TOKEN",
        help="The NAME of the environment variable that holds the token of runtime_url.",
    ).tag(config=True)
    permissions = Enum(
        PERMISSIONS,
        "ask",
        help="What the agent may do: ask (reading the folder is allowed, all else is asked), "
        "read-only, allow-all, deny.",
    ).tag(config=True)
    allow = List(
        Unicode(), help="Patterns that are allowed without asking, e.g. shell(git:*)."
    ).tag(config=True)
    deny = List(Unicode(), help="Patterns that are always refused; they win over allow.").tag(
        config=True
    )
    trust_folder = Bool(
        False,
        help="Let the working folder's own hooks, MCP servers, skills, plugins and extensions run.",
    ).tag(config=True)
    rerun = Enum(
        RERUNS,
        "append",
        help="What a cell does that was answered before: append (send it again), replay (show the "
        "saved answer, where an earlier kernel got it) or rewind (go back to before it, then send "
        "it).",
    ).tag(config=True)
    context = Enum(
        CONTEXTS,
        "none",
        help="What is sent along with each prompt beside what it mentions with @: none, variables "
        "(an overview of yours), cells (the newest, with their outputs), all.",
    ).tag(config=True)
    timeout = Float(0.0, min=0.0, help="Seconds after which a turn is given up; 0: never.").tag(
        config=True
    )
    verbose = Bool(
        False, help="Show what each turn used: context, calls of the model, tokens, tools."
    ).tag(config=True)
    quiet = Bool(False, help="Show nothing while the agent works and no line at the end.").tag(
        config=True
    )
