/*
 * One edit of an encyclopedia, and the model that draws it. The model follows what real edits look
 * like, in proportions (measured on a day of Wikipedia's edits):
 *
 * - pages and users follow power laws; 39 % of edits are by a few hundred robots, which say the
 * same few things over and over; 10 % are anonymous: an address and mostly a place instead of a
 * name;
 * - a page stays in its channel and its namespace, so that these follow from its number;
 * - most comments of people differ, have quotes, markup and non-ASCII letters, and 2 % are long;
 * - time runs with a daily rhythm and never backwards.
 */
#ifndef TALARIA_REGRESS_BENCH_GENERATE_EDIT_H
#define TALARIA_REGRESS_BENCH_GENERATE_EDIT_H

#include "regress/bench/generate_random.h"
#include "regress/bench/generate_text.h"

#include <stdbool.h>

enum { CHANNEL_SLOTS = 4096 };

typedef struct Edit {
    int64_t millis;      /* since 1970, UTC */
    const char *channel; /* "#en.wikipedia" is "en" here */
    const char *namespace;
    Text page, user, comment;
    bool is_robot, is_new, is_minor, is_unpatrolled, is_anonymous;
    int64_t added, deleted, revision, parent_revision;
    const char *country_code, *country; /* NULL when unknown, as the rest of the place */
    const char *region_code, *region, *city;
} Edit;

typedef struct EditModel {
    Zipf pages, people, robots, addresses, robot_comments;
    unsigned char channel_of[CHANNEL_SLOTS]; /* by 12 bits of a page's hash */
} EditModel;

/* A model whose numbers of pages, people and addresses fit `rows` edits. */
void edit_model_init(EditModel *model, uint64_t rows);

/* Draws everything but the time. */
void edit_draw(const EditModel *model, Edit *edit);

/* A line: a JSON object (absent keys are null), or the fields in the order of edit_write_header. */
void edit_write_json(const Edit *edit, Text *line);
void edit_write_csv(const Edit *edit, Text *line);
void edit_write_header(Text *line);

#endif
