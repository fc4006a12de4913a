/* libfathom-predict: scores examples with a model that Fathom has trained.
 *
 * C99. A model is immutable once it is open: any number of threads may score with it at once, and
 * get the same bits as one. The library starts no threads, takes no locks, prints nothing and ends
 * no process. A model's files are mapped: replace a model by another folder of its name, as
 * training does, and do not write into its files while they are open.
 *
 * Every function that can fail returns FATHOM_OK or a code, and writes what is wrong and how to
 * mend it into the caller's buffer `error` of `error_size` bytes, ended by a zero byte and cut
 * where it is too long. A null buffer or a size of 0 is allowed.
 */
#ifndef FATHOM_PREDICT_H
#define FATHOM_PREDICT_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define FATHOM_API __attribute__((visibility("default")))
#else
#define FATHOM_API
#endif

/* Of this header. fathom_abi() of the library must be the same. */
#define FATHOM_ABI 1

enum {
  FATHOM_OK = 0,
  FATHOM_USAGE = 2,   /* the arguments */
  FATHOM_DATA = 3,    /* the text to score */
  FATHOM_MODEL = 4,   /* the model's files */
  FATHOM_NUMERIC = 7, /* a score that is no finite number */
  FATHOM_NO_MEMORY = 8,
  FATHOM_INTERNAL = 9 /* a fault of the library */
};

/* Flags of fathom_open. */
enum {
  FATHOM_VERIFY = 1 /* compares every checksum: takes as long as reading the model */
};

/* Flags of the functions that score. */
enum {
  FATHOM_LOGITS = 1 /* the logits, not the probabilities */
};

typedef struct fathom_model fathom_model;

/* The version of the library, as "0.1.0". */
FATHOM_API const char* fathom_version(void);
FATHOM_API int fathom_abi(void);

/* Opens the model in folder `path` (a model, or the output folder above it), or in a bundle. */
FATHOM_API int fathom_open(const char* path, unsigned flags, fathom_model** model, char* error,
                           size_t error_size);

/* After the last call that uses the model has returned. Null is allowed. */
FATHOM_API void fathom_close(fathom_model* model);

/* The columns of the model's input. */
FATHOM_API size_t fathom_columns(const fathom_model* model);

typedef struct fathom_column_info {
  size_t size;      /* set by the caller: sizeof(fathom_column_info) */
  const char* name; /* lives as long as the model */
  int required;     /* 0: it comes from a joined table that the model keeps, and is looked up where
                       the caller does not give it */
} fathom_column_info;
FATHOM_API int fathom_column(const fathom_model* model, size_t column, fathom_column_info* info);

/* A text of a column. A null `data`: the caller does not give it, so it is looked up or is missing.
 */
typedef struct fathom_text {
  const char* data; /* UTF-8, or whatever the training data were; no zero byte at its end needed */
  size_t size;      /* bytes */
} fathom_text;

/* Scores rows of texts, [rows x fathom_columns()]. scores: [rows]. A bad text ends the call: the
 * error names its row, from 0. */
FATHOM_API int fathom_score_text(const fathom_model* model, const fathom_text* values, size_t rows,
                                 unsigned flags, float* scores, char* error, size_t error_size);

/* A score taken apart: a row of texts, [fathom_columns()], as JSON: what each value adds to the
 * logit (docs/debugging.md has its members). json: [room] characters; the text is ended by a zero
 * byte. *size: how many it has, without that; where they are not less than `room`, nothing is
 * written, and the call is made again with more. */
FATHOM_API int fathom_explain(const fathom_model* model, const fathom_text* values, size_t room,
                              char* json, size_t* size, char* error, size_t error_size);

/* Candidates to choose from, encoded once: a recommendation from them then takes a tenth of the
 * time that scoring each takes. */
typedef struct fathom_catalogue fathom_catalogue;

/* items: [count x fathom_columns()], as fathom_score_text; they are copied. The columns that no
 * item gives, and that are not looked up by what the items give, are the reader's. The model must
 * stay open longer. A bad text ends the call: the error names its item, from 0. */
FATHOM_API int fathom_catalogue_open(const fathom_model* model, const fathom_text* items,
                                     size_t count, fathom_catalogue** catalogue, char* error,
                                     size_t error_size);

/* After the last call that uses the catalogue has returned. Null is allowed. */
FATHOM_API void fathom_catalogue_close(fathom_catalogue* catalogue);

