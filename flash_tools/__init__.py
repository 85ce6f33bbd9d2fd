"""What goes onto a board: image.py builds the folder tree of a board's file system."""
