// libzmq's header, a promise to the Swift compiler about the calls on the stream path, and the
// clock that poll deadlines need.
#ifndef TAMIS_CZEROMQ_SHIM_H
#define TAMIS_CZEROMQ_SHIM_H

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>
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

// MARK: Connections of the library, by their descriptors

/// The inode of the socket that `descriptor` is now, or 0 where it is none: tells whether a
/// descriptor has been given to somebody else since.
static inline uint64_t tamis_connection_inode(int descriptor) {
  struct stat status;
  if (fstat(descriptor, &status) != 0 || !S_ISSOCK(status.st_mode)) return 0;
  return (uint64_t)status.st_ino;
}

/// What the kernel knows of a connection.
struct tamis_connection_facts {
  /// 1 for TCP; 0 for others, of which only the queues are known.
  int is_tcp;
  /// Bytes that have come in and gone out, over the connection's life.
  uint64_t received, acknowledged;
  /// Bytes that have come in and were not read, and bytes on their way out.
  int unread, unsent;
};

/// Reads it; 0 where the descriptor is not a connected socket any more.
static inline int tamis_connection_look(int descriptor, struct tamis_connection_facts *facts) {
  // The head of struct tcp_info of linux/tcp.h, which cannot be included beside netinet/tcp.h:
  // tcpi_bytes_acked and tcpi_bytes_received stand at these places since Linux 4.2.
  unsigned char info[232];
  socklen_t size = sizeof info;
  memset(facts, 0, sizeof *facts);
  if (ioctl(descriptor, 0x541B /* SIOCINQ */, &facts->unread) != 0) facts->unread = 0;
  if (ioctl(descriptor, 0x5411 /* SIOCOUTQ */, &facts->unsent) != 0) facts->unsent = 0;
  if (getsockopt(descriptor, IPPROTO_TCP, 11 /* TCP_INFO */, info, &size) == 0 && size >= 136) {
    facts->is_tcp = 1;
    memcpy(&facts->acknowledged, info + 120, 8);
    memcpy(&facts->received, info + 128, 8);
    return 1;
  }
  int type = 0;
  size = sizeof type;
  return getsockopt(descriptor, SOL_SOCKET, SO_TYPE, &type, &size) == 0;
}

/// Whether one side has ended the connection; 0 also where the descriptor is none.
static inline int tamis_connection_has_ended(int descriptor) {
  struct pollfd ends = {descriptor, 0x2000 /* POLLRDHUP */, 0};
  return poll(&ends, 1, 0) == 1 && (ends.revents & (0x2000 | POLLHUP | POLLERR)) != 0;
}

/// Ends a connection where the descriptor is still that socket. What has come in and was not read
/// is dropped with it (TCP); the library sees the end and closes the descriptor itself.
static inline int tamis_connection_cut(int descriptor, uint64_t inode) {
  if (inode == 0 || tamis_connection_inode(descriptor) != inode) return 0;
  struct sockaddr nobody;
  memset(&nobody, 0, sizeof nobody);
  nobody.sa_family = AF_UNSPEC;
  if (connect(descriptor, &nobody, sizeof nobody) == 0) return 1;
  return shutdown(descriptor, SHUT_RDWR) == 0;
}

/// The peer's address without its port; 0 where it has none.
static inline int tamis_connection_peer(int descriptor, char *text, size_t size) {
  struct sockaddr_storage address;
  socklen_t length = sizeof address;
  if (getpeername(descriptor, (struct sockaddr *)&address, &length) != 0) return 0;
  if (address.ss_family == AF_INET) {
    const struct sockaddr_in *four = (const struct sockaddr_in *)&address;
    return inet_ntop(AF_INET, &four->sin_addr, text, (socklen_t)size) != NULL;
  }
  if (address.ss_family != AF_INET6) return 0;
  const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)&address;
  return inet_ntop(AF_INET6, &six->sin6_addr, text, (socklen_t)size) != NULL;
}

/// Bytes of memory that are the process's own, not a file's; -1 where that cannot be told.
/// `descriptor` is of /proc/self/statm.
static inline int64_t tamis_private_bytes(int descriptor) {
  char text[128];
  ssize_t count = pread(descriptor, text, sizeof text - 1, 0);
  if (count <= 0) return -1;
  text[count] = 0;
  char *end = text;
  strtoull(end, &end, 10);
  unsigned long long resident = strtoull(end, &end, 10);
  unsigned long long shared = strtoull(end, &end, 10);
  return resident < shared ? -1 : (int64_t)((resident - shared) * (uint64_t)sysconf(_SC_PAGESIZE));
}

/// Gives freed memory back to the system.
static inline void tamis_memory_trim(void) { malloc_trim(0); }

