/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_DELIVER_KIT_H
#define TESTS_DELIVER_KIT_H

#include "tests/unit/store_kit.h"

#include "store/outbox.h"
#include "store/phones.h"
#include "tests/unit/push_service.h"
#include "web/deliver/deliver.h"

/* A store with phones and messages, a push service, and who empties it. */
struct scene {
	struct kit *kit;
	struct push_service *service;
	struct deliver *deliver; /* or NULL: the test opens its own */
	char host[64]; /* of the service, with http:// */
};

enum {
	SCENE_PATIENCE_MS = 20 * 1000,
	SCENE_LIFE_MS = 180 * 1000, /* of a message */
};

/* For cmocka: *state is a struct scene, without a deliver or with one. */
int scene_setup_idle(void **state);
int scene_setup(void **state);
int scene_teardown(void **state);

/* Of the installation, and some browser's p256dh. */
struct p256_pair scene_keys(void);
extern const char scene_payload[];

/* To loopback, where its networks are listed. */
struct deliver *scene_deliver(
    struct scene *s, const char *const *networks, unsigned timeout_ms);
extern const char *const scene_loopback[];

struct new_message {
	struct store_phone phone;
	struct store_message message;
};

/* Account, phone and message bear the same number. */
struct new_message a_message(uint32_t n, const char *endpoint);
struct new_message a_message_to_path(
    struct scene *s, uint32_t n, const char *path);
void number_id(uint8_t *id, size_t size, uint32_t n);

/* Adds account, phone and message, and wakes. */
void scene_write(struct scene *s, uint32_t n, struct new_message *m);
/* STORE_ABSENT: it was sent, or muted. */
enum store_rc scene_look(struct scene *s, uint32_t n, struct store_message *m);
struct store_phone scene_phone(struct scene *s, uint32_t n);
/*
 * Until the message was settled: sent (ABSENT, and *m is all zero), given up,
 * or put off with a trouble.
 */
enum store_rc scene_settled(
    struct scene *s, uint32_t n, struct store_message *m);

#endif
