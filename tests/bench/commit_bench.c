/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What durable updates cost: acknowledged commits a second against a bare
 * write-and-fdatasync loop on the same file system, and the processor time of
 * an update that is shaped like a sign-in, with few and with many accounts.
 *
 *	commit_bench [-d DIR] [-m MILLISECONDS] [-r ROUNDS] [ACCOUNTS]...
 *
 * Each figure is the median of the rounds; ratios are of one run.
 */
#include <fcntl.h>
#include <ftw.h>
#include <getopt.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "store/audit.h"
#include "store/history.h"
#include "store/settings.h"
#include "store/spent.h"

enum { THREADS_MAX = 64, ROUNDS_MAX = 25, LOAD_AT_ONCE = 500, TABLE_MAX = 8 };

static struct {
	const char *dir;
	int milliseconds, rounds;
	uint32_t accounts[TABLE_MAX];
	int sizes;
} options = { "/var/tmp", 1000, 5, { 1000, 1000000 }, 2 };

struct run {
	struct store *s;
	store_fn *fn;
	uint32_t accounts;
	atomic_bool done;
	atomic_uint_fast64_t finished;
};

struct worker {
	struct run *run;
	pthread_t thread;
	uint64_t seed;
	uint32_t account, turn;
	uint8_t random[32];
	store_time now;
};

struct figure {
	double per_second, cpu_us, user_us, batch, pages;
};

static _Noreturn void
give_up(const char *what)
{
	fprintf(stderr, "commit_bench: %s\n", what);
	exit(1);
}

