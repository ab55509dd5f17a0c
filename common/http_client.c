/*
 * The multi handle: starts and cancels calls, waits, moves them on and hands out what is done. How
 * one call talks to curl is http_call.c's business. Calls that are over are kept for the next
 * request, a few dozen at most; connections are curl's own and outlive them.
 */
#include "http_client.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "error.h"
#include "http_call.h"

enum {
    MAX_IDLE_CALLS = 64, /* about 6 KiB each */
    /* more than run at once: with fewer, a burst would close and open connections all the time */
    MAX_CONNECTIONS = 256,
    FAILED_WAIT_MS = 10,
};

struct http_client {
    struct http_client_settings settings;
    CURLM *multi;
    struct link running;
    struct link idle;
    int running_count;
    int idle_count;
    struct curl_waitfd *waits; /* what the last wait was asked to watch */
    size_t wait_capacity;
};

const char *
http_client_version(void)
{
    return curl_version_info(CURLVERSION_NOW)->version;
}

const char *
http_client_tls_version(void)
{
    const char *version = curl_version_info(CURLVERSION_NOW)->ssl_version;

    return version != NULL ? version : "none";
}

/* --- life ------------------------------------------------------------------------------------- */

/* curl would find out at each request, and only then. */
static int
check_ca_file(const char *ca_file, struct error *ret_error)
{
    if (ca_file[0] == '\0' || access(ca_file, R_OK) == 0)
        return 0;
    return error_set(ret_error, ERROR_CONFIG, "the file of certificates %s cannot be read: %s",
                     ca_file, strerror(errno));
}

static int
set_up(struct http_client *client, struct error *ret_error)
{
    struct http_call *first;

    if (check_ca_file(client->settings.ca_file, ret_error) != 0)
        return -1;
    client->multi = curl_multi_init();
    if (client->multi == NULL)
        return error_set(ret_error, ERROR_MEMORY, "no memory for the HTTP client");
    curl_multi_setopt(client->multi, CURLMOPT_MAXCONNECTS, (long)MAX_CONNECTIONS);
    /* made now, so that an option that this libcurl refuses is known at the start */
    first = http_call_create(&client->settings, ret_error);
    if (first == NULL)
        return -1;
    list_add_first(&client->idle, &first->link);
    client->idle_count = 1;
    return 0;
}

struct http_client *
http_client_create(const struct http_client_settings *settings, struct error *ret_error)
{
    struct http_client *client;

    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        error_set(ret_error, ERROR_MEMORY, "libcurl cannot be initialised");
        return NULL;
    }
    client = calloc(1, sizeof(*client));
    if (client == NULL) {
        error_set(ret_error, ERROR_MEMORY, "no memory for the HTTP client");
        curl_global_cleanup();
        return NULL;
    }
    client->settings = *settings;
    list_init(&client->running);
    list_init(&client->idle);
    if (set_up(client, ret_error) != 0) {
        http_client_destroy(client);
        return NULL;
    }
    return client;
}

static struct http_call *
call_of(struct link *link)
{
    return list_entry(link, struct http_call, link);
}

void
http_client_destroy(struct http_client *client)
{
    if (client == NULL)
        return;
    list_for_each(link, following, &client->running)
    {
        curl_multi_remove_handle(client->multi, call_of(link)->easy);
        http_call_destroy(call_of(link));
    }
    list_for_each(link, following, &client->idle) http_call_destroy(call_of(link));
    curl_multi_cleanup(client->multi);
    free(client->waits);
    free(client);
    curl_global_cleanup();
}

/* --- calls ------------------------------------------------------------------------------------ */

static struct http_call *
take_idle(struct http_client *client, struct error *ret_error)
{
    struct http_call *call;

    if (list_is_empty(&client->idle))
        return http_call_create(&client->settings, ret_error);
    call = call_of(client->idle.next);
    list_remove(&call->link);
    client->idle_count--;
    return call;
}

