"""What a full history costs: keystrokes and Run → painted answer, in Chromium, without runs and with the 100 it keeps.

    .venv/bin/python -m tests.bench.history

It starts a JupyterLab of its own on a free port and ends it. A keystroke has three parts:

- *handled*: from the event, as the browser dates it, until all that listens to the typed character is through;
- *wait*: until the next frame begins. A screen of 60 Hz has one each 16.7 ms, so in any page it is up to that, and
  15 ms at the 95th percentile: an empty page with one field does not keep a bar of 16 ms on the whole, it takes 17;
- *drawn*: style, layout and paint of that frame, until the page's main thread is free again.

Handled and drawn are the page's share. A bare field in the same JupyterLab, before there is a playground, is measured
first: what the playground adds to its figures is ours. A run is timed from the click to the frame with its answer, less
the seconds between the first and the last step of its flow, which are the server's and the answerer's. Bars, on an idle
machine: the page's share of a keystroke 16 ms at the 95th percentile, the playground's share of a run 150 ms. Beside
them stands what the page's main thread and the kernel computed for one: figures that a busy machine changes little.
"""

import os
import socket
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import CDPSession, Locator, expect, sync_playwright

from tests.browser.conftest import OPTIONS, REPOSITORY, find_chromium, until_lab_answers
from tests.browser.lab_page import LabPage, write_notebook

BARE = "from IPython.display import HTML\n\nHTML('<textarea rows=3 data-lm-suppress-shortcuts=true></textarea>')"
OPEN = "from labkit import Playground\n\nplayground = Playground()\nplayground"
MADE, RUNS, KEYS = 200, 15, 120

PAINTED = """
const painted = () => new Promise((done) => requestAnimationFrame(() => {
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => done(performance.now());
  port2.postMessage(0);
}));
"""
TYPING = """(node) => {
  window.__typing?.abort();
  window.__typing = new AbortController();
  window.__typed = [];
  const { signal } = window.__typing;
  let from;
  node.addEventListener("keydown", (event) => { from = event.timeStamp; }, { signal, capture: true });
  window.addEventListener("input", async () => {  // the last place that an event of the page comes to
    const pressed = from, frame = new Promise((done) => requestAnimationFrame(() => done(performance.now())));
    await 0;
    const handled = performance.now(), end = painted(), [begun, drawn] = await Promise.all([frame, end]);
    window.__typed.push([handled - pressed, begun - handled, drawn - begun]);
  }, { signal });
}"""
RUN = """(root) => new Promise((done) => {
  const meta = root.querySelector(".result .meta"), go = root.querySelector(".run .go"), before = meta.textContent;
  const from = performance.now();
  const seen = new MutationObserver(async () => {
    if (meta.textContent === before || !meta.textContent.startsWith("Result of")) return;
    seen.disconnect();
    done(await painted() - from);
  });
  seen.observe(meta, { childList: true, characterData: true, subtree: true });
  go.click();
})"""


def with_painted(script: str) -> str:
    head, arrow, body = script.partition("=>")
    return f"{head}{arrow} {{ {PAINTED} return ({head}{arrow}{body})({head.strip(' ()')}); }}"


def told(milliseconds: list[float]) -> str:
    cuts = statistics.quantiles(milliseconds, n=20)
    return f"median {statistics.median(milliseconds):6.1f} ms, 95th percentile {cuts[18]:6.1f} ms"


def computed(cdp: CDPSession, lab_page: LabPage) -> tuple[float, float]:
    """The milliseconds that the page's main thread and the kernel have computed so far."""
    metrics = {each["name"]: each["value"] for each in cdp.send("Performance.getMetrics")["metrics"]}
    return 1000 * metrics["TaskDuration"], 1000 * asked(lab_page, "__import__('time').process_time()")


def each(before: tuple[float, float], after: tuple[float, float], many: int) -> str:
    page, kernel = ((now - then) / many for then, now in zip(before, after, strict=True))
    return f"page {page:5.1f} ms, kernel {kernel:5.1f} ms computed for one"


