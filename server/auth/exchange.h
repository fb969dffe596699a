/*
 * The server's side of SCRAM-SHA-256 and SCRAM-SHA-256-PLUS (RFC 5802, RFC 7677, RFC 5929), from
 * the client's first message to the verdict. No sockets: messages in, messages out.
 */
#ifndef TALARIA_SERVER_AUTH_EXCHANGE_H
#define TALARIA_SERVER_AUTH_EXCHANGE_H

#include "base/scram/scram.h"

enum { EXCHANGE_NONCE_BYTES = 18 };

typedef struct Exchange {
    ScramVerifier verifier;
    bool is_doomed;     /* there is no such password: goes on as if, and fails in the end */
    bool offers_binding;
    bool binds;         /* the client has chosen SCRAM-SHA-256-PLUS */
    Text end_point;     /* what is bound to; of the connection's TLS context */
    Buffer header;      /* the client's GS2 header */
    Buffer first_bare;  /* client-first-message-bare */
    Buffer server_first;
    Buffer nonce;       /* the client's and ours */
} Exchange;

void exchange_init(Exchange *exchange, const ScramVerifier *verifier, bool is_doomed,
                   Text end_point);
void exchange_clear(Exchange *exchange);
/* client-first-message; appends server-first-message. 08P01, 0A000, 28000. */
bool exchange_first(Exchange *exchange, Text mechanism, Text message, Buffer *out, Fault *fault);
/* client-final-message; *is_right says whether it proves the password, and only then
 * server-final-message is appended. */
bool exchange_final(Exchange *exchange, Text message, Buffer *out, bool *is_right, Fault *fault);

#endif
