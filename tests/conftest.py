"""What every test may ask for. What only one folder needs is in that folder's own conftest."""
