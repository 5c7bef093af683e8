/* Receives flagged records from tamisd, checks each, and prints a line for it.

     cc -O2 -o receiver receiver.c -lzmq -lm
     ./receiver tcp://127.0.0.1:5556 COUNT                                                       */
#include <zmq.h>

#include "tamis.h"

/* What is wrong with a record; NULL where nothing is. */
static const char *fault(const uint8_t *record, size_t size) {
  if (size < 136 || (size - 128) % 8 || memcmp(record, "TMSF\1", 5)) return "not a flagged record";
  size_t features = (size - 128) / 8;
  struct flagged_header head;
  struct event_header event;
  memcpy(&head, record, sizeof head);
  const uint8_t *inner = record + 64 + 4 * features;
  memcpy(&event, inner, sizeof event);
  if (head.crc32c != record_crc(record, size)) return "checksum";
  if (memcmp(inner, "TMSE\1", 5) || event.features != features) return "the event inside";
  if (event.crc32c != record_crc(inner, 64 + 4 * features)) return "the event's checksum";
  float *attributions = malloc(4 * features);
  memcpy(attributions, record + 64, 4 * features);
  float score = sum_attributions(attributions, features);
  free(attributions);
  if (!(head.reasons & 4) && memcmp(&score, &head.score, 4)) return "score is not the sum";
  return NULL;
}

int main(int argc, char **argv) {
  if (argc != 3) {
    fprintf(stderr, "usage: receiver ADDRESS COUNT\n");
    return 2;
  }
  void *context = zmq_ctx_new(), *socket = zmq_socket(context, ZMQ_SUB);
  int unlimited = 0, timeout_ms = 60000;
  zmq_setsockopt(socket, ZMQ_RCVHWM, &unlimited, sizeof unlimited);
  zmq_setsockopt(socket, ZMQ_RCVTIMEO, &timeout_ms, sizeof timeout_ms);
  zmq_setsockopt(socket, ZMQ_SUBSCRIBE, "", 0); /* all topics: every number is seen */
  if (zmq_connect(socket, argv[1]) < 0) {
    fprintf(stderr, "receiver: %s: %s\n", argv[1], zmq_strerror(zmq_errno()));
    return 1;
  }
  uint64_t highest = 0, faults = 0, taken = 0, count = strtoull(argv[2], NULL, 10);
  while (taken < count) {
    zmq_msg_t topic, message;
    zmq_msg_init(&topic);
    zmq_msg_init(&message);
    if (zmq_msg_recv(&topic, socket, 0) < 0 || zmq_msg_recv(&message, socket, 0) < 0) {
      fprintf(stderr, "receiver: %s\n", zmq_strerror(zmq_errno()));
      return 1;
    }
    const uint8_t *record = zmq_msg_data(&message);
    const char *wrong = fault(record, zmq_msg_size(&message));
    struct flagged_header head;
    struct event_header event;
    if (wrong) {
      fprintf(stderr, "fault: %s\n", wrong);
      faults++;
    } else {
      memcpy(&head, record, sizeof head);
      memcpy(&event, record + 64 + (zmq_msg_size(&message) - 128) / 2, sizeof event);
      if (head.number > highest) { /* a lower one is a repetition after a restart */
        highest = head.number;
        taken++;
        printf("%llu: run %u event %llu score %.9g reasons %u weight %u\n",
               (unsigned long long)head.number, event.run, (unsigned long long)event.event,
               (double)head.score, head.reasons, head.weight);
      }
    }
    zmq_msg_close(&topic);
    zmq_msg_close(&message);
  }
  zmq_close(socket);
  zmq_ctx_term(context);
  return faults != 0;
}
