/* Sends events to tamisd: begin of run, events in messages of 16, end of run.

     cc -O2 -o sender sender.c -lzmq -lm
     ./sender tcp://127.0.0.1:5555 RUN D EVENTS                                                  */
#include <time.h>
#include <zmq.h>

#include "tamis.h"

enum { BATCH = 16 };

static uint64_t now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* Writes a record at `place`; a control record where `features` is NULL. */
static void write_record(uint8_t *place, int kind, uint32_t run, uint16_t count, uint64_t sequence,
                         uint64_t event, const float *features) {
  struct event_header header = {
      .magic = "TMSE", .version = 1, .kind = (uint8_t)kind, .source = 1, .run = run, .lumi = 1,
      .features = count, .sequence = sequence, .event = event, .time_ns = now_ns(),
      .condition = NAN};
  size_t size = sizeof header + 4u * count;
  memset(place, 0, size);
  if (features) memcpy(place + sizeof header, features, 4u * count);
  memcpy(place, &header, sizeof header);
  header.crc32c = record_crc(place, size);
  memcpy(place, &header, sizeof header);
}

static void send_all(void *socket, const void *records, size_t size) {
  if (zmq_send(socket, records, size, 0) < 0) {
    fprintf(stderr, "sender: %s\n", zmq_strerror(zmq_errno()));
    exit(1);
  }
}

int main(int argc, char **argv) {
  if (argc != 5) {
    fprintf(stderr, "usage: sender ADDRESS RUN D EVENTS\n");
    return 2;
  }
  uint32_t run = (uint32_t)strtoul(argv[2], NULL, 10);
  uint16_t count = (uint16_t)strtoul(argv[3], NULL, 10);
  uint64_t events = strtoull(argv[4], NULL, 10);
  size_t size = sizeof(struct event_header) + 4u * count;

  void *context = zmq_ctx_new(), *socket = zmq_socket(context, ZMQ_PUSH);
  int timeout_ms = 30000, on = 1;
  zmq_setsockopt(socket, ZMQ_SNDTIMEO, &timeout_ms, sizeof timeout_ms);
  zmq_setsockopt(socket, ZMQ_LINGER, &timeout_ms, sizeof timeout_ms);
  zmq_setsockopt(socket, ZMQ_IMMEDIATE, &on, sizeof on); /* queue for a connected daemon only */
  if (zmq_connect(socket, argv[1]) < 0) {
    fprintf(stderr, "sender: %s: %s\n", argv[1], zmq_strerror(zmq_errno()));
    return 1;
  }

  uint8_t *message = malloc(BATCH * size);
  float *features = malloc(4u * count);
  uint64_t sequence = 1;
  write_record(message, BEGIN_OF_RUN, run, count, sequence++, 0, NULL);
  send_all(socket, message, size);
  for (uint64_t event = 1; event <= events;) {
    size_t filled = 0;
    for (; filled < BATCH && event <= events; filled++, event++) {
      for (uint16_t i = 0; i < count; i++)
        features[i] = (float)sin((double)(event * count + i)); /* the detector's numbers go here */
      write_record(message + filled * size, EVENT, run, count, sequence++, event, features);
    }
    send_all(socket, message, filled * size);
  }
  write_record(message, END_OF_RUN, run, count, sequence++, 0, NULL);
  send_all(socket, message, size);
  zmq_close(socket);
  zmq_ctx_term(context); /* returns when everything has left */
  printf("sent %llu events in run %u\n", (unsigned long long)events, run);
  free(features);
  free(message);
  return 0;
}
