/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/http/wire.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>

enum { ANSWER_MAX = 4 << 20 };

struct wire {
	int fd;
	SSL_CTX *ctx;
	SSL *ssl;
	char certificate[65];
	char *got; /* bytes read and not yet taken */
	size_t n, size;
};

static int
tcp_open(const char *host, int port, const char *from)
{
	struct sockaddr_in6 six = { .sin6_family = AF_INET6,
		.sin6_port = htons((uint16_t)port) };
	struct sockaddr_in four = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)port) };
	bool is_six = strchr(host, ':') != NULL;
	int fd =
	    socket(is_six ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int on = 1, rc;

	assert(fd >= 0);
	if (from != NULL) {
		struct sockaddr_in me = { .sin_family = AF_INET };

		assert(inet_pton(AF_INET, from, &me.sin_addr) == 1);
		assert(bind(fd, (struct sockaddr *)&me, sizeof(me)) == 0);
	}
	if (is_six) {
		assert(inet_pton(AF_INET6, host, &six.sin6_addr) == 1);
		rc = connect(fd, (struct sockaddr *)&six, sizeof(six));
	} else {
		assert(inet_pton(AF_INET, host, &four.sin_addr) == 1);
		rc = connect(fd, (struct sockaddr *)&four, sizeof(four));
	}
	if (rc != 0) {
		close(fd);
		return -1;
	}
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return fd;
}

static bool
tls_open(struct wire *w)
{
	unsigned char *der = NULL, hash[SHA256_DIGEST_LENGTH];
	X509 *shown;
	int n;

	w->ctx = SSL_CTX_new(TLS_client_method());
	assert(w->ctx != NULL);
	w->ssl = SSL_new(w->ctx);
	assert(w->ssl != NULL && SSL_set_fd(w->ssl, w->fd) == 1);
	if (SSL_connect(w->ssl) != 1)
		return false;
	shown = SSL_get1_peer_certificate(w->ssl);
	assert(shown != NULL && (n = i2d_X509(shown, &der)) > 0);
	SHA256(der, (size_t)n, hash);
	for (size_t i = 0; i < sizeof(hash); i++)
		snprintf(w->certificate + 2 * i, 3, "%02x", hash[i]);
	OPENSSL_free(der);
	X509_free(shown);
	return true;
}

struct wire *
wire_open(const char *host, int port, bool tls, const char *from)
{
	struct wire *w = calloc(1, sizeof(*w));

	assert(w != NULL);
	if ((w->fd = tcp_open(host, port, from)) < 0 || (tls && !tls_open(w))) {
		wire_close(w);
		return NULL;
	}
	return w;
}

void
wire_close(struct wire *w)
{
	if (w == NULL)
		return;
	SSL_free(w->ssl);
	SSL_CTX_free(w->ctx);
	ERR_clear_error();
	if (w->fd >= 0)
		close(w->fd);
	free(w->got);
	free(w);
}

const char *
wire_certificate(const struct wire *w)
{
	return w->certificate;
}

bool
wire_send(struct wire *w, const void *bytes, size_t n)
{
	const char *p = bytes;

	while (n > 0) {
		ssize_t sent = w->ssl != NULL ? SSL_write(w->ssl, p,
						    n > 16384 ? 16384 : (int)n)
					      : send(w->fd, p, n, MSG_NOSIGNAL);

		if (sent <= 0) {
			if (sent < 0 && errno == EINTR && w->ssl == NULL)
				continue;
			return false;
		}
		p += sent;
		n -= (size_t)sent;
	}
	return true;
}

static int64_t
milliseconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Reads some more; 0 at the end of the stream or of the time. */
static size_t
wire_more(struct wire *w, int64_t until)
{
	struct pollfd p = { .fd = w->fd, .events = POLLIN };
	int64_t left = until - milliseconds();
	ssize_t n;

	if (w->n + 65536 > w->size) {
		w->size = w->n + 131072;
		assert(w->size <= ANSWER_MAX);
		w->got = realloc(w->got, w->size);
		assert(w->got != NULL);
	}
	if (w->ssl == NULL || SSL_pending(w->ssl) == 0) {
		int ready;

		do
			ready = poll(&p, 1, left > 0 ? (int)left : 0);
		while (ready < 0 && errno == EINTR);
		if (ready <= 0)
			return 0;
	}
	n = w->ssl != NULL ? SSL_read(w->ssl, w->got + w->n, 65535)
			   : recv(w->fd, w->got + w->n, 65535, 0);
	if (n <= 0)
		return 0;
	w->n += (size_t)n;
	w->got[w->n] = '\0';
	return (size_t)n;
}

