"""The JSON Schemas of the spec language, as package data."""
