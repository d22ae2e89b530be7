/* SPDX-License-Identifier: Apache-2.0 */
#include "rp/decoys.h"

#include "rp/secret.h"

enum {
	DECOYS = 3,
	MARK = 8, /* bytes at an id's end by which we know it */
	ID_MAX = 64,
	KINDS = 16,
	/* Transports, as they come together. */
	BUILT_IN = STORE_TRANSPORT_INTERNAL,
	SYNCED = STORE_TRANSPORT_INTERNAL | STORE_TRANSPORT_HYBRID,
	KEY = STORE_TRANSPORT_USB | STORE_TRANSPORT_NFC,
};

/* Lengths and transports as providers have them, about as often as met. */
static const struct kind {
	uint8_t id_n, transports;
} kinds[KINDS] = {
	{ 20, SYNCED },
	{ 20, SYNCED },
	{ 20, SYNCED },
	{ 20, SYNCED },
	{ 20, SYNCED },
	{ 20, SYNCED },
	{ 16, SYNCED },
	{ 16, SYNCED },
	{ 16, SYNCED },
	{ 16, BUILT_IN },
	{ 32, BUILT_IN },
	{ 32, BUILT_IN },
	{ 32, BUILT_IN },
	{ 32, SYNCED },
	{ 48, KEY },
	{ 64, KEY },
};

/* Most people have one passkey: of 16 decoyed names so many have n. */
static const uint8_t counts[KINDS] = { 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2,
	3, 3 };

static bool
mac(const struct rp *rp, const char *what, uint8_t i, struct slice of,
    uint8_t out[32])
{
	const struct slice parts[] = { slice_of(what), { &i, 1 }, of };

	return rp_secret_mac(rp->keys.decoy, parts, 3, out);
}

static bool
mark(const struct rp *rp, struct slice front, uint8_t out[MARK])
{
	uint8_t full[32];

	if (!mac(rp, "decoy mark", 0, front, full))
		return false;
	memcpy(out, full, MARK);
	return true;
}

static bool
decoy_make(const struct rp *rp, struct slice name_key, uint8_t i,
    const struct kind *kind, struct rp_descriptor *out)
{
	uint8_t stuff[ID_MAX];
	size_t front = (size_t)kind->id_n - MARK;

	if (!mac(rp, "decoy id", (uint8_t)(2 * i), name_key, stuff) ||
	    !mac(rp, "decoy id", (uint8_t)(2 * i + 1), name_key, stuff + 32) ||
	    !mark(rp, (struct slice){ stuff, front }, stuff + front))
		return false;
	memcpy(out->id, stuff, kind->id_n);
	out->id_n = kind->id_n;
	out->transports = kind->transports;
	return true;
}

bool
rp_decoys_make(
    const struct rp *rp, struct slice name_key, struct rp_descriptors *out)
{
	uint8_t dice[32];

	if (!mac(rp, "decoys", 0, name_key, dice))
		return false;
	/* All of them for every name, so that it takes one time. */
	for (unsigned i = 0; i < DECOYS; i++)
		if (!decoy_make(rp, name_key, (uint8_t)i,
			&kinds[dice[1 + i] % KINDS], &out->list[i]))
			return false;
	out->n = counts[dice[0] % KINDS];
	return true;
}

bool
rp_decoys_own(const struct rp *rp, struct slice id)
{
	uint8_t want[MARK];
	size_t front;

	if (id.n <= MARK || id.n > ID_MAX)
		return false;
	front = id.n - MARK;
	return mark(rp, (struct slice){ id.p, front }, want) &&
	       rp_secret_equal(want, id.p + front, MARK);
}

/*
 * The base point of P-256 as a COSE key.  Its private key is 1, which anybody
 * can sign with; and is refused all the same, since no account has it.
 */
static const uint8_t base_point[] = { 0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01,
	0x21, 0x58, 0x20, 0x6b, 0x17, 0xd1, 0xf2, 0xe1, 0x2c, 0x42, 0x47, 0xf8,
	0xbc, 0xe6, 0xe5, 0x63, 0xa4, 0x40, 0xf2, 0x77, 0x03, 0x7d, 0x81, 0x2d,
	0xeb, 0x33, 0xa0, 0xf4, 0xa1, 0x39, 0x45, 0xd8, 0x98, 0xc2, 0x96, 0x22,
	0x58, 0x20, 0x4f, 0xe3, 0x42, 0xe2, 0xfe, 0x1a, 0x7f, 0x9b, 0x8e, 0xe7,
	0xeb, 0x4a, 0x7c, 0x0f, 0x9e, 0x16, 0x2b, 0xce, 0x33, 0x57, 0x6b, 0x31,
	0x5e, 0xce, 0xcb, 0xb6, 0x40, 0x68, 0x37, 0xbf, 0x51, 0xf5 };

struct wa_credential
rp_decoys_credential(const struct rp *rp, struct slice credential_id)
{
	return (struct wa_credential){
		.credential_id = credential_id,
		.cose_key = { base_point, sizeof(base_point) },
		.user_handle = { rp->nobody, sizeof(rp->nobody) },
	};
}

struct account_id
rp_stand_in(const struct rp *rp)
{
	uint64_t half[2];
	struct account_id id;

	/* Two halves of two accounts are an account that is absent: so be it.
	 */
	for (int i = 0; i < 2; i++)
		half[i] = atomic_load_explicit(
		    &rp->stand_in[i], memory_order_relaxed);
	memcpy(id.b, half, sizeof(id.b));
	return id;
}

void
rp_stand_in_set(struct rp *rp, const struct account_id *id)
{
	uint64_t half[2];

	memcpy(half, id->b, sizeof(half));
	for (int i = 0; i < 2; i++)
		atomic_store_explicit(
		    &rp->stand_in[i], half[i], memory_order_relaxed);
}

bool
rp_stand_in_find(struct rp *rp)
{
	const struct account_id from = { { 0 } };
	struct store_txn *t = NULL;
	struct store_account first;
	enum store_rc rc;
	size_t n = 0;

	if (store_read_begin(rp->store, &t) != STORE_OK)
		return false;
	rc = store_accounts_list(t, &from, &first, 1, &n);
	store_read_end(t);
	/* One that cannot be read is none: the next that is asked for will do.
	 */
	if (rc == STORE_OK && n == 1)
		rp_stand_in_set(rp, &first.id);
	return true;
}
