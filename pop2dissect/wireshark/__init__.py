"""The POP2 plugin for Wireshark and tshark, and how it gets to where they look for it."""
