/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/push_service.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum { CONNECTIONS = 256, PATHS = 4096, PATH_MAX_ = 120 };

struct visit {
	struct push_service *service;
	int fd;
	pthread_t thread;
};

struct push_service {
	int listener, stop[2];
	unsigned port;
	pthread_t thread;
	pthread_mutex_t lock;
	struct visit visits[CONNECTIONS];
	unsigned visit_count, at_once, most_at_once;
	char paths[PATHS][PATH_MAX_]; /* of every request, in order */
	unsigned path_count;
	struct push_request last;
};

/* True when there is something to read; false when it is time to stop. */
static bool
readable(struct push_service *s, int fd, int timeout_ms)
{
	struct pollfd p[2] = { { fd, POLLIN, 0 }, { s->stop[0], POLLIN, 0 } };

	return poll(p, 2, timeout_ms) > 0 && p[1].revents == 0;
}

static bool
say(int fd, const char *text)
{
	const size_t n = strlen(text);

	return send(fd, text, n, MSG_NOSIGNAL) == (ssize_t)n;
}

bool
push_request_header(
    const struct push_request *r, const char *name, char *value, size_t size)
{
	const char *line = r->b, *end = r->b + r->head_n;
	const size_t n = strlen(name);

	while ((line = memchr(line, '\n', (size_t)(end - line))) != NULL) {
		const char *stop;

		line++;
		if (strncasecmp(line, name, n) != 0 || line[n] != ':')
			continue;
		line += n + 1;
		while (*line == ' ')
			line++;
		stop = strpbrk(line, "\r\n");
		if (stop == NULL || (size_t)(stop - line) >= size)
			return false;
		memcpy(value, line, (size_t)(stop - line));
		value[stop - line] = '\0';
		return true;
	}
	return false;
}

/* One whole request; false when the connection or the test has ended. */
static bool
hear(struct push_service *s, int fd, struct push_request *r)
{
	size_t want = 0;

	r->n = r->head_n = 0;
	for (;;) {
		char length[16], *blank;
		ssize_t got;

		if (want > 0 && r->n >= want)
			return true;
		if (r->n == PUSH_REQUEST_MAX || !readable(s, fd, -1))
			return false;
		got = recv(fd, r->b + r->n, PUSH_REQUEST_MAX - r->n, 0);
		if (got <= 0)
			return false;
		r->n += (size_t)got;
		r->b[r->n] = '\0';
		if (want > 0 || (blank = strstr(r->b, "\r\n\r\n")) == NULL)
			continue;
		r->head_n = (size_t)(blank - r->b) + 4;
		want = r->head_n;
		if (push_request_header(
			r, "Content-Length", length, sizeof(length)))
			want += (size_t)strtoul(length, NULL, 10);
	}
}

static unsigned
count_of(const struct push_service *s, const char *path)
{
	unsigned n = 0;

	for (unsigned i = 0; i < s->path_count; i++)
		n += path == NULL || strcmp(s->paths[i], path) == 0;
	return n;
}

/* Returns how often the path had been asked for before. */
static unsigned
remember(struct push_service *s, const struct push_request *r, char *path)
{
	unsigned before;

	if (sscanf(r->b, "POST %119s HTTP/1.1", path) != 1)
		snprintf(path, PATH_MAX_, "/400");
	pthread_mutex_lock(&s->lock);
	before = count_of(s, path);
	if (s->path_count < PATHS)
		memcpy(s->paths[s->path_count++], path, PATH_MAX_);
	s->last = *r;
	if (++s->at_once > s->most_at_once)
		s->most_at_once = s->at_once;
	pthread_mutex_unlock(&s->lock);
	return before;
}

static bool
answer_status(struct push_service *s, int fd, unsigned status, unsigned after)
{
	char text[256], more[128] = "";

	if (after > 0)
		snprintf(more, sizeof(more), "Retry-After: %u\r\n", after);
	if (status >= 300 && status < 400)
		snprintf(more, sizeof(more),
		    "Location: http://127.0.0.1:%u/201\r\n", s->port);
	snprintf(text, sizeof(text),
	    "HTTP/1.1 %u Said\r\n%sContent-Length: 0\r\n\r\n", status, more);
	return say(fd, text);
}

