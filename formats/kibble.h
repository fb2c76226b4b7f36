// A reader of .kibble files in C99 and C++, written from kibble-v1.md alone. Sections are those of that page.
//
// It needs the standard library only, allocates nothing, has no state of its own, and takes any bytes: it never reads outside of them.
// The code is there once, where KIBBLE_IMPLEMENTATION is defined, since a small machine has no room for a copy in each source file.
//
//     #define KIBBLE_IMPLEMENTATION  // in one source file
//     #define KIBBLE_POSIX           // for kibble_map; any other way to have the file in memory does as well
//     #include "kibble.h"
//     #include <stdio.h>
//     int main(int count, char **arguments) {
//       const void *bytes; size_t length; float row[4096];
//       kibble_file file; kibble_matrix matrix; kibble_blob config;
//       kibble_error error = count > 1 ? kibble_map(arguments[1], &bytes, &length) : KIBBLE_NOT_MAPPED;
//       if (!error) error = kibble_open(&file, bytes, length);
//       if (!error) error = kibble_find_matrix(&file, "model.embed_tokens.weight", &matrix);
//       if (!error) error = matrix.columns > 4096 ? KIBBLE_OUT_OF_RANGE : kibble_read_matrix_row(&matrix, 7, row);
//       if (!error) error = kibble_find_blob(&file, "config.json", &config);
//       if (!error) printf("%g %.*s\n", row[0], (int)config.length, (const char *)config.bytes);
//       else fprintf(stderr, "%s\n", kibble_message(error));
//       return error != KIBBLE_OK;
//     }
//
// Left to the caller: to inflate compressed blobs (kibble_blob, kibble_needs_rows), and to parse kibble.json. Whether that is JSON is
// the one rule of opening (section 8) that is not looked at here, as nothing in it is needed to decode a tensor.
// Values are right to the bit where float is IEEE 754 binary32 with subnormals, so not with -ffast-math.
#ifndef KIBBLE_H
#define KIBBLE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// What can go wrong, and what kibble_message says of it.
#define KIBBLE_ERRORS(E) \
  E(KIBBLE_OK, "there is no error") \
  E(KIBBLE_NOT_MAPPED, "the file cannot be mapped") \
  E(KIBBLE_NO_KIBBLE, "this is no .kibble file") \
  E(KIBBLE_BAD_LENGTH, "the file is truncated, or something was appended to it") \
  E(KIBBLE_NEWER_VERSION, "the file was written by a newer version of kibble: it has another major version") \
  E(KIBBLE_NEWER_FEATURE, "the file was written by a newer version of kibble: it has a feature that is not known here") \
  E(KIBBLE_NEWER_TYPE, "the file was written by a newer version of kibble: it has a type or arrangement that is not known here") \
  E(KIBBLE_BAD_HEADER, "the file is damaged: a number in its header is wrong") \
  E(KIBBLE_BAD_DIRECTORY, "the file is damaged: the checksum of header and directory differs") \
  E(KIBBLE_BAD_RESERVED, "the file is damaged: reserved bytes are not 0") \
  E(KIBBLE_BAD_NAME, "the file is damaged: the place or the characters of a name are wrong") \
  E(KIBBLE_SAME_NAME, "the file is damaged: two entries have the same name") \
  E(KIBBLE_BAD_SHAPE, "the file is damaged: a tensor's shape, group size, exponent or number of planes is wrong") \
  E(KIBBLE_BAD_PLACE, "the file is damaged: an offset or a length is wrong") \
  E(KIBBLE_BAD_BLOB, "the file is damaged: the number of a blob's bytes is wrong") \
  E(KIBBLE_BAD_BANDS, "the file is damaged: the bands of a matrix do not fit together") \
  E(KIBBLE_BAD_ROWS, "the file is damaged: the order of rows does not fit the bands") \
  E(KIBBLE_NO_METADATA, "the file is damaged: it has no kibble.json") \
  E(KIBBLE_BAD_CONTENTS, "the file is damaged: the checksum or the length of a blob or tensor differs") \
  E(KIBBLE_NOT_FOUND, "the file has nothing of that name") \
  E(KIBBLE_OUT_OF_RANGE, "there is no such tensor, blob or row") \
  E(KIBBLE_NEEDS_ROWS, "the order of the rows is not known: its blob has to be inflated first")

#define KIBBLE_ERROR_NAME(name, message) name,
typedef enum { KIBBLE_ERRORS(KIBBLE_ERROR_NAME) KIBBLE_ERROR_COUNT } kibble_error;

// A sentence in English without a period; never NULL.
const char *kibble_message(kibble_error error);
// 1 for the errors that mean: written by a newer version of kibble, and not damaged as far as this reader can tell.
int kibble_is_newer(kibble_error error);

// ---- The file -------------------------------------------------------------------------------------------------------------------

// An open file. Its members are to be read only; it may be copied, and used by several threads at once.
typedef struct {
  const uint8_t *bytes;
  size_t length;
  uint32_t tensors, blobs;  // how many there are; a matrix in bands is several tensors
  uint32_t features;        // required features: 1 compressed blobs, 2 bands, 4 an order of rows
  uint16_t minor;           // minor version
  const char *names;        // the string table
  const uint8_t *rows;      // the contents of kibble.rows once they are known, else NULL
} kibble_file;

