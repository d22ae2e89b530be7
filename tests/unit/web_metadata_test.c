/* SPDX-License-Identifier: Apache-2.0 */
/* FIDO's metadata as a file that changes while it is served. */
#include "store_kit.h"

#include <unistd.h>

#include "tests/softmds.h"
#include "web/config.h"
#include "web/metrics.h"
#include "web/server/metadata.h"

#define MODEL "itsumo test key."

/* A store, a service, and a configuration with the files of both. */
struct world {
	struct kit *kit;
	struct softmds *service;
	struct softca *maker;
	struct config *config;
	struct metadata *m;
	char blob[160], root[160];
};

static struct config *
configure(const struct world *w, const char *more)
{
	char text[600], conf[160];
	struct config_problems p = { .to = stderr };
	struct config *c;

	(void)snprintf(
	    conf, sizeof(conf), "%s", kit_path(w->kit, "itsumo.conf"));
	(void)snprintf(text, sizeof(text),
	    "metadata = \"%s\"\nmetadata_root = \"%s\"\n%s", w->blob, w->root,
	    more);
	softmds_file(conf, slice_of(text));
	c = config_read(conf, NULL, 0, &p);
	assert_non_null(c);
	return c;
}

static void
put(struct world *w, struct softmds_script script)
{
	softmds_write(
	    w->service, w->blob, MODEL, softca_root(w->maker), &script);
}

static void
look(struct world *w)
{
	metadata_look(w->m, w->kit->s);
}

/* What is in force; 0: nothing. */
static uint64_t
serial(const struct metadata *m)
{
	struct wa_mds *mds = wa_mds_shelf_take(metadata_shelf(m));
	uint64_t n = mds == NULL ? 0 : wa_mds_info(mds).serial;

	wa_mds_unref(mds);
	return n;
}

/* As after a restart: nothing is left but the store. */
static void
again(struct world *w, const char *more)
{
	metadata_free(w->m);
	config_free(w->config);
	w->config = configure(w, more);
	w->m = metadata_new(w->config);
	assert_non_null(w->m);
}

static void
a_newer_file_is_taken_when_it_comes(void **state)
{
	struct world *w = *state;
	int64_t refused = metrics.metadata_refused;

	look(w);
	assert_int_equal(serial(w->m), 0); /* there is none yet */
	assert_int_equal(metrics.metadata_refused, refused + 1);
	put(w, (struct softmds_script){ .serial = 7 });
	look(w);
	assert_int_equal(serial(w->m), 7);
	assert_int_equal(metrics.metadata_models, 1);
	assert_int_equal(metrics.metadata_serial, 7);
	assert_int_equal(metrics.metadata_next_update, 2177452800);
	assert_int_equal(metrics.metadata_expired, 0);
	put(w, (struct softmds_script){ .serial = 8 });
	look(w);
	assert_int_equal(serial(w->m), 8);
	assert_int_equal(metrics.metadata_refused, refused + 1);
}

static void
a_file_that_did_not_change_is_not_read(void **state)
{
	struct world *w = *state;
	int64_t refused;

	put(w, (struct softmds_script){ .bad_signature = true });
	look(w);
	refused = metrics.metadata_refused;
	look(w);
	assert_int_equal(metrics.metadata_refused, refused);
	put(w, (struct softmds_script){ .bad_signature = true });
	look(w);
	assert_int_equal(metrics.metadata_refused, refused + 1);
}

static void
a_bad_file_leaves_the_one_before_in_force(void **state)
{
	struct world *w = *state;
	struct softmds *stranger = softmds_new();
	const struct softmds_script next = { .serial = 9 };

	put(w, (struct softmds_script){ .serial = 7 });
	look(w);
	put(w, (struct softmds_script){ .serial = 8, .bad_signature = true });
	look(w);
	assert_int_equal(serial(w->m), 7);
	put(w, (struct softmds_script){ .serial = 8, .host = "evil.example" });
	look(w);
	assert_int_equal(serial(w->m), 7);
	softmds_write(stranger, w->blob, MODEL, softca_root(w->maker), &next);
	look(w);
	assert_int_equal(serial(w->m), 7);
	softmds_file(w->blob, slice_of("<html>"));
	look(w);
	assert_int_equal(serial(w->m), 7);
	assert_int_equal(unlink(w->blob), 0);
	look(w);
	assert_int_equal(serial(w->m), 7);
	put(w, next);
	look(w);
	assert_int_equal(serial(w->m), 9);
	softmds_free(stranger);
}

static void
its_number_never_goes_back(void **state)
{
	struct world *w = *state;

	put(w, (struct softmds_script){ .serial = 8 });
	look(w);
	put(w, (struct softmds_script){ .serial = 7 });
	look(w);
	assert_int_equal(serial(w->m), 8);
	/* Nor across a restart. */
	again(w, "");
	look(w);
	assert_int_equal(serial(w->m), 0);
	put(w, (struct softmds_script){ .serial = 8 });
	look(w);
	assert_int_equal(serial(w->m), 8);
}

/* Another service counts for itself. */
static void
another_root_begins_anew(void **state)
{
	struct world *w = *state;

	put(w, (struct softmds_script){ .serial = 8 });
	look(w);
	softmds_free(w->service);
	w->service = softmds_new();
	softmds_pem(
	    w->root, "CERTIFICATE", softca_root(softmds_ca(w->service)));
	again(w, "");
	put(w, (struct softmds_script){ .serial = 2 });
	look(w);
	assert_int_equal(serial(w->m), 2);
}

