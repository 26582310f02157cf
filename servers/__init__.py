"""The course's MCP servers: plain programs with the SDK, which know nothing of the lab beside them."""
