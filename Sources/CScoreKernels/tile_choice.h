// The tiles of a template, which has defined `tile` and a function for each of TILES.

typedef struct {
  size_t rows, columns;
  tile *run;
} tile_choice;

#define CHOOSE_TILE(ROWS, VECTORS) {ROWS, VECTORS * LANES, tile_##ROWS##_##VECTORS},
static const tile_choice tiles[] = {TILES(CHOOSE_TILE)};

// The widest tile for `rows` rows that fits into the columns left.
static const tile_choice *chosen_tile(size_t rows, size_t columns) {
  const tile_choice *choice = tiles;
  while (choice->rows != rows || choice->columns > columns) choice++;
  return choice;
}
