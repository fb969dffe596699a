/*
 * HTTP sources against a small server in a child process, and the policy on addresses.
 */
#include "engine/input/http_internal.h"
#include "engine/input/input_test_internal.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#define JSON "{\"type\":\"json\"}"

static int port;
static pid_t server;

/* --- the server --- */

enum { BIG_ROWS = 300000 };

static void answer(FILE *out, const char *status, const char *headers, const char *body)
{
    fprintf(out, "HTTP/1.1 %s\r\nConnection: close\r\n%sContent-Length: %zu\r\n\r\n%s", status,
            headers, strlen(body), body);
}

static void answer_big(FILE *out)
{
    fprintf(out, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
    for (int i = 0; i < BIG_ROWS; i++)
        fprintf(out, "{\"a\":%d,\"filler\":\"xxxxxxxxxxxxxxxxxxxxxxxxxxxx\"}\n", i);
}

static void answer_request(FILE *out, const char *path, const char *request)
{
    if (strcmp(path, "/data.json") == 0)
        answer(out, "200 OK", "", "{\"a\":1}\n{\"a\":2}\n");
    else if (strcmp(path, "/big") == 0)
        answer_big(out);
    else if (strcmp(path, "/moved") == 0)
        answer(out, "302 Found", "Location: /data.json\r\n", "");
    else if (strcmp(path, "/metadata") == 0)
        answer(out, "302 Found", "Location: http://169.254.169.254/latest\r\n", "");
    else if (strcmp(path, "/to-file") == 0)
        answer(out, "302 Found", "Location: file:///etc/passwd\r\n", "");
    else if (strcmp(path, "/circle") == 0)
        answer(out, "302 Found", "Location: /circle\r\n", "");
    else if (strcmp(path, "/short") == 0)
        fprintf(out,
                "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1000\r\n\r\n{\"a\":1}\n");
    else if (strcmp(path, "/private") == 0 &&
             strstr(request, "Authorization: Basic dXNlcjpzZWNyZXQ=") == NULL)
        answer(out, "401 Unauthorized", "", "");
    else if (strcmp(path, "/private") == 0)
        answer(out, "200 OK", "", "{\"a\":3}\n");
    else if (strcmp(path, "/header") == 0)
        answer(out, "200 OK", "",
               strstr(request, "X-Test: yes") != NULL ? "{\"a\":4}" : "{\"a\":5}");
    else if (strcmp(path, "/broken") == 0)
        answer(out, "500 Internal Server Error", "", "{\"a\":1}\n");
    else
        answer(out, "404 Not Found", "", "");
}

static void serve(int listener)
{
    for (;;) {
        char request[4096], path[256] = "";
        size_t length = 0;
        int fd = accept(listener, NULL, NULL);
        if (fd < 0)
            continue;
        do {
            ssize_t got = read(fd, request + length, sizeof request - 1 - length);
            if (got <= 0)
                break;
            length += (size_t)got;
            request[length] = '\0';
        } while (strstr(request, "\r\n\r\n") == NULL && length < sizeof request - 1);
        FILE *out = fdopen(fd, "w");
        if (length != 0 && sscanf(request, "GET %255s", path) == 1)
            answer_request(out, path, request);
        fclose(out);
    }
}

static int start_server(void **state)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t length = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0 ||
        listen(listener, 16) != 0 ||
        getsockname(listener, (struct sockaddr *)&address, &length) != 0)
        return -1;
    port = ntohs(address.sin_port);
    server = fork();
    if (server == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        signal(SIGPIPE, SIG_IGN);
        serve(listener);
    }
    close(listener);
    return server < 0;
}

static int stop_server(void **state)
{
    kill(server, SIGKILL);
    waitpid(server, NULL, 0);
    return 0;
}

/* --- reading --- */

/* `more`: further keys of the source, each with a comma before it. */
static TestRead get(const char *path, const char *more)
{
    char url[256], source[1024];
    snprintf(url, sizeof url, "http://127.0.0.1:%d%s", port, path);
    snprintf(source, sizeof source, "{\"type\":\"http\",\"uris\":[\"%s\"]%s}", url, more);
    return test_read_unit(source, url, JSON, "a:bigint", NULL);
}

static void reads_urls(void **state)
{
    test_expect(get("/data.json", ""), "1\n2\n");
    test_expect(get("/moved", ""), "1\n2\n");
    TestRead read = get("/big", "");
    assert_false(read.failed);
    assert_int_equal(read.rows, BIG_ROWS);
    free(read.text);
}

