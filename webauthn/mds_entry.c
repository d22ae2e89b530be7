/* SPDX-License-Identifier: Apache-2.0 */
#include "webauthn/mds_entry.h"

#include <openssl/crypto.h>
#include <stdlib.h>

#include "webauthn/b64.h"

struct wa_mds_model {
	char *name, *icon;
	unsigned statuses;
	time_t since;
	struct slice *anchors; /* each of malloc() */
	size_t anchor_count;
};

static const struct {
	const char *name;
	unsigned bit;
} statuses[] = {
	{ "NOT_FIDO_CERTIFIED", WA_MDS_NOT_CERTIFIED },
	{ "FIDO_CERTIFIED", WA_MDS_CERTIFIED },
	{ "FIDO_CERTIFIED_L1", WA_MDS_CERTIFIED },
	{ "FIDO_CERTIFIED_L1plus", WA_MDS_CERTIFIED },
	{ "FIDO_CERTIFIED_L2", WA_MDS_CERTIFIED },
	{ "FIDO_CERTIFIED_L2plus", WA_MDS_CERTIFIED },
	{ "FIDO_CERTIFIED_L3", WA_MDS_CERTIFIED },
	{ "FIDO_CERTIFIED_L3plus", WA_MDS_CERTIFIED },
	{ "SELF_ASSERTION_SUBMITTED", WA_MDS_SELF_ASSERTION },
	{ "UPDATE_AVAILABLE", WA_MDS_UPDATE_AVAILABLE },
	{ "REVOKED", WA_MDS_REVOKED },
	{ "RETIRED", WA_MDS_RETIRED },
	{ "USER_VERIFICATION_BYPASS", WA_MDS_USER_VERIFICATION_BYPASS },
	{ "ATTESTATION_KEY_COMPROMISE", WA_MDS_ATTESTATION_KEY_COMPROMISE },
	{ "USER_KEY_REMOTE_COMPROMISE", WA_MDS_USER_KEY_REMOTE_COMPROMISE },
	{ "USER_KEY_PHYSICAL_COMPROMISE", WA_MDS_USER_KEY_PHYSICAL_COMPROMISE },
};

/* How reading one entry ended. */
enum outcome { TAKEN, NOT_OURS, BROKEN, STARVED };

static bool
read_digits(const char *text, size_t n, int *value)
{
	*value = 0;
	for (size_t i = 0; i < n; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		*value = *value * 10 + (text[i] - '0');
	}
	return true;
}

bool
wa_mds_date(const char *text, time_t *at)
{
	struct tm tm = { 0 };
	int year, month, day;

	/* Of that one form: strptime() takes " 2022-2-3" as well. */
	if (strlen(text) != 10 || !read_digits(text, 4, &year) ||
	    text[4] != '-' || !read_digits(text + 5, 2, &month) ||
	    text[7] != '-' || !read_digits(text + 8, 2, &day))
		return false;
	tm = (struct tm){
		.tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = day
	};
	*at = timegm(&tm);
	/* A day that the month has not is of the next one now. */
	return tm.tm_year == year - 1900 && tm.tm_mon == month - 1 &&
	       tm.tm_mday == day;
}

/* "39a5647e-1853-446c-a1f6-a79bae9f5bc7" or 40 digits without dashes. */
static bool
read_hex(const char *text, bool dashes, struct wa_mds_key *key)
{
	size_t i = 0;

	for (; *text != '\0'; i++) {
		int hi, lo;

		if (dashes && (i == 4 || i == 6 || i == 8 || i == 10) &&
		    *text++ != '-')
			return false;
		hi = OPENSSL_hexchar2int((unsigned char)text[0]);
		lo = hi < 0 ? -1 : OPENSSL_hexchar2int((unsigned char)text[1]);
		if (lo < 0 || i == sizeof(key->bytes))
			return false;
		key->bytes[i] = (uint8_t)(hi << 4 | lo);
		text += 2;
	}
	key->n = i;
	return i == (dashes ? 16 : 20);
}

unsigned
wa_mds_status_find(const char *name)
{
	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
		if (strcmp(name, statuses[i].name) == 0)
			return statuses[i].bit;
	}
	return 0;
}

