"""For people who test their own specs."""
