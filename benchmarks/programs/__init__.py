"""What is run to be measured, or to be measured against."""
