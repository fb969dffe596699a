/* Verifiers, base64, SASLprep: against the RFCs' own examples. */
#include "base/scram/scram.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void test_base64(void **state)
{
    static const char *const pairs[][2] = {{"", ""},         {"f", "Zg=="},     {"fo", "Zm8="},
                                           {"foo", "Zm9v"},  {"foob", "Zm9vYg=="},
                                           {"foobar", "Zm9vYmFy"}};
    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        Buffer out = BUFFER_EMPTY;
        uint8_t bytes[16];
        size_t length;
        scram_base64_append(&out, pairs[i][0], strlen(pairs[i][0]));
        assert_string_equal(buffer_string(&out), pairs[i][1]);
        assert_true(scram_base64_read(text_of(pairs[i][1]), bytes, sizeof bytes, &length));
        assert_int_equal(length, strlen(pairs[i][0]));
        assert_memory_equal(bytes, pairs[i][0], length);
        buffer_clear(&out);
    }
    static const char *const bad[] = {"Z", "Zg", "Zg=", "Zg==Zg==", "Z===", "Zm9 ", "====", "Zm9v="};
    uint8_t bytes[16];
    size_t length;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(scram_base64_read(text_of(bad[i]), bytes, sizeof bytes, &length));
    assert_false(scram_base64_read(text_of("Zm9vYmFy"), bytes, 5, &length));
}

/* The keys behind the exchange in RFC 7677, section 3: user "user", password "pencil". */
static void test_rfc_7677(void **state)
{
    (void)state;
    static const char client_first_bare[] = "n=user,r=rOprNGfwEbeRWgbNEkqO";
    static const char server_first[] = "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
                                       "s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
    static const char client_final[] = "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
    Buffer message = BUFFER_EMPTY, signature = BUFFER_EMPTY;
    ScramVerifier verifier = {.iterations = 4096};
    size_t length;
    assert_true(scram_base64_read(text_of("W22ZaJ0SNY7soEsUEjb6gQ=="), verifier.salt,
                                  sizeof verifier.salt, &length));
    verifier.salt_length = (uint32_t)length;
    /* server_key from HMAC(salted, ..) by way of a verifier that is known to match. */
    buffer_printf(&message, "%s,%s,%s", client_first_bare, server_first, client_final);
    ScramStretch *stretch = scram_stretch_new(text_of("pencil"), &verifier);
    assert_false(scram_stretch_step(stretch, 1000));
    assert_true(scram_stretch_step(stretch, 4000));
    assert_false(scram_stretch_matches(stretch)); /* the verifier's keys are zeros */
    scram_stretch_free(stretch);
    const char *known = "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$"
                        "WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:"
                        "wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=";
    assert_true(scram_verifier_parse(text_of(known), &verifier));
    scram_hmac(verifier.server_key, SCRAM_KEY_SIZE, text_of(buffer_string(&message)),
               (uint8_t[SCRAM_KEY_SIZE]){0});
    uint8_t mac[SCRAM_KEY_SIZE];
    scram_hmac(verifier.server_key, SCRAM_KEY_SIZE, text_of(buffer_string(&message)), mac);
    scram_base64_append(&signature, mac, sizeof mac);
    assert_string_equal(buffer_string(&signature), "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
    stretch = scram_stretch_new(text_of("pencil"), &verifier);
    assert_true(scram_stretch_step(stretch, 4096));
    assert_true(scram_stretch_matches(stretch));
    scram_stretch_free(stretch);
    stretch = scram_stretch_new(text_of("Pencil"), &verifier);
    assert_true(scram_stretch_step(stretch, 4096));
    assert_false(scram_stretch_matches(stretch));
    scram_stretch_free(stretch);
    buffer_clear(&message);
    buffer_clear(&signature);
}

static void test_make(void **state)
{
    (void)state;
    char text[SCRAM_VERIFIER_SIZE], again[SCRAM_VERIFIER_SIZE];
    Fault fault;
    ScramVerifier verifier;
    assert_true(scram_verifier_make(text_of("s3cret"), text, &fault));
    assert_true(scram_verifier_make(text_of("s3cret"), again, &fault));
    assert_string_not_equal(text, again);
    assert_true(scram_verifier_parse(text_of(text), &verifier));
    ScramStretch *stretch = scram_stretch_new(text_of("s3cret"), &verifier);
    assert_true(scram_stretch_step(stretch, 4096));
    assert_true(scram_stretch_matches(stretch));
    scram_stretch_free(stretch);
}

static void test_not_verifiers(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "", "secret", "SCRAM-SHA-256$", "SCRAM-SHA-256$4096", "SCRAM-SHA-256$4096:c2FsdA==",
        "SCRAM-SHA-256$4096:c2FsdA==$AAAA:BBBB",
        "SCRAM-SHA-256$0:c2FsdA==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:"
        "wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=",
        "SCRAM-SHA-256$-1:c2FsdA==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:"
        "wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=",
        "SCRAM-SHA-256$99999999999999999999:c2FsdA==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:"
        "wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(scram_is_verifier(text_of(bad[i])));
    assert_true(scram_is_md5_hash(text_of("md50123456789abcdef0123456789abcdef")));
    assert_false(scram_is_md5_hash(text_of("md50123456789abcdef0123456789abcdeg")));
}

static void expect_prepared(const char *password, const char *prepared)
{
    Buffer out = BUFFER_EMPTY;
    scram_prepare(text_of(password), &out);
    assert_string_equal(buffer_string(&out), prepared);
    buffer_clear(&out);
}

/* The examples of RFC 4013, section 3, and what PostgreSQL does with those that fail. */
static void test_saslprep(void **state)
{
    (void)state;
    expect_prepared("I\xc2\xadX", "IX");
    expect_prepared("user", "user");
    expect_prepared("USER", "USER");
    expect_prepared("\xc2\xaa", "a");
    expect_prepared("\xe2\x85\xa8", "IX");
    expect_prepared("\x07", "\x07");                 /* prohibited: as it is */
    expect_prepared("\xd8\xa7" "1", "\xd8\xa7" "1"); /* bidirectional: as it is */
    expect_prepared("a\xc2\xa0" "b", "a b");
    expect_prepared("e\xcc\x81", "\xc3\xa9");
    expect_prepared("\xff\xfe", "\xff\xfe"); /* not UTF-8: as it is */
    expect_prepared("", "");
    expect_prepared("\xc2\xad", "\xc2\xad"); /* nothing would be left: as it is */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_base64), cmocka_unit_test(test_rfc_7677),
        cmocka_unit_test(test_make),   cmocka_unit_test(test_not_verifiers),
        cmocka_unit_test(test_saslprep),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
