"""The playground's settings in a real JupyterLab: chosen by mouse, there again after a restart, and gone when asked."""

import os
import shlex
import sys
from pathlib import Path

from playwright.sync_api import Locator, expect

from tests.browser.conftest import NewPage
from tests.browser.lab_page import LabPage, write_notebook

CELLS = (
    "from labkit import Playground\n\nplayground = Playground(remember='kept')\nplayground",
    "@playground.callback\nasync def mine(context, params):\n    raise NotImplementedError",
)
KEY = "sk-ant-past-0123456789abcdef"
CONNECTED = "connected · can sample · tools not declared"


def button(page: Locator, name: str) -> Locator:
    return page.get_by_role("button", name=name, exact=True)


def opened(lab_page: LabPage) -> Locator:
    lab_page.run_all()
    assert lab_page.errors() == []
    return lab_page.output(0).locator(".labkit-playground")


def test_what_was_chosen_is_there_again_after_a_restart_and_nothing_runs(root: Path, new_page: NewPage) -> None:
    write_notebook(root / "past.ipynb", *CELLS)
    with new_page() as lab_page:
        page = opened(lab_page.open("past.ipynb").without_sidebar())
        status, note, server = (
            page.locator(".top > .status"),
            page.locator(".first .note"),
            page.get_by_label("Server", exact=True),
        )
        expect(status).to_have_text(CONNECTED)
        expect(note).to_have_text("")
        server.select_option("text_analyst")
        tool = page.get_by_label("Tool", exact=True)
        expect(tool).to_have_value("summarize")
        page.get_by_label("both", exact=True).check(force=True)
        expect(status).to_have_text(CONNECTED)
        tool.select_option("analyze_text")
        expect(page.get_by_label("kind")).to_have_value("entities")
        text = page.get_by_role("textbox", name="text", exact=True)
        text.fill("Mira restarted PostgreSQL.")
        page.get_by_role("radio", name="Claude").check()
        page.get_by_label("key", exact=True).fill(KEY)
        page.get_by_label("key", exact=True).press("Enter")
        page.get_by_role("checkbox", name="Guard").check()
        page.get_by_role("slider", name="temperature").focus()
        lab_page.page.keyboard.press("End")
        expect(page.locator(".panel.code pre")).to_contain_text('"temperature": 2.0')
        until_kept(lab_page, root, '"temperature": 2.0', "Mira restarted")

        # The page loaded anew shows what stands in the kernel.
        lab_page.save()
        page = lab_page.open("past.ipynb").without_sidebar().output(0).locator(".labkit-playground")
        expect(text).to_have_value("Mira restarted PostgreSQL.")
        # Without its kernel it says so, and what cannot work is not offered.
        slider = page.get_by_role("slider", name="temperature")
        expect(slider).to_be_visible()
        lab_page.restart_kernel()
        expect(page.locator(".run .fault")).to_contain_text("the kernel was restarted")
        expect(status).to_have_text("not connected")
        for control in (button(page, "Run"), server, text, slider):
            expect(control).to_be_disabled()
        page.get_by_role("tab", name="Code").click()
        expect(page.locator(".panel.code pre")).to_be_visible()
        page = opened(lab_page)
        expect(note).to_have_text("Settings of last time")
        expect(status).to_have_text(CONNECTED)
        expect(server).to_have_value("text_analyst")
        expect(tool).to_have_value("analyze_text")
        expect(text).to_have_value("Mira restarted PostgreSQL.")
        expect(page.get_by_label("both", exact=True)).to_be_checked()
        expect(page.get_by_role("radio", name="Claude")).to_be_checked()
        expect(page.get_by_label("key", exact=True)).to_have_attribute("placeholder", "paste a key")
        expect(page.get_by_role("checkbox", name="Guard")).to_be_checked()
        expect(page.locator(".panel.code pre")).to_contain_text('"temperature": 2.0')
        expect(page.get_by_role("tab", name="History")).to_have_text("History")

        # A program of one's own is shown and not started.
        started = root / "started"
        (root / "starts.py").write_text("open('started', 'w').close()", encoding="utf-8")
        words = [sys.executable, "starts.py"]
        command = " ".join(words) if os.name == "nt" else shlex.join(words)
        server.select_option("command")
        page.get_by_label("Command that starts the server").fill(command)
        button(page, "Connect").click()
        expect(status).to_contain_text("failed to connect: ")
        started.unlink()
        until_kept(lab_page, root, '"command"')
        page = opened(lab_page.restart_kernel())
        expect(status).to_have_text("not connected · press Connect")
        expect(page.get_by_label("Command that starts the server")).to_have_value(command)
        assert not started.exists()

        button(page, "Start fresh").click()
        expect(status).to_have_text(CONNECTED)
        expect(server).to_have_value("log_archiver")
        expect(page.get_by_role("radio", name="embedded model")).to_be_checked()
        expect(note).to_have_text("")

        # The keys that run from anywhere, the copy, and more room for the result.
        page.get_by_role("slider", name="temperature").focus()
        lab_page.page.keyboard.press("ControlOrMeta+Enter")
        expect(page.get_by_role("tab", name="History")).to_have_text("History 1")
        expect(page.locator(".answer")).to_contain_text("Explanation: ")
        page.locator(".result").get_by_role("button", name="Copy").click()
        expect(page.locator(".result .copied")).to_have_text("Copied.")
        copied = lab_page.page.evaluate("navigator.clipboard.readText()")
        assert copied == page.locator(".answer").text_content()
        edge = page.get_by_role("separator", name="Room for the result")
        edge.focus()
        lab_page.page.keyboard.press("ArrowUp")
        expect(edge).to_have_attribute("aria-valuenow", "152")
        # The run is there again after a restart, with its tokens, and is set up again.
        until_kept(lab_page, root, "Explanation: ")
        page = opened(lab_page.restart_kernel())
        expect(status).to_have_text(CONNECTED)
        expect(page.get_by_role("tab", name="History")).to_have_text("History 1")
        page.get_by_role("tab", name="History").click()
        page.locator(".runs tbody tr").click()
        expect(page.locator(".result .meta")).to_contain_text("from last time · run 1 ·")
        page.get_by_role("tab", name="Tokens").click()
        expect(page.locator(".labkit-tokens [role=option]").first).to_be_visible()
        page.get_by_role("radio", name="a script").check()
        page.get_by_role("tab", name="History").click()
        button(page, "Use again").click()
        expect(page.get_by_role("radio", name="embedded model")).to_be_checked()
        expect(note).to_have_text("Settings of run 1")
        assert lab_page.errors() == []
        assert KEY not in "".join(path.read_text(encoding="utf-8") for path in (root / "kept").rglob("*.json"))
        lab_page.shut_down()


def until_kept(lab_page: LabPage, root: Path, *texts: str) -> None:
    """Wait until the one file of the settings holds `texts`."""
    kept = ""
    for _ in range(200):
        kept = "".join(path.read_text(encoding="utf-8") for path in (root / "kept").rglob("*.json"))
        if all(text in kept for text in texts):
            return
        lab_page.page.wait_for_timeout(100)  # between two looks at a file
    raise AssertionError(kept)
