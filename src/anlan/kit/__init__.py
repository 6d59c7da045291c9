"""What every entity shares: declaration, lists, import, export, API, events, jobs, deadlines, notices, figures."""