static char *
copy(const char *p, size_t n)
{
	char *s = malloc(n + 1);

	assert(s != NULL);
	memcpy(s, p, n);
	s[n] = '\0';
	return s;
}

static void
wire_drop(struct wire *w, size_t n)
{
	assert(n <= w->n);
	memmove(w->got, w->got + n, w->n - n + 1);
	w->n -= n;
}

/* The value of a field in a head; its length in *n. */
static const char *
field(const char *head, const char *name, size_t *n)
{
	size_t name_n = strlen(name);

	for (const char *line = strstr(head, "\r\n"); line != NULL;
	     line = strstr(line + 2, "\r\n")) {
		const char *p = line + 2;

		if (strncasecmp(p, name, name_n) == 0 && p[name_n] == ':') {
			p += name_n + 1;
			p += strspn(p, " ");
			*n = strcspn(p, "\r\n");
			return p;
		}
	}
	return NULL;
}

/* Takes a chunked body that begins the buffer; false when it breaks off. */
static bool
take_chunks(struct wire *w, int64_t until, struct answer *a)
{
	a->body = copy("", 0);
	for (;;) {
		char *end, *line;
		size_t size;

		while (w->n == 0 || (line = strstr(w->got, "\r\n")) == NULL)
			if (wire_more(w, until) == 0)
				return false;
		size = strtoul(w->got, &end, 16);
		wire_drop(w, (size_t)(line + 2 - w->got));
		while (w->n < size + 2)
			if (wire_more(w, until) == 0)
				return false;
		a->body = realloc(a->body, a->body_n + size + 1);
		assert(a->body != NULL);
		memcpy(a->body + a->body_n, w->got, size);
		a->body_n += size;
		a->body[a->body_n] = '\0';
		wire_drop(w, size + 2);
		if (size == 0)
			return true;
	}
}

static void
take_body(struct wire *w, int64_t until, struct answer *a)
{
	const char *p;
	size_t n, length;

	if ((p = field(a->head, "Transfer-Encoding", &n)) != NULL) {
		take_chunks(w, until, a);
		return;
	}
	p = field(a->head, "Content-Length", &n);
	length = p != NULL                              ? strtoul(p, NULL, 10)
		 : a->status == 204 || a->status == 304 ? 0
							: ANSWER_MAX;
	while (w->n < length && wire_more(w, until) > 0)
		;
	if (length > w->n)
		length = w->n;
	a->body = copy(w->got, length);
	a->body_n = length;
	wire_drop(w, length);
}

struct answer
wire_answer(struct wire *w, int ms)
{
	int64_t until = milliseconds() + ms;
	struct answer a = { 0 };
	char *end;

again:
	while (w->n == 0 || (end = strstr(w->got, "\r\n\r\n")) == NULL)
		if (wire_more(w, until) == 0)
			return a;
	a.head = copy(w->got, (size_t)(end + 2 - w->got));
	wire_drop(w, (size_t)(end + 4 - w->got));
	if (sscanf(a.head, "HTTP/1.%*d %d", &a.status) != 1)
		return a;
	if (a.status == 100) {
		answer_free(&a);
		goto again;
	}
	take_body(w, until, &a);
	if (a.body != NULL)
		a.json = json_loadb(a.body, a.body_n, 0, NULL);
	return a;
}

bool
wire_until(struct wire *w, const char *text, int ms)
{
	int64_t until = milliseconds() + ms;
	char *found;

	while (w->n == 0 ||
	       (found = memmem(w->got, w->n, text, strlen(text))) == NULL)
		if (wire_more(w, until) == 0)
			return false;
	wire_drop(w, (size_t)(found - w->got) + strlen(text));
	return true;
}

bool
wire_closed(struct wire *w, int ms)
{
	int64_t until = milliseconds() + ms;

	while (wire_more(w, until) > 0)
		wire_drop(w, w->n);
	return milliseconds() < until;
}

void
answer_free(struct answer *a)
{
	json_decref(a->json);
	free(a->head);
	free(a->body);
	*a = (struct answer){ 0 };
}

const char *
answer_header(const struct answer *a, const char *name)
{
	static _Thread_local char value[8192];
	const char *p;
	size_t n;

	if (a->head == NULL || (p = field(a->head, name, &n)) == NULL ||
	    n >= sizeof(value))
		return NULL;
	memcpy(value, p, n);
	value[n] = '\0';
	return value;
}

const char *
answer_code(const struct answer *a)
{
	const char *code = json_string_value(json_object_get(a->json, "code"));

	return code != NULL ? code : "";
}
