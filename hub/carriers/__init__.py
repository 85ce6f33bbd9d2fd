"""Carriers: how frames reach the hub. `base` is the contract, `udp` the LAN."""
