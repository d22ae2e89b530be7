/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEB_LOG_H
#define WEB_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The log: one line of logfmt an event, on standard error.  Under journald
 * with its priority in front and without a time of its own.  It takes no
 * slices, so that bytes of a request or a secret do not slip into it.
 */
enum log_level {
	WEB_LOG_ERROR = 3,
	WEB_LOG_WARNING = 4,
	WEB_LOG_NOTICE = 5,
	WEB_LOG_INFO = 6,
	WEB_LOG_DEBUG = 7,
};

/* "error", "warning", "notice", "info", "debug". */
bool log_level_parse(const char *text, enum log_level *level);
void log_level_set(enum log_level level);
bool log_wanted(enum log_level level);

enum { WEB_LOG_LINE = 1024 };

/* A line as it grows; what does not fit is left out. */
struct log_line {
	bool wanted;
	size_t n;
	char b[WEB_LOG_LINE];
};

/* event: a word. */
void log_begin(struct log_line *l, enum log_level level, const char *event);
/*
 * key=value.  A value that is not a plain word is quoted, and what is not
 * printable ASCII is escaped, so that nobody can write lines of their own.
 * NULL and "" are left out.
 */
void log_text(struct log_line *l, const char *key, const char *value);
void log_int(struct log_line *l, const char *key, int64_t value);
void log_send(struct log_line *l);

/* One line with a sentence: event=… says="…". */
__attribute__((format(printf, 3, 4))) void log_say(
    enum log_level level, const char *event, const char *format, ...);

#endif
