"""A guard with its defaults finds nothing in what the kit's own servers ask, whatever language their texts are in."""

from pathlib import Path
from typing import Any

import pytest
from mcp_types import CreateMessageResult

from labkit import Lab
from labkit.host import with_guard
from servers import code_reviewer, log_archiver, research_assistant, text_analyst
from servers.sample_code import SAMPLE_CODE
from servers.sample_logs import SAMPLE_LINES
from servers.sample_texts import SAMPLE_TEXTS, SAMPLE_TICKETS
from tests.host.crowd import answered
from tests.story import WIRES, answer, question

pytestmark = pytest.mark.anyio

TOPICS = (
    "attention",
    "Schrödinger équations β ≤ δ",
    "پژوهش در باره\u200cی یادگیری",
    "हिन्दी पाठ",
    "日本語の要約 👩\u200d🔬",
)
TEXTS = {
    "text-analyst": [*SAMPLE_TEXTS.values(), *SAMPLE_TICKETS.values(), *TOPICS],
    "code-reviewer": [*SAMPLE_CODE.values()],
    "research-assistant": [*TOPICS],
    "log-archiver": [*SAMPLE_LINES.values(), *(f"2026-03-01 02:03:04 ERROR: {topic}" for topic in TOPICS)],
}


async def neutral(context: object, params: object) -> CreateMessageResult:
    return answer("neutral")


@pytest.mark.parametrize("wire", WIRES)
async def test_the_servers_in_the_box_give_no_finding(wire: str, tmp_path: Path) -> None:
    servers = (
        *(made.make_server() for made in (text_analyst, code_reviewer, research_assistant)),
        log_archiver.make_server(tmp_path),
    )
    for server in servers:
        guard = with_guard(neutral)
        with Lab(server, sampling_callback=guard, mode=wire) as lab:
            sampled = 0
            for tool in (await lab.run(lambda client: client.list_tools())).tools:
                for text in TEXTS[server.name]:
                    required: list[Any] = tool.input_schema.get("required", [])
                    await lab.call_tool(tool.name, dict.fromkeys(required, text))
                    sampled += lab.flow.samples
        assert guard.counts == {}, server.name
        assert sampled > 0, server.name


HONEST_ANSWERS = (
    "Your new password is Blau7meise. Change it after the first login.",
    "Password: hunter22\nUser: anna",
    "A good passphrase: correct horse battery staple 7",
    "password = 'Zr9-qqPLm4417xx'  # an example for the course",
    'def login(password: str) -> bool:\n    return check(password, salt="a1b2c3d4e5f6")',
    "export OPENAI_API_KEY=<your key here>",
    "api_key = os.environ['API_KEY']\ntoken = get_token(7)",
    "services:\n  db:\n    environment:\n      POSTGRES_PASSWORD: example123",
    "postgres://user:password@localhost:5432/db",
    "curl -H 'Authorization: Bearer $TOKEN' https://example.org",
    "| user | password |\n| --- | --- |\n| anna | Blau7meise |",
    '{"password": "Blau7meise", "token": "c3d4e5f6a7b8"}',
    '{"label": "billing", "confidence": 0.93, "token_count": 123456}',
    "```json\n[1, 2, 3]\n```",
    "SGVsbG8gV29ybGQhIFRoaXMgaXMgYSB0ZXN0LiBJdCBnb2VzIG9uIGFuZCBvbi4=",
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk",
    "The commit 9fceb02d0ae598e95dc970b74767f19372d61af8 broke it.",
    "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "123e4567-e89b-12d3-a456-426614174000",
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGq1bZ8 anna@laptop",
    "-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A\n-----END PUBLIC KEY-----",
    "Keys of GitHub begin with ghp_, those of AWS with AKIA.",
    "Das Kennwort lautet Blau7meise; der Schlüssel passt nicht.",
    "Пароль: Синица7 должен содержать 8 символов",  # noqa: RUF001
    "密码是 abc12345，请尽快修改",  # noqa: RUF001
    "می‌خواهم کتاب‌های خوب بخوانم",
    "क्‍या आप लिख सकते हैं? 👩‍🔬 हाँ",
    "הסיסמה שלי היא 12345678",
    "sk-learn-tutorial-2026-part-one and task-description-2026",
    "1. e4 e5 2. Nf3 Nc6 3. Bb5 a6",
)


@pytest.mark.parametrize("said", HONEST_ANSWERS)
async def test_an_honest_answer_reaches_the_server_as_it_is(said: str) -> None:
    async def says(context: object, params: object) -> CreateMessageResult:
        return answer(said)

    guard = with_guard(says)
    assert await answered(guard, question("hello", max_tokens=500)) == (answer(said), [])
    assert guard.counts == {}
