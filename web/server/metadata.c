/* SPDX-License-Identifier: Apache-2.0 */
#include "web/server/metadata.h"

#include <sys/stat.h>

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "store/record.h"
#include "store/settings.h"
#include "web/clock.h"
#include "web/log.h"
#include "web/metrics.h"
#include "web/server/derfile.h"
#include "webauthn/hash.h"

enum {
	BLOB_MAX = 32 << 20, /* it has 3 MB in 2026 */
	LINEAGE = 32, /* SHA-256 of the roots */
	DAY_MS = 86400000,
	AGAIN_MS = 60000, /* where the machine failed */
};

static const char setting[] = "metadata";

/* Which file it was; all zero: there was none. */
struct stamp {
	dev_t device;
	ino_t inode;
	off_t size;
	struct timespec changed;
};

struct metadata {
	const struct config *config;
	struct derfile roots, crls;
	uint8_t lineage[LINEAGE];
	struct wa_mds_shelf *shelf;
	struct stamp stamp;
	bool looked;
	store_time again; /* not before */
	store_time warned; /* that it has expired */
};

/* For wa_mds_unref(); NULL: there is none. */
static struct wa_mds *
in_force(const struct metadata *m)
{
	return m->shelf == NULL ? NULL : wa_mds_shelf_take(m->shelf);
}

static void
say_refused(const struct metadata *m, const char *why, const char *more)
{
	struct wa_mds *mds = in_force(m);
	struct log_line l;

	METRIC_ADD(metadata_refused, 1);
	log_begin(&l, WEB_LOG_ERROR, "metadata");
	log_text(&l, "refused", why);
	log_text(&l, "file", m->config->metadata);
	log_text(&l, "why", more);
	log_text(&l, "says",
	    mds != NULL ? "the one from before stays in force"
			: "there is none in force");
	log_send(&l);
	wa_mds_unref(mds);
}

static bool
fill_lineage(struct metadata *m)
{
	uint8_t *all;
	size_t n = 0;
	bool good;

	for (size_t i = 0; i < m->roots.n; i++)
		n += m->roots.der[i].n;
	if ((all = malloc(n + 1)) == NULL)
		return false;
	n = 0;
	for (size_t i = 0; i < m->roots.n; i++) {
		memcpy(all + n, m->roots.der[i].p, m->roots.der[i].n);
		n += m->roots.der[i].n;
	}
	good = wa_sha256((struct slice){ all, n }, m->lineage);
	free(all);
	return good;
}

struct metadata *
metadata_new(const struct config *c)
{
	struct metadata *m = calloc(1, sizeof(*m));
	bool good = true;

	if (m == NULL)
		return NULL;
	m->config = c;
	if (*c->metadata != '\0') {
		good = derfile_add(&m->roots, DERFILE_CERTIFICATES,
		    "metadata_root", c->metadata_root);
		good = derfile_add_all(&m->crls, DERFILE_CRLS, "metadata_crls",
			   &c->metadata_crls) &&
		       good;
		good = good && fill_lineage(m) &&
		       (m->shelf = wa_mds_shelf_new()) != NULL;
	}
	if (good)
		return m;
	metadata_free(m);
	return NULL;
}

void
metadata_free(struct metadata *m)
{
	if (m == NULL)
		return;
	wa_mds_shelf_free(m->shelf);
	derfile_clear(&m->roots);
	derfile_clear(&m->crls);
	free(m);
}

struct wa_mds_shelf *
metadata_shelf(const struct metadata *m)
{
	return m->shelf;
}

/* ---- the serial that was in force last ---- */

struct last {
	const struct metadata *m;
	uint64_t serial;
};

