/* SPDX-License-Identifier: Apache-2.0 */
#include "store_peer.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- what both do ---- */

enum { PUT_AT_ONCE = 25 };

struct numbered {
	uint32_t number, count;
	size_t size;
};

static enum store_rc
put_numbered(struct store_txn *t, void *arg)
{
	static const uint8_t value[STORE_SETTING_MAX];
	struct numbered *n = arg;
	enum store_rc rc = STORE_OK;
	char name[16];

	for (uint32_t i = 0; rc == STORE_OK && i < n->count; i++) {
		snprintf(name, sizeof(name), "n%u", n->number + i);
		rc = store_setting_put(
		    t, name, (struct slice){ value, n->size });
	}
	return rc;
}

enum store_rc
numbered_put(struct store *s, uint32_t number, size_t size)
{
	struct numbered n = { number, 1, size };

	return store_update(s, put_numbered, &n);
}

enum store_rc
numbered_put_all(struct store *s, uint32_t from, uint32_t count, size_t size)
{
	enum store_rc rc = STORE_OK;

	for (uint32_t i = 0; rc == STORE_OK && i < count; i += PUT_AT_ONCE) {
		struct numbered n = { from + i, PUT_AT_ONCE, size };

		if (n.count > count - i)
			n.count = count - i;
		rc = store_update(s, put_numbered, &n);
	}
	return rc;
}

bool
numbered_has(struct store *s, uint32_t number)
{
	struct store_txn *t;
	char name[16];
	size_t n;
	bool has;

	if (store_read_begin(s, &t) != STORE_OK)
		return false;
	snprintf(name, sizeof(name), "n%u", number);
	has = store_setting_get(t, name, NULL, 0, &n) == STORE_OK;
	store_read_end(t);
	return has;
}

/* ---- the one that tells ---- */

struct peer
peer_try(const char *dir, size_t map_first, long *rc)
{
	struct peer p;
	int to[2], from[2];
	char size[32];

	assert_int_equal(pipe2(to, O_CLOEXEC), 0);
	assert_int_equal(pipe2(from, O_CLOEXEC), 0);
	snprintf(size, sizeof(size), "%zu", map_first);
	p.pid = fork();
	assert_true(p.pid >= 0);
	if (p.pid == 0) {
		if (dup2(to[0], 0) == 0 && dup2(from[1], 1) == 1)
			execl("/proc/self/exe", "peer", "peer", dir, size,
			    (char *)NULL);
		_exit(127);
	}
	close(to[0]);
	close(from[1]);
	p.in = to[1];
	p.out = from[0];
	*rc = peer_hear(&p);
	return p;
}

struct peer
peer_start(const char *dir, size_t map_first)
{
	long rc;
	struct peer p = peer_try(dir, map_first, &rc);

	assert_int_equal(rc, STORE_OK);
	return p;
}

long
peer_hear(struct peer *p)
{
	char line[64];
	size_t n = 0;

	while (n < sizeof(line) - 1 && read(p->out, &line[n], 1) == 1)
		if (line[n++] == '\n')
			break;
	line[n] = '\0';
	return n > 0 && line[n - 1] == '\n' ? atol(line) : -1;
}

static void
say(struct peer *p, const char *format, va_list ap)
{
	char line[512];
	int n = vsnprintf(line, sizeof(line) - 1, format, ap);

	line[n++] = '\n';
	assert_int_equal(write(p->in, line, (size_t)n), n);
}

void
peer_tell(struct peer *p, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	say(p, format, ap);
	va_end(ap);
}

long
peer_ask(struct peer *p, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	say(p, format, ap);
	va_end(ap);
	return peer_hear(p);
}

static void
peer_gone(struct peer *p)
{
	int status;

	close(p->in);
	close(p->out);
	assert_int_equal(waitpid(p->pid, &status, 0), p->pid);
}

void
peer_kill(struct peer *p)
{
	kill(p->pid, SIGKILL);
	peer_gone(p);
}

void
peer_end(struct peer *p)
{
	assert_int_equal(peer_ask(p, "end"), 0);
	peer_gone(p);
}

/* ---- the one that does ---- */

static long
do_over(struct store *s, unsigned count, unsigned size)
{
	enum store_rc rc = STORE_OK;

	for (unsigned i = 0; rc == STORE_OK && i < count; i++)
		rc = numbered_put(s, i % 10, size);
	return rc;
}

static long
do_has(struct store *s, unsigned from, unsigned count)
{
	long n = 0;

	for (unsigned i = 0; i < count; i++)
		n += numbered_has(s, from + i);
	return n;
}

static long
do_limit(rlim_t bytes)
{
	struct rlimit r;

	getrlimit(RLIMIT_FSIZE, &r);
	r.rlim_cur = bytes == 0 ? r.rlim_max : bytes;
	return setrlimit(RLIMIT_FSIZE, &r);
}

static void
do_forever(struct store *s, unsigned from)
{
	for (;; from++) {
		if (numbered_put(s, from, 100) != STORE_OK)
			return;
		printf("%u\n", from);
		fflush(stdout);
	}
}

static long
do_line(struct store *s, const char *line)
{
	unsigned a, b, c;
	struct store_txn *t;
	struct store_stat st;
	char dir[256];

	if (sscanf(line, "put %u %u %u", &a, &b, &c) == 3)
		return numbered_put_all(s, a, b, c);
	if (sscanf(line, "has %u %u", &a, &b) == 2)
		return do_has(s, a, b);
	if (sscanf(line, "over %u %u", &a, &b) == 2)
		return do_over(s, a, b);
	if (sscanf(line, "limit %u", &a) == 1)
		return do_limit(a);
	if (sscanf(line, "forever %u", &a) == 1)
		do_forever(s, a);
	if (sscanf(line, "backup %255s", dir) == 1)
		return store_backup(s, dir, NULL, NULL);
	if (strcmp(line, "view\n") == 0)
		return store_read_begin(s, &t);
	if (strcmp(line, "mapped\n") == 0 && store_stat(s, &st) == STORE_OK)
		return (long)st.bytes_mapped;
	if (strcmp(line, "used\n") == 0 && store_stat(s, &st) == STORE_OK)
		return (long)st.bytes_used;
	return -2;
}

static void
no_log(int priority, const char *line, void *arg)
{
	(void)priority;
	(void)line;
	(void)arg;
}

bool
peer_main(int argc, char **argv)
{
	struct store_options o = { .readers = 8, .log = no_log };
	struct store *s;
	char line[512];
	enum store_rc rc;

	if (argc != 4 || strcmp(argv[1], "peer") != 0)
		return false;
	signal(SIGXFSZ, SIG_IGN);
	o.dir = argv[2];
	o.map_first = (size_t)atol(argv[3]);
	rc = store_open(&o, &s);
	printf("%d\n", (int)rc);
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin) != NULL &&
	       strcmp(line, "end\n") != 0) {
		printf("%ld\n", rc == STORE_OK ? do_line(s, line) : -3L);
		fflush(stdout);
	}
	if (rc == STORE_OK)
		store_close(s);
	printf("0\n");
	return true;
}
