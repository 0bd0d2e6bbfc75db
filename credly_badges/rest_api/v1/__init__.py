"""The first version of the REST API, below ``/api/badges/v1/``."""
