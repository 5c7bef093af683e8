// Times each kernel of scoring beside the processor's peak; see Benchmarks/parts. Slices of a kernel
// and of the peak take turns, and the processor time of the thread counts, so that neither a
// machine that changes its pace nor other processes change the figures much. The values are
// random: no kernel takes another time for other values.
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "peak_kernels.h"
#include "score_kernels.h"
#include "screen_kernels.h"

enum { features = 64, blocks = 3, layers = blocks + 2, events_kept = 1024, slices = 201, calls = 100 };

static tamis_isa isa;
static const tamis_score_kernels *kernels;
static const tamis_screen_kernels *screen;
static tamis_dense_layer dense[layers];
static tamis_screen_layer whole_numbers[layers];
static tamis_standardiser standardiser;
static size_t width, levels, events, rows, next_event;
static float *raw, *embeddings, *inputs, *projection, *hidden, *activated, *shares;
static float weights_of_levels[TAMIS_GROUP_ROWS], scales[TAMIS_GROUP_ROWS], sums[TAMIS_GROUP_ROWS];
static bool fits[TAMIS_GROUP_ROWS];
static uint8_t *quantised;

static void *zeros(size_t byte_count) {
  void *memory = NULL;
  if (posix_memalign(&memory, 64, byte_count) != 0) abort();
  return memset(memory, 0, byte_count);
}

static float *random_floats(size_t count, float scale) {
  static uint32_t state = 1;
  float *values = zeros(count * sizeof(float));
  for (size_t i = 0; i < count; i++) {
    state = state * 1664525 + 1013904223;
    values[i] = scale * (float)(int32_t)state / 2147483648.0f;
  }
  return values;
}

static void make_network(void) {
  for (int i = 0; i < layers; i++) {
    const size_t from = i == 0 ? features : width, to = i == layers - 1 ? features : width;
    const float spread = 1.7f / sqrtf((float)from);
    const float *weights = random_floats(from * to, spread), *bias = random_floats(to, 0.1f);
    dense[i] = (tamis_dense_layer){from, to / TAMIS_PANEL_COLUMNS, weights, bias};
    int8_t *small = zeros(from * to);
    float *scale = zeros(to * sizeof(float));
    for (size_t j = 0; j < from * to; j++) small[j] = (int8_t)(weights[j] / spread * 127);
    for (size_t j = 0; j < to; j++) scale[j] = spread / 127;
    whole_numbers[i] = (tamis_screen_layer){
        from, to / TAMIS_PANEL_COLUMNS, small, zeros(to * sizeof(int32_t)), scale, bias};
  }
  float *scale = zeros(features * sizeof(float));
  for (int i = 0; i < features; i++) scale[i] = 1;
  standardiser = (tamis_standardiser){
      features, zeros(features * sizeof(float)), scale, zeros(features * sizeof(uint32_t)), false,
      INFINITY};
}

static void standardise(void) {
  next_event = (next_event + events) % (events_kept - events);
  for (size_t event = 0; event < events; event++) {
    fits[event] = tamis_score_standardise(
        kernels, &standardiser, raw + (next_event + event) * features,
        inputs + event * TAMIS_BLOCK_COLUMNS);
  }
}
static void dense_input(void) {
  tamis_score_dense(kernels, dense, inputs, events, false, projection);
}
static void embed(void) {
  tamis_score_embed(
      kernels, projection, events, embeddings, width, levels, width, hidden, activated);
}
static void dense_block(int i) {
  tamis_score_dense(kernels, dense + i, activated, rows, true, hidden);
}
static void dense_blocks(void) {
  for (int i = 1; i <= blocks; i++) dense_block(i);
}
static void activate(void) { tamis_score_activate(kernels, hidden, rows, width, activated); }
static void activate_blocks(void) {
  for (int i = 1; i <= blocks; i++) activate();
}
static void dense_output(void) {
  tamis_score_dense(kernels, dense + layers - 1, activated, rows, false, hidden);
}
static void attribute(void) {
  for (size_t event = 0; event < events; event++) {
    tamis_score_attribute(
        kernels, hidden + event * levels * TAMIS_BLOCK_COLUMNS, weights_of_levels, levels, false,
        features, shares + event * features);
    sums[event] = tamis_score_total(kernels, features, shares + event * features);
  }
}
static void exact(void) {
  standardise(), dense_input(), embed();
  for (int i = 1; i <= blocks; i++) dense_block(i), activate();
  dense_output(), attribute();
}

