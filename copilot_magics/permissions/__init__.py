"""What the agent may do: rules and patterns, and nothing that talks to a person.

A request of the runtime is understood (`understand`), which gives an `Ask`; a `Policy` decides
about it; whoever holds both shows the ask where the decision is to ask. The rules are matched on
what would really happen: commands as the shell would parse them, files by their real paths.

They guard against an agent that errs or is misled. They are no sandbox: a program that was
allowed can do what its user can, and between the decision and the deed a file can be exchanged.
"""

from copilot_magics.permissions.asks import Ask, understand, visible
from copilot_magics.permissions.patterns import KINDS, Pattern
from copilot_magics.permissions.policy import Decision, Policy

__all__ = ["KINDS", "Ask", "Decision", "Pattern", "Policy", "understand", "visible"]
