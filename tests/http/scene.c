/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/http/scene.h"

struct server *server;

int
scene_begin(void **state)
{
	(void)state;
	server = server_start(&scene);
	return 0;
}

int
scene_end(void **state)
{
	(void)state;
	server_end(server);
	return 0;
}
