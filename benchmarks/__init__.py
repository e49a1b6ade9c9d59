"""Measures the product from outside, beside a bare Textual app in the same run; also takes the documentation's pictures."""
