"""What is spoken on the port, sans-IO: two streams of octets with positions in, events out."""
