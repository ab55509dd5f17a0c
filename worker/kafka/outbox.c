/*
 * The loop's side: starts and ends the thread, hands batches over, and tells the listener what the
 * thread left in the news.
 */
#include "outbox.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "batch.h"
#include "outbox_lines.h"
#include "outbox_private.h"

bool
outbox_needs(enum outbox_use use, enum feed_topic topic)
{
    static const bool needed[][3] = {
        [OUTBOX_LEAD] = {[FEED_MAIN] = true, [FEED_BACKFILL] = true, [FEED_STATE] = true},
        [OUTBOX_BESIDE] = {[FEED_BACKFILL] = true},
        [OUTBOX_READ] = {[FEED_STATE] = true},
    };

    return needed[use][topic];
}

/* --- its life -------------------------------------------------------------------------------- */

/* The thread waits by the clock that does not jump. */
static int
init_locks(struct outbox *outbox)
{
    pthread_condattr_t attributes;
    int result;

    if (pthread_condattr_init(&attributes) != 0)
        return -1;
    result = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    if (result == 0)
        result = pthread_cond_init(&outbox->wake, &attributes);
    (void)pthread_condattr_destroy(&attributes);
    if (result == 0)
        result = pthread_mutex_init(&outbox->mutex, NULL);
    return result == 0 ? 0 : -1;
}

struct outbox *
outbox_create(const struct outbox_settings *settings, const struct outbox_listener *listener,
              struct log *log, struct error *ret_error)
{
    struct outbox *outbox = calloc(1, sizeof(*outbox));

    if (outbox == NULL) {
        error_set(ret_error, ERROR_MEMORY, "no memory for the Kafka producer");
        return NULL;
    }
    outbox->settings = *settings;
    outbox->listener = *listener;
    outbox->log = log;
    outbox->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (outbox->fd >= 0 && init_locks(outbox) == 0)
        return outbox;
    error_set(ret_error, ERROR_SYSTEM, "no descriptor or lock for the Kafka producer: %s",
              strerror(errno));
    if (outbox->fd >= 0)
        close(outbox->fd);
    free(outbox);
    return NULL;
}

/* The thread has ended, or is about to. */
static void
join(struct outbox *outbox)
{
    if (!outbox->has_thread)
        return;
    (void)pthread_join(outbox->thread, NULL);
    outbox->has_thread = false;
    outbox->is_open = false;
    batch_free(outbox->batch);
    outbox->batch = NULL;
}

void
outbox_destroy(struct outbox *outbox)
{
    if (outbox == NULL)
        return;
    outbox_close(outbox);
    join(outbox);
    outbox_lines_free(outbox->news.first_line);
    states_end(&outbox->news.states);
    (void)pthread_cond_destroy(&outbox->wake);
    (void)pthread_mutex_destroy(&outbox->mutex);
    close(outbox->fd);
    free(outbox);
}

int
outbox_fd(const struct outbox *outbox)
{
    return outbox->fd;
}

bool
outbox_is_idle(const struct outbox *outbox)
{
    return !outbox->has_thread;
}

/* --- to the thread --------------------------------------------------------------------------- */

int
outbox_open(struct outbox *outbox, enum outbox_use use, struct error *ret_error)
{
    int number;

    if (outbox->has_thread)
        return error_set(ret_error, ERROR_LIMIT, "the Kafka producer is still being closed");
    outbox->use = use;
    outbox->is_quiet = false;
    atomic_store(&outbox->is_stopping, false);
    number = pthread_create(&outbox->thread, NULL, tenure_run, outbox);
    if (number != 0)
        return error_set(ret_error, ERROR_SYSTEM, "no thread for the Kafka producer: %s",
                         strerror(number));
    outbox->has_thread = true;
    return 0;
}

bool
outbox_publish(struct outbox *outbox, const struct feed_batch *batch)
{
    struct batch *copy;
    bool is_free;

    if (!outbox->is_open)
        return false;
    copy = batch_copy(batch);
    if (copy == NULL)
        return false;
    (void)pthread_mutex_lock(&outbox->mutex);
    is_free = outbox->batch == NULL;
    if (is_free)
        outbox->batch = copy;
    (void)pthread_cond_signal(&outbox->wake);
    (void)pthread_mutex_unlock(&outbox->mutex);
    if (!is_free)
        batch_free(copy);
    return is_free;
}

