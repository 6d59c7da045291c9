"""Rows in and out as files: templates, imports with a rehearsal, exports."""
