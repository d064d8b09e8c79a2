"""How `merge` finds parallel branches and makes them one."""
