"""The wire between node and hub, for MicroPython 1.23 and CPython alike; docs/protocol.md is its specification.

Imports nothing else of this project. Types are in the docstrings, since the board has no `typing`.

  board and hub   errors       what bytes from outside can cause, by cause
                  registry     every number that travels
                  portable     `const` on both interpreters
                  wire         varints, zigzag, texts, TLVs, Reader
                  frame        header, clear frames
                  crypt        AES-CCM (ccm_board by cryptolib, ccm_host by cryptography), HMAC
                  session      keys, counters, replay window, seal and open
                  handshake    DISCOVER, OFFER, HELLO, HELLO_ACK, NOSESS
                  messages     sealed messages of normal running
                  record       payloads of EVENT and TABLE records
                  block        reading blocks, packing
  when needed     maintenance  recipes, settings, self-test, service, update
                  cobs         framing for a serial line
  hub only        unblock      reading blocks, unpacking (bits_host: the fast bit reader of CPython)
                  health       HELLO's and NOW's TLVs as a dict of names
                  units        numbers of units and actuator kinds
                  names        words for all these numbers
                  judging      which answers to CHECK are wrong, and why
"""
