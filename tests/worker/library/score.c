/* Scores lines of comma-separated texts from standard input, the model's columns in the order in
 * which its header line names them, and prints a score a line. C99. */
#include <fathom_predict.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_COLUMNS 64

static void die(const char* what) {
  fprintf(stderr, "score: %s\n", what);
  exit(1);
}

/* Cuts a line into its fields, in place. */
static size_t split(char* line, char** fields) {
  size_t count = 0;
  line[strcspn(line, "\r\n")] = '\0';
  for (char* at = line; count < MAX_COLUMNS; ++at) {
    fields[count++] = at;
    at += strcspn(at, ",");
    if (*at == '\0') return count;
    *at = '\0';
  }
  die("too many columns");
  return 0;
}

/* The place of a column among the fields of the header; `count` where it is not among them. */
static size_t place_of(const char* name, char** header, size_t count) {
  size_t place = 0;
  while (place < count && strcmp(header[place], name) != 0) ++place;
  return place;
}

int main(int argc, char** argv) {
  char error[512], header[4096], line[4096], *names[MAX_COLUMNS], *fields[MAX_COLUMNS];
  fathom_model* model = NULL;
  fathom_text row[MAX_COLUMNS];
  size_t places[MAX_COLUMNS], columns, given, c;
  if (argc != 2) die("name a model");
  if (fathom_abi() != FATHOM_ABI) die("the library is of another version than the header");
  if (fathom_open(argv[1], FATHOM_VERIFY, &model, error, sizeof error) != FATHOM_OK) die(error);
  if (fgets(header, sizeof header, stdin) == NULL) die("there is no header");
  given = split(header, names);
  columns = fathom_columns(model);
  if (columns > MAX_COLUMNS) die("the model has too many columns");
  for (c = 0; c < columns; ++c) {
    fathom_column_info info = {0};
    info.size = sizeof info;
    if (fathom_column(model, c, &info) != FATHOM_OK) die("a column cannot be named");
    places[c] = place_of(info.name, names, given);
    if (places[c] == given && info.required) die(info.name);
  }
  while (fgets(line, sizeof line, stdin) != NULL) {
    float score;
    if (split(line, fields) != given) die("a line has another number of fields than the header");
    for (c = 0; c < columns; ++c) {
      row[c].data = places[c] < given ? fields[places[c]] : NULL;
      row[c].size = places[c] < given ? strlen(fields[places[c]]) : 0;
    }
    if (fathom_score_text(model, row, 1, 0, &score, error, sizeof error) != FATHOM_OK) die(error);
    printf("%.9g\n", score);
  }
  fathom_close(model);
  return 0;
}
