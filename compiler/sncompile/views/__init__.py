"""What people are shown of documents and programs: plans and descriptions, as data and as text."""
