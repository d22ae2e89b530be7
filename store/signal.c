/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/changes.h"
#include "store/internal.h"

/*
 * The signal is a file beside the store whose times are set: whoever watches
 * it by inotify hears of that at once, in every process, and it costs no data,
 * no place on the disk and no agreement on who is there.
 */
struct store_ear {
	int fd;
};

static int
signal_path(const struct store *s, char *path, size_t size)
{
	int n = snprintf(path, size, "%s/signal", s->dir);

	return n > 0 && (size_t)n < size ? 0 : ENAMETOOLONG;
}

int
signal_ready(struct store *s)
{
	int fd = atomic_load(&s->signal), none = -1;
	char path[4096];

	if (fd != -1 || signal_path(s, path, sizeof(path)) != 0)
		return fd;
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd == -1 || atomic_compare_exchange_strong(&s->signal, &none, fd))
		return fd;
	/* Another thread was faster. */
	(void)close(fd);
	return none;
}

void
store_signal(struct store *s)
{
	int fd = signal_ready(s);

	if (fd == -1 || futimens(fd, NULL) == -1)
		store_logf(&s->log, LOG_FAULT, "store=signal error=%d", errno);
}

enum store_rc
store_ear_open(struct store *s, struct store_ear **out)
{
	struct store_ear *ear = calloc(1, sizeof(*ear));
	char path[4096];

	if (ear == NULL)
		return STORE_FAULT;
	ear->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (ear->fd != -1 && signal_ready(s) != -1 &&
	    signal_path(s, path, sizeof(path)) == 0 &&
	    inotify_add_watch(ear->fd, path, IN_ATTRIB) != -1) {
		*out = ear;
		return STORE_OK;
	}
	store_logf(&s->log, LOG_FAULT, "store=ear error=%d", errno);
	store_ear_close(ear);
	return STORE_FAULT;
}

void
store_ear_close(struct store_ear *ear)
{
	if (ear == NULL)
		return;
	if (ear->fd != -1)
		close(ear->fd);
	free(ear);
}

int
store_ear_fd(const struct store_ear *ear)
{
	return ear->fd;
}

void
store_ear_clear(struct store_ear *ear)
{
	char events[4096];

	while (read(ear->fd, events, sizeof(events)) > 0)
		;
}
