/* Scores the lines of a CSV file without quotes, whose first line names the columns: one score a
 * line, as `fathom predict` prints them.
 *
 *   score MODEL FILE
 */
#include <fathom/predict.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { kMostColumns = 64, kLineBytes = 4096, kErrorBytes = 512 };

/* Cuts the line into its fields. Returns how many there are. */
static size_t Cut(char* line, fathom_text* fields) {
  size_t count = 0;
  line[strcspn(line, "\r\n")] = '\0';
  for (char* field = line; field != NULL && count < kMostColumns; ++count) {
    char* const comma = strchr(field, ',');
    if (comma != NULL) *comma = '\0';
    fields[count].data = field;
    fields[count].size = strlen(field);
    field = comma == NULL ? NULL : comma + 1;
  }
  return count;
}

/* Where each column of the model stands in the file; -1: nowhere. */
static int FindColumns(const fathom_model* model, char* header, int* places) {
  fathom_text names[kMostColumns];
  const size_t count = Cut(header, names);
  for (size_t c = 0; c < fathom_columns(model); ++c) {
    fathom_column_info info = {sizeof(fathom_column_info), NULL, 0};
    if (fathom_column(model, c, &info) != FATHOM_OK) return FATHOM_INTERNAL;
    places[c] = -1;
    for (size_t i = 0; i < count; ++i) {
      if (strcmp(names[i].data, info.name) == 0) places[c] = (int)i;
    }
    if (places[c] == -1 && info.required) {
      fprintf(stderr, "score: the file has no column %s\n", info.name);
      return FATHOM_DATA;
    }
  }
  return FATHOM_OK;
}

static int ScoreLines(const fathom_model* model, FILE* file) {
  char line[kLineBytes], error[kErrorBytes];
  int places[kMostColumns];
  if (fathom_columns(model) > kMostColumns || fgets(line, kLineBytes, file) == NULL)
    return FATHOM_DATA;
  int code = FindColumns(model, line, places);
  while (code == FATHOM_OK && fgets(line, kLineBytes, file) != NULL) {
    fathom_text fields[kMostColumns], values[kMostColumns];
    const size_t count = Cut(line, fields);
    for (size_t c = 0; c < fathom_columns(model); ++c) {
      const fathom_text none = {NULL, 0};
      values[c] = places[c] >= 0 && (size_t)places[c] < count ? fields[places[c]] : none;
    }
    float score = 0;
    code = fathom_score_text(model, values, 1, 0, &score, error, kErrorBytes);
    if (code == FATHOM_OK)
      printf("%.9g\n", score);
    else
      fprintf(stderr, "score: %s\n", error);
  }
  return code;
}

int main(int argc, char** argv) {
  char error[kErrorBytes];
  fathom_model* model = NULL;
  if (argc != 3 || fathom_abi() != FATHOM_ABI) return FATHOM_USAGE;
  int code = fathom_open(argv[1], FATHOM_VERIFY, &model, error, kErrorBytes);
  if (code != FATHOM_OK) {
    fprintf(stderr, "score: %s\n", error);
    return code;
  }
  FILE* const file = fopen(argv[2], "r");
  code = file == NULL ? FATHOM_DATA : ScoreLines(model, file);
  if (file != NULL) fclose(file);
  fathom_close(model);
  return code;
}