void
outbox_close(struct outbox *outbox)
{
    outbox->is_open = false;
    outbox->is_quiet = true;
    (void)pthread_mutex_lock(&outbox->mutex);
    atomic_store(&outbox->is_stopping, true);
    (void)pthread_cond_signal(&outbox->wake);
    (void)pthread_mutex_unlock(&outbox->mutex);
}

/* --- from the thread ------------------------------------------------------------------------- */

void
outbox_knock(struct outbox *outbox)
{
    const uint64_t one = 1;

    /* fails only when it is full of knocks */
    if (write(outbox->fd, &one, sizeof(one)) < 0)
        return;
}

void
outbox_say_opened(struct outbox *outbox, const struct states *states, bool has_transactions)
{
    (void)pthread_mutex_lock(&outbox->mutex);
    outbox->news.has_opened = true;
    outbox->news.has_transactions = has_transactions;
    outbox->news.states = *states;
    (void)pthread_mutex_unlock(&outbox->mutex);
    outbox_knock(outbox);
}

void
outbox_say_published(struct outbox *outbox, uint64_t serial)
{
    struct batch *batch;

    (void)pthread_mutex_lock(&outbox->mutex);
    outbox->news.has_published = true;
    outbox->news.serial = serial;
    batch = outbox->batch;
    outbox->batch = NULL;
    (void)pthread_mutex_unlock(&outbox->mutex);
    batch_free(batch);
    outbox_knock(outbox);
}

void
outbox_say_ended(struct outbox *outbox, enum outbox_end end, const struct error *error)
{
    (void)pthread_mutex_lock(&outbox->mutex);
    outbox->news.has_ended = true;
    outbox->news.end = end;
    outbox->news.error = *error;
    (void)pthread_mutex_unlock(&outbox->mutex);
    outbox_knock(outbox);
}

static struct timespec
instant_in(int64_t wait_ms)
{
    struct timespec instant;

    (void)clock_gettime(CLOCK_MONOTONIC, &instant);
    instant.tv_sec += wait_ms / 1000;
    instant.tv_nsec += wait_ms % 1000 * 1000000;
    if (instant.tv_nsec >= 1000000000) {
        instant.tv_sec++;
        instant.tv_nsec -= 1000000000;
    }
    return instant;
}

const struct batch *
outbox_await(struct outbox *outbox, int64_t wait_ms)
{
    const struct timespec until = instant_in(wait_ms);
    const struct batch *batch;
    int result = 0;

    (void)pthread_mutex_lock(&outbox->mutex);
    while (outbox->batch == NULL && !atomic_load(&outbox->is_stopping) && result == 0)
        result = pthread_cond_timedwait(&outbox->wake, &outbox->mutex, &until);
    batch = outbox->batch;
    (void)pthread_mutex_unlock(&outbox->mutex);
    return batch;
}

/* --- to the listener ------------------------------------------------------------------------- */

static void
tell_opened(struct outbox *outbox, struct outbox_news *news)
{
    if (!news->has_opened)
        return;
    if (!outbox->is_quiet) {
        outbox->is_open = outbox->use != OUTBOX_READ;
        outbox->listener.opened(outbox->listener.context, news->states.list, news->states.count,
                                news->has_transactions);
    }
    states_end(&news->states);
}

static void
tell_ended(struct outbox *outbox, const struct outbox_news *news)
{
    if (!news->has_ended)
        return;
    join(outbox);
    outbox->listener.ended(outbox->listener.context, news->end, &news->error);
}

void
outbox_turn(struct outbox *outbox)
{
    struct outbox_news news;
    uint64_t count;

    while (read(outbox->fd, &count, sizeof(count)) > 0) {
        /* quiet before the news are looked at, so that what comes meanwhile is told of again */
    }
    (void)pthread_mutex_lock(&outbox->mutex);
    news = outbox->news;
    outbox->news = (struct outbox_news){.first_line = NULL};
    (void)pthread_mutex_unlock(&outbox->mutex);
    outbox_lines_tell(outbox->log, news.first_line);
    outbox_lines_free(news.first_line);
    tell_opened(outbox, &news);
    if (news.has_published && !outbox->is_quiet)
        outbox->listener.published(outbox->listener.context, news.serial);
    tell_ended(outbox, &news);
}
