"""What runs on a node. main.py lists the parts; a part has `due` (uptime ms) and `step(now)`.

clock journal openblock recorder files settings identity board reset      what is kept
sense judge drivers/                                                      what is measured
control actuators stop                                                    what is switched
radio finder link shipper orders status                                   what is told
watchdog led                                                              what keeps it alive
"""
