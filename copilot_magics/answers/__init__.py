"""What is made of an answer beside showing it: a cell of its code, an object, a mended cell.

Nothing of it runs by itself, and nothing of it is needed by a prompt that asks for none of it.
"""
