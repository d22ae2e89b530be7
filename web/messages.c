/* SPDX-License-Identifier: Apache-2.0 */
#include "web/messages.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/x509_vfy.h>

#include "web/log.h"

static const char *const *
list_or_null(const struct config_list *l)
{
	return l->n == 0 ? NULL : (const char *const *)l->v;
}

static const char *
text_or_null(const char *text)
{
	return *text == '\0' ? NULL : text;
}

static const char *
subject_of(const struct config *c, char text[VAPID_SUBJECT_MAX + 16])
{
	if (*c->push_subject != '\0')
		return c->push_subject;
	(void)snprintf(text, VAPID_SUBJECT_MAX + 16, "https://%s", c->rp_id);
	return text;
}

/* It would be missed at the first push only, hours later. */
static bool
has_authorities(const char *file)
{
	X509_STORE *store = X509_STORE_new();
	bool good = store != NULL && X509_STORE_load_file(store, file) == 1;

	X509_STORE_free(store);
	ERR_clear_error();
	if (!good)
		log_say(WEB_LOG_ERROR, "push",
		    "push_ca: %s: has no certificate that can be read", file);
	return good;
}

bool
messages_check(const struct config *c)
{
	if (!c->push)
		return true;
	if (strlen(c->push_subject) > VAPID_SUBJECT_MAX) {
		log_say(WEB_LOG_ERROR, "push",
		    "push_subject: is longer than %d characters",
		    VAPID_SUBJECT_MAX);
		return false;
	}
	return *c->push_ca == '\0' || has_authorities(c->push_ca);
}

bool
messages_start(const struct config *c, struct store *s,
    const uint8_t push_key[32], struct deliver **d)
{
	char trouble[DELIVER_TROUBLE_MAX + 1], text[VAPID_SUBJECT_MAX + 16];
	const struct deliver_config dc = {
		.store = s,
		.vapid_key = { push_key, 32 },
		.push_subject = subject_of(c, text),
		.push_hosts = list_or_null(&c->push_hosts),
		.push_networks = list_or_null(&c->push_networks),
		.proxy = text_or_null(c->push_proxy),
		.ca_file = text_or_null(c->push_ca),
		.connect_to = list_or_null(&c->push_connect_to),
	};

	*d = NULL;
	if (!messages_check(c))
		return false;
	if (!c->push)
		return true;
	if ((*d = deliver_open(&dc, trouble)) != NULL)
		return true;
	log_say(WEB_LOG_ERROR, "push", "%s", trouble);
	return false;
}

static bool
lists_differ(const struct config_list *a, const struct config_list *b)
{
	if (a->n != b->n)
		return true;
	for (size_t i = 0; i < a->n; i++)
		if (strcmp(a->v[i], b->v[i]) != 0)
			return true;
	return false;
}

bool
messages_differ(const struct config *a, const struct config *b)
{
	char text[2][VAPID_SUBJECT_MAX + 16];

	return a->push != b->push ||
	       strcmp(subject_of(a, text[0]), subject_of(b, text[1])) != 0 ||
	       strcmp(a->push_proxy, b->push_proxy) != 0 ||
	       strcmp(a->push_ca, b->push_ca) != 0 ||
	       lists_differ(&a->push_hosts, &b->push_hosts) ||
	       lists_differ(&a->push_networks, &b->push_networks) ||
	       lists_differ(&a->push_connect_to, &b->push_connect_to);
}
