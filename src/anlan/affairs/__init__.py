"""政务管理: duty rosters, meetings, supervised tasks, the yearly summary."""
