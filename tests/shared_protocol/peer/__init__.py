"""A second implementation of docs/protocol.md, to make test vectors with. Shares no code with shared_protocol."""