static double
seconds(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double
user_seconds(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (double)u.ru_utime.tv_sec + (double)u.ru_utime.tv_usec / 1e6;
}

static double
cpu_seconds(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

/* Of 4096 bytes, that this process has handed to write(). */
static double
pages_written(void)
{
	static const char wanted[] = "wchar: ";
	unsigned long long n = 0;
	char line[64];
	FILE *f = fopen("/proc/self/io", "r");

	while (f != NULL && n == 0 && fgets(line, sizeof(line), f) != NULL)
		if (strncmp(line, wanted, sizeof(wanted) - 1) == 0)
			n = strtoull(line + sizeof(wanted) - 1, NULL, 10);
	if (f != NULL)
		fclose(f);
	return (double)n / 4096;
}

static uint64_t
number(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

static int
by_size(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static double
median(double *v, int n)
{
	qsort(v, (size_t)n, sizeof(*v), by_size);
	return v[n / 2];
}

/* ---- records ---- */

static void
put_be(uint8_t *p, uint64_t v, int width)
{
	for (int i = 0; i < width; i++)
		p[i] = (uint8_t)(v >> 8 * (width - 1 - i));
}

static struct account_id
account_id(uint32_t n)
{
	struct account_id id = { .b = { 0 } };

	put_be(id.b, 1700000000000 + n / 4, 8);
	put_be(id.b + 8, n * 0x9e3779b97f4a7c15, 8);
	return id;
}

static struct store_credential
credential(uint32_t n)
{
	struct store_credential c = {
		.account = account_id(n),
		.id_n = 32,
		.cose_key_n = 77,
		.algorithm = -7,
		.created = 1700000000000,
		.flags = 0x1d,
		.transports = STORE_TRANSPORT_INTERNAL,
		.format = "none",
		.name = "iCloud Keychain",
	};

	for (int i = 0; i < 32; i += 8)
		put_be(c.id + i, (n + 1) * 0xda942042e4dd58b5 + (unsigned)i, 8);
	memset(c.cose_key, (int)(n & 0xff), c.cose_key_n);
	return c;
}

static struct store_client
client(void)
{
	return (struct store_client){
		.browser = "Chrome, Windows",
		.address = "198.51.100.217",
		.place = "Kyoto, JP",
	};
}

struct load {
	uint32_t from, to;
};

static enum store_rc
load(struct store_txn *t, void *arg)
{
	struct load *l = arg;
	enum store_rc rc = STORE_OK;

	for (uint32_t n = l->from; rc == STORE_OK && n < l->to; n++) {
		struct store_account a = {
			.id = account_id(n),
			.state = STORE_ACCOUNT_ACTIVE,
			.created = 1700000000000,
			.locale = "ja",
		};
		struct store_credential c = credential(n);

		put_be(a.user_handle, n, 8);
		snprintf(a.name, sizeof(a.name), "user-%u@example.org", n);
		snprintf(a.name_key, sizeof(a.name_key), "%s", a.name);
		snprintf(a.display_name, sizeof(a.display_name), "User %u", n);
		rc = store_account_add(t, &a);
		if (rc == STORE_OK)
			rc = store_credential_add(t, &c);
	}
	return rc;
}

/* ---- updates ---- */

static enum store_rc
put_one(struct store_txn *t, void *arg)
{
	struct worker *w = arg;
	char name[16];

	snprintf(name, sizeof(name), "n%u", (unsigned)(w->seed % 4096));
	return store_setting_put(
	    t, name, (struct slice){ w->random, sizeof(w->random) });
}

/* As a sign-in with a passkey writes: looks, then six tables. */
static enum store_rc
sign_in(struct store_txn *t, void *arg)
{
	struct worker *w = arg;
	struct store_credential c, known = credential(w->account);
	struct store_session s = {
		.account = known.account,
		.method = STORE_METHOD_PASSKEY,
		.created = w->now,
		.proved = w->now,
		.last_seen = w->now,
		.idle_ms = 14LL * 86400000,
		.ends = w->now + 90LL * 86400000,
		.client = client(),
	};
	struct store_history h = {
		.account = known.account,
		.at = w->now,
		.expires = w->now + 400LL * 86400000,
		.ok = true,
		.method = STORE_METHOD_PASSKEY,
		.event = "sign-in",
		.passkey = "iCloud Keychain",
		.client = client(),
	};
	struct store_audit_entry e = {
		.at = w->now,
		.account = known.account,
		.event = slice_of("sign-in"),
		.detail = slice_of("passkey iCloud Keychain, Chrome, Windows, "
				   "198.51.100.217"),
	};
	enum store_rc rc;

	s.credential =
	    store_credential_ref((struct slice){ known.id, known.id_n });
	put_be(s.id.b, (uint64_t)w->now, 8);
	memcpy(s.id.b + 8, w->random, 8);
	memcpy(s.token_hash, w->random, 32);
	rc = store_credential_get(t, &known.account, &s.credential, &c);
	if (rc != STORE_OK)
		return rc;
	c.sign_count++;
	c.last_used = w->now;
	if ((rc = store_spend(t, w->random, w->now + 300000)) != STORE_OK ||
	    (rc = store_credential_put(t, &c)) != STORE_OK ||
	    (rc = store_session_add(t, &s)) != STORE_OK ||
	    (rc = store_history_add(t, &h)) != STORE_OK)
		return rc;
	return store_audit_append(t, &e);
}

static void *
work(void *arg)
{
	struct worker *w = arg;
	struct timespec now;

	while (!atomic_load_explicit(&w->run->done, memory_order_relaxed)) {
		for (size_t i = 0; i < 4; i++)
			put_be(w->random + 8 * i, number(&w->seed), 8);
		clock_gettime(CLOCK_REALTIME, &now);
		w->now = (store_time)now.tv_sec * 1000 + now.tv_nsec / 1000000;
		w->account = (uint32_t)(number(&w->seed) % w->run->accounts);
		if (store_update(w->run->s, w->run->fn, w) != STORE_OK)
			give_up("an update failed");
		atomic_fetch_add_explicit(
		    &w->run->finished, 1, memory_order_relaxed);
	}
	return NULL;
}

static struct figure
one_round(struct store *s, store_fn *fn, uint32_t accounts, int threads,
    int milliseconds)
{
	static atomic_uint_fast64_t seeds = 88172645463325252;
	struct run run = { .s = s, .fn = fn, .accounts = accounts };
	struct worker workers[THREADS_MAX];
	struct store_stat before, after;
	double wall, cpu, user, pages, updates;

	if (store_stat(s, &before) != STORE_OK)
		give_up("no figures");
	wall = seconds(CLOCK_MONOTONIC);
	cpu = cpu_seconds();
	user = user_seconds();
	pages = pages_written();
	for (int i = 0; i < threads; i++) {
		workers[i] = (struct worker){ .run = &run,
			.seed = atomic_fetch_add(&seeds, 0x9e3779b97f4a7c15) };
		if (pthread_create(
			&workers[i].thread, NULL, work, &workers[i]) != 0)
			give_up("no thread");
	}
	usleep((useconds_t)milliseconds * 1000);
	atomic_store(&run.done, true);
	for (int i = 0; i < threads; i++)
		pthread_join(workers[i].thread, NULL);
	wall = seconds(CLOCK_MONOTONIC) - wall;
	cpu = cpu_seconds() - cpu;
	user = user_seconds() - user;
	pages = pages_written() - pages;
	updates = (double)atomic_load(&run.finished);
	if (store_stat(s, &after) != STORE_OK)
		give_up("no figures");
	return (struct figure){ updates / wall, cpu / updates * 1e6,
		user / updates * 1e6,
		updates / (double)(after.commits - before.commits),
		pages / updates };
}

/* The sessions and marks of the round before end, as they would in time. */
static void
let_time_pass(struct store *s)
{
	store_time later = (store_time)time(NULL) * 1000 + 100LL * 86400000;
	unsigned n;

	do {
		if (store_sweep(s, later, 1000, &n) != STORE_OK)
			give_up("no sweep");
	} while (n == 1000);
}

/* Each field's median. */
static struct figure
middle(const struct figure *f, int n)
{
	enum { FIELDS = sizeof(struct figure) / sizeof(double) };
	double v[ROUNDS_MAX], m[FIELDS];
	struct figure result;

	for (size_t field = 0; field < FIELDS; field++) {
		for (int i = 0; i < n; i++)
			v[i] = ((const double *)&f[i])[field];
		m[field] = median(v, n);
	}
	memcpy(&result, m, sizeof(result));
	return result;
}

/* ---- the bare loop ---- */

/* Page after page into the file, each of them synced. */
static double
bare_round(int fd)
{
	static uint8_t page[4096];
	double begun = seconds(CLOCK_MONOTONIC), now = begun;
	uint64_t n = 0;

	for (; now < begun + options.milliseconds / 1e3; n++) {
		page[0]++;
		if (write(fd, page, sizeof(page)) != sizeof(page) ||
		    fdatasync(fd) == -1)
			give_up("the bare loop cannot write");
		now = seconds(CLOCK_MONOTONIC);
	}
	return (double)n / (now - begun);
}

/* ---- views ---- */

static double
view_us(struct store *s)
{
	enum { VIEWS = 200000 };
	struct store_txn *t;
	double cpu = cpu_seconds();

	for (int i = 0; i < VIEWS; i++) {
		if (store_read_begin(s, &t) != STORE_OK)
			give_up("no view");
		store_read_end(t);
	}
	return (cpu_seconds() - cpu) / VIEWS * 1e6;
}

/* ---- what is printed ---- */

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static struct store *
open_at(const char *dir)
{
	struct store_options o = { .dir = dir, .readers = THREADS_MAX };
	struct store *s;

	if (store_open(&o, &s) != STORE_OK)
		give_up("the store does not open");
	return s;
}

static const int at_once[] = { 1, 8, 64 };

static void
print_commits(struct figure f[3][ROUNDS_MAX], double *bare)
{
	double ratio[ROUNDS_MAX];

	for (int i = 0; i < 3; i++) {
		struct figure m = middle(f[i], options.rounds);

		for (int r = 0; r < options.rounds; r++)
			ratio[r] = f[i][r].per_second / bare[r];
		printf("commits, %2d at once: %7.0f/s, %5.2f of bare, "
		       "%5.1f us CPU (%4.1f user), %4.1f a commit, "
		       "%4.1f pages\n",
		    at_once[i], m.per_second, median(ratio, options.rounds),
		    m.cpu_us, m.user_us, m.batch, m.pages);
	}
	printf(
	    "bare write and fdatasync: %.0f/s\n", median(bare, options.rounds));
}

/* Alternates with the bare loop. */
static void
bench_commits(const char *top)
{
	static struct figure f[3][ROUNDS_MAX];
	double bare[ROUNDS_MAX];
	char path[4096 + 64];
	struct store *s;
	int fd;

	snprintf(path, sizeof(path), "%s/commits", top);
	s = open_at(path);
	printf("view begin and end: %.2f us\n", view_us(s));
	snprintf(path, sizeof(path), "%s/bare", top);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd == -1)
		give_up("no file for the bare loop");
	for (int r = 0; r < options.rounds; r++) {
		bare[r] = bare_round(fd);
		for (int i = 0; i < 3; i++)
			f[i][r] = one_round(
			    s, put_one, 1, at_once[i], options.milliseconds);
	}
	print_commits(f, bare);
	close(fd);
	store_close(s);
}

/*
 * Loading writes long runs, for which the kernel keeps large pieces of cache,
 * and each later write of a page pays for all of its piece.  A store that was
 * filled by sign-ups, or opened after a start, has its pages one by one.
 */
static void
warm_by_pages(const char *dir)
{
	char path[4096 + 128];
	uint8_t page[4096];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "%s/data.mdb", dir);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd == -1 || posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED) != 0 ||
	    posix_fadvise(fd, 0, 0, POSIX_FADV_RANDOM) != 0)
		give_up("the cache does not let go");
	do
		n = read(fd, page, sizeof(page));
	while (n > 0);
	close(fd);
}

