"""A widget of the kit on a page of its own, without JupyterLab: the real module, style and Python side, no kernel."""

import json
from typing import Any

from playwright.sync_api import Locator, Page

PAGE = """<!doctype html><html lang="en"><title>a widget</title><body data-jp-theme-light="true" style="margin: 8px">
<main></main></body></html>"""
DARK = {"layout-color1": "#111111", "ui-font-color0": "#ffffff", "brand-color2": "#64b5f6"}

# What anywidget gives a module, as far as the kit uses it. What Python sends back at once answers what is sent to it.
START = """async ([module, style, state]) => {
  const listeners = new Map();
  const bytes = (text) => new TextEncoder().encode(text);
  if (state.rows) state.rows = bytes(state.rows);
  const tell = (event, ...told) => [...(listeners.get(event) ?? [])].forEach((each) => each(...told));
  const model = {
    get: (name) => state[name],
    set: (name, value) => { state[name] = value; },
    save_changes() {},
    on: (event, heard) => listeners.set(event, [...(listeners.get(event) ?? []), heard]),
    off: (event, heard) => listeners.set(event, (listeners.get(event) ?? []).filter((each) => each !== heard)),
    widget_manager: { has_model: () => false },
    send: async (message) => {
      const answers = await window.sentToPython(message);
      for (const [answer, buffers] of answers) tell('msg:custom', answer, buffers.map(bytes));
    },
  };
  window.told = (name, value) => {
    state[name] = name === 'rows' ? bytes(value) : value;
    tell(`change:${name}`);
  };
  window.heard = (message) => tell('msg:custom', message, []);
  document.head.append(Object.assign(document.createElement('style'), { textContent: style }));
  const url = URL.createObjectURL(new Blob([module], { type: 'text/javascript' }));
  const widget = await (await import(url)).default();
  const el = document.querySelector('main').appendChild(document.createElement('div'));
  widget.initialize?.({ model });
  widget.render({ model, el });
}"""


class BarePage:
    """One widget on one page.

    Args:
        page: The browser's page.
        view: The widget. What it sends is kept for the page.
    """

    def __init__(self, page: Page, view: Any) -> None:
        self.page = page
        self.view = view
        self._said: list[Any] = []
        view.send = lambda content, buffers=(): self._said.append((content, [each.decode() for each in buffers or ()]))
        page.route("**/*", lambda route: route.fulfill(body=PAGE, content_type="text/html"))
        page.goto("http://localhost/")  # the clipboard is for pages of an address alone
        page.expose_function("sentToPython", self._sent)
        page.evaluate(START, [view._esm, view._css, self._state()])

    def _state(self) -> dict[str, Any]:
        state = self.view.get_state()
        own = {name for name in self.view.traits(sync=True) if not name.startswith("_")} - {"layout", "tabbable"}
        return {name: _text(state[name]) for name in own if name in state}

    def _sent(self, message: dict[str, Any]) -> list[Any]:
        self._said.clear()
        self.view._handle_custom_msg(message, [])
        return list(self._said)

    def tell(self) -> None:
        """Let the page know what has changed in Python, and what was sent to it."""
        for name, value in json.loads(json.dumps(self._state())).items():
            self.page.evaluate("([name, value]) => window.told(name, value)", [name, value])
        for content, _ in self._said:
            self.page.evaluate("(message) => window.heard(message)", content)
        self._said.clear()

    def dark(self) -> None:
        """Switch to a dark theme, as JupyterLab's has it."""
        self.page.evaluate(
            """(colours) => {
              const {dataset, style} = document.body;
              dataset.jpThemeLight = 'false';
              style.background = colours['layout-color1'];
              for (const [name, value] of Object.entries(colours)) style.setProperty(`--jp-${name}`, value);
            }""",
            DARK,
        )

    @property
    def card(self) -> Locator:
        """The widget's card."""
        return self.page.locator(".labkit-card").first


def _text(value: Any) -> Any:
    return bytes(value).decode() if isinstance(value, bytes | memoryview) else value
