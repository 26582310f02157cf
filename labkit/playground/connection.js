// What the page says of the connection to a server; and a way past the controls that stand between.

const STATE_SIGNS = { failed: "✕ ", lost: "⚠ " };
const OWN = {
  url: { words: "type its address and press Connect", like: "http://127.0.0.1:8000/mcp", label: "Address of the server", over: "http" },
  command: { words: "type its command and press Connect", like: "python -m my_server", label: "Command that starts the server", over: "stdio" },
};

/** What is told of the connection: words, what they are about, and why Run cannot be pressed. Of a server of one's own
 * that is chosen and not yet connected to, that: what Python tells is still of the server before. */
function connection({ state, status, fault, about }, { ready, blocked }, pending) {
  const own = OWN[pending];
  if (own) return { kind: "not-connected", words: "not connected", about: `Not connected: ${own.words}`, why: `Not connected: ${own.words}.`, barred: true };
  const failed = state === "failed";
  const words = `${STATE_SIGNS[state] ?? ""}${status}${failed && fault ? `: ${fault}` : ""}`;
  return { kind: state.replace(" ", "-"), words, about: state === "connected" ? `${status}. ${about}` : words, why: fault ? "" : blocked, barred: !ready || Boolean(blocked) };
}

/** A button that is seen once it has the focus, and takes those who press it past what is between. */
function leap(words, go) {
  const node = button(words, words, go);
  node.classList.add("leap");
  return node;
}
