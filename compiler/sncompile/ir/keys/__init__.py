"""Tables, and the key sets that say which instances a step has and which of them meet."""
