"""The HTTP surface: pages, forms and the access table."""