static void quantise(void) {
  tamis_screen_quantise(screen, inputs, events, features, 1e6f, quantised, scales, fits);
}
static void screen_input(void) {
  tamis_screen_dense(screen, whole_numbers, quantised, scales, events, false, projection);
}
static void screen_embed(void) {
  tamis_screen_embed(
      screen, projection, events, embeddings, width, levels, width, hidden, quantised, scales);
}
static void screen_block(int i) {
  tamis_screen_dense(screen, whole_numbers + i, quantised, scales, rows, true, hidden);
}
static void screen_blocks(void) {
  for (int i = 1; i <= blocks; i++) screen_block(i);
}
static void screen_activate(void) {
  tamis_screen_activate(screen, hidden, rows, width, quantised, scales);
}
static void screen_activate_blocks(void) {
  for (int i = 1; i <= blocks; i++) screen_activate();
}
static void screen_output(void) {
  tamis_screen_dense(screen, whole_numbers + layers - 1, quantised, scales, rows, false, hidden);
}
static void norm(void) {
  for (size_t event = 0; event < events; event++) {
    sums[event] = tamis_screen_norm(
        screen, hidden + event * levels * TAMIS_BLOCK_COLUMNS, weights_of_levels, levels, features,
        0);
  }
}
static void screened(void) {
  standardise(), quantise(), screen_input(), screen_embed();
  for (int i = 1; i <= blocks; i++) screen_block(i), screen_activate();
  screen_output(), norm();
}

static double seconds(void) {
  struct timespec time;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static int ascending(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

// `step` is the number of products that the peak does in a cycle.
static void measure(
    const char *name, void (*run)(void), uint64_t (*peak)(tamis_isa, uint64_t), double step,
    double products) {
  double found[slices];
  for (int slice = 0; slice < slices; slice++) {
    const double begin = seconds();
    const uint64_t done = peak(isa, 40000);
    const double middle = seconds();
    for (int call = 0; call < calls; call++) run();
    const double each = (seconds() - middle) / calls / (double)events;
    found[slice] = each * (double)done / (middle - begin) / step;
  }
  qsort(found, slices, sizeof(double), ascending);
  printf("| %s | %.0f [%.0f %.0f] | %.0f |\n", name, found[slices / 2], found[slices / 4],
         found[slices * 3 / 4], products / step);
}

int main(int count, char **arguments) {
  width = count > 1 ? strtoul(arguments[1], NULL, 10) : 128;
  levels = count > 2 ? strtoul(arguments[2], NULL, 10) : 1;
  if (width % TAMIS_PANEL_COLUMNS || width < features || levels < 1 || levels > 12) {
    fprintf(stderr, "usage: Benchmarks/parts [WIDTH [LEVELS]]: a multiple of 32 from 64 on, 1 ... 12\n");
    return 2;
  }
  isa = tamis_isa_available(TAMIS_ISA_AVX512) ? TAMIS_ISA_AVX512 : TAMIS_ISA_AVX2;
  kernels = tamis_score_kernels_for(isa), screen = tamis_screen_kernels_for(isa);
  events = TAMIS_GROUP_ROWS / levels, rows = events * levels;
  make_network();
  raw = random_floats(events_kept * features, 2), embeddings = random_floats(width * levels, 0.3f);
  for (size_t i = 0; i < TAMIS_GROUP_ROWS; i++) weights_of_levels[i] = 1;
  inputs = zeros(width * 48), projection = zeros(width * 48), hidden = zeros(width * 48);
  activated = zeros(width * 48), shares = zeros(features * 48), quantised = zeros(width * 24);
  const double in = (double)(features * width), block = (double)(blocks * levels * width * width);
  const double out = (double)(levels * width * features), all = in + block + out;
  const bool wide = isa == TAMIS_ISA_AVX512;
  printf("Width %zu, levels %zu: cycles of the peak an event, median [quartiles], and the cycles\n"
         "that its products take at the peak.\n\n| exact | cycles | products |\n|---|---|---|\n",
         width, levels);
  const double step = wide ? 16 : 8;
#define EXACT(NAME, RUN, PRODUCTS) measure(NAME, RUN, tamis_peak_float32, step, PRODUCTS)
  EXACT("standardise", standardise, 0);
  EXACT("input layer", dense_input, in);
  EXACT("embed and silu", embed, 0);
  EXACT("blocks", dense_blocks, block);
  EXACT("their silu", activate_blocks, 0);
  EXACT("output layer", dense_output, out);
  EXACT("attributions and score", attribute, 0);
  EXACT("the whole", exact, all);
  printf("\n| screened | cycles | products |\n|---|---|---|\n");
  const double byte_step = wide ? 64 : 16;
#define SCREENED(NAME, RUN, PRODUCTS) measure(NAME, RUN, tamis_peak_int8, byte_step, PRODUCTS)
  SCREENED("standardise", standardise, 0);
  SCREENED("quantise", quantise, 0);
  SCREENED("input layer", screen_input, in);
  SCREENED("embed, silu and quantise", screen_embed, 0);
  SCREENED("blocks", screen_blocks, block);
  SCREENED("their silu, quantised", screen_activate_blocks, 0);
  SCREENED("output layer", screen_output, out);
  SCREENED("score", norm, 0);
  SCREENED("the whole", screened, all);
  return 0;
}
