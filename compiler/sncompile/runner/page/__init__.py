"""What the page about a run shows beside its text: jobs as data, links to files, plates, looks into results."""