// Opens `length` bytes, at any alignment, which must neither move nor change as long as `file` or something from it is used. Checks all
// that section 8 demands at open but for the JSON; contents are checked by kibble_check_tensor and kibble_check_blob. Uses 9 KiB of
// stack. Takes longer than reading header and directory once only with more than 2048 names: 10 ms for ten thousand, but half a
// minute for the million that a file may have. If it fails, nothing of `file` may be used.
kibble_error kibble_open(kibble_file *file, const void *bytes, size_t length);

#ifdef KIBBLE_POSIX
// Maps a file, to be read only; who shortens it meanwhile ends this process. KIBBLE_NO_KIBBLE for an empty file.
kibble_error kibble_map(const char *path, const void **bytes, size_t *length);
void kibble_unmap(const void *bytes, size_t length);
#endif

// ---- Tensors --------------------------------------------------------------------------------------------------------------------

// A tensor as it is stored (section 3), or a band.
typedef struct {
  const char *name;        // not terminated
  uint32_t name_length;    // 1 ... 255
  uint8_t type;            // a code of section 6
  uint8_t tiled;           // 1 in tiles of 16 rows, 0 in rows
  uint8_t rank;            // 1 or 2
  uint8_t planes;          // 1 or 2
  int32_t exponent;        // E
  uint32_t group_size;     // 0 for floats
  uint32_t crc;            // of all planes' bytes
  uint64_t rows, columns;  // at most 2^31 each; rows is 1 for rank 1
  uint64_t units, groups;  // per row: 4-byte units of plane 0, scales of plane 1
  const uint8_t *plane[2];    // floats or codes; scales, or NULL
  uint64_t plane_length[2];   // in bytes; all of them are in the file
} kibble_tensor;

// Tensor `index` in the order of the file. KIBBLE_OUT_OF_RANGE.
kibble_error kibble_tensor_at(const kibble_file *file, uint32_t index, kibble_tensor *tensor);
// The tensor of that name, or the band of that name with its `@`. KIBBLE_NOT_FOUND.
kibble_error kibble_find_tensor(const kibble_file *file, const char *name, kibble_tensor *tensor);
// The values of a row as it is stored, in `values[columns]`. KIBBLE_OUT_OF_RANGE if there is no such row. Damaged planes give wrong
// values, perhaps infinite ones, and nothing worse.
kibble_error kibble_read_row(const kibble_tensor *tensor, uint64_t row, float *values);
// KIBBLE_BAD_CONTENTS if the planes are not what their checksum says. Reads all of them.
kibble_error kibble_check_tensor(const kibble_tensor *tensor);
// "int4s", for instance; "" for a code that is none.
const char *kibble_type_name(uint8_t type);

// ---- Matrices: tensors, with bands put together ---------------------------------------------------------------------------------

// A tensor, or all bands of a matrix as one; with rank 1 a matrix of one row. The members are to be read only.
typedef struct {
  const kibble_file *file;
  const char *name;        // without `@`; not terminated
  uint32_t name_length;
  uint32_t rank;
  uint64_t rows, columns;  // of all bands together
  uint32_t first, bands;   // the tensors that it consists of; bands is 1 if it is not in bands
  uint64_t order;          // where its rows begin in kibble.rows
} kibble_matrix;

// The matrix of that name. KIBBLE_NOT_FOUND.
kibble_error kibble_find_matrix(const kibble_file *file, const char *name, kibble_matrix *matrix);
// One after the other, in the order of the file: for (int more = kibble_first_matrix(f, &m); more; more = kibble_next_matrix(&m))
int kibble_first_matrix(const kibble_file *file, kibble_matrix *matrix);
int kibble_next_matrix(kibble_matrix *matrix);
// The values of a row in `values[columns]`, whatever band has it. KIBBLE_OUT_OF_RANGE; KIBBLE_NEEDS_ROWS (see kibble_needs_rows).
// Where rows have an order of their own it counts through the rows before: for many rows, kibble_place_rows is faster.
kibble_error kibble_read_matrix_row(const kibble_matrix *matrix, uint64_t row, float *values);
// For each row of the matrix its place among the stored rows of all bands, in `places[rows]`; without an order, the row itself.
// So a product that is computed band by band is `product[places[row]]`. KIBBLE_NEEDS_ROWS; KIBBLE_OUT_OF_RANGE for over 2^32 rows.
kibble_error kibble_place_rows(const kibble_matrix *matrix, uint32_t *places);
// As kibble_read_matrix_row, but of the row at a place. KIBBLE_OUT_OF_RANGE.
kibble_error kibble_read_stored_row(const kibble_matrix *matrix, uint64_t place, float *values);

// ---- Blobs ----------------------------------------------------------------------------------------------------------------------

typedef struct {
  const char *name;      // not terminated
  uint32_t name_length;  // 1 ... 255
  uint8_t compressed;    // 1 if `bytes` are a zlib stream, which has to give `size` bytes and to end with the last of `bytes`
  uint32_t crc;          // of the contents
  const uint8_t *bytes;  // as they lie in the file
  size_t length;         // of `bytes`; may be 0
  size_t size;           // of the contents; `length` if not compressed; at most 67108864
} kibble_blob;

// Blob `index` in the order of the file. KIBBLE_OUT_OF_RANGE.
kibble_error kibble_blob_at(const kibble_file *file, uint32_t index, kibble_blob *blob);
// The blob of that name. KIBBLE_NOT_FOUND.
kibble_error kibble_find_blob(const kibble_file *file, const char *name, kibble_blob *blob);
// KIBBLE_BAD_CONTENTS if these bytes are not the blob's: `blob->bytes` themselves, or what a compressed blob was inflated to.
kibble_error kibble_check_blob(const kibble_blob *blob, const void *contents, size_t size);

