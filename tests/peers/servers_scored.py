"""Score published servers that are not ours, from an environment that has nothing but this checkout.

    python tests/peers/servers_scored.py [WORD ...]

Needs the network, uv and npm. Each server of the table is fetched in its version and scored as an outsider would, with
`python -m labkit.checks --server`, in an empty folder. WORDs choose those that have one of them in their name. A row
for each; the exit status is 1 where one fails other cases than are named beside it. What the verdicts say, and that
they are fair, stands in `docs/handlers.md`.
"""

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
UV_RUN = "uv run --quiet --isolated --no-project --python 3.11"
NIGHT = (
    "Please take over the order service after the incident of this night. The disk of the database was full at three, "
    "so that orders could not be written, and the queue grew to nine thousand messages. Rotate the logs by hand, then "
    "watch the queue until it is empty, and write a report for the team with the times. Keep it below fifty euros."
)


@dataclass(frozen=True)
class Published:
    """A server: what starts it, its tool, what that is called with, what it can use, and the cases that it fails.

    Where `npm` names a package, that is put into `node_modules` of the folder.
    """

    name: str
    command: str
    tool: str
    arguments: dict[str, Any]
    fails: set[str]
    answer: str = ""
    npm: str = ""
    env: dict[str, str] = field(default_factory=dict[str, str])


AS_IT_CAME = {"answers.long", "answers.hidden"}
"""What a tool fails that returns an answer as it came."""

PUBLISHED = (
    Published(
        "@modelcontextprotocol/server-everything 2026.8.31",
        "node node_modules/@modelcontextprotocol/server-everything/dist/index.js",
        "trigger-sampling-request",
        {"prompt": "Why did orders stop at 03:02?"},
        AS_IT_CAME,
        npm="@modelcontextprotocol/server-everything@2026.8.31",
    ),
    Published(
        "devmcp-server 0.3.0",
        f"{UV_RUN} --with devmcp-server==0.3.0 devmcp --repo-path repo",
        "summarize_diff",
        {"diff": "-timeout = 5\n+timeout = 30"},
        AS_IT_CAME | {"clients.not-asked", "answers.image", "answers.empty", "answers.cut"},
    ),
    Published(
        "handoffpack 0.3.2",
        f"{UV_RUN} --with mcp==1.30.0 --with handoffpack==0.3.2 handoffpack",
        "encode",
        {"text": NIGHT},
        AS_IT_CAME,
        answer="TASK=Take over the order service after the incident",
        env={"HP_ENABLE_SAMPLING": "1"},
    ),
    Published(
        "iflow-mcp-thelearningdev-sampling 0.1.0",
        f"{UV_RUN} --with mcp[cli]==1.30.0 --with fastmcp==3.4.11"
        " --with iflow-mcp-thelearningdev-sampling==0.1.0 mcp-server",
        "summarize",
        {"text_to_summarize": "Orders stopped at 03:02: the disk was full."},
        AS_IT_CAME | {"clients.not-asked", "answers.empty", "answers.cut"},
    ),
)


def scored(server: Published, python: Path, folder: Path) -> list[dict[str, Any]]:
    """The rows of a server's card."""
    if server.npm:
        subprocess.run(["npm", "install", "--silent", "--no-audit", "--no-fund", server.npm], cwd=folder, check=True)
    command = [python, "-m", "labkit.checks", "--server", server.command, "--tool", server.tool, "--json"]
    command += ["--arguments", json.dumps(server.arguments), *(["--answer", server.answer] if server.answer else [])]
    done = subprocess.run(
        command, cwd=folder, env=os.environ | server.env, capture_output=True, encoding="utf-8", timeout=1200
    )
    if done.returncode not in (0, 1):
        raise RuntimeError(done.stderr.strip()[-1000:])
    return json.loads(done.stdout)["rows"]


def main(words: list[str]) -> int:
    good = True
    with tempfile.TemporaryDirectory() as home:
        python = Path(home, "bin", "python")
        subprocess.run(["uv", "venv", "--quiet", "--python", "3.11", home], check=True)
        subprocess.run(["uv", "pip", "install", "--quiet", "--python", str(python), str(ROOT)], check=True)
        for server in PUBLISHED:
            if words and not any(word.lower() in server.name.lower() for word in words):
                continue
            with tempfile.TemporaryDirectory() as folder:
                rows = scored(server, python, Path(folder))
            of = {status: [row["id"] for row in rows if row["status"] == status] for status in ("PASS", "FAIL", "N/A")}
            as_named = {*of["FAIL"]} == server.fails
            good &= as_named
            counts = ", ".join(f"{len(of[status])} {status}" for status in of)
            print(
                f"{server.name:50} {counts}{'' if as_named else ', not as named'}: {', '.join(of['FAIL'])}", flush=True
            )
    return 0 if good else 1


if __name__ == "__main__":
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"  # uv stands beside Python
    sys.exit(main(sys.argv[1:]))
