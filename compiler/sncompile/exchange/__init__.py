"""Module specs of other forms, read and written: each form has a folder."""
