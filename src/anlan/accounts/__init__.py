"""Areas, organisations, people who log in, roles and the audit log."""
