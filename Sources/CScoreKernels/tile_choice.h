// The tiles of a template, which has defined `tile` and a function for each of TILES.

typedef struct {
  size_t columns;
  tile *run;
} tile_choice;

// By the rows of a tile, the widest first: 8, 4 and 2 vectors. There is none of 0 columns.
#define CHOOSE_TILE(ROWS, VECTORS) \
  [ROWS][VECTORS == 8 ? 0 : VECTORS == 4 ? 1 : 2] = {VECTORS * LANES, tile_##ROWS##_##VECTORS},
static const tile_choice tiles[TILE_ROWS + 1][3] = {TILES(CHOOSE_TILE)};

// The widest tile for `rows` rows that fits into the columns left.
static const tile_choice *chosen_tile(size_t rows, size_t columns) {
  const tile_choice *choice = tiles[rows];
  while (choice->run == NULL || choice->columns > columns) choice++;
  return choice;
}
