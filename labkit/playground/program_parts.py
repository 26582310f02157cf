"""The parts of a program, and the way of the program to the server."""

from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from urllib.parse import urlsplit

from mcp import StdioServerParameters

from labkit.playground.choices import is_secret
from labkit.playground.sources import PYTHONS, BoxServer, Source, Transport

FOLDER = "reports"

OWN_SERVER = """\
server = None  # put your own server here, such as: from my_module import my_server as server
if server is None:
    sys.exit("Your own server is missing: put it into the line that begins with `server =`.")"""

HIDDEN = """\
secrets = {names}  # what a command held that may be a secret
missing = [name for name in secrets if name not in os.environ]
if missing:
    sys.exit(f"The server's command needs these in the environment: {{', '.join(missing)}}.")"""
UNSET = """\
environment = {names}  # what the server gets of this program's environment
unset = [name for name in environment if name not in os.environ]
if unset:
    sys.exit(f"The server needs these in the environment: {{', '.join(unset)}}.")"""

NEAR = """\
async with {client} as client:
    try:
        result = await client.call_tool({tool}, arguments)
    except MCPError as error:
        return safe_to_print(f"No result: {{error}}")
"""
"""The call of a server that is there: in this process, or seen to listen."""

FAR = """\
client = None
try:
    async with {client} as client:
        result = await client.call_tool({tool}, arguments)
except Exception as error:
    while isinstance(error, ExceptionGroup):  # a task group wraps what fails in it
        error = error.exceptions[0]
    if client and not isinstance(error, MCPError):
        raise error from None
    return safe_to_print(f"No result: {{error}}" if client else f"The server cannot be reached: {{error}}")
"""
"""The call of any other server."""

UNANSWERED = """\
if unanswered:
    return unanswered[0]
"""
RESULT = """\
text = "\\n".join(getattr(block, "text", block.type) for block in result.content)
if result.structured_content and (not text or text[0] in "{["):  # there is no text, or it is JSON too
    text = json.dumps(result.structured_content, indent=2, ensure_ascii=False)
if result.is_error:
    return safe_to_print(f"No result: {text}")
print(safe_to_print(text))
"""
SAFE = """\
def safe_to_print(text):  # what comes from outside may hold characters that a terminal obeys
    text = text.replace("\\r\\n", "\\n")
    return "".join(char if char.isprintable() or char in "\\n\\t" else ascii(char)[1:-1] for char in text)

"""
"""The function stands inside `main`, where it takes no name away from the student's own functions."""


@dataclass(slots=True)
class Parts:
    """A program in the making: its imports, by module, and its blocks."""

    plain: set[str] = field(default_factory=set[str])
    names: dict[str, set[str]] = field(default_factory=dict[str, set[str]])
    blocks: list[str] = field(default_factory=list[str])

    def use(self, module: str, *names: str) -> None:
        """Import names of a module, or, without names, the module itself."""
        if names:
            self.names.setdefault(module, set()).update(names)
        else:
            self.plain.add(module)

    def add(self, others: "Parts") -> None:
        """Take over the imports and blocks of others."""
        self.plain |= others.plain
        for module, names in others.names.items():
            self.use(module, *names)
        self.blocks += others.blocks


def server_of(parts: Parts, source: Source, transport: Transport) -> tuple[str, list[str], int]:
    """The argument of `Client`, the lines before it, and how far these indent what follows."""
    if isinstance(source, BoxServer):
        return _box(parts, source, transport)
    if isinstance(source, StdioServerParameters):
        return _command(parts, source), [], 0
    if isinstance(source, str):
        place = urlsplit(source)
        if place.username or place.password or place.query or place.fragment:
            parts.use("os")
            return 'os.environ["MCP_SERVER_URL"]', [], 0
        return repr(source), [], 0
    parts.blocks.append(OWN_SERVER)
    return "server", [], 0


def _box(parts: Parts, source: BoxServer, transport: Transport) -> tuple[str, list[str], int]:
    folder = f'"{FOLDER}"' if source.keeps_files else ""
    if transport == "in process":
        parts.use(f"servers.{source.id}", "make_server")
        return f"make_server({folder})", [], 0
    arguments = ", ".join(f'"{word}"' for word in source.arguments(FOLDER))
    if transport == "stdio":
        parts.use("mcp", "StdioServerParameters")
        return f"StdioServerParameters(command=sys.executable, args=[{arguments}])", [], 0
    parts.use("socket")
    parts.use("subprocess")
    parts.blocks.append(
        "async def listening(port, process):\n"
        "    while process.poll() is None:\n"
        "        try:\n"
        '            return socket.create_connection(("127.0.0.1", port)).close()\n'
        "        except ConnectionRefusedError:\n"
        "            await asyncio.sleep(0.1)\n"
        '    sys.exit("The server could not be started.")'
    )
    before = [
        'with socket.create_server(("127.0.0.1", 0)) as free:',
        "    port = free.getsockname()[1]",
        f'with subprocess.Popen([sys.executable, {arguments}, "--http", str(port)]) as process:',
        "    try:",
        "        await listening(port, process)",
    ]
    return 'f"http://127.0.0.1:{port}/mcp"', before, 2


def _command(parts: Parts, source: StdioServerParameters) -> str:
    """A program as the server. Of its environment only names are written down: a value may be a key.

    An argument may be a key too, by its form or by the option before it; then it is taken from the environment.
    """
    parts.use("mcp", "StdioServerParameters")
    hidden: list[str] = []
    arguments: list[str] = []
    for option, argument in pairwise([source.command, *source.args]):
        if is_secret(argument, option.lstrip("-")):
            hidden.append(f"SERVER_SECRET_{len(hidden) + 1}")
            arguments.append(f'os.environ["{hidden[-1]}"]')
        else:
            arguments.append(repr(argument))
    if hidden:
        parts.use("os")
        parts.blocks.append(HIDDEN.format(names=repr(tuple(hidden))))
    command = "sys.executable" if source.command in PYTHONS else repr(source.command)
    options = [f"command={command}", f"args=[{', '.join(arguments)}]"]
    if source.cwd is not None:
        options.append(f"cwd={str(Path(source.cwd).absolute())!r}")
    if source.env:
        parts.use("os")
        parts.blocks.append(UNSET.format(names=repr(tuple(source.env))))
        options.append("env={name: os.environ[name] for name in environment}")
    return f"StdioServerParameters({', '.join(options)})"