/* The `n` items with the highest logits for a reader, highest first; of equal ones the earlier.
 * A catalogue is immutable: any number of threads may use it at once. reader: [fathom_columns()],
 * null where it gives none, and in the catalogue's columns. left_out: [left_out_count], places in
 * the catalogue of items that are not recommended, as what the reader has. places, scores: [n];
 * *found: how many there are. A score is that of fathom_score_text, to the bit. */
FATHOM_API int fathom_recommend(const fathom_catalogue* catalogue, const fathom_text* reader,
                                const size_t* left_out, size_t left_out_count, size_t n,
                                unsigned flags, size_t* places, float* scores, size_t* found,
                                char* error, size_t error_size);

/* A text of an item by a column's name: a column of the catalogue, or of a joined table that the
 * model keeps of its items, as a title. It lives as long as the catalogue; null where the item has
 * none. */
FATHOM_API int fathom_item_text(const fathom_catalogue* catalogue, size_t item, const char* column,
                                fathom_text* text, char* error, size_t error_size);

/* Why an item stands where it does for a reader, as far as the wide part goes: its `n` largest
 * terms by size, largest first, without those that are 0 and those of the reader alone. names: [n x
 * name_size], each as "reader x genres = 58 & fantasy", ended by a zero byte and cut where it is
 * too long. values: [n], what each adds to the logit. *found: how many there are. */
FATHOM_API int fathom_wide_terms(const fathom_catalogue* catalogue, const fathom_text* reader,
                                 size_t item, size_t n, size_t name_size, char* names,
                                 float* values, size_t* found, char* error, size_t error_size);

/* The `n` items whose embeddings are nearest to an item's, nearest first, by the cosine of the
 * pooled embeddings of all the items' columns side by side. among: [among_count], places of the
 * items that may be named, as what the reader has; null: all. places, cosines: [n]; *found: how
 * many there are. The first call takes the time that all items' embeddings take. */
FATHOM_API int fathom_near_items(const fathom_catalogue* catalogue, size_t item,
                                 const size_t* among, size_t among_count, size_t n, size_t* places,
                                 float* cosines, size_t* found, char* error, size_t error_size);

/* What the model is made of, for callers that have keys: its sparse fields (columns and crosses),
 * then its numbers. */
FATHOM_API size_t fathom_fields(const fathom_model* model);
FATHOM_API size_t fathom_numbers(const fathom_model* model);

typedef struct fathom_field_info {
  size_t size;      /* set by the caller: sizeof(fathom_field_info) */
  const char* name; /* lives as long as the model */
  int list;         /* 1: any number of keys a row, else exactly one */
  int weighted;     /* 1: each key of a list has a weight */
} fathom_field_info;
/* field: below fathom_fields() + fathom_numbers(). */
FATHOM_API int fathom_field(const fathom_model* model, size_t field, fathom_field_info* info);

/* What the model makes of one text: its key in a field that is a column, or its number. */
FATHOM_API int fathom_key(const fathom_model* model, size_t field, fathom_text text, uint64_t* key,
                          char* error, size_t error_size);
FATHOM_API int fathom_number(const fathom_model* model, size_t number, fathom_text text,
                             float* value, char* error, size_t error_size);

/* The keys that the model makes of a row of texts, [fathom_columns()], in a sparse field: one,
 * those of a list, or of a cross one for each combination of its columns' values. keys, weights:
 * [room]; weights may be null, and is 1 where the field has none. *count: how many there are; of
 * more than `room` the first are written. */
FATHOM_API int fathom_row_keys(const fathom_model* model, const fathom_text* values, size_t field,
                               size_t room, uint64_t* keys, float* weights, size_t* count,
                               char* error, size_t error_size);

typedef struct fathom_keys {
  size_t size; /* set by the caller: sizeof(fathom_keys) */
  size_t rows;
  const uint64_t* const* keys;  /* by field: [rows], or of a list [offsets[field][rows]] */
  const size_t* const* offsets; /* by field: of a list [rows + 1]; of others null */
  const float* const* weights;  /* by field, as keys; null, or a null field: all are 1 */
  const float* numbers;         /* [rows x fathom_numbers()], as fathom_number makes them */
} fathom_keys;

/* Scores rows of keys. scores: [rows]. */
FATHOM_API int fathom_score_keys(const fathom_model* model, const fathom_keys* rows, unsigned flags,
                                 float* scores, char* error, size_t error_size);

#ifdef __cplusplus
}
#endif

#endif /* FATHOM_PREDICT_H */
