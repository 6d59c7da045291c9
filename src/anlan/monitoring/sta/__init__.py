"""OGC SensorThings 1.1: devices are Things, series Datastreams, readings Observations."""
