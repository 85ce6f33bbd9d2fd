"""The recipes: what the nodes' rules should be, from a technician's form to what a node reports; used by the page.

document     a rule and a recipe as typed values, and their JSON as it lies on the node
machinery    what a node has: its channels and machines, from its newest table
check        what is wrong with a recipe on a node, one sentence each by code
ready        ready-made recipes (ready_made/), fitted to a node
library      every recipe the hub knows, by hash; which one each node should run and which one it runs
push         from wanted to reported: pieces to the node, answers, reports
"""
