"""Sums up a shift's notes. It sampled, without sessions, and waited for ever; here it asks a model by itself.

    MODEL_URL=http://127.0.0.1:11434 python -m servers.clinic.stateless    (MODEL_KEY where the API wants one)

Nothing of this is MCP: the server chooses the model, holds the key, sets the time limit and pays. In return it depends
on no client, no wire and no session.
"""

import os

import httpx2
from mcp.server.mcpserver import MCPServer

from servers.serving import quietly

RULES = "Sum up in one sentence."
SECONDS = 10.0


@quietly()
def make_server(base_url: str, *, key: str = "", model: str = "llama3.2", seconds: float = SECONDS) -> MCPServer:
    """A server with the tool handover(notes), which asks the Chat Completions API at `base_url`, at most so long."""
    server = MCPServer("handover-desk")
    headers = {"Authorization": f"Bearer {key}"} if key else {}

    @server.tool(structured_output=False)
    async def handover(notes: str) -> str:
        """Sum up a shift's notes for the next one."""
        turns = [{"role": "system", "content": RULES}, {"role": "user", "content": notes}]
        body = {"model": model, "messages": turns, "max_tokens": 80}
        try:
            async with httpx2.AsyncClient(timeout=seconds, headers=headers) as http:
                reply = await http.post(f"{base_url}/v1/chat/completions", json=body)
            said: object = reply.raise_for_status().json()["choices"][0]["message"]["content"]
        except (httpx2.HTTPError, ValueError, LookupError, TypeError):
            said = None
        return said if isinstance(said, str) and said.strip() else "No summary: the model did not answer."

    return server


if __name__ == "__main__":
    url, secret = (os.environ.get(name, "") for name in ("MODEL_URL", "MODEL_KEY"))
    make_server(url or "http://127.0.0.1:11434", key=secret).run("streamable-http", stateless_http=True)
