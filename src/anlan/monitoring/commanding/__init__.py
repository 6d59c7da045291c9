"""Commands to devices: asked by a person, delivered over the device's own connection, matched with its answer."""
