"""Asks devices that do not speak by themselves: Modbus, OPC UA, meters behind a transparent line."""
