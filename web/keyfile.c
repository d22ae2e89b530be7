/* SPDX-License-Identifier: Apache-2.0 */
#include "web/keyfile.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include "web/log.h"
#include "webauthn/b64url.h"

/*
 * Five lines: which form it is, the key that seals, the one before, the key
 * of the decoys, the one for pushes; each key in base64url.
 */
#define FIRST_LINE "itsumo keys v1\n"

enum { KEY_TEXT = 43, KEYS = 4 };
enum { FILE_SIZE = sizeof(FIRST_LINE) - 1 + KEYS * (KEY_TEXT + 1) };

static uint8_t *
key_of(struct keyfile *k, int i)
{
	return i < 2 ? k->rp.seal[i] : i == 2 ? k->rp.decoy : k->push;
}

static bool
decode(const char text[FILE_SIZE], struct keyfile *k)
{
	const char *p = text + sizeof(FIRST_LINE) - 1;
	size_t n;

	if (memcmp(text, FIRST_LINE, sizeof(FIRST_LINE) - 1) != 0)
		return false;
	for (int i = 0; i < KEYS; i++, p += KEY_TEXT + 1) {
		struct slice s = { (const uint8_t *)p, KEY_TEXT };

		if (p[KEY_TEXT] != '\n' ||
		    !wa_b64url_decode(s, key_of(k, i), 32, &n) || n != 32)
			return false;
	}
	return true;
}

static bool
encode(struct keyfile *k, char text[FILE_SIZE])
{
	char *p = text + sizeof(FIRST_LINE) - 1, one[KEY_TEXT + 1];
	bool ok = true;

	memcpy(text, FIRST_LINE, sizeof(FIRST_LINE) - 1);
	for (int i = 0; i < KEYS; i++, p += KEY_TEXT + 1) {
		struct slice s = { key_of(k, i), 32 };

		ok = wa_b64url_encode(s, one, sizeof(one)) && ok;
		memcpy(p, one, KEY_TEXT);
		p[KEY_TEXT] = '\n';
	}
	OPENSSL_cleanse(one, sizeof(one));
	return ok;
}

void
keyfile_wipe(struct keyfile *keys)
{
	OPENSSL_cleanse(keys, sizeof(*keys));
}

static bool
complain(const char *path, const char *what)
{
	log_say(WEB_LOG_ERROR, "keys", "%s: %s", path, what);
	return false;
}

/*
 * errno == ENOENT and false where there is none.  ours: nobody but us may
 * read it; systemd keeps its own safe by the folder that they stand in.
 */
static bool
load_from(const char *path, bool ours, struct keyfile *keys)
{
	char text[FILE_SIZE + 1];
	struct stat st;
	ssize_t n = -1;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	bool ok = false;

	if (fd < 0)
		return errno == ENOENT ? false
				       : complain(path, strerror(errno));
	if (fstat(fd, &st) == 0)
		n = read(fd, text, sizeof(text));
	(void)close(fd);
	if (n != FILE_SIZE || !decode(text, keys))
		complain(path, "is not a file of keys");
	else if (ours && (st.st_mode & (S_IRWXG | S_IRWXO)) != 0)
		complain(path, "can be read by others; chmod 600 it");
	else
		ok = true;
	OPENSSL_cleanse(text, sizeof(text));
	if (!ok)
		keyfile_wipe(keys);
	errno = EINVAL;
	return ok;
}

