"""Anlan 安澜: the operating system of a district's emergency bureau."""
