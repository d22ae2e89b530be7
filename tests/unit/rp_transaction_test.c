/* SPDX-License-Identifier: Apache-2.0 */
#include "approval_kit.h"

#include <stdio.h>

#include "rp/device.h"
#include "rp/jcs.h"
#include "rp/numbers.h"
#include "webauthn/b64url.h"

/* Computed by other means: see the tests that use them. */
#define JKT "xx0BcA-wMohw8atYDJOe6peGModklG2wRHBlXHMvl0M"
#define CHALLENGE                                                              \
	"096f4f1fb1f0df70f67784fb659a1272d5410addfe49d84373e633f978076e5e"
#define SEALED "8RARBTbWcy8FptccqCZ4KMHZKSeuC31M0aHg1kkiJbk"
#define S0 "47"
#define S1 "12"
#define S2 "85"

/* ---- JCS ---- */

static void
writes_strings_as_ecmascript_does(void **state)
{
	/* RFC 8785, 3.2.2.2, and what stands around its limits. */
	static const struct {
		const char *in, *out;
	} texts[] = {
		{ "", "" },
		{ "a\"b\\c/d", "a\\\"b\\\\c/d" },
		{ "\b\t\n\f\r", "\\b\\t\\n\\f\\r" },
		{ "\x01\x0b\x1f\x7f", "\\u0001\\u000b\\u001f\x7f" },
		{ "\xe2\x82\xac\xe2\x80\xa8", "\xe2\x82\xac\xe2\x80\xa8" },
		{ "\xf0\x9f\x98\x82", "\xf0\x9f\x98\x82" },
	};
	char text[128], want[128];

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct rp_jcs j = RP_JCS(text);

		rp_jcs_object(&j, NULL);
		rp_jcs_string(&j, "s", texts[i].in);
		rp_jcs_end(&j);
		assert_true(rp_jcs_finish(&j));
		snprintf(want, sizeof(want), "{\"s\":\"%s\"}", texts[i].out);
		assert_string_equal(text, want);
	}
}

static void
nests_and_orders(void **state)
{
	char text[256];
	struct rp_jcs j = RP_JCS(text);

	(void)state;
	rp_jcs_object(&j, NULL);
	rp_jcs_array(&j, "a");
	rp_jcs_string(&j, NULL, "z");
	rp_jcs_integer(&j, NULL, -1);
	rp_jcs_object(&j, NULL);
	rp_jcs_end(&j);
	rp_jcs_array(&j, NULL);
	rp_jcs_end(&j);
	rp_jcs_end(&j);
	rp_jcs_bool(&j, "aa", true);
	rp_jcs_object(&j, "b");
	rp_jcs_bool(&j, "a", false);
	rp_jcs_end(&j);
	rp_jcs_integer(&j, "c", 9007199254740991);
	rp_jcs_end(&j);
	assert_true(rp_jcs_finish(&j));
	assert_string_equal(text,
	    "{\"a\":[\"z\",-1,{},[]],\"aa\":true,"
	    "\"b\":{\"a\":false},\"c\":9007199254740991}");
}

enum { WRONGS = 12 };

/* Each is one thing that makes no canonical text. */
static bool
write_wrong(int wrong, struct rp_jcs *j)
{
	rp_jcs_object(j, NULL);
	rp_jcs_bool(j, "m", true);
	switch (wrong) {
	case 0:
		rp_jcs_bool(j, "a", true);
		break;
	case 1:
		rp_jcs_bool(j, "m", true);
		break;
	case 2:
		rp_jcs_bool(j, NULL, true);
		break;
	case 3:
		rp_jcs_array(j, "n");
		rp_jcs_bool(j, "a", true);
		rp_jcs_end(j);
		break;
	case 4:
		rp_jcs_string(j, "n", "\xff");
		break;
	case 5:
		rp_jcs_string(j, "n", "\xed\xa0\x80");
		break;
	case 6:
		rp_jcs_integer(j, "n", 9007199254740992);
		break;
	case 7:
		rp_jcs_integer(j, "n", -9007199254740992);
		break;
	case 8:
		rp_jcs_end(j);
		break;
	case 9:
		rp_jcs_object(j, "n");
		break;
	case 10:
		rp_jcs_bool(j, "nameofmorethanthirtyonecharacters", true);
		break;
	case 11:
		rp_jcs_object(j, "n");
		rp_jcs_object(j, "n");
		rp_jcs_object(j, "n");
		rp_jcs_object(j, "n");
		rp_jcs_end(j);
		rp_jcs_end(j);
		rp_jcs_end(j);
		break;
	}
	rp_jcs_end(j);
	return rp_jcs_finish(j);
}

