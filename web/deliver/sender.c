/* SPDX-License-Identifier: Apache-2.0 */
#include "web/deliver/sender.h"

#include <curl/curl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "web/clock.h"
#include "web/log.h"

enum {
	ANSWER_MAX = 64 * 1024, /* headers and body; nobody needs more */
	CONNECTIONS_MAX = 128,
	IDLE_POLL_MS = 60 * 1000,
	FAULT_US = 100 * 1000,
	DAY_S = 24 * 60 * 60,
};

struct transfer {
	struct transfer *next, *previous;
	struct sender *sender;
	CURL *easy;
	struct curl_slist *headers;
	bool judged, address_refused;
	size_t answer_n;
	uint64_t began, deadline; /* µs */
	sender_done *done;
	void *arg;
};

/* Oldest first; since all wait equally long, it is also the first to end. */
struct list {
	struct transfer *first, *last;
};

struct sender {
	struct sender_config config; /* its strings are not kept */
	struct curl_slist *connect_to;
	char *proxy, *ca_file;
	CURLM *multi;
	pthread_t thread;
	struct list active; /* the thread's own */

	pthread_mutex_t lock; /* guards what follows */
	struct list submitted;
	unsigned requests; /* submitted and active */
	bool stopping;
	uint64_t stop_by;
};

/* ---- lists ---- */

static void
list_add(struct list *l, struct transfer *t)
{
	t->next = NULL;
	t->previous = l->last;
	if (l->last != NULL)
		l->last->next = t;
	else
		l->first = t;
	l->last = t;
}

static void
list_remove(struct list *l, struct transfer *t)
{
	if (l->first == t)
		l->first = t->next;
	else
		t->previous->next = t->next;
	if (l->last == t)
		l->last = t->previous;
	else
		t->next->previous = t->previous;
}

static struct transfer *
list_take(struct list *l)
{
	struct transfer *t = l->first;

	if (t != NULL)
		list_remove(l, t);
	return t;
}

/* ---- one request ---- */

/*
 * The last moment before a connection is made, with the address that it will
 * be made to: a name that leads inside gets no packet, whatever it led to
 * when it was looked at before.
 */
static curl_socket_t
open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *to)
{
	struct transfer *t = arg;

	if (purpose != CURLSOCKTYPE_IPCXN)
		return CURL_SOCKET_BAD;
	if (t->judged && t->sender->proxy == NULL &&
	    !endpoint_address_allowed(t->sender->config.rules, &to->addr)) {
		t->address_refused = true;
		return CURL_SOCKET_BAD;
	}
	return socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
}

static size_t
swallow(char *p, size_t size, size_t n, void *arg)
{
	struct transfer *t = arg;

	(void)p;
	t->answer_n += size * n;
	return t->answer_n > ANSWER_MAX ? 0 : size * n;
}

static void
transfer_free(struct transfer *t)
{
	curl_easy_cleanup(t->easy);
	curl_slist_free_all(t->headers);
	free(t);
}

static bool
add_header(struct transfer *t, const char *header)
{
	struct curl_slist *longer = curl_slist_append(t->headers, header);

	if (longer == NULL)
		return false;
	t->headers = longer;
	return true;
}

