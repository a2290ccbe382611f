"""pop2dissect: a dissector and forensic analyser for the Post Office Protocol on TCP port 109."""

__version__ = "0.1.0"
