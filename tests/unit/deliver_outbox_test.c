/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/deliver_kit.h"

#include <sys/wait.h>

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#include "web/clock.h"
#include "web/deliver/counters.h"
#include "web/deliver/outbox.h"

OP(add_message, struct store_message, store_message_add(t, x))

/* ---- the worker, with a driver that does as the test says ---- */

struct stub {
	pthread_mutex_t lock;
	unsigned sent, held_n;
	bool hold; /* do not report until told */
	unsigned times[1024]; /* by message number */
	struct {
		deliver_report_fn *report;
		void *ticket;
	} held[1024];
};

static void
stub_send(void *self, const struct deliver_message *m, store_time now,
    deliver_report_fn *report, void *ticket)
{
	struct stub *stub = self;
	const struct deliver_report r = { .reason = DELIVER_SENT };
	const uint8_t *id = m->message.id.b;
	bool hold;

	(void)now;
	pthread_mutex_lock(&stub->lock);
	stub->sent++;
	stub->times[(id[2] << 8 | id[3]) % 1024]++;
	hold = stub->hold;
	if (hold) {
		stub->held[stub->held_n].report = report;
		stub->held[stub->held_n++].ticket = ticket;
	}
	pthread_mutex_unlock(&stub->lock);
	if (!hold)
		report(ticket, &r);
}

static unsigned
stub_sent(struct stub *stub)
{
	unsigned n;

	pthread_mutex_lock(&stub->lock);
	n = stub->sent;
	pthread_mutex_unlock(&stub->lock);
	return n;
}

static void
stub_wait(struct stub *stub, unsigned n)
{
	const store_time until = clock_now() + SCENE_PATIENCE_MS;

	while (stub_sent(stub) < n && clock_now() < until)
		usleep(1000);
	assert_int_equal(stub_sent(stub), n);
}

static void
stub_release(struct stub *stub)
{
	const struct deliver_report r = { .reason = DELIVER_SENT };

	pthread_mutex_lock(&stub->lock);
	stub->hold = false;
	for (unsigned i = 0; i < stub->held_n; i++)
		stub->held[i].report(stub->held[i].ticket, &r);
	stub->held_n = 0;
	pthread_mutex_unlock(&stub->lock);
}

static struct outbox *
open_outbox(
    struct deliver_source source, struct stub *stub, store_time lease_ms)
{
	const struct outbox_config c = {
		.source = source,
		.drivers = {
			[STORE_MESSAGE_PUSH] = { stub_send, stub },
			[STORE_MESSAGE_SMS] = { stub_send, stub },
		},
		.under_way = 16,
		.lease_ms = lease_ms,
		.look_ms = 50,
	};
	struct outbox *o = outbox_open(&c);

	assert_non_null(o);
	return o;
}

static void
two_workers_on_one_store_send_each_once(void **state)
{
	enum { MESSAGES = 300 };
	struct scene *s = *state;
	struct stub stub = { .lock = PTHREAD_MUTEX_INITIALIZER };
	const struct deliver_source source = deliver_source_of_store(s->kit->s);
	struct outbox *a = open_outbox(source, &stub, 20000);
	struct outbox *b = open_outbox(source, &stub, 20000);

	for (uint32_t i = 0; i < MESSAGES; i++) {
		struct new_message m = a_message(i, "");

		assert_ok(store_update(s->kit->s, add_message, &m.message));
		outbox_wake(i % 2 ? a : b);
	}
	stub_wait(&stub, MESSAGES);
	outbox_close(a);
	outbox_close(b);
	for (uint32_t i = 0; i < MESSAGES; i++)
		assert_int_equal(stub.times[i], 1);
}

/* Written by a process that cannot wake us, or has died since. */
static void
what_others_wrote_is_found(void **state)
{
	struct scene *s = *state;
	struct stub stub = { .lock = PTHREAD_MUTEX_INITIALIZER };
	struct outbox *o =
	    open_outbox(deliver_source_of_store(s->kit->s), &stub, 20000);
	struct new_message m = a_message(1, "");

	assert_ok(store_update(s->kit->s, add_message, &m.message));
	stub_wait(&stub, 1);
	outbox_close(o);
}

