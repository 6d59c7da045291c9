"""监测预警: devices, ingest, readings, alarms. Sockets live here only."""