/* 0 where there was none by these roots. */
static bool
serial_read(struct store_txn *t, const struct metadata *m, uint64_t *serial)
{
	uint8_t value[8 + LINEAGE];
	struct cursor c = cursor_over((struct slice){ value, sizeof(value) });
	enum store_rc rc;
	size_t n = 0;

	*serial = 0;
	rc = store_setting_get(t, setting, value, sizeof(value), &n);
	if (rc == STORE_OK && n == sizeof(value) &&
	    memcmp(value + 8, m->lineage, LINEAGE) == 0)
		*serial = cursor_be(&c, 8);
	return rc == STORE_OK || rc == STORE_ABSENT;
}

static enum store_rc
serial_write(struct store_txn *t, void *arg)
{
	const struct last *x = arg;
	uint8_t value[8 + LINEAGE];
	struct writer w = WRITER(value);
	uint64_t before;

	if (!serial_read(t, x->m, &before))
		return STORE_FAULT;
	/* Another process on this store may have been faster. */
	if (x->serial < before)
		return STORE_REFUSED;
	writer_be(&w, x->serial, 8);
	writer_bytes(&w, x->m->lineage, LINEAGE);
	return store_setting_put(t, setting, writer_done(&w));
}

/* MDS 3.1.7 step 2, across restarts.  NULL, or what speaks against it. */
static const char *
remember(const struct metadata *m, struct store *store, uint64_t serial)
{
	struct last x = { m, serial };
	struct store_txn *t;
	uint64_t before = 0;
	bool read;

	if (store_read_begin(store, &t) != STORE_OK)
		return "store";
	read = serial_read(t, m, &before);
	store_read_end(t);
	if (!read)
		return "store";
	if (serial <= before)
		return serial < before ? "serial" : NULL;
	switch (store_update(store, serial_write, &x)) {
	case STORE_OK:
		return NULL;
	case STORE_REFUSED:
		return "serial";
	default:
		return "store";
	}
}

/* ---- the BLOB ---- */

/* As wa_mds_load(); what is wrong in words where it cannot be read at all. */
static enum wa_verdict
load(const struct metadata *m, struct wa_mds **mds, const char **why)
{
	const struct config *c = m->config;
	const struct wa_mds_terms terms = {
		.anchors = { m->roots.der, m->roots.n },
		.revoked = { m->crls.der, m->crls.n },
		.host = *c->metadata_host == '\0' ? NULL : c->metadata_host,
		.at = (time_t)(clock_now() / 1000),
	};
	enum wa_verdict v;
	size_t n = 0;
	uint8_t *p = derfile_bytes(c->metadata, BLOB_MAX, &n, why);

	if (p == NULL)
		return WA_STATEMENT_FORM;
	*why = "";
	v = wa_mds_load((struct slice){ p, n }, &terms, mds);
	free(p);
	return v;
}

static void
write_date(time_t at, char text[16])
{
	struct tm tm;

	text[0] = '\0';
	if (gmtime_r(&at, &tm) != NULL)
		(void)strftime(text, 16, "%Y-%m-%d", &tm);
}

/* What monitoring is told of the one in force. */
static void
publish(struct metadata *m)
{
	struct wa_mds *mds = in_force(m);
	struct wa_mds_info info = { 0 };
	store_time now = clock_now();
	bool expired = false;
	char date[16];

	if (mds != NULL) {
		info = wa_mds_info(mds);
		expired = wa_mds_expired(mds, (time_t)(now / 1000));
	}
	wa_mds_unref(mds);
	METRIC_SET(metadata_models, (int64_t)info.entry_count);
	METRIC_SET(metadata_serial, (int64_t)info.serial);
	METRIC_SET(metadata_next_update, (int64_t)info.next_update);
	METRIC_SET(metadata_expired, expired);
	if (!expired || now - m->warned < DAY_MS)
		return;
	m->warned = now;
	write_date(info.next_update, date);
	log_say(WEB_LOG_WARNING, "metadata",
	    "%s has expired: a newer one was due on %s", m->config->metadata,
	    date);
}