static void
kinds_without_a_driver_wait(void **state)
{
	struct scene *s = *state;
	struct stub stub = { .lock = PTHREAD_MUTEX_INITIALIZER };
	struct outbox *o =
	    open_outbox(deliver_source_of_store(s->kit->s), &stub, 20000);
	struct new_message mail = a_message(1, ""), sms = a_message(2, "");
	struct store_message left;

	mail.message.kind = STORE_MESSAGE_MAIL;
	sms.message.kind = STORE_MESSAGE_SMS;
	assert_ok(store_update(s->kit->s, add_message, &mail.message));
	assert_ok(store_update(s->kit->s, add_message, &sms.message));
	stub_wait(&stub, 1);
	outbox_close(o);
	assert_int_equal(stub.times[2], 1);
	assert_ok(scene_look(s, 1, &left));
	assert_int_equal(left.attempts, 0);
}

static void
no_more_are_under_way_than_allowed(void **state)
{
	struct scene *s = *state;
	struct stub stub = { .lock = PTHREAD_MUTEX_INITIALIZER, .hold = true };
	struct outbox *o =
	    open_outbox(deliver_source_of_store(s->kit->s), &stub, 20000);

	for (uint32_t i = 0; i < 40; i++) {
		struct new_message m = a_message(i, "");

		assert_ok(store_update(s->kit->s, add_message, &m.message));
		outbox_wake(o);
	}
	stub_wait(&stub, 16);
	/* Several looks later there are still no more. */
	usleep(200 * 1000);
	assert_int_equal(stub_sent(&stub), 16);
	stub_release(&stub);
	stub_wait(&stub, 40);
	outbox_close(o);
}

struct late {
	struct stub *stub;
	atomic_bool closed;
};

static void *
report_late(void *arg)
{
	struct late *late = arg;

	usleep(200 * 1000);
	assert_false(atomic_load(&late->closed));
	stub_release(late->stub);
	return NULL;
}

static void
closing_waits_for_the_last_report_and_keeps_it(void **state)
{
	struct scene *s = *state;
	struct stub stub = { .lock = PTHREAD_MUTEX_INITIALIZER, .hold = true };
	struct outbox *o =
	    open_outbox(deliver_source_of_store(s->kit->s), &stub, 20000);
	struct new_message m = a_message(1, "");
	struct late late = { &stub, false };
	struct store_message left;
	pthread_t thread;

	assert_ok(store_update(s->kit->s, add_message, &m.message));
	stub_wait(&stub, 1);
	assert_int_equal(pthread_create(&thread, NULL, report_late, &late), 0);
	outbox_close(o);
	atomic_store(&late.closed, true);
	pthread_join(thread, NULL);
	assert_int_equal(scene_look(s, 1, &left), STORE_ABSENT);
}

/* ---- a store that cannot, now and then ---- */

struct moody {
	struct deliver_source real;
	atomic_uint bad_takes, bad_settles;
};

static bool
moody_take(void *arg, unsigned kinds, store_time now, store_time lease_ms,
    struct deliver_message *list, size_t max, size_t *n, store_time *next)
{
	struct moody *m = arg;

	if (atomic_load(&m->bad_takes) > 0) {
		atomic_fetch_sub(&m->bad_takes, 1);
		return false;
	}
	return m->real.take(
	    m->real.arg, kinds, now, lease_ms, list, max, n, next);
}

static bool
moody_settle(void *arg, const struct deliver_settlement *list, size_t n)
{
	struct moody *m = arg;

	if (atomic_load(&m->bad_settles) > 0) {
		atomic_fetch_sub(&m->bad_settles, 1);
		return false;
	}
	return m->real.settle(m->real.arg, list, n);
}

static void
a_full_disk_loses_nothing_and_sends_nothing_twice(void **state)
{
	struct scene *s = *state;
	struct stub stub = { .lock = PTHREAD_MUTEX_INITIALIZER };
	struct moody moody = { .real = deliver_source_of_store(s->kit->s),
		.bad_takes = 2,
		.bad_settles = 3 };
	const struct deliver_source source = { &moody, moody_take,
		moody_settle };
	struct outbox *o = open_outbox(source, &stub, 20000);
	const store_time until = clock_now() + SCENE_PATIENCE_MS;
	const uint64_t before = atomic_load(&deliver_counters.store_troubles);
	struct new_message m = a_message(1, "");
	struct store_message left;

	assert_ok(store_update(s->kit->s, add_message, &m.message));
	while (scene_look(s, 1, &left) != STORE_ABSENT && clock_now() < until) {
		outbox_wake(o);
		usleep(5000);
	}
	assert_int_equal(scene_look(s, 1, &left), STORE_ABSENT);
	assert_int_equal(stub_sent(&stub), 1);
	assert_true(
	    atomic_load(&deliver_counters.store_troubles) >= before + 3);
	outbox_close(o);
}

