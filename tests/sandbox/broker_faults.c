/* Faults of the in-process Kafka: errors and delays that the mock cluster keeps on a stack per request. */
#include <limits.h>
#include <string.h>

#include "broker_private.h"
#include "error.h"

enum {
    COMMIT_LOOK_MS = 5, /* how often to look whether the commit that is to be lost has come */
    COMMIT_HELD_MS = 60 * 1000, /* longer than any client waits */
    FAULTS_MAX = 100000,        /* at once */
    API_OFFSET_COMMIT = 8,
};

static const struct {
    const char *name;
    int16_t key;
} requests[] = {
    {"Produce", 0},
    {"Fetch", 1},
    {"ListOffsets", 2},
    {"Metadata", 3},
    {"OffsetCommit", API_OFFSET_COMMIT},
    {"OffsetFetch", 9},
    {"FindCoordinator", 10},
    {"JoinGroup", 11},
    {"Heartbeat", 12},
    {"LeaveGroup", 13},
    {"SyncGroup", 14},
    {"ApiVersions", 18},
    {"InitProducerId", 22},
};

static int
need_mock(const struct broker *broker, struct error *ret_error)
{
    if (broker->mock != NULL)
        return 0;
    return error_set(ret_error, ERROR_CONFIG, "only the in-process Kafka can do this");
}

static int
find_request(const char *name, int16_t *ret_key, struct error *ret_error)
{
    for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
        if (strcmp(requests[i].name, name) != 0)
            continue;
        *ret_key = requests[i].key;
        return 0;
    }
    return error_set(ret_error, ERROR_INPUT, "there is no request \"%s\" here", name);
}

static int
find_code(const char *name, rd_kafka_resp_err_t *ret_code, struct error *ret_error)
{
    const struct rd_kafka_err_desc *all;
    size_t count;

    if (name == NULL) {
        *ret_code = RD_KAFKA_RESP_ERR_NO_ERROR;
        return 0;
    }
    rd_kafka_get_err_descs(&all, &count);
    for (size_t i = 0; i < count; i++) {
        if (all[i].name == NULL || strcmp(all[i].name, name) != 0)
            continue;
        *ret_code = all[i].code;
        return 0;
    }
    return error_set(ret_error, ERROR_INPUT, "Kafka has no error \"%s\"", name);
}

int
broker_add_fault(struct broker *broker, const struct broker_fault *fault, struct error *ret_error)
{
    rd_kafka_resp_err_t code = RD_KAFKA_RESP_ERR_NO_ERROR;
    int16_t key = -1;

    if (need_mock(broker, ret_error) != 0 || find_request(fault->request, &key, ret_error) != 0 ||
        find_code(fault->error, &code, ret_error) != 0)
        return -1;
    if (fault->times < 1 || fault->times > FAULTS_MAX)
        return error_set(ret_error, ERROR_INPUT, "\"times\" must lie in 1..%d", FAULTS_MAX);
    if (fault->rtt_ms < 0 || fault->rtt_ms > INT_MAX)
        return error_set(ret_error, ERROR_INPUT, "\"rtt_ms\" must not be negative");
    for (int64_t i = 0; i < fault->times; i++) {
        for (int32_t id = 1; id <= broker->brokers; id++)
            (void)rd_kafka_mock_broker_push_request_error_rtts(broker->mock, id, key, 1, code,
                                                               (int)fault->rtt_ms);
    }
    return 0;
}

/* Waits for the commit to come in, which takes its entry off the broker's stack of errors. */
void
broker_look_for_commit(struct timer *timer, void *arg)
{
    struct broker *broker = arg;
    size_t left = 0;

    (void)rd_kafka_mock_broker_error_stack_cnt(broker->mock, 1, API_OFFSET_COMMIT, &left);
    if (left > 0) {
        broker_set_timer(broker, timer, COMMIT_LOOK_MS);
        return;
    }
    (void)rd_kafka_mock_broker_set_down(broker->mock, -1);
    (void)rd_kafka_mock_broker_set_up(broker->mock, -1);
}

int
broker_lose_commit_answer(struct broker *broker, struct error *ret_error)
{
    if (need_mock(broker, ret_error) != 0)
        return -1;
    if (broker->brokers != 1)
        return error_set(ret_error, ERROR_CONFIG, "this needs a cluster of one broker");
    (void)rd_kafka_mock_broker_push_request_error_rtts(broker->mock, 1, API_OFFSET_COMMIT, 1,
                                                       RD_KAFKA_RESP_ERR_NO_ERROR, COMMIT_HELD_MS);
    broker_set_timer(broker, &broker->lose, 0);
    return 0;
}

int
broker_set_up(struct broker *broker, bool is_up, struct error *ret_error)
{
    if (need_mock(broker, ret_error) != 0)
        return -1;
    if (is_up)
        (void)rd_kafka_mock_broker_set_up(broker->mock, -1);
    else
        (void)rd_kafka_mock_broker_set_down(broker->mock, -1);
    return 0;
}

int
broker_set_rtt(struct broker *broker, int64_t rtt_ms, struct error *ret_error)
{
    if (need_mock(broker, ret_error) != 0)
        return -1;
    if (rtt_ms < 0 || rtt_ms > INT_MAX)
        return error_set(ret_error, ERROR_INPUT, "\"rtt_ms\" must not be negative");
    (void)rd_kafka_mock_broker_set_rtt(broker->mock, -1, (int)rtt_ms);
    return 0;
}
