"""Credly badges, issued by an Open edX LMS by itself."""

__version__ = "0.1.0"
