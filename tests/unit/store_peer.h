/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_STORE_PEER_H
#define TESTS_STORE_PEER_H

#include <sys/types.h>

#include "store_kit.h"

/*
 * Another process on the same folder: this program run again, for LMDB does
 * not cross fork().  It does as it is told, a line at a time, and answers
 * each with a number:
 *
 *	put FROM COUNT SIZE	so many records of that size; the last rc
 *	over COUNT SIZE		the same ten records again and again; the rc
 *	has FROM COUNT		how many of them are there
 *	forever FROM		puts until it is killed, an answer for each
 *	view			opens a view and leaves it open; the rc
 *	backup DIR		the rc
 *	limit BYTES		no file may become larger (0: any may)
 *	used, mapped		of store_stat()
 *	end			0, once the store is closed; also without one
 */
struct peer {
	pid_t pid;
	int in, out;
};

struct peer peer_start(const char *dir, size_t map_first);
/* The same, and what its store_open() answered, which may be no store. */
struct peer peer_try(const char *dir, size_t map_first, long *rc);
/* Without waiting for the answer, which peer_hear() has. */
void peer_tell(struct peer *p, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
long peer_ask(struct peer *p, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* The next number without asking, or -1 when there is none any more. */
long peer_hear(struct peer *p);
void peer_kill(struct peer *p);
void peer_end(struct peer *p);

/* What main() calls first: whether this is a peer, and it is done. */
bool peer_main(int argc, char **argv);

/* The peer's own puts, for who shares the folder: number under its name. */
enum store_rc numbered_put(struct store *s, uint32_t number, size_t size);
enum store_rc numbered_put_all(
    struct store *s, uint32_t from, uint32_t count, size_t size);
bool numbered_has(struct store *s, uint32_t number);

#endif
