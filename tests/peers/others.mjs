// What the TypeScript SDKs run for others.py: `client NAME` with jobs on standard input, `serve NAME [PORT]`.
import { createServer } from "node:http";
import { randomUUID } from "node:crypto";
import { text as readAll } from "node:stream/consumers";

const ANSWER = "The disk was full, so the order service stopped.";
const REFUSAL = "The user said no.";
const MESSAGES = [{ role: "user", content: { type: "text", text: "What happened in the night?" } }];
const UNKNOWN = { name: "peer", version: "1" };

const answered = (way) => async () => {
  if (way === "refuse") throw Object.assign(new Error(REFUSAL), { code: -1 });
  return { role: "assistant", model: "peer", content: { type: "text", text: ANSWER } };
};
const told = (result) => [Boolean(result.isError), result.content.map((block) => block.text ?? "").join(" ")];
const capabilities = (way) => (way === "none" ? {} : { sampling: {} });

async function called(client, transport, job) {
  await client.connect(transport);
  try {
    return told(await client.callTool({ name: job.tool, arguments: job.arguments }));
  } finally {
    await client.close();
  }
}

const clients = {
  async ts1(job) {
    const { Client } = await import("@modelcontextprotocol/sdk/client/index.js");
    const { StdioClientTransport } = await import("@modelcontextprotocol/sdk/client/stdio.js");
    const { StreamableHTTPClientTransport } = await import("@modelcontextprotocol/sdk/client/streamableHttp.js");
    const { CreateMessageRequestSchema } = await import("@modelcontextprotocol/sdk/types.js");
    const client = new Client(UNKNOWN, { capabilities: capabilities(job.way) });
    if (job.way !== "none") client.setRequestHandler(CreateMessageRequestSchema, answered(job.way));
    const at = job.url
      ? new StreamableHTTPClientTransport(new URL(job.url))
      : new StdioClientTransport({ command: job.command[0], args: job.command.slice(1) });
    return called(client, at, job);
  },
  async ts2(job) {
    const { Client, StreamableHTTPClientTransport } = await import("@modelcontextprotocol/client");
    const { StdioClientTransport } = await import("@modelcontextprotocol/client/stdio");
    const options = { capabilities: capabilities(job.way), versionNegotiation: { mode: job.wire } };
    const client = new Client(UNKNOWN, options);
    if (job.way !== "none") client.setRequestHandler("sampling/createMessage", answered(job.way));
    const at = job.url
      ? new StreamableHTTPClientTransport(new URL(job.url))
      : new StdioClientTransport({ command: job.command[0], args: job.command.slice(1) });
    return called(client, at, job);
  },
};

// The address of a session is kept by its id, as the SDK's own examples do.
function listen(port, connected) {
  const sessions = new Map();
  createServer(async (request, response) => {
    const body = request.method === "POST" ? JSON.parse(await readAll(request)) : undefined;
    const transport = sessions.get(request.headers["mcp-session-id"]) ?? (await connected(sessions));
    await transport.handleRequest(request, response, body);
  }).listen(port, "127.0.0.1");
}

const servers = {
  async serve_ts1(port) {
    const { McpServer } = await import("@modelcontextprotocol/sdk/server/mcp.js");
    const { StdioServerTransport } = await import("@modelcontextprotocol/sdk/server/stdio.js");
    const { StreamableHTTPServerTransport } = await import("@modelcontextprotocol/sdk/server/streamableHttp.js");
    const make = () => {
      const server = new McpServer(UNKNOWN);
      server.registerTool("ask", { description: "Ask the client's model." }, async () => {
        const result = await server.server.createMessage({ messages: MESSAGES, maxTokens: 100 });
        return { content: [{ type: "text", text: result.content.text }] };
      });
      return server;
    };
    if (!port) return make().connect(new StdioServerTransport());
    listen(port, async (sessions) => {
      const transport = new StreamableHTTPServerTransport({
        sessionIdGenerator: randomUUID,
        onsessioninitialized: (id) => sessions.set(id, transport),
      });
      await make().connect(transport);
      return transport;
    });
  },
  async serve_ts2(port) {
    const { McpServer, inputRequired, createMcpHandler, isLegacyRequest } = await import("@modelcontextprotocol/server");
    const { serveStdio } = await import("@modelcontextprotocol/server/stdio");
    const { NodeStreamableHTTPServerTransport, toNodeHandler, toWebRequest } = await import("@modelcontextprotocol/node");
    const make = () => {
      const server = new McpServer(UNKNOWN);
      server.registerTool("ask", { description: "Ask the client's model." }, async (context) => {
        const answer = context.mcpReq.inputResponses?.answer;
        if (answer) return { content: [{ type: "text", text: answer.content.text }] };
        return inputRequired({ inputRequests: { answer: inputRequired.createMessage({ messages: MESSAGES, maxTokens: 100 }) } });
      });
      return server;
    };
    if (!port) return serveStdio(make);
    const modern = toNodeHandler(createMcpHandler(make, { legacy: "reject" }));
    const sessions = new Map();
    createServer(async (request, response) => {
      const body = request.method === "POST" ? JSON.parse(await readAll(request)) : undefined;
      if (!(await isLegacyRequest(await toWebRequest(request, body), body))) return modern(request, response, body);
      let transport = sessions.get(request.headers["mcp-session-id"]);
      if (!transport) {
        transport = new NodeStreamableHTTPServerTransport({
          sessionIdGenerator: randomUUID,
          onsessioninitialized: (id) => sessions.set(id, transport),
        });
        await make().connect(transport);
      }
      await transport.handleRequest(request, response, body);
    }).listen(Number(port), "127.0.0.1");
  },
};

const [side, name, port] = process.argv.slice(2);
if (side === "serve") {
  await servers[name](port);
} else {
  const came = [];
  for (const job of JSON.parse(await readAll(process.stdin))) {
    let timer;
    const late = new Promise((_, reject) => (timer = setTimeout(() => reject(new Error("Timeout")), 60_000)));
    came.push(await Promise.race([clients[name](job), late]).catch((error) => [true, `${error.name}: ${error.message}`]));
    clearTimeout(timer);
  }
  console.log(JSON.stringify(came));
  process.exit(0);
}
