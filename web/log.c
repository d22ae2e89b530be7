/* SPDX-License-Identifier: Apache-2.0 */
#include "web/log.h"

#include <sys/stat.h>

#include <inttypes.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static atomic_int threshold = WEB_LOG_INFO;

static const char *const names[] = {
	[WEB_LOG_ERROR] = "error",
	[WEB_LOG_WARNING] = "warning",
	[WEB_LOG_NOTICE] = "notice",
	[WEB_LOG_INFO] = "info",
	[WEB_LOG_DEBUG] = "debug",
};

bool
log_level_parse(const char *text, enum log_level *level)
{
	for (int i = WEB_LOG_ERROR; i <= WEB_LOG_DEBUG; i++)
		if (strcmp(text, names[i]) == 0) {
			*level = (enum log_level)i;
			return true;
		}
	return false;
}

void
log_level_set(enum log_level level)
{
	atomic_store_explicit(&threshold, level, memory_order_relaxed);
}

bool
log_wanted(enum log_level level)
{
	return (int)level <=
	       atomic_load_explicit(&threshold, memory_order_relaxed);
}

/* journald says which stream is its own: "device:inode". */
static bool
under_journald(void)
{
	static atomic_int known = -1;
	const char *said = getenv("JOURNAL_STREAM");
	char ours[64];
	struct stat st;

	if (known >= 0)
		return known == 1;
	known = 0;
	if (said != NULL && fstat(STDERR_FILENO, &st) == 0) {
		(void)snprintf(ours, sizeof(ours), "%ju:%ju",
		    (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
		known = strcmp(said, ours) == 0;
	}
	return known == 1;
}

static void
put(struct log_line *l, const char *p, size_t n)
{
	/* One byte stays free for the newline. */
	if (n > sizeof(l->b) - 1 - l->n)
		n = sizeof(l->b) - 1 - l->n;
	memcpy(l->b + l->n, p, n);
	l->n += n;
}

static void
put_time(struct log_line *l)
{
	struct timespec ts;
	struct tm tm;
	char text[40];

	clock_gettime(CLOCK_REALTIME, &ts);
	if (gmtime_r(&ts.tv_sec, &tm) == NULL)
		return;
	put(l, text, strftime(text, sizeof(text), "ts=%FT%T", &tm));
	put(l, text,
	    (size_t)snprintf(
		text, sizeof(text), ".%03ldZ ", ts.tv_nsec / 1000000));
}

void
log_begin(struct log_line *l, enum log_level level, const char *event)
{
	char digits[8];

	l->n = 0;
	if (!(l->wanted = log_wanted(level)))
		return;
	if (under_journald())
		put(l, digits,
		    (size_t)snprintf(
			digits, sizeof(digits), "<%d>", (int)level));
	else
		put_time(l);
	put(l, "level=", 6);
	put(l, names[level], strlen(names[level]));
	log_text(l, "event", event);
}

static bool
is_plain(const char *s)
{
	for (; *s != '\0'; s++)
		if ((unsigned char)*s <= 0x20 || (unsigned char)*s >= 0x7f ||
		    *s == '"' || *s == '=' || *s == '\\')
			return false;
	return true;
}

static void
put_quoted(struct log_line *l, const char *s)
{
	static const char hex[] = "0123456789abcdef";

	put(l, "\"", 1);
	for (; *s != '\0'; s++) {
		unsigned char c = (unsigned char)*s;
		char e[4] = { '\\', 'x', hex[c >> 4], hex[c & 15] };

		if (c == '"' || c == '\\') {
			e[1] = (char)c;
			put(l, e, 2);
		} else if (c < 0x20 || c >= 0x7f)
			put(l, e, 4);
		else
			put(l, s, 1);
	}
	put(l, "\"", 1);
}

void
log_text(struct log_line *l, const char *key, const char *value)
{
	if (!l->wanted || value == NULL || *value == '\0')
		return;
	put(l, " ", 1);
	put(l, key, strlen(key));
	put(l, "=", 1);
	if (is_plain(value))
		put(l, value, strlen(value));
	else
		put_quoted(l, value);
}

void
log_int(struct log_line *l, const char *key, int64_t value)
{
	char digits[24];

	(void)snprintf(digits, sizeof(digits), "%" PRId64, value);
	log_text(l, key, digits);
}

void
log_send(struct log_line *l)
{
	if (!l->wanted)
		return;
	l->b[l->n++] = '\n';
	/* One write a line, so that lines of many threads stay whole. */
	if (write(STDERR_FILENO, l->b, l->n) < 0)
		return;
}

void
log_say(enum log_level level, const char *event, const char *format, ...)
{
	struct log_line l;
	char text[512];
	va_list ap;

	log_begin(&l, level, event);
	if (!l.wanted)
		return;
	va_start(ap, format);
	(void)vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	log_text(&l, "says", text);
	log_send(&l);
}