// 1 if the order of rows is not known yet, as its blob is compressed. Then inflate `blob` and hand its contents to kibble_set_rows;
// without that, all but kibble_read_matrix_row and kibble_place_rows of a matrix in bands works.
int kibble_needs_rows(const kibble_file *file, kibble_blob *blob);
// Checks the contents of kibble.rows, and keeps the pointer: they must stay as long as the bytes of the file, and belong to the caller.
// KIBBLE_BAD_CONTENTS by their checksum or length; KIBBLE_BAD_ROWS if a band has another number of rows, or if no rows are needed.
kibble_error kibble_set_rows(kibble_file *file, const void *contents, size_t size);

#ifdef __cplusplus
}
#endif
#endif

// =================================================================================================================================

#if defined(KIBBLE_IMPLEMENTATION) && !defined(KIBBLE_IMPLEMENTED)
#define KIBBLE_IMPLEMENTED

#include <float.h>
#include <string.h>
#if FLT_RADIX != 2 || FLT_MANT_DIG != 24 || FLT_MAX_EXP != 128
#error "float has to be IEEE 754 binary32"
#endif

// ---- Numbers --------------------------------------------------------------------------------------------------------------------

static uint32_t kbl_u16(const uint8_t *p) { return p[0] | (uint32_t)p[1] << 8; }
static uint32_t kbl_u32(const uint8_t *p) { return kbl_u16(p) | kbl_u16(p + 2) << 16; }
static uint64_t kbl_u64(const uint8_t *p) { return kbl_u32(p) | (uint64_t)kbl_u32(p + 4) << 32; }

// The least multiple of `a` that is not below n. No n here is near 2^64: they are at most lengths of what lies in memory.
static uint64_t kbl_up(uint64_t n, uint64_t a) { return (n + a - 1) / a * a; }

static int kbl_zeros(const uint8_t *p, uint64_t n) {
  while (n > 0) if (p[--n]) return 0;
  return 1;
}

// zlib's CRC-32, to be continued with its result; 0 at first. Half a byte at a time: a table for whole ones takes 1 KiB.
static uint32_t kbl_crc(uint32_t crc, const uint8_t *p, size_t n) {
  static const uint32_t table[16] = {0,          0x1DB71064, 0x3B6E20C8, 0x26D930AC, 0x76DC4190, 0x6B6B51F4, 0x4DB26158, 0x5005713C,
                                     0xEDB88320, 0xF00F9344, 0xD6D6A3E8, 0xCB61B38C, 0x9B64C2B0, 0x86D3D2D4, 0xA00AE278, 0xBDBDF21C};
  crc = ~crc;
  for (size_t i = 0; i < n; i++) {
    crc ^= p[i];
    crc = crc >> 4 ^ table[crc & 15];
    crc = crc >> 4 ^ table[crc & 15];
  }
  return ~crc;
}

