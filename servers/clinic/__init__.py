"""The migration clinic: four servers of 2025, moved to what mcp 2 offers; plain mcp, one file each.

    session_asks  asked with `create_message`                 moved to `Resolve`
    ctx_sample    asked with FastMCP's `ctx.sample`, N times  moved to `InputRequiredResult` by hand
    stateless     asked from a server without sessions        moved to a provider that it calls itself
    tool_loop     asks in a loop, with tools                  kept for `mode="legacy"`, and tells others so

What each was, and what came of it then and comes of it now, stands recorded in `labkit/course/clinic/`.
"""