static void reports_failures(void **state)
{
    test_expect_fault(get("/nothing", ""), FAULT_UNDEFINED_FILE, "404");
    test_expect_fault(get("/broken", ""), FAULT_IO_ERROR, "500");
    test_expect_fault(get("/circle", ""), FAULT_IO_ERROR, "redirect");
    test_expect_fault(get("/short", ""), FAULT_IO_ERROR, "/short");
    test_expect_fault(get("/to-file", ""), FAULT_IO_ERROR, "rotocol");
    test_expect_fault(get("/metadata", ""), FAULT_INSUFFICIENT_PRIVILEGE, "address");
    test_expect_fault(test_read_unit("{\"type\":\"http\",\"uris\":[]}", "http://127.0.0.1:1/", JSON,
                                     "a:bigint", NULL),
                      FAULT_IO_ERROR, "127.0.0.1");
}

static void gives_credentials(void **state)
{
    test_expect_fault(get("/private", ""), FAULT_INSUFFICIENT_PRIVILEGE, "401");
    test_expect(
        get("/private",
            ",\"httpAuthenticationUsername\":\"user\",\"httpAuthenticationPassword\":\"secret\""),
        "3\n");
    test_expect(
        get("/private", ",\"httpAuthenticationUsername\":\"user\",\"httpAuthenticationPassword\":{"
                        "\"type\":\"default\",\"password\":\"secret\"}"),
        "3\n");
    setenv("TALARIA_TEST_PASSWORD", "secret", 1);
    test_expect(
        get("/private", ",\"httpAuthenticationUsername\":\"user\",\"httpAuthenticationPassword\":{"
                        "\"type\":\"environment\",\"variable\":\"TALARIA_TEST_PASSWORD\"}"),
        "3\n");
    test_expect_fault(
        get("/private", ",\"httpAuthenticationUsername\":\"user\",\"httpAuthenticationPassword\":{"
                        "\"type\":\"environment\",\"variable\":\"TALARIA_TEST_NONE\"}"),
        FAULT_INVALID_PARAMETER_VALUE, "TALARIA_TEST_NONE");
    test_expect_fault(get("/header", ",\"requestHeaders\":{\"X-Test\":\"yes\"}"),
                      FAULT_INSUFFICIENT_PRIVILEGE, "X-Test");
    strcpy(test_settings.extern_allowed_headers, "accept, x-test");
    test_expect(get("/header", ",\"requestHeaders\":{\"X-Test\":\"yes\"}"), "4\n");
    test_expect_fault(get("/header", ",\"requestHeaders\":{\"X-Test\":\"yes\\r\\nX: y\"}"),
                      FAULT_INVALID_PARAMETER_VALUE, "one line");
    test_expect(get("/header", ""), "5\n");
}

static void keeps_to_allowed_protocols(void **state)
{
    strcpy(test_settings.extern_allowed_protocols, "https");
    test_expect_fault(get("/data.json", ""), FAULT_INSUFFICIENT_PRIVILEGE, "protocol");
    strcpy(test_settings.extern_allowed_protocols, "http,https,file");
    test_expect_fault(test_read_unit("{\"type\":\"http\",\"uris\":[]}", "file:///etc/passwd", JSON,
                                     "a:bigint", NULL),
                      FAULT_INSUFFICIENT_PRIVILEGE, "protocol");
    test_expect(get("/data.json", ""), "1\n2\n");
}

/* --- addresses --- */

static bool is_allowed(const char *text)
{
    struct sockaddr_in ipv4 = {.sin_family = AF_INET};
    struct sockaddr_in6 ipv6 = {.sin6_family = AF_INET6};
    if (inet_pton(AF_INET, text, &ipv4.sin_addr) == 1)
        return http_address_is_allowed((const struct sockaddr *)&ipv4);
    assert_int_equal(inet_pton(AF_INET6, text, &ipv6.sin6_addr), 1);
    return http_address_is_allowed((const struct sockaddr *)&ipv6);
}

static void refuses_addresses(void **state)
{
    static const char *const good[] = {"127.0.0.1",
                                       "10.1.2.3",
                                       "192.168.1.1",
                                       "93.184.216.34",
                                       "169.253.1.1",
                                       "::1",
                                       "2606:2800:220:1:248:1893:25c8:1946",
                                       "::ffff:10.0.0.1",
                                       "64:ff9b::5db8:d822"};
    static const char *const bad[] = {"0.0.0.0",
                                      "0.1.2.3",
                                      "169.254.169.254",
                                      "224.0.0.1",
                                      "255.255.255.255",
                                      "240.0.0.1",
                                      "::",
                                      "fe80::1",
                                      "ff02::1",
                                      "::ffff:169.254.169.254",
                                      "64:ff9b::a9fe:a9fe",
                                      "::a9fe:a9fe"};
    struct sockaddr local = {.sa_family = AF_UNIX};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_true(is_allowed(good[i]));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(is_allowed(bad[i]));
    assert_false(http_address_is_allowed(&local));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_urls),        cmocka_unit_test(reports_failures),
        cmocka_unit_test(gives_credentials), cmocka_unit_test(keeps_to_allowed_protocols),
        cmocka_unit_test(refuses_addresses),
    };
    setting_defaults(&test_settings);
    return cmocka_run_group_tests(tests, start_server, stop_server);
}
