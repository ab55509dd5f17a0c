/* The admin endpoint's socket: which addresses it takes, and what it says of the others. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "admin_listen.h"
#include "error.h"

static int
listen_on(const char *address)
{
    struct error error;
    int fd = admin_listen(address, &error);

    if (fd < 0)
        fail_msg("%s", error.text);
    return fd;
}

static void
admin_listen_takes_a_free_port(void **state)
{
    struct sockaddr_in to = {.sin_family = AF_INET};
    int listener = listen_on("127.0.0.1:0");
    int client = socket(AF_INET, SOCK_STREAM, 0);

    (void)state;
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    to.sin_port = htons((uint16_t)admin_listen_port(listener));
    assert_int_equal(connect(client, (struct sockaddr *)&to, sizeof(to)), 0);
    close(client);
    close(listener);
}

static void
admin_listen_says_that_an_address_is_taken(void **state)
{
    int listener = listen_on("127.0.0.1:0");
    struct error error;
    char address[32];

    (void)state;
    snprintf(address, sizeof(address), "127.0.0.1:%d", admin_listen_port(listener));
    assert_int_equal(admin_listen(address, &error), -1);
    assert_int_equal(error.class, ERROR_SYSTEM);
    assert_string_equal(error.code, "EADDRINUSE");
    assert_non_null(strstr(error.text, address));
    close(listener);
}

static void
admin_listen_says_that_an_address_is_not_the_machines(void **state)
{
    struct error error;

    (void)state;
    assert_int_equal(admin_listen("192.0.2.1:8080", &error), -1);
    assert_int_equal(error.class, ERROR_SYSTEM);
    assert_string_equal(error.code, "EADDRNOTAVAIL");
}

static void
admin_listen_says_which_addresses_it_accepts(void **state)
{
    static const char *const bad[] = {"",
                                      "8080",
                                      ":8080",
                                      "localhost:8080",
                                      "127.0.0.1",
                                      "127.1:80",
                                      "127.0.0.1:",
                                      "[::1]",
                                      "::1:8080",
                                      "127.0.0.1:65536",
                                      "127.0.0.1:x",
                                      "127.0.0.1:80x",
                                      "127.0.0.1: 80",
                                      "127.0.0.1:-1",
                                      "[]:80",
                                      "[::1:80",
                                      "[:80",
                                      "]:80",
                                      "1.1.1.1]:80",
                                      "[127.0.0.1]:80"};

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct error error;

        assert_int_equal(admin_listen(bad[i], &error), -1);
        assert_int_equal(error.class, ERROR_CONFIG);
        assert_non_null(strstr(error.text, "127.0.0.1:8080"));
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(admin_listen_takes_a_free_port),
        cmocka_unit_test(admin_listen_says_that_an_address_is_taken),
        cmocka_unit_test(admin_listen_says_that_an_address_is_not_the_machines),
        cmocka_unit_test(admin_listen_says_which_addresses_it_accepts),
    };

    return cmocka_run_group_tests_name("admin_listen", tests, NULL, NULL);
}
