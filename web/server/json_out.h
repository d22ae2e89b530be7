/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEB_SERVER_JSON_OUT_H
#define WEB_SERVER_JSON_OUT_H

#include <stdint.h>

#include "store/store.h"
#include "web/server/arena.h"

/*
 * Writes JSON (RFC 8259) into an arena, in order, nothing twice.  Commas are
 * set by the writer; that braces match is the caller's business.  Once memory
 * has run out or the text has passed JSON_OUT_MAX, `failed` is for good.
 */
enum { JSON_OUT_MAX = 4 << 20, JSON_OUT_DEPTH = 16 };

struct json_out {
	struct arena *arena;
	char *p;
	size_t n, room;
	unsigned depth;
	bool comma[JSON_OUT_DEPTH]; /* something stands before, at this depth */
	bool failed;
};

void json_out_init(struct json_out *o, struct arena *a, size_t room);

/* key: NULL inside an array; else a name that needs no escape. */
void json_out_object(struct json_out *o, const char *key);
void json_out_object_end(struct json_out *o);
void json_out_array(struct json_out *o, const char *key);
void json_out_array_end(struct json_out *o);
void json_out_text(struct json_out *o, const char *key, const char *value);
/* The same for a value that is known to need no escape: an id, a word. */
void json_out_word(struct json_out *o, const char *key, const char *value);
void json_out_bool(struct json_out *o, const char *key, bool value);
void json_out_int(struct json_out *o, const char *key, int64_t value);
/* Base64url without padding. */
void json_out_bytes(struct json_out *o, const char *key, struct slice value);
/* RFC 3339 in UTC, with milliseconds. */
void json_out_time(struct json_out *o, const char *key, store_time value);
/* JSON that stands ready, as a member's value. */
void json_out_raw(struct json_out *o, const char *key, struct slice json);

enum { WEB_TIME_TEXT = 24 };
/* "2026-03-01T09:30:00.125Z" and a NUL. */
void web_time_write(store_time t, char out[WEB_TIME_TEXT + 1]);

#endif
