// Tries formats/kibble.h.
//
//     reader_test dump FILE ...              writes what is in the files
//     reader_test hostile ROUNDS FILE ...    damages copies of them, and uses what can still be opened
#define KIBBLE_IMPLEMENTATION
#define KIBBLE_POSIX
#include "../../formats/kibble.h"
#include <stdio.h>
#include <stdlib.h>

static void fail(const char *file, const char *what) {
  fprintf(stderr, "%s: %s\n", file, what);
  exit(1);
}
static void require(int holds, const char *file, const char *what) {
  if (!holds) fail(file, what);
}

/// Memory of exactly this size, so that the address sanitizer sees the first byte behind it.
static void *memory(size_t bytes) {
  void *p = malloc(bytes > 0 ? bytes : 1);
  if (!p) abort();
  return p;
}

/// The bytes of a file, or NULL if there is none.
static uint8_t *contents(const char *path, size_t *length) {
  FILE *file = fopen(path, "rb");
  if (!file) return NULL;
  if (fseek(file, 0, SEEK_END)) abort();
  *length = (size_t)ftell(file);
  rewind(file);
  uint8_t *bytes = (uint8_t *)memory(*length);
  if (fread(bytes, 1, *length, file) != *length) abort();
  fclose(file);
  return bytes;
}

/// What kibble.rows is inflated to, which FILE.rows holds beside FILE: the test needs no zlib.
static uint8_t *inflated_rows(const char *path, size_t *length) {
  char name[1024];
  snprintf(name, sizeof name, "%s.rows", path);
  return contents(name, length);
}

/// Terminated, as it is looked for.
static const char *text(char *buffer, const char *name, uint32_t length) {
  memcpy(buffer, name, length);
  buffer[length] = 0;
  return buffer;
}

// ---- dump -----------------------------------------------------------------------------

/// A line for each tensor, for each matrix, and for each blob. Behind that of a matrix are its values, row by row, as little-endian
/// words; behind that of a blob its bytes.
static void dump_contents(const char *path, const kibble_file *file) {
  char name[256];
  kibble_matrix m, same;
  kibble_tensor tensor, again;
  kibble_blob blob;
  for (uint32_t i = 0; !kibble_tensor_at(file, i, &tensor); i++) {
    require(!kibble_find_tensor(file, text(name, tensor.name, tensor.name_length), &again), path, "a tensor is not found");
    require(again.plane[0] == tensor.plane[0], path, "another tensor is found");
    require(!kibble_check_tensor(&tensor), path, "the checksum of a tensor");
    require(kibble_read_row(&tensor, tensor.rows, NULL) == KIBBLE_OUT_OF_RANGE, path, "a row behind those of a tensor");
    printf("tensor %s %s\n", name, kibble_type_name(tensor.type));
  }
  for (int more = kibble_first_matrix(file, &m); more; more = kibble_next_matrix(&m)) {
    require(!kibble_find_matrix(file, text(name, m.name, m.name_length), &same), path, "a matrix is not found");
    require(same.first == m.first && same.order == m.order, path, "another matrix is found");
    printf("matrix %s %u %llu %llu\n", name, m.rank, (unsigned long long)m.rows, (unsigned long long)m.columns);
    size_t columns = (size_t)m.columns;
    float *values = (float *)memory(2 * columns * sizeof *values);
    uint8_t *words = (uint8_t *)memory(4 * columns);
    uint32_t *places = (uint32_t *)memory((size_t)m.rows * sizeof *places);
    require(!kibble_place_rows(&m, places), path, "places of rows");
    for (size_t r = 0; r < m.rows; r++) {
      require(!kibble_read_matrix_row(&m, r, values), path, "a row");
      require(!kibble_read_stored_row(&m, places[r], values + columns), path, "a stored row");
      require(!memcmp(values, values + columns, 4 * columns), path, "a row and the stored one differ");
      for (size_t c = 0; c < columns; c++) {
        uint32_t bits;
        memcpy(&bits, values + c, 4);
        for (int b = 0; b < 4; b++) words[4 * c + (size_t)b] = (uint8_t)(bits >> 8 * b);
      }
      fwrite(words, 4, columns, stdout);
    }
    require(kibble_read_matrix_row(&m, m.rows, values) == KIBBLE_OUT_OF_RANGE, path, "a row behind the last one");
    free(values);
    free(words);
    free(places);
  }
  for (uint32_t i = 0; !kibble_blob_at(file, i, &blob); i++) {
    require(blob.compressed || !kibble_check_blob(&blob, blob.bytes, blob.length), path, "the checksum of a blob");
    require(!kibble_find_blob(file, text(name, blob.name, blob.name_length), &blob), path, "a blob is not found");
    printf("blob %s %zu %zu %d\n", name, blob.length, blob.size, blob.compressed);
    fwrite(blob.bytes, 1, blob.length, stdout);
  }
  for (int i = 0; i < 2; i++) {
    const char *missing = i == 0 ? "missing" : "missing@0";
    require(kibble_find_matrix(file, missing, &m) == KIBBLE_NOT_FOUND, path, "a matrix that is not there is found");
    require(kibble_find_tensor(file, missing, &tensor) == KIBBLE_NOT_FOUND, path, "a tensor that is not there is found");
    require(kibble_find_blob(file, missing, &blob) == KIBBLE_NOT_FOUND, path, "a blob that is not there is found");
  }
}