static void
refuses_what_is_not_canonical(void **state)
{
	(void)state;
	for (int i = 0; i < WRONGS; i++) {
		char text[256];
		struct rp_jcs j = RP_JCS(text);

		if (write_wrong(i, &j))
			fail_msg("wrong %d: %s", i, text);
	}
}

static void
never_writes_beyond_its_room(void **state)
{
	const char want[] = "{\"a\":\"\\u0001\",\"b\":[1]}";

	(void)state;
	for (size_t room = 1; room <= sizeof(want); room++) {
		char *text = malloc(room);
		struct rp_jcs j = { .p = text, .room = room };

		assert_non_null(text);
		rp_jcs_object(&j, NULL);
		rp_jcs_string(&j, "a", "\x01");
		rp_jcs_array(&j, "b");
		rp_jcs_integer(&j, NULL, 1);
		rp_jcs_end(&j);
		rp_jcs_end(&j);
		assert_int_equal(rp_jcs_finish(&j), room == sizeof(want));
		if (room == sizeof(want))
			assert_string_equal(text, want);
		free(text);
	}
}

/* ---- T ---- */

static struct store_approval
an_approval(void)
{
	/* The base point of P-256, which is on the curve. */
	static const uint8_t key[64] = { 0x6b, 0x17, 0xd1, 0xf2, 0xe1, 0x2c,
		0x42, 0x47, 0xf8, 0xbc, 0xe6, 0xe5, 0x63, 0xa4, 0x40, 0xf2,
		0x77, 0x03, 0x7d, 0x81, 0x2d, 0xeb, 0x33, 0xa0, 0xf4, 0xa1,
		0x39, 0x45, 0xd8, 0x98, 0xc2, 0x96, 0x4f, 0xe3, 0x42, 0xe2,
		0xfe, 0x1a, 0x7f, 0x9b, 0x8e, 0xe7, 0xeb, 0x4a, 0x7c, 0x0f,
		0x9e, 0x16, 0x2b, 0xce, 0x33, 0x57, 0x6b, 0x31, 0x5e, 0xce,
		0xcb, 0xb6, 0x40, 0x68, 0x37, 0xbf, 0x51, 0xf5 };
	struct store_approval a = {
		.match = STORE_MATCH_CHOOSE3,
		.created = 1800000000123,
		.expires = 1800000180123,
		.number = "47",
		.shown = { "47", "12", "85" },
		.app = "Mail \"いつも\"",
		.client = { .browser = "Chromium, Linux",
		    .address = "192.0.2.1",
		    .place = "Kyoto, JP" },
		.network_name = "AS64496 Example",
	};

	memset(a.id.b, 1, sizeof(a.id.b));
	memset(a.account.b, 2, sizeof(a.account.b));
	memset(a.nonce, 3, sizeof(a.nonce));
	memset(a.secret, 5, sizeof(a.secret));
	memcpy(a.key, key, sizeof(key));
	return a;
}

