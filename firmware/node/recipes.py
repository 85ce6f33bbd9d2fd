"""The recipe in force: the rules of this node, kept in two slots. Read at the start by main, replaced by upkeep."""

from node import rule, slots

NAME = "recipe"


def load(board):
    """The newest Recipe that can be taken, with its `serial`; one without rules, serial 0, where there is none."""
    for serial, text in slots.texts(NAME):
        try:
            recipe = rule.load(text, board)
            recipe.serial = serial
            return recipe
        except (ValueError, MemoryError):
            continue
    print("no recipe: rules are off, and every machine only obeys people. Send a recipe from the hub's page.")
    recipe = rule.load(b"{}", board)
    recipe.serial = 0
    return recipe
