"""The language server: what editors are told of specs while they are typed.

Everything but `server.py` is plain functions over what is known of the open texts; only that file knows the protocol.
"""
