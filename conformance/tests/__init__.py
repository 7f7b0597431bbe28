"""The project's tests, a folder a subject, and what only they use.  None of this is in the wheel."""