#define SET(option, value)                                                     \
	(curl_easy_setopt(t->easy, CURLOPT_##option, (value)) == CURLE_OK)

/* What holds for every request. */
static bool
set_ground_rules(struct transfer *t)
{
	const struct sender *s = t->sender;

	return SET(PRIVATE, (char *)t) && SET(NOSIGNAL, 1L) &&
	       SET(QUICK_EXIT, 1L) && SET(PROTOCOLS_STR, "http,https") &&
	       SET(FOLLOWLOCATION, 0L) && SET(USERAGENT, "itsumo") &&
	       SET(HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS) &&
	       SET(PIPEWAIT, 1L) &&
	       SET(CONNECTTIMEOUT_MS, (long)s->config.connect_ms) &&
	       SET(PROXY, s->proxy != NULL ? s->proxy : "") &&
	       SET(NOPROXY, "") &&
	       (s->ca_file == NULL || SET(CAINFO, s->ca_file)) &&
	       SET(CONNECT_TO, s->connect_to) &&
	       SET(OPENSOCKETFUNCTION, open_socket) && SET(OPENSOCKETDATA, t) &&
	       SET(WRITEFUNCTION, swallow) && SET(WRITEDATA, t) &&
	       SET(HEADERFUNCTION, swallow) && SET(HEADERDATA, t);
}

static bool
set_request(struct transfer *t, const struct sender_request *r)
{
	for (const char *const *h = r->headers; h != NULL && *h != NULL; h++)
		if (!add_header(t, *h))
			return false;
	return SET(URL, r->url) && SET(POST, 1L) &&
	       SET(POSTFIELDSIZE_LARGE, (curl_off_t)r->body.n) &&
	       SET(COPYPOSTFIELDS,
		   r->body.n > 0 ? (const char *)r->body.p : "") &&
	       SET(HTTPHEADER, t->headers);
}

#undef SET

static struct transfer *
transfer_new(struct sender *s, const struct sender_request *r,
    sender_done *done, void *arg)
{
	struct transfer *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return NULL;
	t->sender = s;
	t->judged = r->judged;
	t->done = done;
	t->arg = arg;
	if ((t->easy = curl_easy_init()) == NULL || !set_ground_rules(t) ||
	    !set_request(t, r)) {
		transfer_free(t);
		return NULL;
	}
	return t;
}

/* ---- how it ended ---- */

static enum sender_end
end_of(const struct transfer *t, CURLcode code, long status)
{
	/* An answer that does not stop talking is an answer. */
	if (code == CURLE_OK || (code == CURLE_WRITE_ERROR && status >= 200))
		return SENDER_ANSWERED;
	switch (code) {
	case CURLE_COULDNT_CONNECT:
		return t->address_refused ? SENDER_ADDRESS : SENDER_UNREACHABLE;
	case CURLE_OPERATION_TIMEDOUT:
		return SENDER_TIMEOUT;
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CIPHER:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_ISSUER_ERROR:
		return SENDER_TLS;
	case CURLE_OUT_OF_MEMORY:
		return SENDER_FAULT;
	default:
		return SENDER_UNREACHABLE;
	}
}

static int64_t
retry_after_ms(CURL *easy)
{
	curl_off_t s = 0;

	if (curl_easy_getinfo(easy, CURLINFO_RETRY_AFTER, &s) != CURLE_OK ||
	    s <= 0)
		return 0;
	return (int64_t)(s < DAY_S ? s : DAY_S) * 1000;
}

/* The transfer is in no list and no longer curl's. */
static void
finish(struct transfer *t, enum sender_end end, long status)
{
	struct sender *s = t->sender;
	struct sender_reply r = { .end = end,
		.took_us = clock_us() - t->began };

	if (end == SENDER_ANSWERED) {
		r.status = (unsigned)status;
		r.retry_after_ms = retry_after_ms(t->easy);
	}
	pthread_mutex_lock(&s->lock);
	s->requests--;
	pthread_mutex_unlock(&s->lock);
	t->done(t->arg, &r);
	transfer_free(t);
}

static void
finish_active(
    struct sender *s, struct transfer *t, enum sender_end end, long status)
{
	curl_multi_remove_handle(s->multi, t->easy);
	list_remove(&s->active, t);
	finish(t, end, status);
}

static void
collect(struct sender *s)
{
	CURLMsg *m;
	int left;

	while ((m = curl_multi_info_read(s->multi, &left)) != NULL) {
		const CURLcode code = m->data.result;
		char *private = NULL;
		long status = 0;
		struct transfer *t;

		curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &private);
		curl_easy_getinfo(
		    m->easy_handle, CURLINFO_RESPONSE_CODE, &status);
		t = (void *)private;
		finish_active(s, t, end_of(t, code, status), status);
	}
}

/* ---- the thread ---- */

static void
start_submitted(struct sender *s)
{
	struct transfer *t;

	for (;;) {
		pthread_mutex_lock(&s->lock);
		t = list_take(&s->submitted);
		pthread_mutex_unlock(&s->lock);
		if (t == NULL)
			return;
		if (curl_multi_add_handle(s->multi, t->easy) == CURLM_OK)
			list_add(&s->active, t);
		else
			finish(t, SENDER_FAULT, 0);
	}
}

static void
end_overdue(struct sender *s)
{
	const uint64_t now = clock_us();

	while (s->active.first != NULL && s->active.first->deadline <= now)
		finish_active(s, s->active.first, SENDER_TIMEOUT, 0);
}

static int
ms_until(uint64_t us)
{
	const uint64_t now = clock_us();

	if (us <= now)
		return 0;
	us = (us - now) / 1000 + 1;
	return us < IDLE_POLL_MS ? (int)us : IDLE_POLL_MS;
}

/* True when it is time to go; *wait_ms is how long to sleep otherwise. */
static bool
is_over(struct sender *s, int *wait_ms)
{
	bool over;

	*wait_ms = s->active.first != NULL ? ms_until(s->active.first->deadline)
					   : IDLE_POLL_MS;
	pthread_mutex_lock(&s->lock);
	over = s->stopping && (s->requests == 0 || ms_until(s->stop_by) == 0);
	if (s->stopping && *wait_ms > ms_until(s->stop_by))
		*wait_ms = ms_until(s->stop_by);
	pthread_mutex_unlock(&s->lock);
	return over;
}

/* Waits for something to happen, and lets curl do what it can. */
static bool
go_on(struct sender *s, int wait_ms)
{
	int running;

	if (curl_multi_poll(s->multi, NULL, 0, wait_ms, NULL) != CURLM_OK)
		return false;
	start_submitted(s);
	return curl_multi_perform(s->multi, &running) == CURLM_OK;
}

static void *
run(void *arg)
{
	struct sender *s = arg;
	int wait_ms;

	while (!is_over(s, &wait_ms)) {
		if (!go_on(s, wait_ms)) {
			log_say(WEB_LOG_ERROR, "sender-fault",
			    "libcurl cannot go on; retrying");
			usleep(FAULT_US);
		}
		collect(s);
		end_overdue(s);
	}
	start_submitted(s);
	while (s->active.first != NULL)
		finish_active(s, s->active.first, SENDER_STOPPED, 0);
	return NULL;
}

bool
sender_submit(struct sender *s, const struct sender_request *r,
    sender_done *done, void *arg)
{
	struct transfer *t = transfer_new(s, r, done, arg);
	bool taken;

	if (t == NULL)
		return false;
	t->began = clock_us();
	t->deadline = t->began + (uint64_t)s->config.timeout_ms * 1000;
	pthread_mutex_lock(&s->lock);
	taken = !s->stopping && s->requests < s->config.requests;
	if (taken) {
		list_add(&s->submitted, t);
		s->requests++;
	}
	pthread_mutex_unlock(&s->lock);
	if (taken)
		curl_multi_wakeup(s->multi);
	else
		transfer_free(t);
	return taken;
}

/* ---- begin and end ---- */

static void
or_else(unsigned *value, unsigned otherwise)
{
	if (*value == 0)
		*value = otherwise;
}

static bool
copy_text(const char *text, char **copy)
{
	return text == NULL || (*copy = strdup(text)) != NULL;
}

static bool
copy_config(struct sender *s, const struct sender_config *c)
{
	const char *const *each = c->connect_to;

	s->config = *c;
	or_else(&s->config.requests, 256);
	or_else(&s->config.per_host, 8);
	or_else(&s->config.timeout_ms, 10 * 1000);
	or_else(&s->config.connect_ms, 5 * 1000);
	for (; each != NULL && *each != NULL; each++) {
		struct curl_slist *longer =
		    curl_slist_append(s->connect_to, *each);

		if (longer == NULL)
			return false;
		s->connect_to = longer;
	}
	return copy_text(c->proxy, &s->proxy) &&
	       copy_text(c->ca_file, &s->ca_file);
}

static bool
open_multi(struct sender *s)
{
	return (s->multi = curl_multi_init()) != NULL &&
	       curl_multi_setopt(s->multi, CURLMOPT_MAX_HOST_CONNECTIONS,
		   (long)s->config.per_host) == CURLM_OK &&
	       curl_multi_setopt(s->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS,
		   (long)CONNECTIONS_MAX) == CURLM_OK;
}

/* Signals are for others; a broken pipe is an error and no signal. */
static bool
start_thread(struct sender *s)
{
	sigset_t all, before;
	bool good;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	good = pthread_create(&s->thread, NULL, run, s) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (good)
		(void)pthread_setname_np(s->thread, "sender");
	return good;
}

void
sender_close(struct sender *s)
{
	if (s == NULL)
		return;
	curl_multi_cleanup(s->multi);
	curl_slist_free_all(s->connect_to);
	free(s->proxy);
	free(s->ca_file);
	pthread_mutex_destroy(&s->lock);
	free(s);
	curl_global_cleanup();
}

struct sender *
sender_open(const struct sender_config *c)
{
	struct sender *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
		free(s);
		return NULL;
	}
	if (pthread_mutex_init(&s->lock, NULL) != 0) {
		free(s);
		curl_global_cleanup();
		return NULL;
	}
	if (!copy_config(s, c) || !open_multi(s) || !start_thread(s)) {
		sender_close(s);
		return NULL;
	}
	return s;
}

void
sender_stop(struct sender *s, unsigned grace_ms)
{
	pthread_mutex_lock(&s->lock);
	s->stopping = true;
	s->stop_by = clock_us() + (uint64_t)grace_ms * 1000;
	pthread_mutex_unlock(&s->lock);
	curl_multi_wakeup(s->multi);
	pthread_join(s->thread, NULL);
}
