"""Settings over the air: what the hub asks nodes to change, how far that has come, and the soil probes' calibrations.

patch        the text of a change, checked and in canonical form
changes      each change on its way to its node
wifi         one change of Wi-Fi on all nodes, before the router's own
calibration  the dry and wet voltage of each soil probe, with day and name
"""
