"""Updates over the air: the nodes' program goes out, one node first and the others after it has proved itself.

release      what can be sent: the program that came with this hub, kept by its hash
inventory    what each node last said that it is and runs
sender       one node's transfer, chunk by chunk, resumed at any point
choice       which nodes need it, can take it, go first
plan         a rollout and its nodes as values, and in the store
rollout      the staged update of many nodes; what the page and its people ask
"""