static struct store *
load_accounts(const char *dir, uint32_t accounts)
{
	struct store *s = open_at(dir);
	struct store_stat st;
	double t = seconds(CLOCK_MONOTONIC);

	for (uint32_t n = 0; n < accounts; n += LOAD_AT_ONCE) {
		struct load l = { n, n + LOAD_AT_ONCE < accounts
					 ? n + LOAD_AT_ONCE
					 : accounts };

		if (store_update(s, load, &l) != STORE_OK)
			give_up("the accounts do not load");
	}
	printf("%u accounts: loaded in %.1f s", accounts,
	    seconds(CLOCK_MONOTONIC) - t);
	store_close(s);
	warm_by_pages(dir);
	t = seconds(CLOCK_MONOTONIC);
	s = open_at(dir);
	printf(", opened in %.1f ms", (seconds(CLOCK_MONOTONIC) - t) * 1e3);
	if (store_stat(s, &st) != STORE_OK || st.accounts != accounts)
		give_up("accounts are missing");
	printf(", %.1f MB\n", (double)st.bytes_used / 1e6);
	return s;
}

/* Alternates between the stores, so that all see the same weather. */
static void
compare(struct store *const *stores, int threads)
{
	static struct figure f[TABLE_MAX][ROUNDS_MAX];
	double ratio[ROUNDS_MAX];

	for (int r = -1; r < options.rounds; r++) {
		for (int i = 0; i < options.sizes; i++) {
			let_time_pass(stores[i]);
			/* The first is to warm up, and replaced. */
			f[i][r < 0 ? 0 : r] = one_round(stores[i], sign_in,
			    options.accounts[i], threads, options.milliseconds);
		}
	}
	for (int i = 0; i < options.sizes; i++) {
		struct figure m = middle(f[i], options.rounds);

		for (int r = 0; r < options.rounds; r++)
			ratio[r] = f[i][r].cpu_us / f[0][r].cpu_us;
		printf("sign-ins, %2d at once, %7u accounts: %7.0f/s, "
		       "%5.1f us CPU (%4.1f user), %4.1f a commit, "
		       "%4.1f pages, %.2f times the first\n",
		    threads, options.accounts[i], m.per_second, m.cpu_us,
		    m.user_us, m.batch, m.pages, median(ratio, options.rounds));
	}
	fflush(stdout);
}