/* A reload makes a new one; a file that went bad meanwhile is no loss. */
static void
what_is_in_force_is_inherited(void **state)
{
	struct world *w = *state;
	struct metadata *next = metadata_new(w->config);

	put(w, (struct softmds_script){ .serial = 7 });
	look(w);
	softmds_file(w->blob, slice_of("<html>"));
	assert_non_null(next);
	metadata_inherit(next, w->m);
	metadata_look(next, w->kit->s);
	assert_int_equal(serial(next), 7);
	put(w, (struct softmds_script){ .serial = 8 });
	metadata_look(next, w->kit->s);
	assert_int_equal(serial(next), 8);
	assert_int_equal(serial(w->m), 7); /* for who began with it */
	metadata_free(next);
}

static void
an_expired_one_is_taken_and_warned_of(void **state)
{
	struct world *w = *state;

	put(w, (struct softmds_script){ .next_update = "2026-01-01" });
	look(w);
	assert_int_equal(serial(w->m), 1);
	assert_int_equal(metrics.metadata_expired, 1);
	assert_true(metadata_check(w->m));
	put(w, (struct softmds_script){ .serial = 2 });
	look(w);
	assert_int_equal(metrics.metadata_expired, 0);
}

static void
without_metadata_there_is_nothing_to_look_at(void **state)
{
	struct world *w = *state;
	const struct config none = { .metadata = (char *)(uintptr_t) "" };
	struct metadata *m = metadata_new(&none);

	assert_non_null(m);
	put(w, (struct softmds_script){ 0 });
	look(w);
	assert_int_equal(metrics.metadata_serial, 1);
	assert_null(metadata_shelf(m));
	metadata_inherit(m, w->m);
	metadata_look(m, w->kit->s);
	assert_null(metadata_shelf(m));
	assert_int_equal(metrics.metadata_serial, 0);
	assert_true(metadata_check(m));
	metadata_inherit(w->m, m);
	assert_int_equal(serial(w->m), 1);
	metadata_free(m);
}

static void
check_config_reads_it(void **state)
{
	struct world *w = *state;
	char more[300], crls[160];
	struct soft_bytes list = { 0 };

	assert_false(metadata_check(w->m));
	put(w, (struct softmds_script){ .serial = 1 });
	assert_true(metadata_check(w->m));
	assert_int_equal(serial(w->m), 0); /* and nothing more */
	/* Its signer was revoked. */
	(void)snprintf(crls, sizeof(crls), "%s", kit_path(w->kit, "crl"));
	softca_revoke(softmds_ca(w->service), 1, false, &list);
	softmds_file(crls, soft_slice(&list));
	(void)snprintf(
	    more, sizeof(more), "metadata_crls = { \"%s\" }\n", crls);
	again(w, more);
	assert_false(metadata_check(w->m));
	look(w);
	assert_int_equal(serial(w->m), 0);
	put(w, (struct softmds_script){ .host = "mds.example" });
	again(w, "metadata_host = mds.example\n");
	assert_true(metadata_check(w->m));
	soft_free(&list);
}

static void
icons_are_pictures_or_nothing(void **state)
{
	(void)state;
	assert_true(metadata_png(softmds_icon).n > 0);
	assert_int_equal(metadata_png(NULL).n, 0);
	assert_int_equal(
	    metadata_png("data:image/svg+xml;base64,PHN2Zz4=").n, 0);
	assert_int_equal(metadata_png("data:image/png;base64,PHN2Zz4=").n, 0);
	assert_int_equal(metadata_png("https://example.com/x.png").n, 0);
}

static int
setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	w->kit = kit_new(0);
	w->service = softmds_new();
	w->maker = softca_new();
	(void)snprintf(
	    w->blob, sizeof(w->blob), "%s", kit_path(w->kit, "blob.jwt"));
	(void)snprintf(
	    w->root, sizeof(w->root), "%s", kit_path(w->kit, "root.pem"));
	softmds_pem(
	    w->root, "CERTIFICATE", softca_root(softmds_ca(w->service)));
	w->config = configure(w, "");
	w->m = metadata_new(w->config);
	assert_non_null(w->m);
	*state = w;
	return 0;
}

static int
teardown(void **state)
{
	struct world *w = *state;

	metadata_free(w->m);
	config_free(w->config);
	softca_free(w->maker);
	softmds_free(w->service);
	kit_end(w->kit);
	free(w);
	return 0;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_newer_file_is_taken_when_it_comes),
		TEST(a_file_that_did_not_change_is_not_read),
		TEST(a_bad_file_leaves_the_one_before_in_force),
		TEST(its_number_never_goes_back),
		TEST(another_root_begins_anew),
		TEST(what_is_in_force_is_inherited),
		TEST(an_expired_one_is_taken_and_warned_of),
		TEST(without_metadata_there_is_nothing_to_look_at),
		TEST(check_config_reads_it),
		cmocka_unit_test(icons_are_pictures_or_nothing),
	};

	return cmocka_run_group_tests_name("web_metadata", tests, NULL, NULL);
}
