"""A device's life: registered, given its credentials, checked, in service, retired."""