static float kbl_float(uint32_t bits) {
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

static float kbl_half(uint32_t h) {
  uint32_t sign = (h & 0x8000) << 16, exponent = h >> 10 & 31, fraction = h & 1023;
  if (exponent == 31) return kbl_float(sign | 0x7F800000 | fraction << 13);
  if (exponent > 0) return kbl_float(sign | (exponent + 112) << 23 | fraction << 13);
  float value = (float)fraction * 5.9604644775390625e-8f;  // 2^-24
  return sign ? -value : value;
}

// ---- Types (section 6) ----------------------------------------------------------------------------------------------------------

typedef struct {
  uint8_t code, block, units;  // columns and units in a block
  uint8_t bits, scale;         // of a code; bytes of a scale. 0 for floats
  char name[6];
} kbl_type;

static const kbl_type *kbl_find_type(uint8_t code) {
  static const kbl_type types[] = {
      {1, 1, 1, 0, 0, "f32"},    {2, 2, 1, 0, 0, "f16"},    {3, 2, 1, 0, 0, "bf16"},   {4, 8, 1, 4, 2, "int4"},
      {5, 32, 5, 5, 2, "int5"},  {6, 32, 6, 6, 2, "int6"},  {8, 4, 1, 8, 2, "int8"},   {18, 16, 1, 2, 2, "int2"},
      {19, 32, 3, 3, 2, "int3"}, {36, 8, 1, 4, 1, "int4s"}, {37, 32, 5, 5, 1, "int5s"}, {38, 32, 6, 6, 1, "int6s"},
      {40, 4, 1, 8, 1, "int8s"}, {50, 16, 1, 2, 1, "int2s"}, {51, 32, 3, 3, 1, "int3s"}};
  for (size_t i = 0; i < sizeof types / sizeof *types; i++)
    if (types[i].code == code) return types + i;
  return NULL;
}

const char *kibble_type_name(uint8_t code) {
  const kbl_type *type = kbl_find_type(code);
  return type ? type->name : "";
}

// `width` bits from bit `shift` on of byte k mod 4 of a unit: what it holds of column k of its block.
static uint32_t kbl_field(const uint8_t *unit, uint32_t k, uint32_t shift, uint32_t width) {
  return (uint32_t)unit[k % 4] >> shift & ((1u << width) - 1);
}

// The code of column k of a block, whose units begin at `unit` and are `step` bytes apart.
static int32_t kbl_code(const uint8_t *unit, size_t step, int bits, uint32_t k) {
  uint32_t code = 0, sign = 1u << (bits - 1);
  switch (bits) {
    case 8: code = unit[k]; break;
    case 2: code = kbl_field(unit, k, k / 4 * 2, 2); break;
    case 3:
      if (k < 24) code = kbl_field(unit + k / 8 * step, k, k % 8 / 4 * 3, 3);
      else code = kbl_field(unit + (k / 4 - 6) * step, k, 6, 2) | kbl_field(unit + 2 * step, k, k / 4, 1) << 2;
      break;
    default:
      code = kbl_field(unit + k / 8 * step, k, k % 8 / 4 * 4, 4);
      if (bits == 5) code |= kbl_field(unit + 4 * step, k, k / 4, 1) << 4;
      if (bits == 6) code |= kbl_field(unit + (4 + k / 16) * step, k, k % 16 / 4 * 2, 2) << 4;
  }
  return (int32_t)(code ^ sign) - (int32_t)sign;
}

// The number at column k of a block of f32, f16 or bf16.
static float kbl_number(const uint8_t *unit, uint8_t type, uint32_t k) {
  return type == 1 ? kbl_float(kbl_u32(unit)) : type == 2 ? kbl_half(kbl_u16(unit + 2 * k)) : kbl_float(kbl_u16(unit + 2 * k) << 16);
}

kibble_error kibble_read_row(const kibble_tensor *t, uint64_t row, float *values) {
  const kbl_type *type = kbl_find_type(t->type);
  if (!type || row >= t->rows) return KIBBLE_OUT_OF_RANGE;
  // The units of one row are `lanes` units apart, and its scales as many scales.
  size_t lanes = t->tiled ? 16 : 1, step = 4 * lanes;
  uint64_t tile = row / lanes * lanes, lane = row % lanes;
  size_t at = (size_t)((tile * t->units + lane) * 4), scale_at = (size_t)((tile * t->groups + lane) * type->scale);
  float power = kbl_float((uint32_t)(t->exponent + 127) << 23), s = 0;  // 2^E, a normal number for every E
  uint32_t columns = (uint32_t)t->columns;
  for (uint32_t c = 0; c < columns; c += type->block, at += type->units * step) {
    const uint8_t *unit = t->plane[0] + at;
    uint32_t count = columns - c < type->block ? columns - c : type->block;
    if (type->bits == 0) {
      for (uint32_t k = 0; k < count; k++) values[c + k] = kbl_number(unit, t->type, k);
      continue;
    }
    if (c % t->group_size == 0) {
      const uint8_t *h = t->plane[1] + scale_at;
      s = (type->scale == 2 ? kbl_half(kbl_u16(h)) : (float)(*h < 128 ? *h : *h - 256)) * power;
      scale_at += lanes * type->scale;
    }
    // Code and scale have 19 bits together, so only a subnormal product is rounded: once, even where floats are computed wider.
    for (uint32_t k = 0; k < count; k++) values[c + k] = (float)kbl_code(unit, step, type->bits, k) * s;
  }
  return KIBBLE_OK;
}

kibble_error kibble_check_tensor(const kibble_tensor *t) {
  uint32_t crc = 0;
  for (int p = 0; p < t->planes; p++) crc = kbl_crc(crc, t->plane[p], (size_t)t->plane_length[p]);
  return crc == t->crc ? KIBBLE_OK : KIBBLE_BAD_CONTENTS;
}

// ---- Records (sections 3 and 4) -------------------------------------------------------------------------------------------------

// Entries are tensors 0 ... T - 1, then blobs.
static const uint8_t *kbl_record(const kibble_file *file, uint32_t entry) {
  size_t tensors = file->tensors;
  return file->bytes + 128 + (entry < tensors ? entry * (size_t)128 : tensors * 128 + (entry - tensors) * 32);
}

static const char *kbl_name(const kibble_file *file, uint32_t entry, uint32_t *length) {
  const uint8_t *record = kbl_record(file, entry);
  *length = kbl_u32(record + 4);
  return file->names + kbl_u32(record);
}

// The length of a name before its `@`, which is that of the matrix; all of it where there is none.
static uint32_t kbl_plain(const char *name, uint32_t length) {
  const void *mark = memchr(name, '@', length);
  return mark ? (uint32_t)((const char *)mark - name) : length;
}

// All but name and planes, which may be anything as long as the record is not checked.
static void kbl_describe(const uint8_t *record, kibble_tensor *t) {
  memset(t, 0, sizeof *t);
  t->type = record[8];
  t->tiled = record[9];
  t->rank = record[10];
  t->planes = record[11];
  uint32_t exponent = kbl_u32(record + 12);
  t->exponent = exponent >> 31 ? -(int32_t)~exponent - 1 : (int32_t)exponent;
  t->group_size = kbl_u32(record + 16);
  t->crc = kbl_u32(record + 20);
  t->rows = t->rank == 2 ? kbl_u64(record + 24) : 1;
  t->columns = kbl_u64(record + (t->rank == 2 ? 32 : 24));
}

// Sizes of the planes, below 2^62 for every shape that is allowed.
static void kbl_measure(kibble_tensor *t, const kbl_type *type) {
  uint64_t padded_rows = t->tiled ? kbl_up(t->rows, 16) : t->rows;
  t->units = kbl_up(t->columns, type->block < 4 ? 4 : type->block) / type->block * type->units;
  t->plane_length[0] = padded_rows * t->units * 4;
  if (type->bits == 0) return;
  t->groups = kbl_up(t->columns, t->group_size) / t->group_size;
  t->plane_length[1] = padded_rows * t->groups * type->scale;
}

kibble_error kibble_tensor_at(const kibble_file *file, uint32_t index, kibble_tensor *t) {
  if (index >= file->tensors) return KIBBLE_OUT_OF_RANGE;
  const uint8_t *record = kbl_record(file, index);
  kbl_describe(record, t);
  kbl_measure(t, kbl_find_type(t->type));
  t->name = kbl_name(file, index, &t->name_length);
  for (int p = 0; p < t->planes; p++) t->plane[p] = file->bytes + (size_t)kbl_u64(record + 56 + 16 * p);
  return KIBBLE_OK;
}

kibble_error kibble_blob_at(const kibble_file *file, uint32_t index, kibble_blob *blob) {
  if (index >= file->blobs) return KIBBLE_OUT_OF_RANGE;
  const uint8_t *record = kbl_record(file, file->tensors + index);
  uint32_t whole = kbl_u32(record + 28);
  blob->name = kbl_name(file, file->tensors + index, &blob->name_length);
  blob->compressed = whole != 0;
  blob->crc = kbl_u32(record + 24);
  blob->bytes = file->bytes + (size_t)kbl_u64(record + 8);
  blob->length = (size_t)kbl_u64(record + 16);
  blob->size = whole ? whole : blob->length;
  return KIBBLE_OK;
}

// The first of the entries first ... end - 1 with that name, or `end`.
static uint32_t kbl_find(const kibble_file *file, const char *name, uint32_t first, uint32_t end) {
  size_t wanted = strlen(name);
  for (; first < end; first++) {
    uint32_t length;
    const char *other = kbl_name(file, first, &length);
    if (length == wanted && !memcmp(other, name, wanted)) break;
  }
  return first;
}

kibble_error kibble_find_tensor(const kibble_file *file, const char *name, kibble_tensor *tensor) {
  uint32_t entry = kbl_find(file, name, 0, file->tensors);
  return entry < file->tensors ? kibble_tensor_at(file, entry, tensor) : KIBBLE_NOT_FOUND;
}

kibble_error kibble_find_blob(const kibble_file *file, const char *name, kibble_blob *blob) {
  uint32_t end = file->tensors + file->blobs, entry = kbl_find(file, name, file->tensors, end);
  return entry < end ? kibble_blob_at(file, entry - file->tensors, blob) : KIBBLE_NOT_FOUND;
}

kibble_error kibble_check_blob(const kibble_blob *blob, const void *contents, size_t size) {
  return size == blob->size && kbl_crc(0, (const uint8_t *)contents, size) == blob->crc ? KIBBLE_OK : KIBBLE_BAD_CONTENTS;
}

// ---- Matrices -------------------------------------------------------------------------------------------------------------------

int kibble_next_matrix(kibble_matrix *m) {
  if (m->bands > 1) m->order += m->rows;
  m->first += m->bands;
  m->bands = 0;
  kibble_tensor t;
  for (m->rows = 0; !kibble_tensor_at(m->file, m->first + m->bands, &t); m->bands++, m->rows += t.rows) {
    uint32_t plain = kbl_plain(t.name, t.name_length);
    if (m->bands > 0 && (plain == t.name_length || plain != m->name_length || memcmp(t.name, m->name, plain))) break;
    m->name = t.name;
    m->name_length = plain;
    m->rank = t.rank;
    m->columns = t.columns;
    if (plain == t.name_length) {
      m->bands = 1;
      m->rows = t.rows;
      break;
    }
  }
  return m->bands > 0;
}

int kibble_first_matrix(const kibble_file *file, kibble_matrix *matrix) {
  memset(matrix, 0, sizeof *matrix);
  matrix->file = file;
  return kibble_next_matrix(matrix);
}

kibble_error kibble_find_matrix(const kibble_file *file, const char *name, kibble_matrix *m) {
  size_t length = strlen(name);
  for (int more = kibble_first_matrix(file, m); more; more = kibble_next_matrix(m))
    if (m->name_length == length && !memcmp(m->name, name, length)) return KIBBLE_OK;
  return KIBBLE_NOT_FOUND;
}

// Whether the rows of a matrix have an order of their own.
static int kbl_ordered(const kibble_matrix *m) { return m->bands > 1 && m->file->features & 4; }

kibble_error kibble_read_stored_row(const kibble_matrix *m, uint64_t place, float *values) {
  kibble_tensor t;
  for (uint32_t b = 0; b < m->bands && !kibble_tensor_at(m->file, m->first + b, &t); b++) {
    if (place < t.rows) return kibble_read_row(&t, place, values);
    place -= t.rows;
  }
  return KIBBLE_OUT_OF_RANGE;
}

kibble_error kibble_read_matrix_row(const kibble_matrix *m, uint64_t row, float *values) {
  if (row >= m->rows) return KIBBLE_OUT_OF_RANGE;
  if (!kbl_ordered(m)) return kibble_read_stored_row(m, row, values);
  if (!m->file->rows) return KIBBLE_NEEDS_ROWS;
  const uint8_t *band = m->file->rows + (size_t)m->order;
  uint64_t before = 0;
  for (size_t r = 0; r < row; r++) before += band[r] == band[row];
  kibble_tensor t;
  kibble_error error = kibble_tensor_at(m->file, m->first + band[row], &t);
  return error ? error : kibble_read_row(&t, before, values);
}

kibble_error kibble_place_rows(const kibble_matrix *m, uint32_t *places) {
  if (m->rows > UINT32_MAX) return KIBBLE_OUT_OF_RANGE;
  if (!kbl_ordered(m)) {
    for (uint32_t r = 0; r < m->rows; r++) places[r] = r;
    return KIBBLE_OK;
  }
  if (!m->file->rows) return KIBBLE_NEEDS_ROWS;
  uint32_t next[256] = {0}, place = 0;
  kibble_tensor t;
  for (uint32_t b = 0; b < m->bands && !kibble_tensor_at(m->file, m->first + b, &t); b++) {
    next[b] = place;
    place += (uint32_t)t.rows;
  }
  const uint8_t *band = m->file->rows + (size_t)m->order;
  for (uint32_t r = 0; r < m->rows; r++) places[r] = next[band[r]]++;
  return KIBBLE_OK;
}

int kibble_needs_rows(const kibble_file *file, kibble_blob *blob) {
  return file->features & 4 && !file->rows && !kibble_find_blob(file, "kibble.rows", blob);
}

kibble_error kibble_set_rows(kibble_file *file, const void *contents, size_t size) {
  kibble_blob blob;
  if (!kibble_needs_rows(file, &blob)) return KIBBLE_BAD_ROWS;
  if (kibble_check_blob(&blob, contents, size)) return KIBBLE_BAD_CONTENTS;
  const uint8_t *band = (const uint8_t *)contents;
  kibble_matrix m;
  for (int more = kibble_first_matrix(file, &m); more; more = kibble_next_matrix(&m)) {
    if (m.bands == 1) continue;
    uint32_t count[256] = {0};
    kibble_tensor t;
    for (size_t r = 0; r < m.rows; r++) count[band[r]]++;
    for (uint32_t b = 0; b < m.bands; b++)  // the bands have all rows together, so no byte is left for a band that is not there
      if (kibble_tensor_at(file, m.first + b, &t) || count[b] != t.rows) return KIBBLE_BAD_ROWS;
    band += m.rows;
  }
  file->rows = (const uint8_t *)contents;
  return KIBBLE_OK;
}

// ---- What must hold (section 8) -------------------------------------------------------------------------------------------------

static kibble_error kbl_check_name(const kibble_file *file, uint32_t entry, uint64_t string_table) {
  const uint8_t *record = kbl_record(file, entry);
  uint64_t offset = kbl_u32(record), length = kbl_u32(record + 4);
  if (length < 1 || length > 255 || offset + length > string_table) return KIBBLE_BAD_NAME;
  const char *name = file->names + offset;
  int blob = entry >= file->tensors;
  if (blob && *name == '.') return KIBBLE_BAD_NAME;
  for (uint64_t i = 0; i < length; i++)
    if (name[i] < 0x21 || name[i] > 0x7E || (blob && (name[i] == '/' || name[i] == '\\'))) return KIBBLE_BAD_NAME;
  return KIBBLE_OK;
}

// Whether what lies at `place` in a record is the offset and length of what follows `end`, which it moves on (section 5).
static int kbl_follows(const kibble_file *file, const uint8_t *place, uint64_t length, uint64_t *end) {
  uint64_t offset = kbl_up(*end, 64);
  if (kbl_u64(place) != offset || kbl_u64(place + 8) != length) return 0;
  if (offset > file->length || length > file->length - offset) return 0;
  *end = offset + length;
  return 1;
}

static kibble_error kbl_check_blob_record(const kibble_file *file, const uint8_t *record, uint64_t *end, uint64_t *inflated) {
  uint64_t length = kbl_u64(record + 16);
  uint32_t whole = kbl_u32(record + 28);
  if (length > 67108864 || !kbl_follows(file, record + 8, length, end)) return KIBBLE_BAD_PLACE;
  *inflated += whole;
  if (whole != 0 && (!(file->features & 1) || whole <= length || whole > 67108864 || *inflated > 268435456)) return KIBBLE_BAD_BLOB;
  return KIBBLE_OK;
}

static kibble_error kbl_check_tensor_record(const kibble_file *file, const uint8_t *record, uint64_t *end) {
  const uint64_t most = (uint64_t)1 << 31;
  kibble_tensor t;
  kbl_describe(record, &t);
  const kbl_type *type = kbl_find_type(t.type);
  if (!type || t.tiled > 1) return KIBBLE_NEWER_TYPE;
  if (t.rank < 1 || t.rank > 2 || t.planes != (type->bits ? 2 : 1)) return KIBBLE_BAD_SHAPE;
  if (t.rows < 1 || t.rows > most || t.columns < 1 || t.columns > most) return KIBBLE_BAD_SHAPE;
  if (t.rows * t.columns > (uint64_t)1 << 56) return KIBBLE_BAD_SHAPE;
  if (!kbl_zeros(record + 24 + 8 * t.rank, 32u - 8u * t.rank)) return KIBBLE_BAD_SHAPE;
  if (type->bits ? t.exponent < -110 || t.exponent > 113 : t.exponent != 0) return KIBBLE_BAD_SHAPE;
  if (type->bits ? t.group_size != 32 && t.group_size != 64 && t.group_size != 128 : t.group_size != 0) return KIBBLE_BAD_SHAPE;
  kbl_measure(&t, type);
  for (int p = 0; p < t.planes; p++)
    if (!kbl_follows(file, record + 56 + 16 * p, t.plane_length[p], end)) return KIBBLE_BAD_PLACE;
  return kbl_zeros(record + 56 + 16 * t.planes, 72u - 16u * t.planes) ? KIBBLE_OK : KIBBLE_BAD_RESERVED;
}

// The name of an entry; with `plain` that of a matrix, once for all its bands: NULL for all but the first.
static const char *kbl_key(const kibble_file *file, uint32_t entry, int plain, uint32_t *length) {
  const char *name = kbl_name(file, entry, length);
  if (!plain) return name;
  uint32_t whole = *length;
  *length = kbl_plain(name, whole);
  return *length == whole || (whole == *length + 2 && name[whole - 1] == '0') ? name : NULL;
}

static int kbl_compare(const kibble_file *file, uint32_t a, uint32_t b, int plain) {
  uint32_t a_length, b_length;
  const char *a_name = kbl_key(file, a, plain, &a_length), *b_name = kbl_key(file, b, plain, &b_length);
  int order = memcmp(a_name, b_name, a_length < b_length ? a_length : b_length);
  return order ? order : (a_length > b_length) - (a_length < b_length);
}

// Lets entry `at` of a heap, whose greatest name is at 0, sink to its place.
static void kbl_sink(const kibble_file *file, uint32_t *heap, uint32_t n, uint32_t at, int plain) {
  for (uint32_t child; (child = 2 * at + 1) < n; at = child) {
    if (child + 1 < n && kbl_compare(file, heap[child + 1], heap[child], plain) > 0) child++;
    if (kbl_compare(file, heap[child], heap[at], plain) <= 0) return;
    uint32_t entry = heap[at];
    heap[at] = heap[child];
    heap[child] = entry;
  }
}

static void kbl_heap(const kibble_file *file, uint32_t *heap, uint32_t n, int plain) {
  for (uint32_t at = n / 2; at-- > 0;) kbl_sink(file, heap, n, at, plain);
}

// Whether no two of the entries 0 ... count - 1 have the same key. There is no memory to sort a million names in, and to compare each
// with each takes hours. So each pass sorts as many as there is room for, the least of those that follow `last`.
static int kbl_unique(const kibble_file *file, uint32_t count, int plain) {
  enum { ROOM = 2048 };
  uint32_t heap[ROOM], last = 0, length;
  for (int first_pass = 1, left = 1; left; first_pass = 0) {
    uint32_t n = 0, same = 0;
    left = 0;
    for (uint32_t i = 0; i < count; i++) {
      if (!kbl_key(file, i, plain, &length)) continue;
      int order = first_pass ? 1 : kbl_compare(file, i, last, plain);
      same += order == 0;
      if (order <= 0) continue;
      if (n < ROOM) {
        heap[n++] = i;
        if (n == ROOM) kbl_heap(file, heap, n, plain);
        continue;
      }
      left = 1;
      if (kbl_compare(file, i, heap[0], plain) >= 0) continue;
      heap[0] = i;
      kbl_sink(file, heap, n, 0, plain);
    }
    if (same > 1) return 0;  // more than `last` itself
    if (n < ROOM) kbl_heap(file, heap, n, plain);
    if (n > 0) last = heap[0];
    while (n > 1) {
      uint32_t greatest = heap[0];
      heap[0] = heap[--n];
      kbl_sink(file, heap, n, 0, plain);
      if (kbl_compare(file, heap[0], greatest, plain) == 0) return 0;
    }
  }
  return 1;
}

// Whether the characters are a number in decimal digits, without leading zeros.
static int kbl_spells(const char *text, uint32_t length, uint64_t number) {
  do {
    if (length == 0 || text[--length] != (char)('0' + (int)(number % 10))) return 0;
  } while (number /= 10);
  return length == 0;
}

// The rules on bands and the order of their rows (section 3).
static kibble_error kbl_check_bands(kibble_file *file) {
  kibble_tensor t, before;
  uint64_t next = 0, total = 0;  // the row that the next band begins with; rows of all matrices in bands
  uint32_t bands = 0;            // of the matrix that the tensor before belongs to; 0 if it is no band
  memset(&before, 0, sizeof before);
  for (uint32_t i = 0; i < file->tensors; i++, before = t) {
    kibble_tensor_at(file, i, &t);
    uint32_t plain = kbl_plain(t.name, t.name_length);
    int band = plain < t.name_length;
    int continues = band && bands > 0 && kbl_plain(before.name, before.name_length) == plain && !memcmp(t.name, before.name, plain);
    if (!continues && bands == 1) return KIBBLE_BAD_BANDS;
    if (!continues) bands = 0, next = 0;
    if (!band) continue;
    if (!(file->features & 2) || plain == 0 || t.rank != 2 || t.planes != 2) return KIBBLE_BAD_BANDS;
    if (!kbl_spells(t.name + plain + 1, t.name_length - plain - 1, next)) return KIBBLE_BAD_BANDS;
    if (continues && (before.rows % 16 || before.columns != t.columns || before.tiled != t.tiled)) return KIBBLE_BAD_BANDS;
    next += t.rows;
    total += t.rows;
    if (++bands > 256 && file->features & 4) return KIBBLE_BAD_ROWS;
  }
  if (bands == 1) return KIBBLE_BAD_BANDS;
  // That no tensor has the plain name of a matrix in bands.
  if (file->features & 2 && !kbl_unique(file, file->tensors, 1)) return KIBBLE_BAD_BANDS;
  kibble_blob blob;
  int missing = kibble_find_blob(file, "kibble.rows", &blob) != KIBBLE_OK;
  if (!(file->features & 4)) return missing ? KIBBLE_OK : KIBBLE_BAD_ROWS;
  if (missing || blob.size != total) return KIBBLE_BAD_ROWS;
  return blob.compressed ? KIBBLE_OK : kibble_set_rows(file, blob.bytes, blob.length);
}

kibble_error kibble_open(kibble_file *file, const void *contents, size_t length) {
  const uint8_t *bytes = (const uint8_t *)contents;
  static const uint8_t magic[8] = {0x89, 'K', 'I', 'B', 'B', 'L', 'E', '\n'};
  memset(file, 0, sizeof *file);
  if (length < 8 || memcmp(bytes, magic, 8)) return KIBBLE_NO_KIBBLE;
  if (length < 128) return KIBBLE_BAD_LENGTH;
  uint32_t major = kbl_u16(bytes + 8), features = kbl_u32(bytes + 12), tensors = kbl_u32(bytes + 24), blobs = kbl_u32(bytes + 28);
  if (major > 1) return KIBBLE_NEWER_VERSION;
  if (major == 0) return KIBBLE_BAD_HEADER;
  if (features > 7) return KIBBLE_NEWER_FEATURE;
  if ((features & 6) == 4) return KIBBLE_BAD_HEADER;
  if (kbl_u64(bytes + 16) != length) return KIBBLE_BAD_LENGTH;
  uint64_t string_table = kbl_u64(bytes + 32), payload = kbl_u64(bytes + 40);
  if (tensors > 1048576 || blobs > 1024 || string_table > length || payload > length) return KIBBLE_BAD_HEADER;
  uint64_t names = 128 + 128 * (uint64_t)tensors + 32 * (uint64_t)blobs;
  if (payload != kbl_up(names + string_table, 64)) return KIBBLE_BAD_HEADER;
  if (kbl_crc(kbl_crc(0, bytes, 124), bytes + 128, (size_t)payload - 128) != kbl_u32(bytes + 124)) return KIBBLE_BAD_DIRECTORY;
  if (!kbl_zeros(bytes + 48, 76)) return KIBBLE_BAD_RESERVED;
  if (!kbl_zeros(bytes + names + string_table, payload - names - string_table)) return KIBBLE_BAD_RESERVED;

  file->bytes = bytes;
  file->length = length;
  file->tensors = tensors;
  file->blobs = blobs;
  file->features = features;
  file->minor = (uint16_t)kbl_u16(bytes + 10);
  file->names = (const char *)(bytes + names);
  uint64_t end = payload, inflated = 0;
  kibble_error error = KIBBLE_OK;
  for (uint32_t i = 0; i < blobs && !error; i++) {
    error = kbl_check_name(file, tensors + i, string_table);
    if (!error) error = kbl_check_blob_record(file, kbl_record(file, tensors + i), &end, &inflated);
  }
  for (uint32_t i = 0; i < tensors && !error; i++) {
    error = kbl_check_name(file, i, string_table);
    if (!error) error = kbl_check_tensor_record(file, kbl_record(file, i), &end);
  }
  if (!error && !kbl_unique(file, tensors + blobs, 0)) error = KIBBLE_SAME_NAME;
  if (!error) error = kbl_check_bands(file);
  if (!error && end != length) error = KIBBLE_BAD_PLACE;
  kibble_blob metadata;
  if (!error && kibble_find_blob(file, "kibble.json", &metadata)) error = KIBBLE_NO_METADATA;
  return error;
}

// ---- Words, and the system ------------------------------------------------------------------------------------------------------

int kibble_is_newer(kibble_error error) { return error >= KIBBLE_NEWER_VERSION && error <= KIBBLE_NEWER_TYPE; }

const char *kibble_message(kibble_error error) {
#define KIBBLE_ERROR_MESSAGE(name, message) message,
  static const char *const messages[] = {KIBBLE_ERRORS(KIBBLE_ERROR_MESSAGE)};
  return (size_t)error < KIBBLE_ERROR_COUNT ? messages[error] : "this error is not known";
}

#ifdef KIBBLE_POSIX
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

kibble_error kibble_map(const char *path, const void **bytes, size_t *length) {
  struct stat status;
  int file = open(path, O_RDONLY);
  if (file < 0) return KIBBLE_NOT_MAPPED;
  kibble_error error = fstat(file, &status) || (uintmax_t)status.st_size > SIZE_MAX ? KIBBLE_NOT_MAPPED : KIBBLE_OK;
  if (!error && status.st_size == 0) error = KIBBLE_NO_KIBBLE;
  if (!error) {
    void *memory = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, file, 0);
    if (memory == MAP_FAILED) error = KIBBLE_NOT_MAPPED;
    *bytes = memory;
    *length = (size_t)status.st_size;
  }
  close(file);  // which the mapping outlives
  return error;
}

void kibble_unmap(const void *bytes, size_t length) { munmap((void *)(uintptr_t)bytes, length); }
#endif

#endif
