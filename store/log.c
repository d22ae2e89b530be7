/* SPDX-License-Identifier: Apache-2.0 */
#include "store/log.h"

#include <stdarg.h>
#include <stdio.h>

static void
log_to_stderr(int priority, const char *line, void *arg)
{
	(void)arg;
	fprintf(stderr, "<%d>%s\n", priority, line);
}

struct store_log
store_log_from(const struct store_options *o)
{
	if (o->log == NULL)
		return (struct store_log){ .fn = log_to_stderr };
	return (struct store_log){ .fn = o->log, .arg = o->log_arg };
}

void
store_logf(const struct store_log *log, int priority, const char *format, ...)
{
	char line[512];
	va_list ap;

	va_start(ap, format);
	/* clang-tidy 14 loses va_start() when it reads several files. */
	/* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized) */
	vsnprintf(line, sizeof(line), format, ap);
	va_end(ap);
	log->fn(priority, line, log->arg);
}