def type_into(lab_page: LabPage, field: Locator, cdp: CDPSession) -> str:
    """What keystrokes into a field take, in words: the page's share, its parts, the wait for the frame, all of it."""
    field.evaluate(with_painted(TYPING))
    field.focus()
    before = computed(cdp, lab_page)
    lab_page.page.keyboard.type("abcde fghij" * (KEYS // 11), delay=30)
    lab_page.page.wait_for_timeout(200)
    typed: list[tuple[float, float, float]] = lab_page.page.evaluate("window.__typed")
    spent = each(before, computed(cdp, lab_page), len(typed))
    handled, wait, drawn = (list(part) for part in zip(*typed, strict=True))
    share = [one + other for one, other in zip(handled, drawn, strict=True)]
    parts = {"handled": handled, "drawn": drawn, "wait": wait, "whole": [sum(key) for key in typed]}
    return "\n".join([f"{told(share)}; {spent}", *(f"{name:>32} {told(part)}" for name, part in parts.items())])


def measure(lab_page: LabPage, playground: Locator, cdp: CDPSession, runs: int) -> None:
    """Print what a keystroke and a run take with as many runs in the history, its tab shown and not."""
    for name in ("Flow", "History"):
        playground.get_by_role("tab", name=name).click()
        field = playground.get_by_role("textbox", name="log_line", exact=True)
        print(f"{runs:4} runs, {name:8} keystroke {type_into(lab_page, field, cdp)}")
        shares: list[float] = []
        before = computed(cdp, lab_page)
        for _ in range(RUNS):
            whole = playground.evaluate(with_painted(RUN))
            expect(playground.locator(".run .go")).to_have_attribute("aria-disabled", "false")
            lab_page.page.wait_for_timeout(700)  # what is kept after a run is no part of the next
            shares.append(whole - 1000 * asked(lab_page, "playground.runs[-1].seconds"))
        spent = each(before, computed(cdp, lab_page), RUNS)
        print(f"{runs:4} runs, {name:8} share     {told(shares)}; {spent}")


def asked(lab_page: LabPage, expression: str) -> float:
    """A number of the kernel."""
    reply: Any = lab_page.page.evaluate(
        """async (told) => {
          const { kernel } = window.jupyterapp.shell.currentWidget.sessionContext.session;
          const asked = { code: "", user_expressions: { told } };
          return (await kernel.requestExecute(asked).done).content.user_expressions.told.data["text/plain"];
        }""",
        expression,
    )
    return float(reply)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, socket.create_server(("127.0.0.1", 0)) as free:
        root, port = Path(folder), free.getsockname()[1]
        free.close()
        write_notebook(root / "history.ipynb", BARE, OPEN)
        own = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")
        environment = {**os.environ, **{name: str(root / name.lower()) for name in own}}
        environment["JUPYTER_CONFIG_PATH"] = str(REPOSITORY / "binder" / "jupyter")
        environment["PYTHONPATH"] = str(REPOSITORY)
        command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", f"--port={port}"]
        command += [f"--ServerApp.root_dir={root}", "--IdentityProvider.token=", "--ServerApp.log_level=ERROR"]
        command += ["--LabApp.expose_app_in_browser=True", "--ip=127.0.0.1"]
        log = (root / "jupyterlab.log").open("w", encoding="utf-8")
        with log, subprocess.Popen(command, env=environment, cwd=root, stdout=log, stderr=log) as server:
            try:
                url = f"http://127.0.0.1:{port}"
                until_lab_answers(url, server, root / "jupyterlab.log")
                measured(url)
            finally:
                server.terminate()
                server.wait(20)


def measured(url: str) -> None:
    expect.set_options(timeout=120_000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=list(OPTIONS))
        lab_page = LabPage(browser.new_page(viewport={"width": 1366, "height": 768}), url)
        lab_page.open("history.ipynb").without_sidebar().run_cell(0)
        cdp = lab_page.page.context.new_cdp_session(lab_page.page)
        cdp.send("Performance.enable", {"timeDomain": "threadTicks"})
        print(f"{'a bare field':>18} keystroke {type_into(lab_page, lab_page.output(0).locator('textarea'), cdp)}")
        lab_page.run_cell(1)
        playground = lab_page.output(1).locator(".labkit-playground")
        expect(playground.locator(".top .status")).to_contain_text("connected ·")
        lab_page.execute("playground.answers.use('script'); playground.answers.hold(budget=False)")
        measure(lab_page, playground, cdp, 0)
        lab_page.execute("playground.forget()")
        lab_page.execute(f"for _ in range({MADE // 10}): playground.run(10); playground.wait(300)")
        expect(playground.get_by_role("tab", name="History")).to_have_text("History 100")
        lab_page.page.wait_for_timeout(2_000)
        measure(lab_page, playground, cdp, MADE)
        lab_page.shut_down()
        browser.close()


if __name__ == "__main__":
    main()