static void
writes_the_transaction(void **state)
{
	struct store_approval a = an_approval();
	struct phone_id phone;
	struct rp_transaction t, context;

	(void)state;
	memset(phone.b, 4, sizeof(phone.b));
	assert_true(
	    rp_transaction_write("example.org", &a, &phone, false, "47", &t));
	assert_string_equal(t.text,
	    "{\"account\":\"acc_AgICAgICAgICAgICAgICAg\","
	    "\"app\":\"Mail \\\"いつも\\\"\","
	    "\"approval\":\"apr_AQEBAQEBAQEBAQEBAQEBAQ\","
	    "\"browser\":{\"address\":\"192.0.2.1\","
	    "\"jkt\":\"" JKT "\","
	    "\"name\":\"Chromium, Linux\",\"network\":\"AS64496 Example\","
	    "\"place\":\"Kyoto, JP\"},"
	    "\"choice\":\"47\",\"exp\":1800000180,\"iat\":1800000000,"
	    "\"match\":\"choose3\","
	    "\"nonce\":\"AwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwM\","
	    "\"phone\":\"phn_BAQEBAQEBAQEBAQEBAQEBA\","
	    "\"rp_id\":\"example.org\",\"same_network\":false,"
	    "\"sealed\":\"" SEALED "\","
	    "\"shown\":[\"" S0 "\",\"" S1 "\",\"" S2 "\"],"
	    "\"trusted\":false,\"v\":1}");
	assert_int_equal(t.n, strlen(t.text));
	assert_true(
	    rp_transaction_context("example.org", &a, &phone, false, &context));
	assert_null(strstr(context.text, "\"choice\""));
	assert_null(strstr(context.text, "\"nonce\""));
	assert_int_equal(context.n,
	    t.n - strlen("\"choice\":\"47\",") -
		strlen("\"nonce\":\"AwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwM"
		       "\","));
	snprintf(a.binding, sizeof(a.binding), "Order 12");
	assert_true(
	    rp_transaction_write("example.org", &a, &phone, true, "47", &t));
	assert_non_null(
	    strstr(t.text, "AQEBAQ\",\"binding\":\"Order 12\",\"browser\""));
	assert_non_null(strstr(t.text, "\"same_network\":true"));
	a.match = STORE_MATCH_TYPE6;
	assert_true(rp_transaction_write(
	    "example.org", &a, &phone, true, "123456", &t));
	assert_non_null(strstr(t.text, "\"shown\":[]"));
}

static void
has_room_for_the_longest(void **state)
{
	struct store_approval a = an_approval();
	struct phone_id phone = { { 0 } };
	struct rp_transaction t;
	char rp_id[254];

	(void)state;
	/* What needs most room: quotes.  Control characters never get here. */
	memset(a.app, '"', sizeof(a.app) - 1);
	memset(a.binding, '"', sizeof(a.binding) - 1);
	memset(a.client.browser, '"', sizeof(a.client.browser) - 1);
	memset(a.client.address, '"', sizeof(a.client.address) - 1);
	memset(a.client.place, '"', sizeof(a.client.place) - 1);
	memset(a.network_name, '"', sizeof(a.network_name) - 1);
	memset(rp_id, 'a', sizeof(rp_id) - 1);
	rp_id[253] = '\0';
	assert_true(
	    rp_transaction_write(rp_id, &a, &phone, false, "123456", &t));
}

/* Whatever is shown, chosen or asked for makes another challenge. */
static void
commits_to_everything(void **state)
{
	uint8_t first[32], other[32];
	struct rp_transaction t;

	(void)state;
	for (int i = 0; i <= 20; i++) {
		struct store_approval a = an_approval();
		struct phone_id phone = { { 0 } };
		const char *choice = "47", *rp_id = "example.org";
		bool same = false;

		switch (i) {
		case 1:
			a.id.b[15] ^= 1;
			break;
		case 2:
			a.account.b[0] ^= 1;
			break;
		case 3:
			a.nonce[31] ^= 1;
			break;
		case 4:
			a.app[0] ^= 1;
			break;
		case 5:
			snprintf(a.binding, sizeof(a.binding), "x");
			break;
		case 6:
			memcpy(a.key, a.key + 32, 32);
			break;
		case 7:
			a.client.browser[0] ^= 1;
			break;
		case 8:
			a.client.address[0] ^= 1;
			break;
		case 9:
			a.client.place[0] ^= 1;
			break;
		case 10:
			a.network_name[0] ^= 1;
			break;
		case 11:
			a.expires += 1000;
			break;
		case 12:
			a.created += 1000;
			break;
		case 13:
			phone.b[3] ^= 1;
			break;
		case 14:
			same = true;
			break;
		case 15:
			choice = "12";
			break;
		case 16:
			rp_id = "example.net";
			break;
		case 17:
			a.number[1] = '8';
			break;
		case 18:
			a.secret[0] ^= 1;
			break;
		case 19:
			a.match = STORE_MATCH_TYPE2;
			memset(a.shown, 0, sizeof(a.shown));
			break;
		case 20:
			a.kept.b[7] = 1;
			break;
		}
		assert_true(
		    rp_transaction_write(rp_id, &a, &phone, same, choice, &t));
		assert_true(rp_transaction_challenge(
		    slice_of(t.text), i == 0 ? first : other));
		if (i > 0)
			assert_memory_not_equal(first, other, 32);
	}
}

