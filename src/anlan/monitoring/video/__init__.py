"""Video: cameras by GB/T 28181 and ONVIF, live pictures from a media server, and what algorithms claim to have seen."""