static void
bench_sign_ins(const char *top)
{
	struct store *stores[TABLE_MAX];
	char path[4096 + 64];

	for (int i = 0; i < options.sizes; i++) {
		snprintf(path, sizeof(path), "%s/accounts-%d", top, i);
		stores[i] = load_accounts(path, options.accounts[i]);
	}
	for (int i = 0; i < 3; i++)
		compare(stores, at_once[i]);
	for (int i = 0; i < options.sizes; i++)
		store_close(stores[i]);
}

static void
read_options(int argc, char **argv)
{
	int c;

	while ((c = getopt(argc, argv, "d:m:r:")) != -1) {
		if (c == 'd')
			options.dir = optarg;
		else if (c == 'm')
			options.milliseconds = (int)strtol(optarg, NULL, 10);
		else if (c == 'r')
			options.rounds = (int)strtol(optarg, NULL, 10);
		else
			give_up("[-d DIR] [-m MILLISECONDS] [-r ROUNDS] "
				"[ACCOUNTS]...");
	}
	if (options.milliseconds < 4 || options.rounds < 1 ||
	    options.rounds > ROUNDS_MAX || argc - optind > TABLE_MAX)
		give_up("out of range");
	if (optind < argc)
		options.sizes = argc - optind;
	for (int i = optind; i < argc; i++)
		if ((options.accounts[i - optind] =
			    (uint32_t)strtoul(argv[i], NULL, 10)) == 0)
			give_up("not a number of accounts");
}

int
main(int argc, char **argv)
{
	char top[4096];

	read_options(argc, argv);
	snprintf(top, sizeof(top), "%s/itsumo-bench-XXXXXX", options.dir);
	if (mkdtemp(top) == NULL)
		give_up("no folder");
	bench_commits(top);
	bench_sign_ins(top);
	nftw(top, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	return 0;
}