/// Without the order of rows, bands can be read, but not as one matrix.
static void need_rows(const char *path, const kibble_file *file) {
  kibble_matrix m;
  for (int more = kibble_first_matrix(file, &m); more; more = kibble_next_matrix(&m)) {
    float *values = (float *)memory((size_t)m.columns * sizeof *values);
    uint32_t *places = (uint32_t *)memory((size_t)m.rows * sizeof *places);
    kibble_error error = m.bands > 1 ? KIBBLE_NEEDS_ROWS : KIBBLE_OK;
    require(kibble_read_matrix_row(&m, 0, values) == error && kibble_place_rows(&m, places) == error, path, "rows without their order");
    require(!kibble_read_stored_row(&m, 0, values), path, "a stored row without the order");
    free(values);
    free(places);
  }
}

static void dump(const char *path) {
  const void *bytes;
  size_t length, size;
  kibble_file file;
  kibble_blob blob;
  kibble_error error = kibble_map(path, &bytes, &length);
  if (!error && (error = kibble_open(&file, bytes, length)) != KIBBLE_OK) kibble_unmap(bytes, length);
  if (!error) {
    uint8_t *rows = NULL;
    if (kibble_needs_rows(&file, &blob)) {
      need_rows(path, &file);
      rows = inflated_rows(path, &size);
      require(rows != NULL, path, "there is no file with its rows");
      error = kibble_set_rows(&file, rows, size);
    }
    require(error || kibble_set_rows(&file, bytes, 0) == KIBBLE_BAD_ROWS, path, "rows that nobody asked for");
    if (!error) dump_contents(path, &file);
    free(rows);
    kibble_unmap(bytes, length);
  }
  if (error) printf("error %d\n", error);
  require(kibble_is_newer(error) == (strstr(kibble_message(error), "newer") != NULL), path, "a message");
}

// ---- hostile --------------------------------------------------------------------------

static uint64_t state = 1;

/// SplitMix64.
static uint64_t next(void) {
  uint64_t z = state += 0x9e3779b97f4a7c15;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
  z = (z ^ z >> 27) * 0x94d049bb133111eb;
  return z ^ z >> 31;
}
static size_t below(size_t n) { return (size_t)(next() >> 11) % n; }

static void put(uint8_t *p, uint64_t value, size_t bytes) {
  for (size_t i = 0; i < bytes; i++) p[i] = (uint8_t)(value >> 8 * i);
}

static void repair(uint8_t *bytes, size_t length) {
  if (length < 128) return;
  uint64_t payload = kbl_u64(bytes + 40);
  if (payload < 128 || payload > length) return;
  put(bytes + 124, kbl_crc(kbl_crc(0, bytes, 124), bytes + 128, (size_t)payload - 128), 4);
}

/// Opens bytes and uses all that there is; the sanitizers look on. `damaged` is set if a checksum or the rows tell of damage.
static kibble_error use(const uint8_t *bytes, size_t length, const uint8_t *rows, size_t row_count, int *damaged) {
  kibble_file file;
  kibble_blob blob;
  kibble_tensor tensor;
  kibble_matrix m;
  *damaged = 0;
  kibble_error error = kibble_open(&file, bytes, length);
  if (error) return error;
  if (rows && kibble_needs_rows(&file, &blob)) *damaged |= kibble_set_rows(&file, rows, row_count) != KIBBLE_OK;
  for (uint32_t i = 0; !kibble_tensor_at(&file, i, &tensor); i++) *damaged |= kibble_check_tensor(&tensor) != KIBBLE_OK;
  for (uint32_t i = 0; !kibble_blob_at(&file, i, &blob); i++) {
    int differs = kibble_check_blob(&blob, blob.bytes, blob.length) != KIBBLE_OK;
    if (!blob.compressed) *damaged |= differs;
  }
  for (int more = kibble_first_matrix(&file, &m); more; more = kibble_next_matrix(&m)) {
    float *values = (float *)memory((size_t)m.columns * sizeof *values);
    for (int i = 0; i < 4; i++) {
      uint64_t row = i == 0 ? 0 : i == 1 ? m.rows - 1 : below((size_t)m.rows);
      error = kibble_read_matrix_row(&m, row, values);
      require(!error || error == KIBBLE_NEEDS_ROWS, "hostile", "a row that is there");
      require(!kibble_read_stored_row(&m, row, values), "hostile", "a stored row that is there");
    }
    require(kibble_read_stored_row(&m, m.rows, values) == KIBBLE_OUT_OF_RANGE, "hostile", "a row that is not there");
    free(values);
  }
  return KIBBLE_OK;
}

