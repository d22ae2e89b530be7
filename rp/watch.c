/* SPDX-License-Identifier: Apache-2.0 */
#include "rp/watch.h"

#include <stdlib.h>

#include "rp/inside.h"
#include "store/changes.h"

enum { AT_ONCE = 64 };

struct rp_watch {
	struct rp *rp;
	struct store_ear *ear;
	uint64_t last; /* the number of the last change that was told */
};

static enum rp_answer
last_now(struct rp *rp, uint64_t *last)
{
	struct store_txn *t = NULL;
	enum store_rc rc;

	if (store_read_begin(rp->store, &t) != STORE_OK)
		return RP_FAULT;
	rc = store_changes_last(t, last);
	store_read_end(t);
	return rp_answer_of(rc, RP_FAULT);
}

enum rp_answer
rp_watch_open(struct rp *rp, struct rp_watch **out)
{
	struct rp_watch *w = calloc(1, sizeof(*w));

	if (w == NULL)
		return RP_FAULT;
	w->rp = rp;
	/* Listens first: what comes in between is heard or counted. */
	if (store_ear_open(rp->store, &w->ear) != STORE_OK ||
	    last_now(rp, &w->last) != RP_OK) {
		rp_watch_close(w);
		return RP_FAULT;
	}
	*out = w;
	return RP_OK;
}

void
rp_watch_close(struct rp_watch *w)
{
	if (w == NULL)
		return;
	store_ear_close(w->ear);
	free(w);
}

int
rp_watch_fd(const struct rp_watch *w)
{
	return store_ear_fd(w->ear);
}

static bool
change_of(const struct store_change *from, struct rp_change *c)
{
	switch (from->kind) {
	case STORE_CHANGE_APPROVAL:
		c->kind = RP_CHANGE_APPROVAL;
		memcpy(c->id.approval.b, from->id, sizeof(from->id));
		return true;
	case STORE_CHANGE_OUTBOX:
		c->kind = RP_CHANGE_OUTBOX;
		memcpy(c->id.message.b, from->id, sizeof(from->id));
		return true;
	case STORE_CHANGE_OFFER:
		c->kind = RP_CHANGE_OFFER;
		memcpy(c->id.offer.b, from->id, sizeof(from->id));
		return true;
	}
	return false;
}

struct page {
	struct store_change list[AT_ONCE];
	size_t n;
	bool missed;
};

static enum rp_answer
page_read(struct rp_watch *w, struct page *p)
{
	struct store_txn *t = NULL;
	enum store_rc rc;

	if (store_read_begin(w->rp->store, &t) != STORE_OK)
		return RP_FAULT;
	p->n = 0;
	rc = store_changes_since(
	    t, w->last, p->list, AT_ONCE, &p->n, &p->missed);
	if (rc == STORE_OK && p->missed)
		rc = store_changes_last(t, &w->last);
	store_read_end(t);
	return rp_answer_of(rc, RP_FAULT);
}

enum rp_answer
rp_watch_read(struct rp_watch *w,
    void (*each)(const struct rp_change *c, void *arg), void *arg)
{
	struct rp_change c = { .kind = RP_CHANGE_ANY };
	enum rp_answer answer;
	struct page p;

	store_ear_clear(w->ear);
	do {
		if ((answer = page_read(w, &p)) != RP_OK)
			return answer;
		if (p.missed) {
			c.kind = RP_CHANGE_ANY;
			each(&c, arg);
			return RP_OK;
		}
		/* With no view open: whoever is called may open one. */
		for (size_t i = 0; i < p.n; i++) {
			w->last = p.list[i].number;
			if (change_of(&p.list[i], &c))
				each(&c, arg);
		}
	} while (p.n == AT_ONCE);
	return RP_OK;
}
