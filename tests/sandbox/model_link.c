/*
 * Links in Graph's answers: nextLink, deltaLink, Location. What they stand for is sealed into a token
 * of theirs, so that nothing needs to be remembered of links that nobody follows, and any change to
 * one shows (G-26).
 */
#include <string.h>

#include "model_private.h"

enum { WORD_DIGITS = 16, FOREIGN_SERVICE = 1, FOREIGN_HOST = 2 };

/* --- tokens ----------------------------------------------------------------------------------- */

static uint64_t
mix(uint64_t seed, uint64_t word)
{
    struct rng rng;

    rng_seed(&rng, seed ^ word);
    return rng_next(&rng);
}

static uint64_t
seal(uint64_t key, const uint64_t *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        key = mix(key + i, words[i]);
    return key;
}

/* The seal in the open, and the words under a stream that follows from it. */
void
model_link_token(const struct model *model, const uint64_t *words, size_t count, struct text *text)
{
    uint64_t mark = seal(model->token_key, words, count);
    struct rng stream;

    rng_seed(&stream, model->token_key ^ mark);
    text_addf(text, "%016llx", (unsigned long long)mark);
    for (size_t i = 0; i < count; i++)
        text_addf(text, "%016llx", (unsigned long long)(words[i] ^ rng_next(&stream)));
}

/* Exactly as it is printed: sixteen small digits. */
static bool
read_word(const char *digits, uint64_t *ret_word)
{
    static const char all[] = "0123456789abcdef";
    uint64_t word = 0;

    for (int i = 0; i < WORD_DIGITS; i++) {
        const char *digit = digits[i] == '\0' ? NULL : strchr(all, digits[i]);

        if (digit == NULL)
            return false;
        word = word << 4 | (uint64_t)(digit - all);
    }
    *ret_word = word;
    return true;
}

size_t
model_link_read(const struct model *model, const char *token, uint64_t *ret_words, size_t room)
{
    size_t count = strlen(token) / WORD_DIGITS;
    struct rng stream;
    uint64_t mark;

    if (strlen(token) % WORD_DIGITS != 0 || count < 2 || count - 1 > room ||
        !read_word(token, &mark))
        return 0;
    count--;
    rng_seed(&stream, model->token_key ^ mark);
    for (size_t i = 0; i < count; i++) {
        if (!read_word(token + (i + 1) * WORD_DIGITS, &ret_words[i]))
            return 0;
        ret_words[i] ^= rng_next(&stream);
    }
    return seal(model->token_key, ret_words, count) == mark ? count : 0;
}

uint64_t
model_link_digest(const struct model *model, const char *text, size_t length)
{
    uint64_t digest = model->token_key;

    for (size_t i = 0; i < length; i++)
        digest = mix(digest, (unsigned char)text[i]);
    return digest;
}

/* --- where links lead ------------------------------------------------------------------------- */

static const struct origin *
other_origin(const struct model *model)
{
    const struct origin *origin, *next;

    HASH_ITER (hh, model->origins, origin, next)
        if (origin->service == MODEL_LOGIN)
            return origin;
    return NULL;
}

/* To Graph; or, as a trap, to another service, or to a host that stands behind Graph's name: G-35. */
void
model_link_start(struct call *call, struct text *text)
{
    int64_t foreign = call->model->settings.foreign_links;
    const struct origin *other = other_origin(call->model);

    text_add(text, foreign == FOREIGN_SERVICE && other != NULL ? other->text : call->origin->text);
    text_add(text, foreign == FOREIGN_HOST ? "@elsewhere.example/v1.0/" : "/v1.0/");
}

void
model_link_notice(struct call *call)
{
    static const char path[] = "/v1.0/groups/";
    size_t origin = model_url_origin_length(call->address);

    if (call->origin != NULL && call->origin->service == MODEL_GRAPH)
        return;
    if (strncmp(call->address + origin, path, sizeof(path) - 1) == 0)
        model_ledger_offend(call, MODEL_OFFENCE_FOREIGN_LINK);
}

void
model_link_refuse(struct call *call)
{
    model_ledger_offend(call, MODEL_OFFENCE_LINK);
    model_reply_malformed(call, "Request_BadRequest",
                          "The token in the request is malformed, or is not for this query.");
}
