/* SPDX-License-Identifier: Apache-2.0 */
#include "rp/device.h"

#include "rp/ids.h"
#include "rp/proofs.h"
#include "rp/secret.h"
#include "store/spent.h"
#include "webauthn/hash.h"

enum { JTI_LEAST = 16 };

/* Seconds that are a time at all: until the year 9999. */
#define SECONDS_MAX INT64_C(253402300799)

/* Who was here is not that exact; a write of the phone's page each time is. */
#define SEEN_MS ((store_time)5 * 60 * 1000)

static bool
jti_is_one(const char *jti)
{
	size_t n = strnlen(jti, RP_JTI_MAX + 1);

	if (n < JTI_LEAST || n > RP_JTI_MAX)
		return false;
	for (size_t i = 0; i < n; i++)
		if (jti[i] <= ' ' || jti[i] > '~')
			return false;
	return true;
}

static bool
body_is_signed(const struct rp_claims *c, struct slice body)
{
	uint8_t hash[32];

	if (!c->has_ath)
		return body.n == 0;
	return wa_sha256(body, hash) &&
	       rp_secret_equal(hash, c->ath, sizeof(hash));
}

enum rp_answer
rp_claims_judge(const struct rp_call *call, const struct rp_claims *c,
    const char *typ, const struct rp_facts *facts)
{
	store_time age;

	if (c->typ == NULL || c->alg == NULL || c->htu == NULL ||
	    c->jti == NULL || !c->has_iat || c->iat < 0 ||
	    c->iat > SECONDS_MAX || !jti_is_one(c->jti) ||
	    strcmp(c->typ, typ) != 0 || strcmp(c->alg, "ES256") != 0 ||
	    c->signature.n != 64)
		return RP_DEVICE_PROOF_MALFORMED;
	age = call->now - c->iat * 1000;
	if (age > RP_PROOF_SKEW_MS || age < -RP_PROOF_SKEW_MS ||
	    strcmp(c->htu, facts->url) != 0 ||
	    (c->htm != NULL && strcmp(c->htm, facts->method) != 0) ||
	    !body_is_signed(c, facts->body))
		return RP_DEVICE_PROOF_REFUSED;
	return RP_OK;
}

store_time
rp_claims_expire(const struct rp_claims *c)
{
	/* From the claim alone, so that a second use finds the same mark. */
	return c->iat * 1000 + RP_PROOF_SKEW_MS + 1000;
}

static bool
proof_name(const struct phone_id *phone, const char *jti, uint8_t name[32])
{
	const struct slice parts[] = { slice_of("itsumo device proof"),
		{ phone->b, sizeof(phone->b) }, slice_of(jti) };

	return wa_hash_parts(WA_SHA256, parts, 3, name);
}

static enum rp_answer
device_read(
    struct store_txn *t, const struct phone_id *id, struct rp_device *device)
{
	enum store_rc rc;

	if ((rc = store_phone_get(t, id, &device->phone)) != STORE_OK)
		return rp_answer_of(rc, RP_PHONE_UNKNOWN);
	rc = store_account_get(t, &device->phone.account, &device->account);
	if (rc != STORE_OK)
		return rp_answer_of(rc, RP_PHONE_UNKNOWN);
	return RP_OK;
}

static enum rp_answer
device_find(struct rp *rp, const char *phone, struct rp_device *device)
{
	struct store_txn *t = NULL;
	struct phone_id id;
	enum rp_answer answer;

	if (!rp_id_read("phn_", phone, id.b))
		return RP_PHONE_UNKNOWN;
	if (store_read_begin(rp->store, &t) != STORE_OK)
		return RP_FAULT;
	answer = device_read(t, &id, device);
	store_read_end(t);
	return answer;
}

/* ---- how many bad ones ---- */

struct one_and_network {
	uint8_t b[32];
};

static struct one_and_network
both(const struct rp_call *call, const uint8_t one[16])
{
	struct one_and_network who;

	memcpy(who.b, one, 16);
	memcpy(who.b + 16, call->network, 16);
	return who;
}

