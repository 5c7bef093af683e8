// Keeps a peer whose connection breaks from ending this process: see zmq_events.c.
#ifndef TAMIS_ZMQ_EVENTS_H
#define TAMIS_ZMQ_EVENTS_H

#include <stdbool.h>

/// Whether libzmq's events pass through this library. False where libzmq is linked statically, where it
/// does not wait by epoll, and under the thread sanitizer, which watches the calls itself.
bool tamis_zmq_events_are_filtered(void);

#endif
