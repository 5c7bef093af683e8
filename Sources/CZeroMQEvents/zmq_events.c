// What libzmq hears of its connections from the kernel, less what it cannot bear.
//
// A connection whose messages the socket does not take is not read by libzmq (4.3.5 and all before)
// until the socket takes them. When it breaks meanwhile, epoll says so all the same, and libzmq forgets
// its descriptor. When the socket then takes messages, it goes on with what it had read. If a heartbeat
// (PING of ZMTP) is among that, it is to be answered on the forgotten descriptor, and libzmq ends the
// process: `Assertion failed: !_io_error`. Any peer can do that to a socket that reads, a sound one with
// heartbeats by chance (libzmq's issues 4364 and 4841, open in 2026).
//
// So here a connection that libzmq does not read has not broken yet. It has when libzmq reads again and
// finds the end, which is the usual way. One that it does read is to be read, and no more. For that the program's own epoll_ctl and epoll_wait stand
// before those of the C library; calls that do not come from libzmq pass as they are.
//
// And when a message of a CURVE connection is not what its peer sealed, libzmq tells its monitor, and then
// asks errno why the message was not taken. Telling leaves EAGAIN there: `no room now`. The connection is
// kept for good, and never read. So telling leaves errno as it was. Where libzmq was linked so that its own
// calls cannot be replaced (-Bsymbolic-functions), it does as before.
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "zmq_events.h"

#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <zmq.h>

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define TAMIS_EVENTS_PASS
#endif
#endif

#ifdef TAMIS_EVENTS_PASS

bool tamis_zmq_events_are_filtered(void) { return false; }

#else

/// Marks of a connection that is not read, in the pointer that libzmq gives with a descriptor, whose lowest
/// bits are 0.
enum { is_unread = 1, is_written = 2, marks = 3 };

/// What libzmq does not hear of a connection: reading and writing tell it.
static const uint32_t ends = EPOLLERR | EPOLLHUP;

/// Where libzmq's code lies: nowhere as long as that is not known.
static uintptr_t code_begin, code_end;

/// Finds the code that has `function` in it.
static int note_code(struct dl_phdr_info *object, size_t size, void *function) {
  (void)size;
  for (int i = 0; i < object->dlpi_phnum; ++i) {
    const ElfW(Phdr) *segment = &object->dlpi_phdr[i];
    if (segment->p_type != PT_LOAD || (segment->p_flags & PF_X) == 0) continue;
    uintptr_t begin = object->dlpi_addr + segment->p_vaddr;
    if ((uintptr_t)function - begin >= segment->p_memsz) continue;
    code_begin = begin;
    code_end = begin + segment->p_memsz;
    return 1;
  }
  return 0;
}

/// libzmq's own zmq_msg_send.
static int (*send_message)(zmq_msg_t *message, void *socket, int flags);

/// Before the program has threads.
__attribute__((constructor)) static void find_code(void) {
  *(void **)&send_message = dlsym(RTLD_NEXT, "zmq_msg_send");
  void *function = dlsym(RTLD_DEFAULT, "zmq_ctx_new");
  if (function != NULL) dl_iterate_phdr(note_code, function);
}

static bool is_from_library(void *caller) {
  return (uintptr_t)caller >= code_begin && (uintptr_t)caller < code_end;
}

bool tamis_zmq_events_are_filtered(void) {
  return code_end != 0 && dlsym(RTLD_DEFAULT, "epoll_ctl") == (void *)&epoll_ctl;
}

int epoll_ctl(int poller, int operation, int descriptor, struct epoll_event *event) {
  struct epoll_event marked;
  if (event != NULL && operation != EPOLL_CTL_DEL && (event->events & EPOLLIN) == 0
      && is_from_library(__builtin_return_address(0))) {
    marked = *event;
    marked.data.u64 |= is_unread;
    if (marked.events & EPOLLOUT) marked.data.u64 |= is_written;
    // The kernel tells an end without being asked, and again and again but for this.
    if (marked.events == 0) marked.events = EPOLLET;
    event = &marked;
  }
  return (int)syscall(SYS_epoll_ctl, poller, operation, descriptor, event);
}

int epoll_wait(int poller, struct epoll_event *events, int count, int timeout) {
  int found = (int)syscall(SYS_epoll_pwait, poller, events, count, timeout, NULL, 8);
  if (found <= 0 || !is_from_library(__builtin_return_address(0))) return found;
  for (int i = 0; i < found; ++i) {
    uint64_t mark = events[i].data.u64 & marks;
    events[i].data.u64 &= ~(uint64_t)marks;
    if ((events[i].events & ends) == 0) continue;
    events[i].events &= ~ends;
    // Reading finds the end. Told of both, libzmq would read twice, and may have stopped after the first
    // time. Writing finds it, too, and then libzmq does not want to write any more.
    if ((mark & is_unread) == 0) events[i].events |= EPOLLIN;
    if ((mark & is_written) != 0) events[i].events |= EPOLLOUT;
  }
  return found;
}

int zmq_msg_send(zmq_msg_t *message, void *socket, int flags) {
  int before = errno;
  int sent = send_message(message, socket, flags);
  if (sent >= 0 && is_from_library(__builtin_return_address(0))) errno = before;
  return sent;
}

#endif
