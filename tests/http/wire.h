/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_HTTP_WIRE_H
#define TESTS_HTTP_WIRE_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

/*
 * An HTTP/1.1 client that sends exactly the bytes it is given, wrong ones
 * too.  Loopback only.  Everything here ends the test when the machine fails.
 */

/* One connection, over TLS where asked for. */
struct wire;

struct answer {
	int status; /* 0: the server closed without an answer */
	char *head; /* status line and header fields, a string */
	char *body; /* a string; NULs in it count in body_n */
	size_t body_n;
	json_t *json; /* the body, where it is JSON; else NULL */
};

/* host: "127.0.0.1", "::1"; from: bind to this address first, or NULL. */
struct wire *wire_open(const char *host, int port, bool tls, const char *from);
void wire_close(struct wire *w);
/* The SHA-256 of the certificate that the server showed, in hex. */
const char *wire_certificate(const struct wire *w);

/* false: the server has closed. */
bool wire_send(struct wire *w, const void *bytes, size_t n);
/* Reads one answer; ms: how long to wait for it at most. */
struct answer wire_answer(struct wire *w, int ms);
/* Reads on until this text has come, and drops all up to its end. */
bool wire_until(struct wire *w, const char *text, int ms);
/* The other side closes within ms milliseconds, whatever it says before. */
bool wire_closed(struct wire *w, int ms);

void answer_free(struct answer *a);
/* The value of a header field, in a buffer of its own until the next call. */
const char *answer_header(const struct answer *a, const char *name);
/* "code" of a problem; "" when it is none. */
const char *answer_code(const struct answer *a);

#endif