static void
say_taken(const struct metadata *m, const struct wa_mds *mds)
{
	const struct wa_mds_info info = wa_mds_info(mds);
	struct log_line l;
	char date[16];

	write_date(info.next_update, date);
	log_begin(&l, WEB_LOG_INFO, "metadata");
	log_text(&l, "file", m->config->metadata);
	log_int(&l, "serial", (int64_t)info.serial);
	log_int(&l, "models", (int64_t)info.entry_count);
	log_int(&l, "skipped", (int64_t)info.skipped);
	log_text(&l, "next_update", date);
	log_send(&l);
}

/* False where it is to be tried again, file or not. */
static bool
take(struct metadata *m, struct store *store)
{
	struct wa_mds *mds = NULL;
	const char *why = "", *against;
	enum wa_verdict v = load(m, &mds, &why);

	if (v != WA_OK) {
		say_refused(m, *why != '\0' ? "file" : wa_verdict_name(v), why);
		return v != WA_FAULT;
	}
	against = remember(m, store, wa_mds_info(mds).serial);
	if (against == NULL && !wa_mds_shelf_put(m->shelf, mds))
		against = "serial";
	if (against == NULL) {
		m->warned = 0;
		say_taken(m, mds);
	} else
		say_refused(m, against,
		    strcmp(against, "serial") == 0
			? "its number is lower than that of one before"
			: "its number cannot be remembered");
	wa_mds_unref(mds);
	return against == NULL || strcmp(against, "serial") == 0;
}

static struct stamp
stamp_of(const char *file)
{
	struct stat st;

	if (stat(file, &st) != 0)
		return (struct stamp){ 0 };
	return (struct stamp){ st.st_dev, st.st_ino, st.st_size, st.st_mtim };
}

static bool
same_stamp(const struct stamp *a, const struct stamp *b)
{
	return a->device == b->device && a->inode == b->inode &&
	       a->size == b->size && a->changed.tv_sec == b->changed.tv_sec &&
	       a->changed.tv_nsec == b->changed.tv_nsec;
}

void
metadata_look(struct metadata *m, struct store *store)
{
	const store_time now = clock_now();
	struct stamp stamp;

	if (m->shelf != NULL && now >= m->again) {
		stamp = stamp_of(m->config->metadata);
		if (!m->looked || !same_stamp(&stamp, &m->stamp)) {
			m->looked = take(m, store);
			m->again = m->looked ? 0 : now + AGAIN_MS;
			m->stamp = stamp;
		}
	}
	publish(m);
}

void
metadata_inherit(struct metadata *m, const struct metadata *before)
{
	struct wa_mds *mds = NULL;

	if (m->shelf != NULL &&
	    memcmp(m->lineage, before->lineage, LINEAGE) == 0)
		mds = in_force(before);
	if (mds == NULL)
		return;
	(void)wa_mds_shelf_put(m->shelf, mds);
	wa_mds_unref(mds);
}

bool
metadata_check(struct metadata *m)
{
	struct wa_mds *mds = NULL;
	const char *why = "";
	enum wa_verdict v;

	if (m->shelf == NULL)
		return true;
	if ((v = load(m, &mds, &why)) != WA_OK)
		return derfile_complain("metadata", m->config->metadata,
		    *why != '\0' ? why : wa_verdict_name(v));
	if (wa_mds_expired(mds, (time_t)(clock_now() / 1000)))
		log_say(WEB_LOG_WARNING, "configuration",
		    "metadata: %s: has expired", m->config->metadata);
	wa_mds_unref(mds);
	return true;
}

struct slice
metadata_png(const char *icon)
{
	/* What they are by MDS 3.1; base64 of the eight bytes of PNG (5.2). */
	static const char head[] = "data:image/png;base64,";
	static const char png[] = "iVBORw0KGg";

	if (icon == NULL || strncmp(icon, head, sizeof(head) - 1) != 0)
		return (struct slice){ 0 };
	icon += sizeof(head) - 1;
	return strncmp(icon, png, sizeof(png) - 1) == 0 ? slice_of(icon)
							: (struct slice){ 0 };
}
