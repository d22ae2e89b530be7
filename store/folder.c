/* SPDX-License-Identifier: Apache-2.0 */
#include "store/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* As much as a large batch writes. */
enum { ROOM = 4 << 20 };

int
folder_sync(const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int e = 0;

	if (fd == -1)
		return errno;
	/* Some file systems have nothing to sync in a folder, and say so. */
	if (fsync(fd) == -1 && errno != EINVAL)
		e = errno;
	close(fd);
	return e;
}

int
folder_sync_parent(const char *dir)
{
	char *copy = strdup(dir);
	int e;

	if (copy == NULL)
		return ENOMEM;
	e = folder_sync(dirname(copy));
	free(copy);
	return e;
}

int
folder_make(const char *dir)
{
	if (mkdir(dir, 0700) == 0)
		return folder_sync_parent(dir);
	return errno == EEXIST ? 0 : errno;
}

static bool
is_dots(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

int
folder_empty(const char *dir)
{
	DIR *d = opendir(dir);
	struct dirent *f;
	int e = 0;

	if (d == NULL)
		return errno == ENOENT ? 0 : errno;
	/* cppcheck-suppress readdirCalled; a stream of one thread */
	while (e == 0 && (f = readdir(d)) != NULL)
		if (!is_dots(f->d_name))
			e = ENOTEMPTY;
	closedir(d);
	return e;
}

int
folder_remove(const char *dir)
{
	DIR *d = opendir(dir);
	struct dirent *f;
	int e = 0;

	if (d == NULL)
		return errno;
	/* cppcheck-suppress readdirCalled; a stream of one thread */
	while (e == 0 && (f = readdir(d)) != NULL)
		if (!is_dots(f->d_name) &&
		    unlinkat(dirfd(d), f->d_name, 0) == -1)
			e = errno;
	closedir(d);
	if (e == 0 && rmdir(dir) == -1)
		e = errno;
	return e;
}

int
folder_room(const char *dir, uint64_t offset)
{
	char path[4096];
	int fd, e;

	if ((size_t)snprintf(path, sizeof(path), "%s/room-%ld", dir,
		(long)getpid()) >= sizeof(path))
		return ENAMETOOLONG;
	fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd == -1)
		return errno;
	unlink(path);
	e = posix_fallocate(fd, (off_t)offset, ROOM);
	close(fd);
	return e;
}
