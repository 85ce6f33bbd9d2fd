"""Handlers that pyserial finds before its own, in a process that imported the test bench."""
