/*
 * States follow from two fields: ${text} (have one) and ${is_asked} (a request is in flight). After a failure ${not_before_ms} keeps
 * the next request back; whoever asks meanwhile gets NULL and is told by the listener when the timer has brought one.
 */
#include "token.h"

#include <stdlib.h>
#include <string.h>

#include "core.h"

struct token {
    struct core *core;
    const struct identity *identity;
    char *scope;
    token_fn *listener;
    void *arg;
    char *text; /* NULL: none */
    uint64_t serial;
    int64_t refresh_at_ms;
    int64_t expires_at_ms;
    bool is_asked;
    bool
        is_refused; /* before it was sent: told by the timer, since nobody is called back from here */
    int failures;
    struct call call;
    struct timer timer; /* to ask again after a failure */
    char *fault;        /* NULL: none */
    int64_t fault_since_ms;
};

/* Fetch anew when so much of its life is over. */
enum { REFRESH_PERCENT = 80 };

static void
overwrite(char *secret)
{
    if (secret == NULL)
        return;
    explicit_bzero(secret, strlen(secret));
    free(secret);
}

static void
drop(struct token *token)
{
    overwrite(token->text);
    token->text = NULL;
}

static void
wait_and_ask_again(struct token *token, int64_t wait_ms)
{
    struct core *core = token->core;

    timer_set_reserved(core->timers, &token->timer, core->clock->mono_ms + wait_ms);
}

/* The endpoint's Retry-After concerns all tokens of one identity. */
static int64_t *
not_before_ms(const struct token *token)
{
    const struct core *core = token->core;

    return &core->login_not_before_ms[token->identity - core->routing->identities];
}

static void
hold_all(const struct token *token, int64_t until_ms)
{
    if (until_ms > *not_before_ms(token))
        *not_before_ms(token) = until_ms;
}

static void
ask(struct token *token)
{
    struct core *core = token->core;
    struct call *call = &token->call;
    int64_t held_ms = *not_before_ms(token) - core->clock->mono_ms;

    if (token->is_asked || timer_is_set(&token->timer))
        return;
    if (held_ms > 0) {
        wait_and_ask_again(token, held_ms);
        return;
    }
    call->sent_at_ms = core->clock->mono_ms;
    call->sent_wall_ms = core->clock->wall_ms;
    token->is_asked = core->ports.send(core->ports.context, call, NULL);
    if (token->is_asked)
        return;
    token->is_refused = call->verdict == VERDICT_MISCONFIGURED;
    wait_and_ask_again(token, token->is_refused ? 0 : core_backoff_ms(core, ++token->failures, 0));
}

static void
set_fault(struct token *token)
{
    if (token->fault != NULL)
        return;
    token->fault = strdup(token->call.error.text);
    token->fault_since_ms = token->core->clock->mono_ms;
}

static void
clear_fault(struct token *token)
{
    free(token->fault);
    token->fault = NULL;
}

static void
accept(struct token *token)
{
    int64_t now_ms = token->core->clock->mono_ms;
    struct call *call = &token->call;

    drop(token);
    token->text = call->token;
    call->token = NULL;
    token->serial++;
    token->failures = 0;
    clear_fault(token);
    token->expires_at_ms = now_ms + call->token_life_ms;
    token->refresh_at_ms = now_ms + call->token_life_ms * REFRESH_PERCENT / 100;
}

static void
report(struct token *token, int64_t wait_ms)
{
    struct core *core = token->core;
    struct call_report report = call_report_of(&token->call);

    report.attempt = token->failures;
    report.next_in_ms = wait_ms;
    report.next = "retry";
    core->ports.failed(core->ports.context, &report);
}

static void
fail(struct token *token)
{
    struct core *core = token->core;
    struct call *call = &token->call;
    bool is_misconfigured =
        call->verdict == VERDICT_MISCONFIGURED || call->verdict == VERDICT_UNAUTHORISED;
    int64_t wait_ms;

    token->failures++;
    if (call->error.retry_after_ms > 0)
        hold_all(token, core->clock->mono_ms + call->error.retry_after_ms);
    wait_ms = is_misconfigured ? core->settings->probe_ms
                               : core_backoff_ms(core, token->failures, call->error.retry_after_ms);
    wait_and_ask_again(token, wait_ms);
    report(token, wait_ms);
    if (is_misconfigured)
        set_fault(token);
    if (is_misconfigured && token->text == NULL)
        token->listener(token->arg, call->reason, &call->error);
}

static void
ask_again(struct timer *timer, void *arg)
{
    struct token *token = arg;

    (void)timer;
    if (!token->is_refused) {
        ask(token);
        return;
    }
    token->is_refused = false;
    fail(token);
    call_reset(&token->call);
}

static void
answered(struct call *call)
{
    struct token *token = call->owner;

    token->is_asked = false;
    if (call->verdict == VERDICT_DONE && call->token != NULL) {
        accept(token);
        token->listener(token->arg, "", NULL);
    } else {
        fail(token);
    }
    overwrite(call->token);
    call->token = NULL;
    call_reset(call);
}

struct token *
token_create(struct core *core, const struct identity *identity, const char *scope,
             token_fn *listener, void *arg)
{
    struct token *token = calloc(1, sizeof(*token));

    if (token == NULL)
        return NULL;
    token->scope = strdup(scope);
    if (token->scope == NULL || timers_reserve(core->timers, 1) != 0) {
        free(token->scope);
        free(token);
        return NULL;
    }
    token->core = core;
    token->identity = identity;
    token->listener = listener;
    token->arg = arg;
    call_init(&token->call, CALL_TOKEN, NULL, answered, token);
    token->call.identity = identity;
    token->call.scope = token->scope;
    timer_init(&token->timer, ask_again, token);
    return token;
}

void
token_destroy(struct token *token)
{
    if (token == NULL)
        return;
    if (token->is_asked)
        token->core->ports.cancel(token->core->ports.context, &token->call);
    timer_cancel(token->core->timers, &token->timer);
    timers_release(token->core->timers, 1);
    drop(token);
    clear_fault(token);
    call_reset(&token->call);
    free(token->scope);
    free(token);
}

const char *
token_get(struct token *token, uint64_t *ret_serial)
{
    int64_t now_ms = token->core->clock->mono_ms;

    if (token->text != NULL && now_ms >= token->expires_at_ms)
        drop(token);
    if (token->text == NULL || now_ms >= token->refresh_at_ms)
        ask(token);
    *ret_serial = token->serial;
    return token->text;
}

void
token_refused(struct token *token, uint64_t serial)
{
    if (token->serial == serial)
        drop(token);
}

const char *
token_fault(const struct token *token, int64_t *ret_since_ms)
{
    *ret_since_ms = token->fault_since_ms;
    return token->fault;
}

const char *
token_scope(const struct token *token)
{
    return token->scope;
}

const struct identity *
token_identity(const struct token *token)
{
    return token->identity;
}
