"""Measures the product from outside, beside a bare Textual app; also takes the pictures of the documentation."""
