"""The hub: the PC in the office that gathers what the nodes measured, shows it, and switches what people ask for.

service      the hub as one process: makes the parts below and joins them; start here
carriers/    how frames reach the hub: UDP on the LAN
link/        from a datagram to a committed record, and from a tap to a relay
store/       everything that is kept, in one SQLite file: records as they came, summaries, dating, series
fleet        the truth for names, zones, nodes and their keys
live         what each node reported last, in memory
commands     what people asked for, until the node reported it
recipes/     the nodes' rules: documents, checks, ready-made ones, from wanted to reported
settings/    the nodes' settings over the air: Wi-Fi, intervals, soil probes
updates/     the nodes' program over the air: one node first, the others after it
checks       what a node finds when it looks at itself; inspections: a technician's look at one node, kept
people       accounts; rights: which role may do what
web/         the page on the farm's Wi-Fi and its JSON API
cli/         the command line: hub, node, simulate, demo, benchmark, test
benchmark/   figures measured side by side
clock        time, as an argument; errors: what can go wrong, by cause

A record's way: carriers.udp → link.link (frame opened) → link.arrivals (decoded, checked: store.checking) →
store.intake (queued) → store.writer (committed with its summary) → acknowledged. A tap's way: web → commands → link →
node → RESULT → live, and only then "đã bật".

Imports point one way: web → (fleet, live, commands, people, store) → shared_protocol.
"""
