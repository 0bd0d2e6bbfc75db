"""What other systems, and the LMS's own pages, may do over HTTP."""