static bool
answer(struct push_service *s, int fd, const char *path, unsigned before)
{
	static const char endless[1024] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
	unsigned status = 400, after = 0, times = 0;

	if (strncmp(path, "/never", 6) == 0) {
		char byte;

		return readable(s, fd, -1) && recv(fd, &byte, 1, 0) > 0;
	}
	if (strncmp(path, "/slow", 5) == 0)
		return (readable(s, fd, 300), answer_status(s, fd, 201, 0));
	if (strncmp(path, "/broken", 7) == 0)
		return say(fd, "HTTP/1.1 201 Crea") && false;
	if (strncmp(path, "/endless", 8) == 0) {
		if (!say(fd, "HTTP/1.1 201 Created\r\n\r\n"))
			return false;
		while (send(fd, endless, sizeof(endless), MSG_NOSIGNAL) > 0)
			;
		return false;
	}
	if (sscanf(path, "/times/%u/%u", &times, &status) == 2)
		return answer_status(s, fd, before < times ? status : 201, 0);
	(void)sscanf(path, "/%u/%u", &status, &after);
	return answer_status(s, fd, status, after);
}

static void *
serve(void *arg)
{
	struct visit *v = arg;
	struct push_service *s = v->service;
	struct push_request *r = malloc(sizeof(*r));
	bool goes_on = r != NULL;

	while (goes_on && hear(s, v->fd, r)) {
		char path[PATH_MAX_] = "";
		const unsigned before = remember(s, r, path);

		goes_on = answer(s, v->fd, path, before);
		pthread_mutex_lock(&s->lock);
		s->at_once--;
		pthread_mutex_unlock(&s->lock);
	}
	free(r);
	shutdown(v->fd, SHUT_RDWR);
	return NULL;
}

static void *
listen_on(void *arg)
{
	struct push_service *s = arg;

	while (readable(s, s->listener, -1) && s->visit_count < CONNECTIONS) {
		struct visit *v = &s->visits[s->visit_count];

		v->service = s;
		v->fd = accept(s->listener, NULL, NULL);
		if (v->fd < 0)
			continue;
		if (pthread_create(&v->thread, NULL, serve, v) != 0) {
			close(v->fd);
			continue;
		}
		pthread_mutex_lock(&s->lock);
		s->visit_count++;
		pthread_mutex_unlock(&s->lock);
	}
	return NULL;
}

struct push_service *
push_service_start(void)
{
	struct push_service *s = calloc(1, sizeof(*s));
	struct sockaddr_in a = { .sin_family = AF_INET };
	socklen_t n = sizeof(a);

	if (s == NULL || pipe(s->stop) != 0 ||
	    pthread_mutex_init(&s->lock, NULL) != 0)
		abort();
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	s->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(s->listener, (struct sockaddr *)&a, n) != 0 ||
	    listen(s->listener, 128) != 0 ||
	    getsockname(s->listener, (struct sockaddr *)&a, &n) != 0)
		abort();
	s->port = ntohs(a.sin_port);
	if (pthread_create(&s->thread, NULL, listen_on, s) != 0)
		abort();
	return s;
}

void
push_service_stop(struct push_service *s)
{
	if (write(s->stop[1], "", 1) != 1)
		abort();
	pthread_join(s->thread, NULL);
	for (unsigned i = 0; i < s->visit_count; i++) {
		shutdown(s->visits[i].fd, SHUT_RDWR);
		pthread_join(s->visits[i].thread, NULL);
		close(s->visits[i].fd);
	}
	close(s->listener);
	close(s->stop[0]);
	close(s->stop[1]);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

unsigned
push_service_port(const struct push_service *s)
{
	return s->port;
}

unsigned
push_service_hits(struct push_service *s, const char *path)
{
	unsigned n;

	pthread_mutex_lock(&s->lock);
	n = count_of(s, path);
	pthread_mutex_unlock(&s->lock);
	return n;
}

unsigned
push_service_connections(struct push_service *s)
{
	unsigned n;

	pthread_mutex_lock(&s->lock);
	n = s->visit_count;
	pthread_mutex_unlock(&s->lock);
	return n;
}

unsigned
push_service_most_at_once(struct push_service *s)
{
	unsigned n;

	pthread_mutex_lock(&s->lock);
	n = s->most_at_once;
	pthread_mutex_unlock(&s->lock);
	return n;
}

void
push_service_last(struct push_service *s, struct push_request *r)
{
	pthread_mutex_lock(&s->lock);
	*r = s->last;
	pthread_mutex_unlock(&s->lock);
}
