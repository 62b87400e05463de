"""An MCP server over standard input and output, without an SDK: a client starts one with every session, so it must
start fast. `jsonrpc` reads and writes messages, `protocol` answers MCP's methods, `tools` declares ours, `calls` does
their work, and `stdio` carries lines."""
