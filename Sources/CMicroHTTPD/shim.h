// The calls of GNU libmicrohttpd that take any number of arguments, which Swift cannot make itself,
// and those with constants that Swift imports under a name that depends on the library's version.
#ifndef TAMIS_CMICROHTTPD_SHIM_H
#define TAMIS_CMICROHTTPD_SHIM_H

#include <fcntl.h>
#include <microhttpd.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

/// A path is compared as it was sent: what is escaped in it is not one of ours.
static size_t tamis_http_keep_escapes(
    void *context, struct MHD_Connection *connection, char *text) {
  (void)context;
  (void)connection;
  return strlen(text);
}

/// Bytes of a request's target and one more, in place of a pointer: the library keeps it as the context of
/// the request. Never NULL.
static void *tamis_http_note_target(
    void *context, const char *target, struct MHD_Connection *connection) {
  (void)context;
  (void)connection;
  return (void *)(uintptr_t)(strlen(target) + 1);
}

/// Whether the request line has a NUL, at which the library's strings end before their time. The three
/// lie one behind the other in the library's memory of `byte_count_max`, the target with its query
/// between method and version; where a version of the library keeps them elsewhere, the answer is no.
static inline int tamis_http_has_nul(
    const char *method, const char *target, const char *version, uintptr_t target_note,
    size_t byte_count_max) {
  uintptr_t start = (uintptr_t)target, end = (uintptr_t)version, first = (uintptr_t)method;
  if (end > start && end - start <= byte_count_max && end - start != target_note) return 1;
  if (first < start && start - first <= byte_count_max) {
    // More than one space may stand between the two.
    for (const char *byte = method + strlen(method) + 1; byte < target; byte++)
      if (*byte != ' ') return 1;
  }
  return 0;
}

/// A server without a socket to listen at and without a thread: connections are handed to it, and
/// it works when `MHD_run` is called. `context` goes to each of the callbacks. NULL where there is
/// no room for one.
static inline struct MHD_Daemon *tamis_http_start(
    unsigned connection_count_max, size_t connection_byte_count, MHD_AccessHandlerCallback answer,
    MHD_NotifyConnectionCallback note, MHD_RequestCompletedCallback completed, void *context) {
  return MHD_start_daemon(
      MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET, 0, NULL, NULL, answer, context,
      MHD_OPTION_CONNECTION_LIMIT, connection_count_max,
      MHD_OPTION_CONNECTION_MEMORY_LIMIT, connection_byte_count,
      MHD_OPTION_UNESCAPE_CALLBACK, tamis_http_keep_escapes, NULL,
      MHD_OPTION_URI_LOG_CALLBACK, tamis_http_note_target, NULL,
      MHD_OPTION_NOTIFY_CONNECTION, note, context,
      MHD_OPTION_NOTIFY_COMPLETED, completed, context,
      MHD_OPTION_END);
}

/// The descriptor that becomes readable when a connection has something to do; -1 where there is
/// none.
static inline int tamis_http_descriptor(struct MHD_Daemon *daemon) {
  const union MHD_DaemonInfo *info = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_EPOLL_FD);
  return info == NULL ? -1 : info->epoll_fd;
}

/// The socket of a connection; -1 where it has none.
static inline int tamis_http_socket(struct MHD_Connection *connection) {
  const union MHD_ConnectionInfo *info =
      MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
  return info == NULL ? -1 : info->connect_fd;
}

/// Bytes of the request line and the headers of the present request.
static inline size_t tamis_http_header_bytes(struct MHD_Connection *connection) {
  const union MHD_ConnectionInfo *info =
      MHD_get_connection_info(connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
  return info == NULL ? 0 : info->header_size;
}

/// Milliseconds after which the library has something to do though nothing comes; -1 where it has
/// not.
static inline int64_t tamis_http_wait_ms(struct MHD_Daemon *daemon) {
  MHD_UNSIGNED_LONG_LONG wait = 0;
  if (MHD_get_timeout(daemon, &wait) != MHD_YES) return -1;
  return wait > INT32_MAX ? INT32_MAX : (int64_t)wait;
}

/// What a callback returns: whether the connection goes on.
static inline enum MHD_Result tamis_http_result(int goes_on) { return goes_on ? MHD_YES : MHD_NO; }

/// Whether a connection has come, and not gone.
static inline int tamis_http_has_come(enum MHD_ConnectionNotificationCode event) {
  return event == MHD_CONNECTION_NOTIFY_STARTED;
}

/// Calls `note` for each header of the present request.
static inline void tamis_http_each_header(
    struct MHD_Connection *connection, MHD_KeyValueIterator note, void *context) {
  MHD_get_connection_values(connection, MHD_HEADER_KIND, note, context);
}

/// A response with a copy of `bytes`; NULL without memory.
static inline struct MHD_Response *tamis_http_response(const void *bytes, size_t count) {
  return MHD_create_response_from_buffer(count, (void *)(uintptr_t)bytes, MHD_RESPMEM_MUST_COPY);
}

/// The two ends of a pipe that neither blocks nor is handed to programs that are started; -1
/// without.
static inline int tamis_http_pipe(int ends[2]) {
  if (pipe(ends) != 0) return -1;
  for (int i = 0; i < 2; i++) {
    fcntl(ends[i], F_SETFL, O_NONBLOCK);
    fcntl(ends[i], F_SETFD, FD_CLOEXEC);
  }
  return 0;
}

#endif
