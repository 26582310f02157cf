"""The present settings as a program: plain `mcp`, the callback that answers, and the host's duties around it."""

import re
import sys
import textwrap
from collections.abc import Mapping
from pprint import pformat
from typing import Any, NamedTuple, cast

from mcp.client.session import SamplingFnT

from labkit.dial_table import OWN, Dialled
from labkit.models.answerers import ANSWERERS
from labkit.models.scripted import lines_of
from labkit.playground.callback_source import missing, source_of
from labkit.playground.choices import Choices
from labkit.playground.duties import DUTIES
from labkit.playground.program_parts import FAR, NEAR, RESULT, SAFE, UNANSWERED, Parts, server_of
from labkit.playground.sources import MODES, BoxServer, Wire

OF_THE_KIT = {
    "labkit": "what your callback uses",
    **{row.module: row.kit for row in ANSWERERS.values() if row.kit},
    "labkit.host": "the host's duties",
    "labkit.host.rendering": "what shows a request whole",
}
"""The names that a program may take from the kit, by module."""

BY_HAND = """\
screen.show(render(ReviewRequest(params)))  # whole, with what is hidden in it made visible
try:
    text = await asyncio.to_thread(input, "Your answer: ")
except EOFError:
    unanswered.append("Nobody is here to type the answer: run this program in a terminal.")
    return ErrorData(code=-1, message=unanswered[0])"""
"""The body of the callback where a person is the model."""


class Present(NamedTuple):
    """The present settings, and what else the program depends on."""

    chosen: Choices
    wires: tuple[Wire, ...]
    arguments: Mapping[str, Any]
    own_callback: SamplingFnT | None


def program(
    chosen: Choices, wires: tuple[Wire, ...], arguments: Mapping[str, Any], own_callback: SamplingFnT | None
) -> str:
    """The program, which needs no playground and no Lab: what it takes from the kit are callbacks.

    Args:
        chosen: The settings.
        wires: The revisions to call the tool on.
        arguments: The tool's arguments.
        own_callback: The student's callback.
    """
    present = Present(chosen, wires, arguments, own_callback)
    parts = Parts({"asyncio", "sys"}, {"mcp": {"Client", "MCPError"}})
    callback = _duties(parts, present, _model(parts, present))
    callback = _dials(parts, present, callback)  # outermost: what the duties check is what the model gets
    reached = server_of(parts, present.chosen.source, present.chosen.transport)
    parts.blocks.append(f"arguments = {pformat(dict(present.arguments), width=110, sort_dicts=False)}")
    parts.blocks.append(_main(parts, present, reached, callback))
    imports = sorted(f"from __future__ import {name}" for name in parts.names.pop("__future__", ()))
    imports += [f"import {module}" for module in sorted(parts.plain)]
    imports += [f"from {module} import {', '.join(sorted(names))}" for module, names in sorted(parts.names.items())]
    standard = [line for line in imports if line.split()[1] in sys.stdlib_module_names]
    rest = [line for line in imports if line not in standard]
    future = [line for line in standard if "__future__" in line]
    groups = (future, [line for line in standard if line not in future], rest)
    heads = "\n\n".join("\n".join(group) for group in groups if group)
    text, before = f'"""{_title(present)}\n\n{_needs(parts, present)}\n"""\n\n{heads}\n', ""
    for block in [*parts.blocks, "sys.exit(asyncio.run(main()))"]:
        # Two empty lines around a function, as is usual.
        text += ("\n\n" if "def " in block or "def " in before else "\n") + block + "\n"
        before = block
    return text


def _title(present: Present) -> str:
    wires = " and ".join(present.wires)
    # The name comes from the server, and must not end the text that it stands in.
    tool = present.chosen.tool if re.fullmatch(r"[\w./-]+", present.chosen.tool) else "a tool"
    return f"Call {tool} and answer what its server asks, on revision {wires} of MCP."


def _needs(parts: Parts, present: Present) -> str:
    """The packages to install, in a sentence: `mcp`, and the kit where something of it is used."""
    used = [words for module, words in OF_THE_KIT.items() if module in parts.names]
    if isinstance(present.chosen.source, BoxServer):
        used.append("the server")
    if not used:
        return 'It needs mcp alone: pip install "mcp>=2.3"'
    listed = " and ".join(filter(None, [", ".join(used[:-1]), used[-1]]))
    extras = [row.extra for row in ANSWERERS.values() if row.extra and row.module in parts.names]
    extra = f'".[{",".join(extras)}]"' if extras else "."
    return f"It takes {listed} from the kit: pip install {extra} in the kit's folder. The rest is mcp."


def _model(parts: Parts, present: Present) -> str:
    """The callback that answers. Returns the callback's name."""
    match present.chosen.who:
        case "script":
            parts.use("itertools", "cycle")
            _use_answer(parts)
            lines = "".join(f"    {line!r},\n" for line in lines_of(present.chosen.settings["script"]))
            parts.blocks.append(f"script = cycle([\n{lines}])")
            parts.blocks.append(_callback("text = next(script)", "scripted"))
        case "hand":
            _use_answer(parts)
            parts.use("mcp.types", "ErrorData")
            parts.use("labkit.host.rendering", "render")
            parts.use("labkit.host.review", "ReviewRequest")
            parts.use("labkit.host.terminal", "StandardTerminal")
            parts.blocks.append("screen, unanswered = StandardTerminal(), []")
            parts.blocks.append(_callback(BY_HAND, "by hand"))
        case "own":
            return _own(parts, present.own_callback)
        case who:
            row = ANSWERERS[who]
            honours = cast("Dialled", row.make(present.chosen.settings)).honours
            wishes = {name: getattr(present.chosen.dials, name) for name in OWN if honours[name] != "no"}
            wishes = {name: wish for name, wish in wishes.items() if wish is not None}
            note = f"  # the key: {row.key} in the environment" if row.needs_key else ""
            parts.blocks.append(f"model = {_made(parts, present, who, wishes)}{note}")
    return "model"


