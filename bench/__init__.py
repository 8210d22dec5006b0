"""Benchmarks: ratios against a stated floor, run side by side."""
