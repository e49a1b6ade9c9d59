"""The one gate every change of the world goes through, and the jobs behind it."""
