// Entropy-coded codes: the decoder of range asymmetric numeral systems (Duda 2013, arXiv 1311.2540). Integers only, so nothing depends
// on an instruction set. Chunks come from files: nothing here reads beyond one, whatever it holds.
#include "ckernels.h"
#include "values.h"

enum { WORD = 2, LOWEST = 1 << 16, SLOTS = 1 << KB_ENTROPY_BITS };

static uint32_t load_word(const uint8_t *at) { return (uint32_t)at[0] | (uint32_t)at[1] << 8; }

bool kb_entropy_begin(kb_entropy *chunk, const uint8_t *bytes, size_t count) {
  if (count < 4 * KB_ENTROPY_STATES || count % WORD != 0) return false;
  for (int i = 0; i < KB_ENTROPY_STATES; i++) {
    chunk->states[i] = load_word(bytes + 4 * i) | load_word(bytes + 4 * i + 2) << 16;
    if (chunk->states[i] < LOWEST) return false;
  }
  chunk->next = bytes + 4 * KB_ENTROPY_STATES;
  chunk->end = bytes + count;
  return true;
}

bool kb_entropy_ends(const kb_entropy *chunk) {
  for (int i = 0; i < KB_ENTROPY_STATES; i++)
    if (chunk->states[i] != LOWEST) return false;
  return chunk->next == chunk->end;
}

static inline const uint32_t *table_of(const kb_coded_row *row, int32_t of_group, uint32_t column) {
  int32_t table = of_group + row->column_tables[column];
  table = table < row->first ? row->first : table > row->last ? row->last : table;
  return row->tables + (size_t)table * SLOTS;
}

/// Takes a symbol off a state, which may then lack a word.
static inline int8_t take(uint32_t *state, const uint32_t *table) {
  uint32_t slot = table[*state % SLOTS];
  *state = ((slot >> KB_ENTROPY_BITS & (SLOTS - 1)) + 1) * (*state >> KB_ENTROPY_BITS) + (slot & (SLOTS - 1));
  return (int8_t)(slot >> 24);
}

/// Decodes the columns begin ..< end of a group; `begin` is a multiple of the number of states.
static bool decode(kb_entropy *chunk, const kb_coded_row *row, int32_t of_group, uint32_t begin, uint32_t end, int8_t *codes) {
  const uint8_t *next = chunk->next;
  uint32_t c = begin, states[KB_ENTROPY_STATES];
  memcpy(states, chunk->states, sizeof states);
  // As long as there are words for all states, none has to be looked for.
  for (; c + KB_ENTROPY_STATES <= end && chunk->end - next >= WORD * KB_ENTROPY_STATES; c += KB_ENTROPY_STATES)
    for (uint32_t i = 0; i < KB_ENTROPY_STATES; i++) {
      codes[c + i] = take(&states[i], table_of(row, of_group, c + i));
      uint32_t lacks = states[i] < LOWEST, more = states[i] << 16 | load_word(next);
      states[i] = lacks ? more : states[i];
      next += WORD * lacks;
    }
  for (; c < end; c++) {
    uint32_t *state = &states[c % KB_ENTROPY_STATES];
    codes[c] = take(state, table_of(row, of_group, c));
    if (*state >= LOWEST) continue;
    if (next == chunk->end) return false;
    *state = *state << 16 | load_word(next);
    next += WORD;
  }
  memcpy(chunk->states, states, sizeof states);
  chunk->next = next;
  return true;
}

bool kb_entropy_row(kb_entropy *chunk, const kb_coded_row *row, int type, int8_t *codes) {
  for (uint32_t begin = 0, g = 0; begin < row->cols; begin += row->group, g++) {
    uint32_t end = begin + row->group < row->cols ? begin + row->group : row->cols;
    if (!decode(chunk, row, row->group_tables[g], begin, end, codes)) return false;
  }
  kb_code_range range = kb_codes_of(type);
  int low = (int)range.low, high = (int)range.high;
  bool fits = true;
  for (uint32_t c = 0; c < row->cols; c++) {
    int code = codes[c] * (row->multipliers ? row->multipliers[c] : 1);
    fits = fits && code >= low && code <= high;
    codes[c] = (int8_t)code;
  }
  return fits;
}

// Types are constants here, so that places are, too.

static inline __attribute__((always_inline)) void put_codes(int type, const int8_t *codes, uint32_t padded, uint32_t *units,
                                                            size_t stride) {
  uint32_t block = kb_block_columns(type), block_units = kb_block_units(type);
  for (uint32_t c = 0; c < padded; c += block, units += block_units * stride)
    for (uint32_t i = 0; i < block && c + i < padded; i++) kb_put_code(type, (uint32_t)codes[c + i], i, units, stride);
}

void kb_put_codes(int type, const int8_t *codes, uint32_t padded, uint32_t *units, size_t stride) {
  switch (type) {
    case KB_INT2: put_codes(KB_INT2, codes, padded, units, stride); break;
    case KB_INT3: put_codes(KB_INT3, codes, padded, units, stride); break;
    case KB_INT4: put_codes(KB_INT4, codes, padded, units, stride); break;
    case KB_INT5: put_codes(KB_INT5, codes, padded, units, stride); break;
    case KB_INT6: put_codes(KB_INT6, codes, padded, units, stride); break;
    default: put_codes(KB_INT8, codes, padded, units, stride);
  }
}

static inline __attribute__((always_inline)) void codes_of(int type, const uint8_t *units, size_t stride, uint32_t cols, int8_t *codes) {
  uint32_t block = kb_block_columns(type), block_units = kb_block_units(type);
  for (uint32_t c = 0; c < cols; c += block, units += 4 * block_units * stride)
    for (uint32_t i = 0; i < block && c + i < cols; i++) codes[c + i] = (int8_t)kb_s_block_code(type, units, stride, i);
}

void kb_codes(const kb_matrix *w, uint32_t row, int8_t *codes) {
  size_t stride;
  const uint8_t *units = kb_s_block(w, row, 0, &stride);
  switch (w->type) {
    case KB_INT2: codes_of(KB_INT2, units, stride, w->cols, codes); break;
    case KB_INT3: codes_of(KB_INT3, units, stride, w->cols, codes); break;
    case KB_INT4: codes_of(KB_INT4, units, stride, w->cols, codes); break;
    case KB_INT5: codes_of(KB_INT5, units, stride, w->cols, codes); break;
    case KB_INT6: codes_of(KB_INT6, units, stride, w->cols, codes); break;
    default: codes_of(KB_INT8, units, stride, w->cols, codes);
  }
}