/* Not even who was given T can tell which number was the right one. */
static void
tells_nobody_which_was_right(void **state)
{
	struct store_approval a = an_approval(), b = a;
	struct phone_id phone = { { 4 } };
	const char *shown[STORE_SHOWN], *other[STORE_SHOWN];
	struct rp_transaction t;
	bool moved = false;

	(void)state;
	assert_true(
	    rp_transaction_write("example.org", &a, &phone, false, "12", &t));
	assert_null(strstr(t.text, "secret"));
	/* Their order is of the secret, and of nothing that T says. */
	assert_true(rp_transaction_order(&a, &phone, shown));
	memset(b.nonce, 9, sizeof(b.nonce));
	assert_true(rp_transaction_order(&b, &phone, other));
	for (int i = 0; i < STORE_SHOWN; i++)
		assert_string_equal(shown[i], other[i]);
	for (unsigned i = 0; i < 20 && !moved; i++) {
		b.secret[0]++;
		assert_true(rp_transaction_order(&b, &phone, other));
		moved = strcmp(shown[0], other[0]) != 0;
	}
	assert_true(moved);
}

static void
makes_the_challenge_as_written_down(void **state)
{
	/* SHA-256 of "itsumo approval v1", a zero byte, "{}". */
	static const char want[] = CHALLENGE;
	uint8_t got[32];
	char hex[65];

	(void)state;
	assert_true(rp_transaction_challenge(slice_of("{}"), got));
	for (size_t i = 0; i < 32; i++)
		snprintf(hex + 2 * i, 3, "%02x", got[i]);
	assert_string_equal(hex, want);
}

static void
shuffles_by_the_phone(void **state)
{
	struct store_approval a = an_approval();
	unsigned at[STORE_SHOWN] = { 0 };
	const char *shown[STORE_SHOWN], *again[STORE_SHOWN];

	(void)state;
	for (unsigned i = 0; i < 6000; i++) {
		struct phone_id phone = { { 0 } };

		memcpy(phone.b, &i, sizeof(i));
		assert_true(rp_transaction_order(&a, &phone, shown));
		assert_true(rp_transaction_order(&a, &phone, again));
		assert_memory_equal(shown, again, sizeof(shown));
		for (int k = 0; k < STORE_SHOWN; k++)
			at[k] += strcmp(shown[k], "47") == 0;
	}
	/* The right one is as often in each place, within five deviations. */
	for (int k = 0; k < STORE_SHOWN; k++)
		assert_in_range(at[k], 2000 - 185, 2000 + 185);
}

/* ---- numbers ---- */

static void
draws_numbers_that_can_be_told_apart(void **state)
{
	unsigned seen[100] = { 0 };

	(void)state;
	for (int round = 0; round < 20000; round++) {
		struct store_approval a = { .match = STORE_MATCH_CHOOSE3 };

		assert_true(rp_numbers_draw(&a));
		assert_string_equal(a.number, a.shown[0]);
		for (int i = 0; i < STORE_SHOWN; i++) {
			const char *n = a.shown[i];

			assert_int_equal(strlen(n), 2);
			assert_in_range(n[0], '1', '9');
			assert_in_range(n[1], '0', '9');
			assert_int_not_equal(n[0], n[1]);
			for (int k = 0; k < i; k++) {
				const char *m = a.shown[k];

				assert_int_not_equal(n[0], m[0]);
				assert_int_not_equal(n[1], m[1]);
				assert_false(n[0] == m[1] && n[1] == m[0]);
			}
		}
		seen[atoi(a.number)]++;
	}
	for (int i = 10; i < 100; i++)
		assert_int_equal(seen[i] > 0, i % 11 != 0);
}

/* Nothing about three numbers says which one is right. */
static void
draws_the_right_one_like_the_others(void **state)
{
	unsigned first[100] = { 0 }, last[100] = { 0 };

	(void)state;
	for (int round = 0; round < 81 * 400; round++) {
		struct store_approval a = { .match = STORE_MATCH_CHOOSE3 };

		assert_true(rp_numbers_draw(&a));
		first[atoi(a.shown[0])]++;
		last[atoi(a.shown[2])]++;
	}
	/* The difference of two counts of about 400: five deviations. */
	for (int i = 10; i < 100; i++)
		assert_in_range(first[i] + 1000 - last[i], 850, 1150);
}

