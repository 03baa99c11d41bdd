"""What a person would read in an event, and the few facts that are looked for in all of them.

The payloads of the runtime's event types differ, and grow with its versions; the names of their
fields mean the same thing wherever they occur. A table says which field of which type a person
would read; a type that is not in it shows its first field of prose, if it has one. Here one event
is read at a time, by its fields' names; `telling` reads many.
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

import msgspec

from copilot_magics.transcripts.nesting import fields
from copilot_magics.transcripts.salvage import Event

ROLES = ("user", "assistant", "system", "tool", "session")

Payload = dict[str, Any]
"""What an event says, decoded; empty where it is no object."""

# The argument that says best what a tool was called for, where a call has several.
TELLING = (
    "command",
    "pattern",
    "query",
    "url",
    "question",
    "path",
    "code",
    "description",
    "prompt",
)
_BRIEF = 200

# Who may have written a user.message, apart from the runtime, its skills, schedules and agents.
_PERSONS = ("user", "immediate-prompt")
_PERSONS_COMMAND = "command-"

REFUSALS = (msgspec.DecodeError, ValueError, RecursionError)

# What a person would read in the events of runtime 1.0.102 and of those before it: the first of
# these fields that has a text. A dot leads into an object, which some versions write as plain text.
CONTENT: dict[str, str] = {
    "abort": "reason",
    "agent.interrupted": "activity",
    "assistant.fusion_phase_activity": "",
    "assistant.fusion_phase_completed": "content",
    "assistant.fusion_phase_failed": "errorMessage reason",
    "assistant.fusion_phase_started": "",
    "assistant.idle": "",
    "assistant.intent": "intent",
    "assistant.message": "content",
    "assistant.message_delta": "deltaContent",
    "assistant.message_start": "",
    "assistant.reasoning": "content",
    "assistant.reasoning_delta": "deltaContent",
    "assistant.server_tool_progress": "status",
    "assistant.streaming_delta": "",
    "assistant.tool_call_delta": "inputDelta",
    "assistant.turn_end": "",
    "assistant.turn_retry": "reason",
    "assistant.turn_start": "",
    "assistant.usage": "",
    "auto_mode_switch.completed": "response",
    "auto_mode_switch.requested": "",
    "capabilities.changed": "",
    "command.completed": "",
    "command.execute": "command",
    "command.queued": "command",
    "commands.changed": "",
    "elicitation.completed": "action",
    "elicitation.requested": "message",
    "exit_plan_mode.completed": "feedback selectedAction",
    "exit_plan_mode.requested": "planContent summary",
    "external_tool.completed": "",
    "external_tool.requested": "arguments",
    "hook.end": "error.message result.content hookType",
    "hook.progress": "message",
    "hook.start": "hookType",
    "human_response.recorded": "response.answer response.feedback response.message",
    "mcp.headers_refresh_completed": "outcome",
    "mcp.headers_refresh_required": "serverName",
    "mcp.oauth_completed": "outcome",
    "mcp.oauth_recovery_completed": "outcome",
    "mcp.oauth_required": "serverName",
    "mcp.prompts.list_changed": "serverName",
    "mcp.resources.list_changed": "serverName",
    "mcp.tools.list_changed": "serverName",
    "mcp_app.tool_call_complete": "error.message",
    "model.call_failure": "errorMessage",
    "model.call_final_result": "",
    "model.call_finished": "",
    "model.call_start": "",
    "pending_messages.modified": "",
    "permission.assentDetected": "",
    "permission.carriedForward": "",
    "permission.completed": "result.kind",
    "permission.contextualAuthorization": "",
    "permission.messageAuthorization": "",
    "permission.messageAuthorizationDegraded": "",
    "permission.messageAuthorizationRead": "",
    "permission.requested": "permissionRequest.fullCommandText permissionRequest.intention",
    "prompt_cache_break": "primaryReason",
    "sampling.completed": "",
    "sampling.requested": "serverName",
    "sandbox.decision": "outcome",
    "session.auto_mode_resolved": "",
    "session.auto_tier_recommendation": "",
    "session.auto_tier_switch_failed": "reason",
    "session.autopilot_objective_changed": "operation",
    "session.autopilot_stopped": "reason",
    "session.background_tasks_changed": "",
    "session.binary_asset": "description mimeType",
    "session.canvas.closed": "",
    "session.canvas.opened": "title",
    "session.canvas.recorded": "title",
    "session.canvas.registry_changed": "",
    "session.canvas.removed": "",
    "session.canvas.unavailable": "",
    "session.compaction_complete": "error.message summaryContent",
    "session.compaction_start": "",
    "session.completion_receipt": "",
    "session.context_changed": "cwd",
    "session.context_cleared": "initialMessage",
    "session.custom_agents_updated": "",
    "session.custom_notification": "name",
    "session.error": "message",
    "session.extensions.attachments_pushed": "",
    "session.extensions_loaded": "",
    "session.fusion_completed": "outcome",
    "session.fusion_resolved": "",
    "session.fusion_route_failed": "errorMessage reason",
    "session.fusion_route_started": "",
    "session.handoff": "summary context",
    "session.idle": "",
    "session.indexed_search": "errorMessage",
    "session.info": "message",
    "session.managed_plugin_progress": "",
    "session.managed_settings_enforced": "message",
    "session.managed_settings_resolved": "",
    "session.mcp_server_needs_reconnect": "serverName",
    "session.mcp_server_removed": "serverName",
    "session.mcp_server_status_changed": "error.message status",
    "session.mcp_server_tools_loaded": "serverName",
    "session.mcp_servers_loaded": "",
    "session.mode_changed": "newMode",
    "session.mode_notice_delivered": "content mode",
    "session.model_change": "newModel",
    "session.model_deselected": "reason",
    "session.permission_recovery": "status",
    "session.permissions_changed": "mode",
    "session.plan_changed": "operation",
    "session.quota_observation": "",
    "session.remote_steerable_changed": "",
    "session.resume": "",
    "session.schedule_cancelled": "",
    "session.schedule_created": "displayPrompt prompt",
    "session.schedule_rearmed": "",
    "session.session_limits_changed": "",
    "session.shutdown": "",
    "session.skills_loaded": "",
    "session.snapshot_rewind": "",
    "session.start": "",
    "session.task_complete": "summary reason",
    "session.title_changed": "title",
    "session.todos_changed": "",
    "session.tools_updated": "",
    "session.truncation": "",
    "session.usage_checkpoint": "",
    "session.usage_info": "",
    "session.usage_record": "",
    "session.warning": "message",
    "session.workspace_file_changed": "path",
    "session_limits_exhausted.completed": "",
    "session_limits_exhausted.requested": "",
    "skill.context_delivered": "source",
    "skill.context_delivered_ref": "source",
    "skill.invoked": "name",
    "skill.invoked_ref": "name",
    "subagent.completed": "agentDisplayName",
    "subagent.configured": "",
    "subagent.deselected": "",
    "subagent.failed": "error.message",
    "subagent.selected": "agentDisplayName",
    "subagent.started": "agentDescription agentDisplayName",
    "system.message": "content",
    "system.notification": "content",
    "tool.execution_complete": "error.message result.content",
    "tool.execution_partial_result": "partialOutput",
    "tool.execution_progress": "progressMessage",
    "tool.execution_start": "arguments",
    "tool.shell_output": "text",
    "tool.user_requested": "arguments",
    "tool_search.activated": "",
    "ui.ephemeral_query": "error.message answer",
    "user.message": "content",
    "user_input.completed": "answer",
    "user_input.requested": "question",
    "workflow.run_settled": "status",
    "workflow.run_started": "workflowName",
    "workflow.run_updated": "",
}
# What an event of an unknown type may say, and where any event may name its model and its call.
_PROSE = (
    "content message text summary summaryContent question answer intent title reason errorMessage"
    " agentDescription error.message"
)
_NAMING = (
    "assistant.tool_call_delta",
    "external_tool.requested",
    "mcp_app.tool_call_complete",
    "tool.execution_start",
    "tool.user_requested",
)
MODEL = "model newModel selectedModel currentModel chosenModel usage.model"
CALL = "toolCallId permissionRequest.toolCallId"
CALLS = {"permission.requested": "permissionRequest.toolCallId"}


def payload_of(event: Event) -> Payload:
    """Decode an event's payload; one that is no object has nothing to read.

    Where it cannot be decoded as a whole, nested too deep for one, a field that can be is.
    """
    value = decoded(event.data)
    if value is None:
        return {name: decoded(text) for name, text in _fields(event.data).items()}
    return value if isinstance(value, dict) else {}


def _fields(data: msgspec.Raw) -> dict[str, msgspec.Raw]:
    try:
        return fields(bytes(data))[0]
    except REFUSALS:
        return {}


def decoded(text: bytes | str | msgspec.Raw) -> Any:
    """Decode JSON; None where it is none."""
    try:
        return msgspec.json.decode(text)
    except REFUSALS:
        pass
    try:
        # msgspec refuses integers and escapes that Python's own decoder takes.
        return json.loads(bytes(text) if isinstance(text, msgspec.Raw) else text, strict=False)
    except REFUSALS:
        return None


def may_name_tool(event_type: str) -> bool:
    """Say whether events of this type may say which tool a call is of."""
    return event_type in _NAMING or event_type not in CONTENT


def may_have_call(event_type: str) -> bool:
    """Say whether events of this type may belong to a call and not name its tool."""
    return role_of(event_type) in ("tool", "session") or event_type not in CONTENT


@lru_cache(1000)
def role_of(event_type: str) -> str:
    """Return who speaks in an event of this type: one of `ROLES`."""
    kind = event_type.partition(".")[0]
    if event_type == "user.message":
        return "user"
    return kind if kind in ("assistant", "system", "tool") else "session"


def is_prompt(event: Event, payload: Payload) -> bool:
    """Say whether an event is a prompt of the person, which begins a turn.

    Sub-agents, skills, schedules and the autopilot write ``user.message`` events too.
    """
    if event.type != "user.message" or event.agent_id:
        return False
    return by_person(payload.get("source"), payload.get("isAutopilotContinuation"))


def content_of(event_type: str, payload: Payload) -> str | None:
    """Return what a person would read in an event; None where there is nothing.

    Parameters
    ----------
    event_type : str
        The event's type.
    payload : dict
        Its payload.

    Returns
    -------
    str or None
        A prompt as it was typed, an answer's Markdown, a call's telling argument, a result's text.
    """
    fields = CONTENT.get(event_type, _PROSE)
    return brief(payload.get(fields)) if fields == "arguments" else first(payload, fields)


def model_of(payload: Payload) -> str | None:
    """Return the model an event names, or None."""
    return first(payload, MODEL)


def message_of(payload: Payload) -> str | None:
    """Return the ID under which a prompt was sent, or None."""
    return first(payload, "messageId")


def call_of(event_type: str, payload: Payload) -> str | None:
    """Return the tool call an event belongs to, or None; of a type that is not known, by any."""
    return first(payload, CALLS.get(event_type, "toolCallId") if event_type in CONTENT else CALL)


def tool_of(payload: Payload) -> str | None:
    """Return the tool an event names, or None; results do not name theirs."""
    return first(payload, "toolName")


def arguments_of(payload: Payload) -> object:
    """Return what a tool was called with; None where there is nothing."""
    return payload.get("arguments")


def succeeded(payload: Payload) -> bool:
    """Say whether a tool's result says that the call succeeded."""
    return payload.get("success") is True


