#define _GNU_SOURCE
#include "mapping_shim.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// A list that only grows; nodes of mappings that are gone are used again. The handler reads it
// without a lock: a node's range is set last and cleared first.
struct node {
  _Atomic uintptr_t start, end;
  char *path;
  struct node *next, *next_free;
};

static struct node *_Atomic first;
static struct node *first_free;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct sigaction previous;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void say(const char *text) {
  ssize_t ignored = write(STDERR_FILENO, text, strlen(text));
  (void)ignored;
}

static void on_bus_error(int number, siginfo_t *info, void *context) {
  (void)number;
  (void)context;
  uintptr_t address = (uintptr_t)info->si_addr;
  for (struct node *node = atomic_load(&first); node; node = node->next) {
    if (address < atomic_load(&node->start) || address >= atomic_load(&node->end)) continue;
    say("error: ");
    say(node->path);
    say(": found the end of the file while it was in use, expected the bytes that were there when it "
        "was opened; another program has cut it or its disk has failed: get the file again, or let "
        "this program make it anew\n");
    _exit(1);
  }
  // Not ours: as if this handler were not there, at the next attempt.
  sigaction(SIGBUS, &previous, NULL);
}

static void install(void) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_sigaction = on_bus_error;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  sigemptyset(&action.sa_mask);
  sigaction(SIGBUS, &action, &previous);
}

void *tamis_mapping_add(const void *start, size_t byte_count, const char *path) {
  pthread_once(&once, install);
  char *copy = strdup(path);
  if (!copy) return NULL;
  pthread_mutex_lock(&lock);
  struct node *node = first_free;
  if (node) {
    first_free = node->next_free;
  } else if ((node = calloc(1, sizeof *node))) {
    node->next = atomic_load(&first);
    atomic_store(&first, node);
  }
  if (node) {
    free(node->path);
    node->path = copy;
    atomic_store(&node->end, (uintptr_t)start + byte_count);
    atomic_store(&node->start, (uintptr_t)start);
  } else {
    free(copy);
  }
  pthread_mutex_unlock(&lock);
  return node;
}

void tamis_mapping_forget(void *mapping) {
  struct node *node = mapping;
  if (!node) return;
  pthread_mutex_lock(&lock);
  atomic_store(&node->end, 0);
  atomic_store(&node->start, 0);
  node->next_free = first_free;
  first_free = node;
  pthread_mutex_unlock(&lock);
}