enum rp_answer
rp_proof_limit(struct rp *rp, struct rp_call *call, const uint8_t one[16])
{
	enum rp_answer answer =
	    rp_limit_network(rp, call, RP_LIMIT_DEVICE_NETWORK);
	struct one_and_network who;

	if (answer == RP_OK || one == NULL)
		return answer;
	who = both(call, one);
	return rp_limit_of(rp, call, RP_LIMIT_DEVICE_ONE,
	    (struct slice){ who.b, sizeof(who.b) });
}

void
rp_proof_count(struct rp *rp, struct rp_call *call, const uint8_t one[16])
{
	struct one_and_network who;

	(void)rp_count_network(rp, call, RP_LIMIT_DEVICE_NETWORK);
	if (one == NULL)
		return;
	who = both(call, one);
	(void)rp_count_of(rp, call, RP_LIMIT_DEVICE_ONE,
	    (struct slice){ who.b, sizeof(who.b) });
}

/* ---- the proof ---- */

/* All but the signature. */
static enum rp_answer
judge_claims(struct rp *rp, struct rp_call *call,
    const struct rp_claims *claims, const struct rp_facts *facts,
    struct rp_device *device)
{
	enum rp_answer answer;

	if (claims->phone == NULL || claims->htm == NULL)
		return RP_DEVICE_PROOF_MALFORMED;
	answer = rp_claims_judge(call, claims, RP_DEVICE_PROOF_TYP, facts);
	return answer == RP_OK ? device_find(rp, claims->phone, device)
			       : answer;
}

static enum rp_answer
judge_signature(const struct rp_claims *claims, struct rp_device *device)
{
	enum rp_answer answer;

	answer = rp_es256_verify(
	    device->phone.key, claims->signing_input, claims->signature);
	if (answer != RP_OK)
		return answer;
	if (!proof_name(&device->phone.id, claims->jti, device->proof))
		return RP_FAULT;
	device->proof_expires = rp_claims_expire(claims);
	return RP_OK;
}

enum rp_answer
rp_device_prove(struct rp *rp, struct rp_call *call,
    const struct rp_claims *claims, const struct rp_facts *facts,
    struct rp_device *device)
{
	struct rp_device found = { .proof_expires = 0 };
	enum rp_answer answer, limit;
	const uint8_t *one;

	answer = judge_claims(rp, call, claims, facts, &found);
	one = answer == RP_OK ? found.phone.id.b : NULL;
	if ((limit = rp_proof_limit(rp, call, one)) != RP_OK)
		return limit;
	if (answer == RP_OK)
		answer = judge_signature(claims, &found);
	if (answer != RP_OK) {
		if (answer != RP_FAULT)
			rp_proof_count(rp, call, one);
		return answer;
	}
	call->account_known = true;
	call->account = found.account.id;
	if (found.account.state != STORE_ACCOUNT_ACTIVE)
		return RP_ACCOUNT_LOCKED;
	*device = found;
	return RP_OK;
}

enum rp_answer
rp_device_still(
    struct store_txn *t, const struct rp_call *call, struct rp_device *device)
{
	struct rp_device now = *device;
	enum rp_answer answer;
	enum store_rc rc;

	(void)call;
	rc = store_spent(t, device->proof, device->proof_expires);
	if (rc != STORE_ABSENT)
		return rc == STORE_OK ? RP_DEVICE_PROOF_REFUSED : RP_FAULT;
	if ((answer = device_read(t, &device->phone.id, &now)) != RP_OK)
		return answer;
	if (memcmp(now.phone.key, device->phone.key, sizeof(now.phone.key)) !=
	    0)
		return RP_PHONE_UNKNOWN;
	if (now.account.state != STORE_ACCOUNT_ACTIVE)
		return RP_ACCOUNT_LOCKED;
	*device = now;
	return RP_OK;
}

enum store_rc
rp_device_spend(
    struct store_txn *t, const struct rp_call *call, struct rp_device *device)
{
	enum store_rc rc;

	rc = store_spend(t, device->proof, device->proof_expires);
	if (rc != STORE_OK || call->now - device->phone.last_seen < SEEN_MS)
		return rc;
	device->phone.last_seen = call->now;
	return store_phone_put(t, &device->phone);
}