const char *
wa_mds_status_name(unsigned set)
{
	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
		if ((set & statuses[i].bit) != 0)
			return statuses[i].name;
	}
	return "";
}

/* A status of tomorrow is one, too. */
static unsigned
status_bit(const char *name)
{
	const unsigned bit = name == NULL ? 0 : wa_mds_status_find(name);

	return bit != 0 ? bit : WA_MDS_OTHER;
}

static bool
read_statuses(const json_t *reports, struct wa_mds_model *m)
{
	if (json_array_size(reports) == 0)
		return false;
	for (size_t i = 0; i < json_array_size(reports); i++)
		m->statuses |= status_bit(json_string_value(
		    json_object_get(json_array_get(reports, i), "status")));
	return true;
}

/* A certificate that cannot be decoded makes the entry a broken one. */
static enum outcome
read_anchors(const json_t *list, struct wa_mds_model *m)
{
	const size_t count = json_array_size(list);
	bool starved = false;

	if (count == 0)
		return TAKEN;
	if ((m->anchors = calloc(count, sizeof(*m->anchors))) == NULL)
		return STARVED;
	for (size_t i = 0; i < count; i++) {
		const char *text = json_string_value(json_array_get(list, i));
		struct slice *a = &m->anchors[m->anchor_count];

		if (text == NULL)
			return BROKEN;
		a->p = wa_b64_decode(slice_of(text), &a->n, &starved);
		if (a->p == NULL)
			return starved ? STARVED : BROKEN;
		m->anchor_count++;
	}
	return TAKEN;
}

static enum outcome
read_texts(const json_t *statement, struct wa_mds_model *m)
{
	const char *name =
	    json_string_value(json_object_get(statement, "description"));
	const char *icon =
	    json_string_value(json_object_get(statement, "icon"));

	if (name == NULL)
		return BROKEN;
	m->name = strdup(name);
	/* Nothing but an image of their own goes onto a page of ours. */
	if (icon != NULL && strncmp(icon, "data:image/", 11) == 0)
		m->icon = strdup(icon);
	else
		icon = NULL;
	return m->name == NULL || (icon != NULL && m->icon == NULL) ? STARVED
								    : TAKEN;
}

static enum outcome
read_model(const json_t *entry, struct wa_mds_model *m)
{
	const json_t *statement = json_object_get(entry, "metadataStatement");
	const char *since =
	    json_string_value(json_object_get(entry, "timeOfLastStatusChange"));
	enum outcome o;

	if (!json_is_object(statement) || since == NULL ||
	    !wa_mds_date(since, &m->since) ||
	    !read_statuses(json_object_get(entry, "statusReports"), m))
		return BROKEN;
	if ((o = read_texts(statement, m)) != TAKEN)
		return o;
	return read_anchors(
	    json_object_get(statement, "attestationRootCertificates"), m);
}

static bool
add_key(struct wa_mds_models *all, const struct wa_mds_key *key)
{
	struct wa_mds_key *more =
	    reallocarray(all->keys, all->key_count + 1, sizeof(*more));

	if (more == NULL)
		return false;
	all->keys = more;
	all->keys[all->key_count++] = *key;
	return true;
}

/* The names of the next model: an AAGUID, or identifiers of keys. */
static enum outcome
read_keys(const json_t *entry, struct wa_mds_models *all)
{
	const json_t *aaguid = json_object_get(entry, "aaguid");
	const json_t *ids =
	    json_object_get(entry, "attestationCertificateKeyIdentifiers");
	struct wa_mds_key key = { .model = &all->models[all->count] };

	if (!json_is_object(entry))
		return BROKEN;
	if (aaguid == NULL && ids == NULL)
		return NOT_OURS; /* UAF has an "aaid" */
	if (aaguid != NULL)
		return !json_is_string(aaguid) ||
			       !read_hex(json_string_value(aaguid), true, &key)
			   ? BROKEN
		       : add_key(all, &key) ? TAKEN
					    : STARVED;
	if (json_array_size(ids) == 0)
		return BROKEN;
	for (size_t i = 0; i < json_array_size(ids); i++) {
		const char *id = json_string_value(json_array_get(ids, i));

		if (id == NULL || !read_hex(id, false, &key))
			return BROKEN;
		if (!add_key(all, &key))
			return STARVED;
	}
	return TAKEN;
}

