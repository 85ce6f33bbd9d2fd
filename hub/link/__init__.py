"""The link: from a datagram to a committed record, and from a tap to a relay; started by the service.

link         what becomes of each frame: the table of types
greeting     who may speak: DISCOVER, HELLO, refusals
sessions     the sessions of each node, active and pending
keyring      the nodes' keys and boards, in memory
arrivals     RECORDS to the store, acknowledged after the commit
reports      NOW and switches to the live state
pieces       recipes and settings to nodes, chunk by chunk
wall         what time the hub gives, if any
rates        how much of what costs something is answered
rejects      frames refused, by cause
"""