static void
draws_numbers_to_type(void **state)
{
	struct store_approval a = { .match = STORE_MATCH_TYPE6 };
	bool zero = false;

	(void)state;
	for (int i = 0; i < 1000; i++) {
		assert_true(rp_numbers_draw(&a));
		assert_int_equal(strspn(a.number, "0123456789"), 6);
		assert_true(rp_number_is_one(&a, a.number));
		zero |= a.number[0] == '0';
	}
	assert_true(zero);
	a.match = STORE_MATCH_NONE;
	assert_true(rp_numbers_draw(&a));
	assert_string_equal(a.number, "");
	assert_true(rp_number_is_one(&a, ""));
	assert_false(rp_number_is_one(&a, "1"));
	assert_true(rp_number_matches(&a));
}

/* ---- keys ---- */

static void
names_a_key_as_rfc_7638_does(void **state)
{
	struct store_approval a = an_approval();
	char text[64];
	uint8_t jkt[32];

	(void)state;
	assert_true(rp_es256_thumbprint(a.key, jkt));
	assert_true(
	    wa_b64url_encode((struct slice){ jkt, 32 }, text, sizeof(text)));
	assert_string_equal(text, JKT);
}

static void
judges_keys_and_signatures(void **state)
{
	struct device_key k, other;
	uint8_t sig[64], bad[64];
	struct slice text = slice_of("what was signed");

	(void)state;
	device_key_make(&k);
	device_key_make(&other);
	assert_answer(rp_es256_key_judge(k.xy), RP_OK);
	memcpy(bad, k.xy, 64);
	bad[63] ^= 1;
	assert_answer(rp_es256_key_judge(bad), RP_KEY_MALFORMED);
	memset(bad, 0, 64);
	assert_answer(rp_es256_key_judge(bad), RP_KEY_MALFORMED);
	/* Often enough to meet an r or s with a zero in front. */
	for (int i = 0; i < 600; i++) {
		device_key_sign(&k, text, sig);
		assert_answer(
		    rp_es256_verify(k.xy, text, (struct slice){ sig, 64 }),
		    RP_OK);
	}
	assert_answer(
	    rp_es256_verify(other.xy, text, (struct slice){ sig, 64 }),
	    RP_DEVICE_PROOF_REFUSED);
	assert_answer(rp_es256_verify(k.xy, slice_of("something else"),
			  (struct slice){ sig, 64 }),
	    RP_DEVICE_PROOF_REFUSED);
	assert_answer(rp_es256_verify(k.xy, text, (struct slice){ sig, 63 }),
	    RP_DEVICE_PROOF_REFUSED);
	for (int bit = 0; bit < 512; bit++) {
		memcpy(bad, sig, 64);
		bad[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_answer(
		    rp_es256_verify(k.xy, text, (struct slice){ bad, 64 }),
		    RP_DEVICE_PROOF_REFUSED);
	}
	memset(bad, 0, 64);
	assert_answer(rp_es256_verify(k.xy, text, (struct slice){ bad, 64 }),
	    RP_DEVICE_PROOF_REFUSED);
	device_key_free(&k);
	device_key_free(&other);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_strings_as_ecmascript_does),
		cmocka_unit_test(nests_and_orders),
		cmocka_unit_test(refuses_what_is_not_canonical),
		cmocka_unit_test(never_writes_beyond_its_room),
		cmocka_unit_test(writes_the_transaction),
		cmocka_unit_test(has_room_for_the_longest),
		cmocka_unit_test(commits_to_everything),
		cmocka_unit_test(tells_nobody_which_was_right),
		cmocka_unit_test(makes_the_challenge_as_written_down),
		cmocka_unit_test(shuffles_by_the_phone),
		cmocka_unit_test(draws_numbers_that_can_be_told_apart),
		cmocka_unit_test(draws_the_right_one_like_the_others),
		cmocka_unit_test(draws_numbers_to_type),
		cmocka_unit_test(names_a_key_as_rfc_7638_does),
		cmocka_unit_test(judges_keys_and_signatures),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