/* Takes a call that is not curl's any more. The last one used is the next one used: it is warm. */
static void
give_back(struct http_client *client, struct http_call *call)
{
    if (client->idle_count >= MAX_IDLE_CALLS) {
        http_call_destroy(call);
        return;
    }
    http_call_clear(call);
    list_add_first(&client->idle, &call->link);
    client->idle_count++;
}

struct http_call *
http_client_start(struct http_client *client, const struct http_request *request,
                  http_done_fn *done, void *arg, struct error *ret_error)
{
    struct http_call *call = take_idle(client, ret_error);
    CURLMcode code;

    if (call == NULL)
        return NULL;
    call->done = done;
    call->arg = arg;
    if (http_call_prepare(call, &client->settings, request, ret_error) != 0)
        goto failed;
    code = curl_multi_add_handle(client->multi, call->easy);
    if (code != CURLM_OK) {
        error_set(ret_error, ERROR_MEMORY, "libcurl: %s", curl_multi_strerror(code));
        goto failed;
    }
    list_add_last(&client->running, &call->link);
    client->running_count++;
    return call;

failed:
    give_back(client, call);
    return NULL;
}

/* Also when its end already waits in curl's queue of messages: curl takes it out there as well. */
static void
take_from_curl(struct http_client *client, struct http_call *call)
{
    curl_multi_remove_handle(client->multi, call->easy);
    list_remove(&call->link);
    client->running_count--;
}

void
http_client_cancel(struct http_client *client, struct http_call *call)
{
    take_from_curl(client, call);
    give_back(client, call);
}

/* --- the loop --------------------------------------------------------------------------------- */

/* Makes room for ${count} descriptors and returns how many there is room for. */
static size_t
reserve_waits(struct http_client *client, size_t count)
{
    struct curl_waitfd *larger;

    if (count <= client->wait_capacity)
        return count;
    larger = reallocarray(client->waits, count, sizeof(*larger));
    if (larger == NULL)
        return client->wait_capacity;
    client->waits = larger;
    client->wait_capacity = count;
    return count;
}

static int
clamp_ms(int64_t timeout_ms)
{
    if (timeout_ms < 0)
        return 0;
    return timeout_ms > INT_MAX ? INT_MAX : (int)timeout_ms;
}

void
http_client_wait(struct http_client *client, const int *fds, size_t count, int64_t timeout_ms)
{
    size_t watched = reserve_waits(client, count);
    int wait_ms = clamp_ms(timeout_ms);

    /* without memory to watch them all, look at the others often */
    if (watched < count && wait_ms > FAILED_WAIT_MS)
        wait_ms = FAILED_WAIT_MS;
    for (size_t i = 0; i < watched; i++)
        client->waits[i] = (struct curl_waitfd){.fd = fds[i], .events = CURL_WAIT_POLLIN};
    /* a wait that failed at once must not make the loop spin */
    if (curl_multi_poll(client->multi, client->waits, (unsigned)watched, wait_ms, NULL) != CURLM_OK)
        poll(NULL, 0, wait_ms < FAILED_WAIT_MS ? wait_ms : FAILED_WAIT_MS);
}

static void
finish(struct http_client *client, CURL *easy, CURLcode code)
{
    struct http_call *call = NULL;

    curl_easy_getinfo(easy, CURLINFO_PRIVATE, &call);
    http_call_finish(call, code);
    take_from_curl(client, call);
    call->done(call->arg, &call->response);
    give_back(client, call);
}

int
http_client_perform(struct http_client *client)
{
    const CURLMsg *message;
    int count;

    curl_multi_perform(client->multi, &count);
    /* the message is gone once its handle is: finish is given copies */
    while ((message = curl_multi_info_read(client->multi, &count)) != NULL)
        if (message->msg == CURLMSG_DONE)
            finish(client, message->easy_handle, message->data.result);
    return client->running_count;
}
