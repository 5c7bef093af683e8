// libzmq's header, a promise to the Swift compiler about the calls on the stream path, and the
// clock that poll deadlines need.
#ifndef TAMIS_CZEROMQ_SHIM_H
#define TAMIS_CZEROMQ_SHIM_H

#include <stdint.h>
#include <time.h>
#include <zmq.h>

// Functions marked @_noAllocation and @_noLocks in Swift may call only what promises the same.
// The promise is about our side of the call: libzmq itself may allocate when it copies a message
// above its inline size, and its queues are lock-free.
#if defined(__clang__)
#define TAMIS_REALTIME \
  __attribute__((swift_attr("@_noAllocation"))) __attribute__((swift_attr("@_noLocks")))

TAMIS_REALTIME int zmq_errno(void);
TAMIS_REALTIME int zmq_msg_recv(zmq_msg_t *msg_, void *s_, int flags_);
TAMIS_REALTIME int zmq_msg_send(zmq_msg_t *msg_, void *s_, int flags_);
TAMIS_REALTIME int zmq_send(void *s_, const void *buf_, size_t len_, int flags_);
TAMIS_REALTIME int zmq_poll(zmq_pollitem_t *items_, int nitems_, long timeout_);
TAMIS_REALTIME int zmq_getsockopt(void *s_, int option_, void *optval_, size_t *optvallen_);
TAMIS_REALTIME void *zmq_msg_data(zmq_msg_t *msg_);
TAMIS_REALTIME size_t zmq_msg_size(const zmq_msg_t *msg_);
TAMIS_REALTIME int zmq_msg_more(const zmq_msg_t *msg_);
#else
#define TAMIS_REALTIME
#endif

// Refuses peers where nobody answers for the ZAP domain. In the library since 4.3, but the header
// shows it to builds with the draft interface only.
#define TAMIS_ZMQ_ZAP_ENFORCE_DOMAIN 93

/// Milliseconds of a clock that never goes back.
TAMIS_REALTIME static inline int64_t tamis_zmq_monotonic_ms(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

#endif
