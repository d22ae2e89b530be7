/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_PUSH_SERVICE_H
#define TESTS_PUSH_SERVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A stand-in push service over HTTP/1.1 on loopback, which answers as the
 * path says:
 *	/201, /404, …		that status
 *	/429/3			with Retry-After: 3
 *	/302			with Location: of its own /201
 *	/slow			201 after 300 ms
 *	/never			not at all
 *	/endless		201, and a body without an end
 *	/broken			closes in the middle of its answer
 *	/times/N/S		S for N requests, 201 from then on
 * What follows a "?" counts as part of the path when it is asked for.
 */
struct push_service;

struct push_service *push_service_start(void);
void push_service_stop(struct push_service *s);

unsigned push_service_port(const struct push_service *s);
/* How many requests came in, for a path or (NULL) at all. */
unsigned push_service_hits(struct push_service *s, const char *path);
/* And how many connections. */
unsigned push_service_connections(struct push_service *s);
/* And how many requests were open at once, at most. */
unsigned push_service_most_at_once(struct push_service *s);

/* The last request whole: head, blank line, body; NUL behind it. */
enum { PUSH_REQUEST_MAX = 16384 };

struct push_request {
	size_t n, head_n;
	char b[PUSH_REQUEST_MAX + 1];
};

void push_service_last(struct push_service *s, struct push_request *r);
/* The value of a header in it, copied; false: there is none. */
bool push_request_header(
    const struct push_request *r, const char *name, char *value, size_t size);

#endif
