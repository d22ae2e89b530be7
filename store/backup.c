/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "store/audit.h"
#include "store/engine.h"
#include "store/folder.h"
#include "store/internal.h"

static enum store_rc
folder_rc(const struct store_log *log, const char *what, int error)
{
	if (error == 0)
		return STORE_OK;
	if (error == ENOTEMPTY)
		return STORE_TAKEN;
	store_logf(log, LOG_FAULT, "store=%s error=%d why=\"%s\"", what, error,
	    strerror(error));
	return error == ENOSPC || error == EDQUOT ? STORE_FULL : STORE_FAULT;
}

static enum store_rc
folder_ready(const struct store_log *log, const char *what, const char *dir)
{
	int error = folder_empty(dir);

	if (error == 0)
		error = folder_make(dir);
	return folder_rc(log, what, error);
}

enum store_rc
store_backup(struct store *s, const char *dir, store_also *also, void *arg)
{
	enum store_rc rc;

	if ((rc = folder_ready(&s->log, "backup", dir)) != STORE_OK)
		return rc;
	/* The copy syncs the folder once it stands there. */
	if (also != NULL && !also(dir, arg))
		return STORE_REFUSED;
	return engine_backup(s->engine, dir);
}

/* ---- restore ---- */

static enum store_rc
copy_out(const char *from, const char *to, const struct store_log *log)
{
	struct engine *e;
	enum store_rc rc;

	rc = engine_open(
	    &(struct engine_options){
		.dir = from,
		.log = *log,
		.copy_only = true,
	    },
	    &e);
	if (rc != STORE_OK)
		return rc;
	rc = engine_backup(e, to);
	engine_close(e);
	return rc;
}

/* Opens it and walks its audit log. */
static enum store_rc
copy_judge(const struct store_options *o, const struct store_log *log)
{
	struct store_audit_report r;
	struct store *s;
	enum store_rc rc;

	if ((rc = store_open(o, &s)) != STORE_OK)
		return rc;
	rc = store_audit_verify(s, NULL, NULL, &r);
	store_close(s);
	if (rc != STORE_OK || r.sound)
		return rc;
	store_logf(log, LOG_FAULT, "store=restore audit=unsound why=\"%s\"",
	    r.trouble);
	return STORE_DAMAGED;
}

/* Gives the copy its name, for good. */
static enum store_rc
copy_name(const char *part, const char *dir, const struct store_log *log)
{
	int error = folder_sync(part);

	if (error == 0 && rename(part, dir) == -1)
		error = errno == EEXIST ? ENOTEMPTY : errno;
	if (error == 0)
		error = folder_sync_parent(dir);
	return folder_rc(log, "restore", error);
}

enum store_rc
store_restore(const char *from, const struct store_options *o, store_also *also,
    void *arg)
{
	struct store_log log = store_log_from(o);
	struct store_options as_part = *o;
	char part[4096];
	enum store_rc rc;
	size_t n = strlen(o->dir);

	while (n > 1 && o->dir[n - 1] == '/')
		n--;
	if ((rc = folder_rc(&log, "restore", folder_empty(o->dir))) != STORE_OK)
		return rc;
	if (snprintf(part, sizeof(part), "%.*s.part-%ld", (int)n, o->dir,
		(long)getpid()) >= (int)sizeof(part))
		return folder_rc(&log, "restore", ENAMETOOLONG);
	if ((rc = folder_ready(&log, "restore", part)) != STORE_OK)
		return rc;
	as_part.dir = part;
	if ((rc = copy_out(from, part, &log)) == STORE_OK)
		rc = copy_judge(&as_part, &log);
	if (rc == STORE_OK && also != NULL && !also(part, arg))
		rc = STORE_REFUSED;
	if (rc == STORE_OK)
		rc = copy_name(part, o->dir, &log);
	if (rc != STORE_OK)
		folder_remove(part);
	return rc;
}
