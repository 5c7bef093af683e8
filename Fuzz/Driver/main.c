// The entry points that libFuzzer calls; its library has the `main`. A C file, since SwiftPM gives
// a Swift executable an entry point of its own.
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int tamis_fuzz_begin(const char *name);
void tamis_fuzz_run(const uint8_t *bytes, size_t byte_count);

int LLVMFuzzerInitialize(int *argument_count, char ***arguments) {
  (void)argument_count;
  (void)arguments;
  const char *name = getenv("TAMIS_FUZZ_TARGET");
  if (name && tamis_fuzz_begin(name)) return 0;
  fprintf(stderr, "TAMIS_FUZZ_TARGET=%s: no such target; tools/fuzz --list names them\n",
          name ? name : "");
  exit(2);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t byte_count) {
  tamis_fuzz_run(bytes, byte_count);
  return 0;
}