/// What is at the path of an ipc address: 0 nothing or a socket that nobody listens at, EADDRINUSE
/// a living one, EEXIST something else than a socket, or another errno. A path that begins with @
/// is a name that is in no file system.
static inline int tamis_ipc_path_state(const char *path) {
  int is_abstract = path[0] == '@';
  struct stat status;
  if (!is_abstract) {
    if (lstat(path, &status) != 0) return errno == ENOENT ? 0 : errno;
    if (!S_ISSOCK(status.st_mode)) return EEXIST;
  }
  struct sockaddr_un address;
  memset(&address, 0, sizeof address);
  address.sun_family = AF_UNIX;
  size_t length = strlen(path);
  if (length >= sizeof address.sun_path) return ENAMETOOLONG;
  memcpy(address.sun_path, path, length);
  if (is_abstract) address.sun_path[0] = 0;
  int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (probe < 0) return errno;
  // The length of an abstract name says where it ends.
  size_t size = is_abstract ? offsetof(struct sockaddr_un, sun_path) + length : sizeof address;
  int code = connect(probe, (struct sockaddr *)&address, (socklen_t)size) == 0 ? 0 : errno;
  close(probe);
  // Refused: nobody listens. All else (a full queue, no right to connect) is somebody's.
  return code == ECONNREFUSED ? 0 : EADDRINUSE;
}

// MARK: Messages that tell what became of them

/// One message part of which the sender keeps a hand: it tells whether the library still holds it.
/// Two owners, the sender and the library: where the sender is the last one it may use it again.
struct tamis_parcel {
  size_t capacity;
  uint32_t owners;
  uint32_t is_in_send;
  uint32_t returned_at_once;
  pthread_t sender;
  unsigned char bytes[];
};

/// The sender lets go of it. Returns 1 where the library has done so before: it is the sender's to
/// use again or to free.
static inline int tamis_parcel_let_go(struct tamis_parcel *parcel) {
  return __atomic_sub_fetch(&parcel->owners, 1, __ATOMIC_ACQ_REL) == 0;
}

static inline void tamis_parcel_free(struct tamis_parcel *parcel) { free(parcel); }

/// Called by the library when nothing of it needs the bytes any more: in one of its own threads
/// when they have been written or their receiver has gone, in the sender's when nobody took them.
static void tamis_parcel_leave(void *bytes, void *hint) {
  (void)bytes;
  struct tamis_parcel *parcel = (struct tamis_parcel *)hint;
  if (pthread_equal(parcel->sender, pthread_self()) && parcel->is_in_send)
    parcel->returned_at_once = 1;
  if (__atomic_sub_fetch(&parcel->owners, 1, __ATOMIC_ACQ_REL) == 0) free(parcel);
}

/// Whether the library has let go of it: the sender, who asks, is then its only owner.
static inline int tamis_parcel_has_left(const struct tamis_parcel *parcel) {
  return __atomic_load_n(&parcel->owners, __ATOMIC_ACQUIRE) == 1;
}

/// What became of a send.
enum { TAMIS_PARCEL_TAKEN = 1, TAMIS_PARCEL_NOBODY = 2, TAMIS_PARCEL_FULL = 3 };

/// A parcel for `size` bytes that is the caller's alone; NULL without memory.
static inline struct tamis_parcel *tamis_parcel_make(size_t size) {
  struct tamis_parcel *parcel =
      (struct tamis_parcel *)malloc(sizeof(struct tamis_parcel) + size);
  if (parcel != NULL) parcel->capacity = size;
  return parcel;
}

/// Sends a copy of `size` bytes as the last part of a message, in the parcel of `hand` where there
/// is one with room. Returns TAMIS_PARCEL_TAKEN, and in `hand` the parcel, of which the caller lets
/// go later; TAMIS_PARCEL_NOBODY where no receiver wanted it; TAMIS_PARCEL_FULL where it would have
/// to wait; or a negative errno: and in `hand` then a parcel that is the caller's alone, or NULL.
static inline int tamis_parcel_send(
    void *socket, const void *bytes, size_t size, struct tamis_parcel **hand) {
  struct tamis_parcel *parcel = *hand;
  *hand = NULL;
  if (parcel == NULL || parcel->capacity < size) {
    free(parcel);
    parcel = tamis_parcel_make(size);
    if (parcel == NULL) return -ENOMEM;
  }
  parcel->owners = 2;
  parcel->is_in_send = 1;
  parcel->returned_at_once = 0;
  parcel->sender = pthread_self();
  memcpy(parcel->bytes, bytes, size);
  zmq_msg_t message;
  if (zmq_msg_init_data(&message, parcel->bytes, size, tamis_parcel_leave, parcel) != 0) {
    *hand = parcel;
    return -ENOMEM;
  }
  int code = 0;
  while (zmq_msg_send(&message, socket, ZMQ_DONTWAIT) < 0) {
    code = zmq_errno();
    if (code == EINTR) {
      code = 0;
      continue;
    }
    zmq_msg_close(&message);
    break;
  }
  parcel->is_in_send = 0;
  int result = TAMIS_PARCEL_TAKEN;
  if (code != 0) {
    result = code == EAGAIN ? TAMIS_PARCEL_FULL : -code;
  } else if (parcel->returned_at_once) {
    result = TAMIS_PARCEL_NOBODY;
  }
  if (result == TAMIS_PARCEL_TAKEN || tamis_parcel_let_go(parcel)) *hand = parcel;
  return result;
}

/// Milliseconds of a clock that never goes back.
TAMIS_REALTIME static inline int64_t tamis_zmq_monotonic_ms(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

#endif
