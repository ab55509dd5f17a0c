/* Code and text are found in whatever shape a service refuses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "refusal.h"
#include "services_support.h"

static struct refusal
read_refusal(void **state, int status, const char *headers, const char *body, size_t length)
{
    const struct services *services = *state;
    struct http_response response = HTTP_RESPONSE_EMPTY;
    struct refusal refusal;

    response.status = status;
    text_add(&response.headers, headers);
    text_add_bytes(&response.body, body, length);
    assert_int_equal(refusal_read(&response, services->parser, &refusal), 0);
    http_response_free(&response);
    return refusal;
}

static void
assert_refusal(void **state, const char *body, const char *code, const char *text)
{
    struct refusal refusal = read_refusal(state, 400, "", body, strlen(body));

    assert_string_equal(refusal.code, code);
    assert_string_equal(refusal.text, text);
}

static void
refusal_reads_codes_as_numbers_in_hexadecimal_and_signed_decimal(void **state)
{
    static const struct {
        const char *code;
        uint32_t number;
    } good[] = {
        {"0x80040217", 0x80040217},
        {"0X80041D28", 0x80041d28},
        {"0x80041d28", 0x80041d28},
        {"-2147220969", 0x80040217},
        {"2147746327", 0x80040217},
        {"-2147015902", 0x80072322},
        {"0", 0},
        {"4294967295", UINT32_MAX},
        {"-2147483648", 0x80000000},
    };
    static const char *const bad[] = {
        "",           "x",           "0x",
        "-",          "0x8004021G",  "0x180040217",
        "4294967296", "-2147483649", "-0x80040217",
        "80040217h",  " 1",          "99999999999999999999",
    };
    uint32_t number;

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_true(refusal_number(good[i].code, &number));
        assert_true(number == good[i].number);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(refusal_number(bad[i], &number));
}

static void
refusal_is_read_from_every_shape_that_is_known(void **state)
{
    assert_refusal(state, "{\"error\":{\"code\":\"0x80040217\",\"message\":\"gone\"}}",
                   "0x80040217", "gone");
    assert_refusal(state, "{\"error\":{\"code\":\"\",\"message\":\"odd\"}}", "", "odd");
    assert_refusal(state, "{\"error\":{\"code\":-2147220969,\"message\":\"gone\"}}", "-2147220969",
                   "gone");
    assert_refusal(state, "{\"error\":\"invalid_scope\",\"error_description\":\"AADSTS70011: x\"}",
                   "invalid_scope", "AADSTS70011: x");
    assert_refusal(state, "{\"Message\":\"No HTTP resource\"}", "", "No HTTP resource");
    assert_refusal(state, "{\"message\":\"small\"}", "", "small");
    assert_refusal(state, "plain text", "", "plain text");
    assert_refusal(state, "<html><body>", "", "HTTP 400 with a page");
    assert_refusal(state, "", "", "HTTP 400 with an empty body");
    assert_refusal(state, "{\"error\":{\"code\":\"only\"}}", "only",
                   "{\"error\":{\"code\":\"only\"}}");
}

static void
refusal_opens_the_document_inside_a_message(void **state)
{
    assert_refusal(state,
                   "{\"error\":{\"code\":\"c\",\"message\":\"said: {\\\"errors\\\":[{\\\"code\\\":"
                   "\\\"userNotLicensed\\\",\\\"description\\\":\\\"no licence\\\"}]} tracking\"}}",
                   "c", "userNotLicensed: no licence");
    assert_refusal(state,
                   "{\"error\":{\"code\":\"c\",\"message\":\"{\\\"Errors\\\":[{\\\"Code\\\":17,"
                   "\\\"Description\\\":\\\"D\\\"}]}\"}}",
                   "c", "D");
    assert_refusal(state, "{\"error\":{\"code\":\"c\",\"message\":\"a } b { c\"}}", "c",
                   "a } b { c");
    assert_refusal(state, "{\"error\":{\"code\":\"c\",\"message\":\"a {no json} b\"}}", "c",
                   "a {no json} b");
    assert_refusal(state, "{\"error\":{\"code\":\"c\",\"message\":\"x {\\\"errors\\\":[]}\"}}", "c",
                   "x {\"errors\":[]}");
}

static void
refusal_names_nobody(void **state)
{
    assert_refusal(
        state, "{\"Message\":\"The user ann.lee_x#EXT#@contoso.onmicrosoft.com is not licensed.\"}",
        "", "The user *** is not licensed.");
    assert_refusal(state, "{\"Message\":\"<J\xc3\xb6rg@b.de>, 'a@b.c': @ none, a@b\"}", "",
                   "<***>, '***': @ none, a@b");
}

static void
refusal_without_a_body_is_explained_by_the_challenge(void **state)
{
    struct refusal refusal =
        read_refusal(state, 401, "WWW-Authenticate: Bearer error=\"invalid_token\"\n", "", 0);

    assert_string_equal(refusal.text, "Bearer error=\"invalid_token\"");
}

static void
refusal_cuts_what_is_too_long(void **state)
{
    struct text body = TEXT_EMPTY;
    struct refusal refusal;

    text_add(&body, "{\"error\":{\"code\":\"");
    for (int i = 0; i < 3000; i++)
        text_add_char(&body, 'c');
    text_add(&body, "\",\"message\":\"");
    for (int i = 0; i < 3000; i++)
        text_add_char(&body, 'm');
    text_add(&body, "\"}}");
    refusal = read_refusal(state, 400, "", body.data, body.length);
    assert_int_equal(strlen(refusal.code), ERROR_CODE_BYTES - 1);
    assert_int_equal(strlen(refusal.text), ERROR_TEXT_BYTES - 1);
    text_free(&body);
}

static void
refusal_survives_any_byte(void **state)
{
    const char *body = "{\"error\":{\"code\":\"c\",\"message\":\"x {\\\"errors\\\":[{\\\"Code\\\":"
                       "\\\"a\\\",\\\"Description\\\":\\\"b\\\"}]} y\"}}";
    size_t length = strlen(body);
    char *changed = malloc(length);

    for (size_t i = 0; i < length * 256; i++) {
        struct refusal refusal;

        memcpy(changed, body, length);
        changed[i / 256] = (char)(i % 256);
        refusal = read_refusal(state, 400, "", changed, i % 2 == 0 ? length : i / 256 + 1);
        assert_true(memchr(refusal.code, '\0', sizeof(refusal.code)) != NULL);
        assert_true(memchr(refusal.text, '\0', sizeof(refusal.text)) != NULL);
        assert_true(refusal.text[0] != '\0');
    }
    free(changed);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refusal_reads_codes_as_numbers_in_hexadecimal_and_signed_decimal),
        cmocka_unit_test(refusal_is_read_from_every_shape_that_is_known),
        cmocka_unit_test(refusal_opens_the_document_inside_a_message),
        cmocka_unit_test(refusal_names_nobody),
        cmocka_unit_test(refusal_without_a_body_is_explained_by_the_challenge),
        cmocka_unit_test(refusal_cuts_what_is_too_long),
        cmocka_unit_test(refusal_survives_any_byte),
    };
    return cmocka_run_group_tests_name("refusal", tests, services_setup, services_teardown);
}