def cwd_of(payload: Payload) -> str | None:
    """Return the folder a session was started in, or None for other events."""
    return first(payload, "context.cwd")


def brief(arguments: object) -> str | None:
    """Return a tool call's arguments in brief: the most telling one, else all as short JSON.

    Parameters
    ----------
    arguments : object
        The arguments as decoded from JSON; an object for nearly all tools.

    Returns
    -------
    str or None
        None where there are none, or they are nested too deep.
    """
    if isinstance(arguments, dict):
        told = next((arguments[key] for key in TELLING if _string(arguments.get(key))), None)
        arguments = told or (_as_json(arguments) if arguments else None)
    text = _string(arguments)
    return text if text is None or len(text) <= _BRIEF else f"{text[: _BRIEF - 1]}…"


def _as_json(arguments: Payload) -> str | None:
    try:
        return json.dumps(arguments, ensure_ascii=False)
    except RecursionError:
        # What has just been decoded may still be nested too deep to be encoded.
        return None


def by_person(source: object, continues: object) -> bool:
    """Say whether the fields `source` and `isAutopilotContinuation` are those of a prompt."""
    if continues:
        return False
    name = _string(source)
    return name is None or name in _PERSONS or name.startswith(_PERSONS_COMMAND)


def first(payload: Payload, fields: str) -> str | None:
    """Return the first of some fields that has a text; a dot leads into an object.

    Parameters
    ----------
    payload : dict
        An event's payload.
    fields : str
        The fields' names, with spaces between them.

    Returns
    -------
    str or None
    """
    for field in fields.split():
        name, _, inner = field.partition(".")
        value = payload.get(name)
        # Some versions wrap a text in an object and some do not.
        if inner and isinstance(value, dict):
            value = value.get(inner)
        if value and isinstance(value, str):
            return value
    return None


def _string(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
