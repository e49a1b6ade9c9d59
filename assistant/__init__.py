"""The assistant's engine, with no terminal in it."""
