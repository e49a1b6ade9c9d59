"""The tabs of the resource screen, one module each."""
