/* Where a URL leads, with every trick that makes one look as if it led elsewhere. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "url.h"

static struct url
parsed(const char *text)
{
    struct url url = {0};

    if (!url_parse(text, &url))
        fail_msg("%s was refused", text);
    return url;
}

static void
assert_parts(const char *text, const char *host, int port, const char *rest)
{
    struct url url = parsed(text);

    assert_int_equal(url.host_length, strlen(host));
    assert_memory_equal(url.host, host, strlen(host));
    assert_int_equal(url.port, port);
    assert_string_equal(url.rest, rest);
}

static void
url_is_taken_apart(void **state)
{
    (void)state;
    assert_parts("https://graph.microsoft.com", "graph.microsoft.com", 443, "");
    assert_parts("http://a_b-c.test/x?y#z", "a_b-c.test", 80, "/x?y#z");
    assert_parts("HTTPS://Host:8443?q", "Host", 8443, "?q");
    assert_parts("https://host#f", "host", 443, "#f");
    assert_parts("http://127.0.0.1:65535/", "127.0.0.1", 65535, "/");
    assert_parts("https://[2001:db8::1]:1/", "[2001:db8::1]", 1, "/");
    assert_parts("https://host/a@b:c", "host", 443, "/a@b:c");
    assert_true(parsed("https://host").is_https);
    assert_false(parsed("http://host").is_https);
}

static void
url_is_refused_when_it_could_be_read_in_two_ways(void **state)
{
    static const char *const refused[] = {
        "",
        "host/path",
        "//host/path",
        "ftp://host/",
        "https:/host",
        "https:host",
        " https://host",
        "https://",
        "https:///path",
        "https://:443/",
        "https://user@host/",
        "https://user:secret@host/",
        "https://host:80@evil.test/",
        "https://host\\@evil.test/",
        "https://host/\\path",
        "https://host%2eevil.test/",
        "https://h\xC3\xB6st/",
        "https://host /",
        "https://host/a b",
        "https://host/a\nb",
        "https://host/\x7F",
        "https://host:/",
        "https://host:0/",
        "https://host:65536/",
        "https://host:99999999999999999999/",
        "https://host:+443/",
        "https://host:443x/",
        "https://host:443:443/",
        "https://[::1/",
        "https://::1/",
        "https://[::1]x/",
        "https://[host]/",
        "https://host;x/",
        "https://host,other/",
    };
    struct url url = {.port = 7};

    (void)state;
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
        if (url_parse(refused[i], &url))
            fail_msg("%s was read", refused[i]);
    assert_int_equal(url.port, 7);
}

static void
url_origin_is_scheme_host_and_port(void **state)
{
    struct url base = parsed("https://host");
    struct url same = parsed("HTTPS://HOST:443/x");
    static const char *const others[] = {"http://host:443", "https://host:8443",
                                         "https://host.test", "https://hos", "https://tsoh"};

    (void)state;
    assert_true(url_same_origin(&base, &same));
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        struct url other = parsed(others[i]);

        assert_false(url_same_origin(&base, &other));
    }
}

static void
url_is_below_a_base_only_when_it_is_so_for_certain(void **state)
{
    static const char *const below[] = {"https://host/a/b",          "https://host/a/b/",
                                        "https://host/a/b?c=../%2F", "https://host/a/b()?c",
                                        "HTTPS://HOST:443/A/B/c",    "https://host/a/b/c/d",
                                        "https://host/a/b/.c/d.",    "https://host/a/b/...?../"};
    static const char *const elsewhere[] = {"https://evil/a/b",
                                            "http://host/a/b",
                                            "https://host:8443/a/b",
                                            "https://host@evil/a/b",
                                            "https://host",
                                            "https://host/",
                                            "https://host/a",
                                            "https://host/a/",
                                            "https://host/a/bc",
                                            "https://host/a/c",
                                            "https://host/x/a/b",
                                            "https://host/a/b/../c",
                                            "https://host/a/b/..",
                                            "https://host/a/b/./c",
                                            "https://host/a/b/.?c",
                                            "https://host/a/b/%2e",
                                            "https://host/a%2Fb",
                                            "https://host/a/b#",
                                            "https://host/a/b?c#d",
                                            "/a/b",
                                            "",
                                            "https://host/a/b/..%2f",
                                            "https://host/a/b\\..\\c",
                                            "https://host?/a/b"};

    (void)state;
    for (size_t i = 0; i < sizeof(below) / sizeof(below[0]); i++) {
        if (!url_is_below(below[i], "https://host/a/b"))
            fail_msg("%s was not taken to be below", below[i]);
    }
    for (size_t i = 0; i < sizeof(elsewhere) / sizeof(elsewhere[0]); i++) {
        if (url_is_below(elsewhere[i], "https://host/a/b"))
            fail_msg("%s was taken to be below", elsewhere[i]);
    }
    assert_true(url_is_below("https://host/a", "https://host"));
    assert_true(url_is_below("https://host", "https://host"));
    assert_false(url_is_below("https://host/a", "nonsense"));
}

static void
url_is_loopback_only_where_it_cannot_leave_the_machine(void **state)
{
    static const char *const loopback[] = {"http://127.0.0.1", "http://127.255.255.255:80/x",
                                           "http://localhost:1", "http://LocalHost/",
                                           "http://[::1]:9092"};
    static const char *const outside[] = {
        "128.0.0.1",     "126.0.0.1",  "127.0.0.256",        "127.0.0.1.test",
        "127.evil.test", "127.1",      "127.0.0.01",         "127.0.0.",
        "127.0.0.0.1",   "127..0.1",   "localhost.test",     "localhos",
        "mylocalhost",   "[::2]",      "[::ffff:127.0.0.1]", "127.0.0.1a",
        "0x7f.0.0.1",    "2130706433", "127.0.0.99999999",   "localhost.",
        "127.0.0.-1",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(loopback) / sizeof(loopback[0]); i++) {
        struct url url = parsed(loopback[i]);

        assert_true(url_is_loopback(&url));
    }
    for (size_t i = 0; i < sizeof(outside) / sizeof(outside[0]); i++) {
        char text[64];
        struct url url;

        snprintf(text, sizeof(text), "http://%s", outside[i]);
        url = parsed(text);
        if (url_is_loopback(&url))
            fail_msg("%s was taken for loopback", text);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(url_is_taken_apart),
        cmocka_unit_test(url_is_refused_when_it_could_be_read_in_two_ways),
        cmocka_unit_test(url_origin_is_scheme_host_and_port),
        cmocka_unit_test(url_is_below_a_base_only_when_it_is_so_for_certain),
        cmocka_unit_test(url_is_loopback_only_where_it_cannot_leave_the_machine),
    };
    return cmocka_run_group_tests_name("url", tests, NULL, NULL);
}