static bool
sync_folder(const char *data)
{
	int fd = open(data, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool ok = fd >= 0 && fsync(fd) == 0;

	if (fd >= 0)
		(void)close(fd);
	return ok;
}

/* Where root does it the server, as whoever it runs, has to read it still. */
static bool
give_to_owner(int fd, const char *data)
{
	struct stat st;

	return geteuid() != 0 ||
	       (stat(data, &st) == 0 && fchown(fd, st.st_uid, st.st_gid) == 0);
}

/*
 * Writes a new file beside the old one and gives it the name; fresh: only
 * where none has the name yet, since two processes may make keys at once.
 */
static bool
save(const char *data, const char *path, struct keyfile *keys, bool fresh)
{
	char text[FILE_SIZE], temporary[PATH_MAX + 16];
	bool ok;
	int fd;

	(void)snprintf(temporary, sizeof(temporary), "%s.XXXXXX", path);
	if ((fd = mkstemp(temporary)) < 0)
		return complain(path, strerror(errno));
	ok = encode(keys, text) && write(fd, text, FILE_SIZE) == FILE_SIZE &&
	     give_to_owner(fd, data) && fsync(fd) == 0;
	ok = close(fd) == 0 && ok;
	OPENSSL_cleanse(text, sizeof(text));
	if (ok && fresh)
		ok = link(temporary, path) == 0 || errno == EEXIST;
	else if (ok)
		ok = rename(temporary, path) == 0;
	if (fresh || !ok)
		(void)unlink(temporary);
	ok = ok && sync_folder(data);
	return ok || complain(path, strerror(errno));
}

static bool
path_in(const char *dir, char path[PATH_MAX])
{
	int n = snprintf(path, PATH_MAX, "%s/keys", dir);

	return (n > 0 && n < PATH_MAX) || complain(dir, "is too long a name");
}

static bool
systemds_path(char path[PATH_MAX])
{
	const char *dir = getenv("CREDENTIALS_DIRECTORY");
	int n = 0;

	if (dir != NULL)
		n = snprintf(path, PATH_MAX, "%s/itsumo.keys", dir);
	return n > 0 && n < PATH_MAX && access(path, F_OK) == 0;
}

bool
keyfile_is_systemds(void)
{
	char path[PATH_MAX];

	return systemds_path(path);
}

/* Where the keys are.  False, with a word in the log, where a path is long. */
static bool
find_path(const char *data, char path[PATH_MAX], bool *from_systemd)
{
	*from_systemd = systemds_path(path);
	return *from_systemd || path_in(data, path);
}

/*
 * Any number below the order of P-256 but zero is a private key of it (SEC 1
 * 3.2.1); the order begins with 32 bits that are all set.
 */
static bool
make(struct keyfile *k)
{
	static const uint8_t none[32], high[4] = { 0xff, 0xff, 0xff, 0xff };

	do
		if (RAND_bytes(k->push, sizeof(k->push)) != 1)
			return false;
	while (memcmp(k->push, none, sizeof(none)) == 0 ||
	       memcmp(k->push, high, sizeof(high)) == 0);
	return rp_keys_make(&k->rp);
}

bool
keyfile_load(const char *data, struct keyfile *keys)
{
	char path[PATH_MAX];
	struct keyfile made;
	bool from_systemd, ok;

	if (!find_path(data, path, &from_systemd))
		return false;
	if (load_from(path, !from_systemd, keys))
		return true;
	if (errno != ENOENT)
		return false;
	if (!make(&made))
		return complain(path, "the machine has no randomness");
	ok = save(data, path, &made, true);
	keyfile_wipe(&made);
	/* Read back what stands there: another process may have been faster. */
	return ok && load_from(path, true, keys);
}

bool
keyfile_rotate(const char *data)
{
	char path[PATH_MAX];
	struct keyfile keys;
	struct rp_keys made;
	bool from_systemd, ok;

	if (!find_path(data, path, &from_systemd))
		return false;
	if (from_systemd)
		return complain(path, "is not ours to change");
	/* Perhaps systemd keeps them, and has not told us: none is made. */
	if (!load_from(path, true, &keys))
		return errno == ENOENT ? complain(path, "is not there") : false;
	if (!rp_keys_make(&made)) {
		keyfile_wipe(&keys);
		return complain(path, "the machine has no randomness");
	}
	memcpy(keys.rp.seal[1], keys.rp.seal[0], sizeof(keys.rp.seal[1]));
	memcpy(keys.rp.seal[0], made.seal[0], sizeof(keys.rp.seal[0]));
	ok = save(data, path, &keys, false);
	keyfile_wipe(&keys);
	OPENSSL_cleanse(&made, sizeof(made));
	return ok;
}

bool
keyfile_copy(const char *from, const char *to, bool *copied)
{
	char path[2][PATH_MAX], bytes[1024];
	ssize_t n = -1;
	int in, out = -1;
	bool ok;

	*copied = false;
	if (!path_in(from, path[0]) || !path_in(to, path[1]))
		return false;
	if ((in = open(path[0], O_RDONLY | O_CLOEXEC | O_NOCTTY)) < 0)
		return errno == ENOENT || complain(path[0], strerror(errno));
	if ((n = read(in, bytes, sizeof(bytes))) >= 0)
		out = open(path[1],
		    O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOCTTY, 0600);
	ok = out >= 0 && write(out, bytes, (size_t)n) == n && fsync(out) == 0;
	if (!ok)
		complain(path[1], strerror(errno));
	if (out >= 0)
		ok = close(out) == 0 && ok;
	(void)close(in);
	OPENSSL_cleanse(bytes, sizeof(bytes));
	*copied = ok;
	return ok;
}