def _made(parts: Parts, present: Present, who: str, options: Mapping[str, Any] | None = None) -> str:
    """An answerer of the table as the call that makes it."""
    row = ANSWERERS[who]
    parts.use(row.module, row.name)
    told = [f"{name}={value!r}" for name, value in (options or {}).items()]
    return f"{row.name}({', '.join([*map(_quoted, row.arguments(present.chosen.settings)), *told])})"


def _use_answer(parts: Parts) -> None:
    parts.use("mcp.types", "CreateMessageResult", "TextContent")


def _callback(body: str, model: str) -> str:
    text = textwrap.indent(body, "    ")
    return (
        f"async def model(context, params):\n{text}\n"
        f'    return CreateMessageResult(role="assistant", model="{model}", content=TextContent(text=text))'
    )


def _own(parts: Parts, own_callback: SamplingFnT | None) -> str:
    """The source of the student's callback, where there is one. Returns the callback's name."""
    found = source_of(own_callback)
    if found is None:
        parts.blocks.append(missing("callback", "Your callback"))
        return "callback"
    name, source = found
    parts.use("__future__", "annotations")  # its annotations may name what is imported elsewhere
    parts.add(source)
    return name


def _dials(parts: Parts, present: Present, model: str) -> str:
    """The changes that the client makes to a request. Returns the name of the callback that answers then."""
    dials, changes = present.chosen.dials, {}
    if dials.temperature is not None:
        changes["temperature"] = repr(dials.temperature)
    if dials.max_tokens is not None:
        limit = repr(dials.max_tokens)
        changes["max_tokens"] = limit if dials.insist else f"min({limit}, params.max_tokens)"
    if dials.stop_sequences is not None:
        changes["stop_sequences"] = repr(list(dials.stop_sequences))
    if dials.system_prompt is not None:
        changes["system_prompt"] = repr(dials.system_prompt)
    if not changes:
        return model
    update = ", ".join(f'"{name}": {value}' for name, value in changes.items())
    parts.blocks.append(
        "async def turned(context, params):\n"
        "    # The client decides: only maxTokens must not be exceeded.\n"
        f"    return await {model}(context, params.model_copy(update={{{update}}}))"
    )
    return "turned"


def _duties(parts: Parts, present: Present, callback: str) -> str:
    """The duties around the callback, the innermost first. Returns the name of the callback that answers then."""
    lines: list[str] = []
    for row in reversed([*DUTIES.values()]):
        if (values := present.chosen.duties.get(row.name)) is None or not (values or not row.knobs):
            continue  # a budget without a limit holds nothing back
        parts.use("labkit.host", f"with_{row.name}")
        arguments = ["callback" if lines else callback]
        for knob in row.knobs:
            if knob.name not in values:
                continue
            if knob.choices:
                arguments.append(_made(parts, present, values[knob.name]))
                continue
            arguments.append(f"{knob.name}={values[knob.name]!r}")
            module, name, beside = knob.beside
            if module:
                parts.use(module, name)
                arguments.append(beside)
        lines.append(f"callback = with_{row.name}({', '.join(arguments)}){row.note and f'  # {row.note}'}")
    if not lines:
        return callback
    parts.blocks.append("\n".join(lines))
    return "callback"


def _main(parts: Parts, present: Present, reached: tuple[str, list[str], int], callback: str) -> str:
    server, before, indent = reached
    parts.use("json")
    modes = [MODES[wire] for wire in present.wires]
    mode = f'"{modes[0]}"' if len(modes) == 1 else "mode"
    is_there = isinstance(present.chosen.source, BoxServer) and present.chosen.transport != "stdio"
    declared = ""
    if "tools" in present.chosen.duties:
        parts.use("mcp.types", "SamplingCapability", "SamplingToolsCapability")
        parts.blocks.append("declared = SamplingCapability(tools=SamplingToolsCapability())")
        declared = ", sampling_capabilities=declared"
    call = (NEAR if is_there else FAR).format(
        client=f"Client({server}, mode={mode}, sampling_callback={callback}{declared})",
        tool=_quoted(present.chosen.tool),
    )
    call += UNANSWERED if present.chosen.who == "hand" else ""
    call += RESULT
    if len(modes) > 1:
        call = f"for mode in {tuple(modes)!r}:\n{textwrap.indent(call, '    ')}"
    body = SAFE + "".join(f"{line}\n" for line in before) + textwrap.indent(call, "    " * indent)
    if indent:
        body += "    finally:\n        process.terminate()\n"
    return f"async def main():\n{textwrap.indent(body, '    ')}".rstrip()


def _quoted(text: str) -> str:
    """A text as Python writes it, with the quotation marks of the rest where that is possible."""
    return f'"{text}"' if text.isprintable() and not {'"', "\\"} & set(text) else repr(text)
