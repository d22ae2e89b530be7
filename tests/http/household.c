/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/http/household.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct household *
household_new(struct server *s)
{
	static unsigned count;
	struct household *h = calloc(1, sizeof(*h));
	struct visitor *v = visitor_new(s);

	assert(h != NULL);
	h->server = s;
	snprintf(h->name, sizeof(h->name), "person%u", ++count);
	json_decref(visitor_sign_up(v, h->name));
	h->phone = companion_new(v);
	companion_join(h->phone, "Phone");
	h->pc = asker_new(s);
	return h;
}

void
household_free(struct household *h)
{
	asker_free(h->pc);
	companion_free(h->phone);
	free(h);
}

struct companion *
household_phone(struct household *h, const char *name)
{
	json_t *offer = visitor_get(
	    h->phone->v, "POST", "/api/v1/phones/offers", json_object(), 201);
	struct companion *c = companion_new(visitor_new(h->server));
	char path[128];

	companion_answer(c, json_at(offer, "offer.token"), name);
	snprintf(path, sizeof(path), "/api/v1/phones/offers/%s/confirm",
	    json_at(offer, "offer.id"));
	json_decref(visitor_get(
	    h->phone->v, "POST", path, json_pack("{s:b}", "confirm", 1), 200));
	json_decref(offer);
	return c;
}

const char *
household_other(const json_t *seen, const char *number)
{
	const json_t *choices = json_object_get(seen, "choices"), *one;
	size_t i;

	json_array_foreach(
	    choices, i, one) if (strcmp(json_string_value(one), number) !=
				 0) return json_string_value(one);
	fail_msg("there is no other number");
	return NULL;
}

void
household_approve(struct household *h, struct asker *b)
{
	asker_ask(b, h->name);
	companion_decide(h->phone, b->id, b->number, "approved");
}

void
household_let_in(struct household *h, struct asker *b)
{
	household_approve(h, b);
	json_decref(asker_collect(b));
}

void
wants_state(struct answer a, int status, const char *code, const char *state)
{
	if (a.status != status || strcmp(answer_code(&a), code) != 0 ||
	    strcmp(json_at(a.json, "state"), state) != 0)
		fail_msg("wanted %d %s %s, got %d %s", status, code, state,
		    a.status, a.body != NULL ? a.body : "");
	answer_free(&a);
}

void
wants(struct answer a, int status, const char *code)
{
	wants_state(a, status, code, json_at(a.json, "state"));
}
