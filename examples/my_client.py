"""A client of plain mcp: it starts the desk, hands it a log line, and lends it a model for the explanation.

python examples/my_client.py                 Claude answers where ANTHROPIC_API_KEY is set, else the model in the box
python examples/my_client.py "ERROR: no space left on device" --model smollm --wire legacy
python examples/my_client.py --url http://127.0.0.1:8000/mcp
python -m labkit.checks examples/my_client.py:make
"""

import argparse
import asyncio
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from anthropic import AnthropicError, AsyncAnthropic
from mcp import Client, MCPError, StdioServerParameters
from mcp.client.session import ClientRequestContext, SamplingFnT
from mcp.types import CreateMessageRequestParams, CreateMessageResult, ErrorData, TextContent

CLAUDE = "claude-haiku-5-5"
LINE = "ERROR: deadlock detected. Process 821 waits for transaction 456; process 999 waits for process 821."
REASONS = {"end_turn": "endTurn", "max_tokens": "maxTokens", "stop_sequence": "stopSequence", "tool_use": "toolUse"}
DESK = Path(__file__).with_name("desk.py")


def conversation(params: CreateMessageRequestParams) -> dict[str, Any]:
    """A request as the Messages API takes it. What current models refuse, such as a temperature, is left out."""
    turns = [
        {"role": each.role, "content": "\n".join(block.text for block in each.content_as_list if block.type == "text")}
        for each in params.messages
    ]
    body: dict[str, Any] = {"messages": turns, "max_tokens": params.max_tokens}
    if params.system_prompt:
        body["system"] = params.system_prompt
    if params.stop_sequences:
        body["stop_sequences"] = params.stop_sequences
    return body


def refusal(params: CreateMessageRequestParams) -> ErrorData | None:
    """Why this client does not answer a request; `None` where it does."""
    fault = ""
    if not params.messages:
        fault = "There is no message to answer: send at least one."
    elif params.max_tokens < 1:
        fault = "An answer needs at least 1 token: ask with a larger maxTokens."
    elif params.tools or params.tool_choice:
        fault = "This client uses no tools: ask without them."
    elif any(block.type != "text" for each in params.messages for block in each.content_as_list):
        fault = "This client reads text alone: ask without images and sounds."
    return ErrorData(code=-32602, message=fault) if fault else None


def make(base_url: str | None = None, model: str = CLAUDE, timeout: float = 60.0) -> SamplingFnT:
    """A sampling callback that asks Claude. The key comes from ANTHROPIC_API_KEY, and goes nowhere but to the API."""

    async def ask_claude(
        context: ClientRequestContext, params: CreateMessageRequestParams
    ) -> CreateMessageResult | ErrorData:
        if refused := refusal(params):
            return refused
        try:
            async with AsyncAnthropic(base_url=base_url, timeout=timeout, max_retries=0) as claude:
                reply = await claude.messages.create(model=model, **conversation(params))
        except (AnthropicError, TypeError, ValueError):  # also where there is no key, and where the reply is no JSON
            return ErrorData(code=-32603, message="Claude gave no answer: look at the key and the network, ask again.")
        text = "".join(block.text for block in reply.content or () if block.type == "text")
        if not text:
            return ErrorData(code=-32603, message="Claude answered without a word: ask in another way.")
        reason = REASONS.get(reply.stop_reason or "", reply.stop_reason)
        return CreateMessageResult(
            role="assistant", model=reply.model, content=TextContent(text=text), stop_reason=reason
        )

    return ask_claude


def model_named(name: str) -> SamplingFnT:
    """The callback that asks a model: Claude with a key, or one of the box, which need none."""
    if name == "claude":
        return make()
    import labkit  # the models of the box alone come from the kit

    return labkit.SmolLM() if name == "smollm" else labkit.TinyModel()


async def main(options: argparse.Namespace) -> None:
    model = model_named(options.model)
    server = options.url or StdioServerParameters(
        command=sys.executable, args=[str(DESK), "--folder", options.folder or tempfile.mkdtemp()]
    )
    async with Client(server, mode=options.wire, sampling_callback=model) as client:
        try:
            result = await client.call_tool("process_log_entry", {"log_line": options.line})
        except MCPError as error:
            print(f"{error.code}: {error.message}")
        else:
            print("\n".join(block.text for block in result.content if block.type == "text"))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Lend a model to a server that explains log lines.")
    parser.add_argument("line", nargs="?", default=LINE, help="the log line")
    parser.add_argument("--url", help="a desk that runs; without it one is started over stdio")
    parser.add_argument("--wire", choices=["auto", "legacy"], default="auto", help="legacy: revision 2025-11-25")
    usual = "claude" if os.environ.get("ANTHROPIC_API_KEY") else "tiny"
    parser.add_argument("--model", choices=["claude", "tiny", "smollm"], default=usual)
    parser.add_argument("--folder", help="where the desk keeps its report; without it, a folder of its own")
    asyncio.run(main(parser.parse_args()))
