# The types of scan.py for Cython. Lengths are wider than the fields that they come from: no sum of them overflows.
cimport cython

cdef long long WIDTH, PORTS, PROTOCOLS, KINDS, PORTS_END
cdef long long TCP_HEADER, MAX_STAMP, HALF, MASK, BATCH
cdef int IPV4, IPV6, NEVER_IP, TCP, ACK, ODD_FLAGS

cdef class Flow:
    cdef readonly bytes key
    cdef readonly object rows
    cdef public Flow peer, lead
    cdef public long long base, highest, reach, room
    cdef public long long ack, acknowledged, proven, proven_before, proven_in
    cdef public long long packets, last_frame, time, patience, spoke

cdef class Flows:
    cdef readonly bytearray window
    cdef readonly dict by_key
    cdef public long long due, found

@cython.locals(count=cython.longlong)
cpdef long long kind_index(const unsigned char[::1] octets, Py_ssize_t at, long long count) except -1

@cython.locals(one=cython.longlong, two=cython.longlong, three=cython.longlong, four=cython.longlong)
cdef long long word(const unsigned char[::1] data, Py_ssize_t at, bint big) except -1

@cython.locals(network=Py_ssize_t, left=cython.longlong, kind=cython.int, version=cython.int, protocol=Py_ssize_t,
               ports=Py_ssize_t, kept_by=cython.int)
cdef int passes_by(const unsigned char[::1] data, Py_ssize_t start, long long captured,
                          long long[::1] sources, Py_ssize_t row, const unsigned char[::1] tables) except -1

@cython.locals(network=Py_ssize_t, left=cython.longlong, kind=cython.int, version=cython.int, addresses=Py_ssize_t,
               tcp=Py_ssize_t, end=cython.longlong, payload=cython.longlong, length=cython.longlong, flags=cython.int,
               flow=Flow, peer=Flow, lead=Flow, ack=cython.longlong, offset=cython.longlong)
cdef int takes(Flows flows, const unsigned char[::1] data, Py_ssize_t start, long long captured,
               long long[::1] sources, Py_ssize_t row, const unsigned char[::1] tables, long long number,
               long long time, long long base) except -1

cdef bint hands_over(Flows flows, long long number, Py_ssize_t found) except -1

@cython.locals(header=cython.longlong, captured_at=cython.longlong, big=cython.bint, units=cython.longlong,
               unit=cython.longlong, earliest=cython.longlong, latest=cython.longlong, seconds=cython.longlong,
               fraction=cython.longlong, captured=cython.longlong, following=cython.longlong, time=cython.longlong,
               taken=cython.bint)
cpdef tuple pcap(const unsigned char[::1] data, Py_ssize_t position, Py_ssize_t end, const long long[::1] form,
                 long long[::1] sources, const unsigned char[::1] tables, long long number, list found,
                 Flows flows=*, long long base=*)

@cython.locals(interfaces=Py_ssize_t, length=cython.longlong, interface=cython.longlong, high=cython.longlong,
               captured=cython.longlong, following=cython.longlong, row=Py_ssize_t, stamp=cython.longlong,
               unit=cython.longlong, taken=cython.bint)
cpdef tuple pcapng(const unsigned char[::1] data, Py_ssize_t position, Py_ssize_t end, bint big,
                   long long[::1] sources, const unsigned char[::1] tables, long long number, list found,
                   Flows flows=*, long long base=*)

@cython.locals(both=cython.longlong, code=cython.longlong, length=cython.longlong)
cdef bint tells_drops(const unsigned char[::1] data, Py_ssize_t at, Py_ssize_t end, bint big) except -1
