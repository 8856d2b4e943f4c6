"""Follows values through code: from personal data, through functions and files, to places where it leaves."""