/* ---- a process that is killed with a message in its hands ---- */

static const char killed_role[] = "takes-and-dies";
enum { KILLED_LEASE_MS = 500 };

static void
tell_and_hang(void *self, const struct deliver_message *m, store_time now,
    deliver_report_fn *report, void *ticket)
{
	(void)self;
	(void)m;
	(void)now;
	(void)report;
	(void)ticket;
	if (write(STDOUT_FILENO, "t", 1) != 1)
		abort();
}

/* The other process: argv[2] is the store's folder. */
static int
take_and_hang(char **argv)
{
	const struct store_options o = { .dir = argv[2], .readers = 4 };
	struct store *s;
	struct outbox_config c = {
		.drivers = { [STORE_MESSAGE_PUSH] = { tell_and_hang, NULL } },
		.lease_ms = KILLED_LEASE_MS,
	};

	if (store_open(&o, &s) != STORE_OK)
		return 1;
	c.source = deliver_source_of_store(s);
	if (outbox_open(&c) == NULL)
		return 1;
	pause();
	return 1;
}

static pid_t
start_other(const char *dir, int *from)
{
	int p[2];
	pid_t pid;

	assert_int_equal(pipe2(p, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		dup2(p[1], STDOUT_FILENO);
		execl("/proc/self/exe", "test", killed_role, dir, (char *)NULL);
		_exit(127);
	}
	assert_true(pid > 0);
	close(p[1]);
	*from = p[0];
	return pid;
}

static void
a_process_killed_while_it_sends_loses_nothing(void **state)
{
	struct scene *s = *state;
	struct new_message m = a_message_to_path(s, 1, "/201");
	struct store_message left;
	int from, status;
	pid_t pid;
	char told;

	scene_write(s, 1, &m);
	pid = start_other(s->kit->dir, &from);
	assert_int_equal(read(from, &told, 1), 1);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	close(from);
	assert_ok(scene_look(s, 1, &left));
	assert_int_equal(left.attempts, 1);
	assert_int_equal(push_service_hits(s->service, NULL), 0);
	s->deliver = scene_deliver(s, scene_loopback, 0);
	assert_int_equal(scene_settled(s, 1, &left), STORE_ABSENT);
	assert_int_equal(push_service_hits(s->service, "/201"), 1);
}

/* Ours ends in order, with an answer outstanding: the next one sends again. */
static void
ending_in_order_leaves_the_rest_to_the_next(void **state)
{
	struct scene *s = *state;
	struct new_message never = a_message_to_path(s, 2, "/never");
	const store_time until = clock_now() + SCENE_PATIENCE_MS;
	struct store_message left;

	scene_write(s, 2, &never);
	while (
	    push_service_hits(s->service, "/never") == 0 && clock_now() < until)
		usleep(1000);
	deliver_close(s->deliver, 0);
	s->deliver = NULL;
	assert_ok(scene_look(s, 2, &left));
	assert_int_equal(left.state, STORE_MESSAGE_WAITS);
	assert_string_equal(left.trouble, "stopped");
	assert_true(left.due <= clock_now());
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, scene_setup, scene_teardown)
/* Without a deliver of its own running. */
#define IDLE(f)                                                                \
	cmocka_unit_test_setup_teardown(f, scene_setup_idle, scene_teardown)

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		IDLE(two_workers_on_one_store_send_each_once),
		IDLE(what_others_wrote_is_found),
		IDLE(kinds_without_a_driver_wait),
		IDLE(no_more_are_under_way_than_allowed),
		IDLE(closing_waits_for_the_last_report_and_keeps_it),
		IDLE(a_full_disk_loses_nothing_and_sends_nothing_twice),
		IDLE(a_process_killed_while_it_sends_loses_nothing),
		TEST(ending_in_order_leaves_the_rest_to_the_next),
	};

	if (argc == 3 && strcmp(argv[1], killed_role) == 0)
		return take_and_hang(argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
