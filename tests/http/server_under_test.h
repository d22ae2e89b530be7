/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_HTTP_SERVER_UNDER_TEST_H
#define TESTS_HTTP_SERVER_UNDER_TEST_H

#include <stdbool.h>
#include <sys/resource.h>
#include <sys/types.h>

#include <jansson.h>

/*
 * `itsumo serve` as a process of its own, on free ports of loopback, with a
 * data folder, a configuration and a log in a folder that goes away with it.
 * The program is the one that the environment calls ITSUMO.  What goes wrong
 * here ends the test program; the server never outlives it.
 */
struct server;

struct server_options {
	const char *config; /* lines for the configuration file, or NULL;
			     * @PORT@ in them is the port that is served */
	const char *const
	    *args; /* further arguments, ends with NULL; or NULL */
	bool tls; /* with a certificate of its own */
	rlim_t file_size_max; /* RLIMIT_FSIZE; 0: none */
	int port; /* 0: a free one */
	const struct server *beside; /* on its data, or NULL */
};

struct server *server_start(const struct server_options *o);
/* Starts again on the same folder and ports, as it was or with other options.
 */
void server_again(struct server *s, const struct server_options *o);
/* Asks it to end, waits, and removes its folder.  It must have ended well. */
void server_end(struct server *s);

/* One that runs already, at an origin such as "http://localhost:8080". */
struct server *server_elsewhere(const char *origin);
/* A port that was free just now. */
int server_free_port(void);

void server_signal(struct server *s, int signal);
/* Waits until the process is gone; its status as waitpid() gives it. */
int server_wait(struct server *s);

int server_port(const struct server *s);
int server_ops_port(const struct server *s);
pid_t server_pid(const struct server *s);
const char *server_folder(const struct server *s);
const char *server_data(const struct server *s);
const char *server_origin(const struct server *s); /* "http://localhost:PORT" */
bool server_has_tls(const struct server *s);

/* A new certificate and key where the configuration says they are. */
void server_new_certificate(const struct server *s);

/* What the log says after this begins now. */
void server_log_mark(struct server *s);
/* A line since then has all of these, separated by spaces; waits 5 s for it. */
bool server_logged(struct server *s, const char *words);

/* The sum of the samples whose name and labels begin so. */
double server_metric(const struct server *s, const char *begins);

/*
 * Runs the command line on the same data: arguments up to NULL.  Its exit
 * status; what it printed in *out (free()), unless out is NULL.
 */
int server_cli(const struct server *s, char **out, ...)
    __attribute__((sentinel));

/* The same with --json: what it printed, or NULL when it did not end well. */
json_t *server_cli_json(const struct server *s, ...) __attribute__((sentinel));

#endif
