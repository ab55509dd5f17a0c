#ifndef SCRIPTED_SERVER_H
#define SCRIPTED_SERVER_H

#include <sys/types.h>

/*
 * An HTTP/1.1 server for tests that misbehaves on demand: the path of a request names the script
 * that answers it (the table in scripted_server.c). It runs in processes of its own, one a
 * connection, on a free port of 127.0.0.1.
 */

struct scripted_server {
    pid_t pid;
    int port;
};

int scripted_server_start(struct scripted_server *server);
void scripted_server_stop(struct scripted_server *server);

#endif