/// Cuts a file at `length`, as it is and with a header that says so. There is one right length for each directory.
static void truncate_at(const char *path, const uint8_t *whole, size_t length) {
  int damaged;
  uint8_t *bytes = (uint8_t *)memory(length);
  memcpy(bytes, whole, length);
  require(use(bytes, length, NULL, 0, &damaged) != KIBBLE_OK, path, "a truncated file is opened");
  if (length >= 128) {
    put(bytes + 16, length, 8);
    repair(bytes, length);
    require(use(bytes, length, NULL, 0, &damaged) != KIBBLE_OK, path, "a truncated file with a length that fits is opened");
  }
  free(bytes);
}

/// Changes something in header or directory, or copies a piece of it elsewhere.
static void mutate(uint8_t *bytes, size_t length, size_t payload) {
  const uint64_t edges[] = {0, 1, 2, 255, 256, 1024, 1048576, 1u << 31, UINT32_MAX, (uint64_t)1 << 56, (uint64_t)1 << 63, UINT64_MAX,
                            length, length - 1, payload, 64 - payload};
  size_t place = below(payload), size = (size_t)1 << below(4), from = below(payload - 32);
  switch (below(6)) {
    case 0: bytes[place] ^= (uint8_t)(1 << below(8)); return;
    case 1: bytes[place] = (uint8_t)next(); return;
    case 2: bytes[place] = (uint8_t)(bytes[place] + (below(2) ? 1 : 255)); return;
    case 3: place = below(payload - 32); memmove(bytes + place, bytes + from, 4 + below(28)); return;
    default: place = below(payload / size) * size; put(bytes + place, edges[below(sizeof edges / sizeof *edges)] + below(2), size);
  }
}

static void attack(const char *path, int rounds) {
  size_t length, row_count = 0;
  int damaged, opened = 0;
  uint8_t *whole = contents(path, &length), *rows = inflated_rows(path, &row_count), *bytes = (uint8_t *)memory(length);
  require(whole && !use(whole, length, rows, row_count, &damaged) && !damaged, path, "the file itself");
  size_t payload = (size_t)kbl_u64(whole + 40);
  kibble_file file;
  kibble_tensor tensor;
  kibble_blob blob;
  kibble_open(&file, whole, length);

  for (size_t i = 0; i <= payload; i += i < 4096 ? 1 : 61) truncate_at(path, whole, i);
  for (uint32_t i = 0; !kibble_blob_at(&file, i, &blob); i++)
    for (size_t d = 0; d < 3; d++) truncate_at(path, whole, (size_t)(blob.bytes - whole) + d - 1);
  for (uint32_t i = 0; !kibble_tensor_at(&file, i, &tensor); i++)
    for (size_t d = 0; d < 3; d++) truncate_at(path, whole, (size_t)(tensor.plane[0] - whole) + d - 1);
  for (size_t i = 1; i < 100 && i < length; i++) truncate_at(path, whole, length - i);

  // No byte of header and directory can change unseen, and no byte of a plane either once it is checked.
  memcpy(bytes, whole, length);
  for (size_t i = 0; i < payload; i += 1 + below(16)) {
    bytes[i] ^= (uint8_t)(1 << below(8));
    require(use(bytes, length, rows, row_count, &damaged) != KIBBLE_OK, path, "a changed directory is opened");
    bytes[i] = whole[i];
  }
  for (uint32_t i = 0; !kibble_tensor_at(&file, i, &tensor); i++) {
    size_t plane = below(tensor.planes), at = (size_t)(tensor.plane[plane] - whole) + below((size_t)tensor.plane_length[plane]);
    bytes[at] ^= (uint8_t)(1 << below(8));
    require(!use(bytes, length, rows, row_count, &damaged) && damaged, path, "a changed plane is not seen");
    bytes[at] = whole[at];
  }

  for (int round = 0; round < rounds; round++) {
    memcpy(bytes, whole, length);
    for (size_t changes = 1 + below(3); changes > 0; changes--) mutate(bytes, length, payload);
    if (below(4) == 0 && length > payload) bytes[payload + below(length - payload)] ^= (uint8_t)(1 << below(8));
    repair(bytes, length);
    opened += !use(bytes, length, rows, row_count, &damaged);
  }
  printf("%s: %d of %d changed files opened\n", path, opened, rounds);
  free(whole);
  free(rows);
  free(bytes);
}

int main(int count, char **arguments) {
  if (count > 2 && !strcmp(arguments[1], "dump")) {
    for (int i = 2; i < count; i++) dump(arguments[i]);
  } else if (count > 3 && !strcmp(arguments[1], "hostile")) {
    for (int i = 3; i < count; i++) attack(arguments[i], atoi(arguments[2]));
  } else {
    fprintf(stderr, "usage: reader_test dump FILE ... | hostile ROUNDS FILE ...\n");
    return 64;
  }
  return fflush(stdout) != 0;
}