static void
model_clear(struct wa_mds_model *m)
{
	for (size_t i = 0; i < m->anchor_count; i++)
		free((void *)(uintptr_t)m->anchors[i].p);
	free(m->anchors);
	free(m->name);
	free(m->icon);
	*m = (struct wa_mds_model){ 0 };
}

static int
compare_names(const struct wa_mds_key *x, const struct wa_mds_key *y)
{
	if (x->n != y->n)
		return x->n < y->n ? -1 : 1;
	return memcmp(x->bytes, y->bytes, x->n);
}

/* Of one name twice, as listed. */
static int
compare(const void *a, const void *b)
{
	const struct wa_mds_key *x = a, *y = b;
	const int order = compare_names(x, y);

	return order != 0 ? order
			  : (x->model > y->model) - (x->model < y->model);
}

/* The first key of that name, or where it would stand. */
static size_t
search(const struct wa_mds_models *all, const struct wa_mds_key *wanted)
{
	size_t from = 0, to = all->key_count;

	while (from < to) {
		const size_t middle = from + (to - from) / 2;

		if (compare_names(&all->keys[middle], wanted) < 0)
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

bool
wa_mds_models_read(
    const json_t *entries, struct wa_mds_models *all, size_t *skipped)
{
	/* Keys point at models, so these must not move. */
	all->models =
	    calloc(json_array_size(entries) + 1, sizeof(*all->models));
	if (all->models == NULL)
		return false;
	for (size_t i = 0; i < json_array_size(entries); i++) {
		const json_t *entry = json_array_get(entries, i);
		struct wa_mds_model *m = &all->models[all->count];
		const size_t keys_before = all->key_count;
		enum outcome o = read_keys(entry, all);

		if (o == TAKEN)
			o = read_model(entry, m);
		if (o == TAKEN) {
			all->count++;
			continue;
		}
		model_clear(m);
		all->key_count = keys_before;
		if (o == STARVED)
			return false;
		*skipped += o == BROKEN;
	}
	if (all->key_count > 0)
		qsort(all->keys, all->key_count, sizeof(*all->keys), compare);
	return true;
}

/* 3.1.6: MetadataBLOBPayload. */
enum wa_verdict
wa_mds_payload_read(
    const json_t *payload, struct wa_mds_models *all, struct wa_mds_info *info)
{
	const json_t *serial = json_object_get(payload, "no");
	const json_t *entries = json_object_get(payload, "entries");
	const char *next =
	    json_string_value(json_object_get(payload, "nextUpdate"));

	if (!json_is_integer(serial) || json_integer_value(serial) < 0 ||
	    !json_is_array(entries) || next == NULL ||
	    !wa_mds_date(next, &info->next_update))
		return WA_STATEMENT_FORM;
	info->serial = (uint64_t)json_integer_value(serial);
	if (!wa_mds_models_read(entries, all, &info->skipped))
		return WA_FAULT;
	info->entry_count = all->count;
	return WA_OK;
}

void
wa_mds_models_free(struct wa_mds_models *all)
{
	for (size_t i = 0; i < all->count; i++)
		model_clear(&all->models[i]);
	free(all->models);
	free(all->keys);
	*all = (struct wa_mds_models){ 0 };
}

bool
wa_mds_models_find(const struct wa_mds_models *all, struct slice name,
    struct wa_mds_entry *entry)
{
	struct wa_mds_key wanted = { .n = name.n };
	size_t i, first;

	if (name.n > sizeof(wanted.bytes))
		return false;
	memcpy(wanted.bytes, name.p, name.n);
	first = search(all, &wanted);
	for (i = first;
	     i < all->key_count && compare_names(&all->keys[i], &wanted) == 0;
	     i++) {
		const struct wa_mds_model *m = all->keys[i].model;

		if (i == first)
			*entry = (struct wa_mds_entry){
				.name = m->name,
				.icon = m->icon,
				.since = m->since,
				.anchors = { m->anchors, m->anchor_count },
			};
		/* Listed twice it is the first, and whatever either did. */
		entry->statuses |= m->statuses;
	}
	return i > first;
}
