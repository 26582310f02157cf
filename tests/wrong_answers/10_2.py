"""Exercise 10.2: a tool that asks about as many lines as there are, in one round."""

import json

from mcp.server.mcpserver import Context, MCPServer
from mcp.types import InputRequiredResult

from servers.asking import asks_by_result, can_sample, text_of
from servers.clinic.ctx_sample import question as request

MOST = 5


async def _start(ctx, fetch):
    """The lines, and the answers that came to them."""
    if ctx.request_state:
        return json.loads(ctx.request_state), ctx.input_responses or {}
    return await fetch(), {}


def _keyed(lines):
    return {f"line {n}": request(line) for n, line in enumerate(lines[:MOST])}


def _asks(ctx):
    return asks_by_result(ctx) and can_sample(ctx)


def _complete(asked, came):
    return asked.keys() <= came.keys()


def _written(lines, came, most=MOST):
    rows = [f"- {line}: {text_of(came[f'line {n}']) if came else 'not asked'}" for n, line in enumerate(lines[:most])]
    if len(lines) > MOST:
        rows.append(f"({len(lines) - MOST} more)")
    return "\n".join(rows) or "No lines."


def _server(fetch, *, start=_start, keyed=_keyed, asks=_asks, complete=_complete, written=_written, state=json.dumps):
    server = MCPServer("digest")

    @server.tool(structured_output=False)
    async def digest(ctx: Context) -> str | InputRequiredResult:
        lines, came = await start(ctx, fetch)
        if asks(ctx):
            asked = keyed(lines)
            if not complete(asked, came):
                return InputRequiredResult(input_requests=asked, request_state=state(lines))
        return written(lines, came)

    return server


def fetches_each_round(fetch):
    """Looks into the log again when the answers come.

    one call fetched 2 times
    """

    async def start(ctx, fetch):
        return await fetch(), (ctx.input_responses or {}) if ctx.request_state else {}

    return _server(fetch, start=start)


def keeps_the_lines(fetch):
    """Keeps the lines in the server, where two callers meet.

    Two clients called at once
    """
    kept = []

    async def start(ctx, fetch):
        if not ctx.request_state:
            kept[:] = await fetch()
        return list(kept), (ctx.input_responses or {}) if ctx.request_state else {}

    return _server(fetch, start=start)


def asks_for_the_rest_and_keeps_nothing(fetch):
    """Asks for the answers that are missing, and forgets the one that came: it never comes to an end.

    then the other 2, and was asked again
    """
    server = MCPServer("digest")

    @server.tool(structured_output=False)
    async def digest(ctx: Context) -> str | InputRequiredResult:
        lines, came = await _start(ctx, fetch)
        if _asks(ctx):
            missing = {key: each for key, each in _keyed(lines).items() if key not in came}
            if missing:
                return InputRequiredResult(input_requests=missing, request_state=json.dumps(lines))
        return _written(lines, came)

    return server


def no_cap(fetch):
    """Asks about all lines.

    the log had 6 lines: it asked for 6 samples
    """
    return _server(fetch, keyed=lambda lines: {f"line {n}": request(line) for n, line in enumerate(lines)})


def no_word_of_the_rest(fetch):
    """Leaves lines out and tells nobody.

    1 of 6 lines are left out. Say how many
    """
    return _server(fetch, written=lambda lines, came: _written(lines[:MOST], came))


def always_more(fetch):
    """Ends with a row on the rest where there is none.

    the log had 3 lines: there is a row too many
    """
    return _server(fetch, written=lambda lines, came: f"{_written(lines, came)}\n(0 more)")


def nothing_of_nothing(fetch):
    """Says nothing where there are no lines.

    the log had 0 lines: the result is empty
    """
    return _server(fetch, written=lambda lines, came: _written(lines, came) if lines else "")


def one_at_a_time(fetch):
    """Asks in a round for each line, and forgets what it was told before.

    never came to an end
    """

    def complete(asked, came):
        for key in list(asked):
            if key in came:
                del asked[key]
        keep = list(asked)[:1]
        for key in list(asked):
            if key not in keep:
                del asked[key]
        return not asked

    return _server(fetch, complete=complete)


def never_satisfied(fetch):
    """Asks again whatever was answered.

    the same was asked in every round
    """
    return _server(fetch, complete=lambda asked, came: not asked)


def any_answer(fetch):
    """Takes one answer for all of them.

    The client answered 1 of 3 questions
    """
    return _server(fetch, complete=lambda asked, came: bool(came) or not asked)


def foreign_answers(fetch):
    """Takes answers that came without a state.

    which belong to no question of yours
    """

    async def start(ctx, fetch):
        lines = json.loads(ctx.request_state) if ctx.request_state else await fetch()
        return lines, ctx.input_responses or {}

    return _server(fetch, start=start)


def fetches_once_for_all(fetch):
    """Looks into the log at the first call and never again.

    Called again, when the log had 2 others
    """
    kept = []

    async def start(ctx, fetch):
        if not kept:
            kept.append(await fetch())
        return kept[0], (ctx.input_responses or {}) if ctx.request_state else {}

    return _server(fetch, start=start)


def asks_on_the_older_wire(fetch):
    """Returns an unfinished result on the older wire.

    On 2025-11-25, for a client that can sample, with 2 lines: it asked
    """
    return _server(fetch, asks=can_sample)


def asks_who_cannot(fetch):
    """Asks a client that cannot sample.

    On 2026-07-28, for a client that cannot sample, with 2 lines: the call failed
    """
    return _server(fetch, asks=asks_by_result)


def by_turns(fetch):
    """Gives the first answer to the last line.

    and is '- 02:00 db-0: no space left: It means tfel ecaps on :2
    """

    def written(lines, came):
        return _written(lines, dict(zip(came, reversed(came.values()), strict=True)))

    return _server(fetch, written=written)


def the_answer_alone(fetch):
    """Gives the answers without the lines.

    left: It means tfel ecaps on :0-bd 00:20' and is 'It means
    """
    return _server(fetch, written=lambda lines, came: "\n".join(text_of(came[key]) for key in _keyed(lines)))


def no_server(fetch):
    """Forgets to return the server.

    no_server() returned nothing
    """
    _server(fetch)
