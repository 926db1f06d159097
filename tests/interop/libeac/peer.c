/*
 * libeac (OpenPACE) as a peer, in both roles. It reads one request per line from standard input and answers each with one
 * line: "ok" and results, or "error" and words. Octet strings are hexadecimal, "-" is the empty one.
 *
 *   new 1|2                        forget everything; the version of Chip Authentication that is meant
 *   pace OID PARAMETERS            PACE by object identifier and standardised domain parameters
 *   password mrz|can|pin|puk HEX   its ASCII text
 *   nonce                          chip: draws the nonce, answers it encrypted
 *   take-nonce HEX                 terminal
 *   mapping | map HEX              own mapping data | takes the other side's
 *   ephemeral | agree HEX          own key on the mapped group | takes the other side's, derives the keys
 *   token HEX | check-token HEX    own token over the other side's key | 1 if theirs holds
 *   keys pace|ca                   shared secret, K_Enc, K_MAC
 *   ca OID PARAMETERS              Chip Authentication
 *   ca-key PRIVATE PUBLIC          chip: its key pair
 *   ca-ephemeral                   terminal: draws a key, answers it compressed and whole
 *   ca-agree HEX                   takes the other side's key
 *   ca-keys                        version 1: keys without nonce
 *   ca-prove HEX                   chip, version 2: nonce and token over the terminal's key
 *   ca-check NONCE TOKEN           terminal, version 2: 1 if the token holds
 *   ta-anchor HEX                  chip: the CVCA's certificate
 *   ta-terminal KEY HEX            terminal: its private key (PKCS#8) and its certificate
 *   ta-import HEX                  chip: the next certificate of the chain
 *   ta-challenge | ta-take HEX     chip draws the challenge | terminal takes it
 *   ta-sign EPHEMERAL ID           terminal: over the challenge and these, both as in the protocol
 *   ta-verify EPHEMERAL ID SIG     chip: 1 if it holds
 *   session pace|ca                secure messaging with these keys, counter at zero
 *   count                          counts
 *   encrypt|decrypt|mac HEX        whole blocks: what is padded was padded before
 *   card-access HEX                parses EF.CardAccess
 *   card-security HEX              parses EF.CardSecurity without its chain, answers the chip's public key
 */
#include <eac/ca.h>
#include <eac/eac.h>
#include <eac/pace.h>
#include <eac/ta.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/provider.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Exported, but in no header: what PACE_STEP3C_derive_keys calls, for the key agreement of Chip Authentication. */
int KA_CTX_derive_keys(KA_CTX *ctx, const BUF_MEM *nonce, EVP_MD_CTX *md_ctx);

enum { LINE = 1 << 18, WORDS = 5 };

static EAC_CTX *ctx;
static PACE_SEC *password;

static void fresh(int version)
{
    EAC_CTX_clear_free(ctx);
    PACE_SEC_clear_free(password);
    password = NULL;
    ctx = EAC_CTX_new();
    if (!ctx)
        exit(3);
    ctx->tr_version = version == 1 ? EAC_TR_VERSION_2_01 : EAC_TR_VERSION_2_02;
}

static int digit(char c)
{
    const char *digits = "0123456789abcdef", *at = strchr(digits, c);
    return c && at ? (int)(at - digits) : -1;
}

static BUF_MEM *from_hex(const char *hex)
{
    size_t length = hex && strcmp(hex, "-") ? strlen(hex) / 2 : 0;
    BUF_MEM *out = BUF_MEM_new();
    if (!out || !BUF_MEM_grow(out, length ? length : 1))
        exit(3);
    out->length = length;
    for (size_t i = 0; i < length; i++) {
        int high = digit(hex[2 * i]), low = digit(hex[2 * i + 1]);
        if (high < 0 || low < 0)
            exit(3);
        out->data[i] = (char)(high << 4 | low);
    }
    return out;
}

static void put(const BUF_MEM *bytes)
{
    putchar(' ');
    if (!bytes || !bytes->length)
        putchar('-');
    for (size_t i = 0; bytes && i < bytes->length; i++)
        printf("%02x", (unsigned char)bytes->data[i]);
}

static int is(const char *word, const char *name) { return word && !strcmp(word, name); }

static const unsigned char *bytes_of(const BUF_MEM *buffer) { return (const unsigned char *)buffer->data; }

static BUF_MEM *result[3];
static int yes = -1;

static int give(BUF_MEM *one)
{
    result[0] = one;
    return one != NULL;
}

static int verdict(int r)
{
    yes = r > 0;
    return r >= 0;
}

static int copy_keys(KA_CTX *keys)
{
    if (!keys || !keys->shared_secret || !keys->k_enc || !keys->k_mac)
        return 0;
    result[0] = BUF_MEM_new();
    result[1] = BUF_MEM_new();
    result[2] = BUF_MEM_new();
    BUF_MEM *from[3] = { keys->shared_secret, keys->k_enc, keys->k_mac };
    for (int i = 0; i < 3; i++) {
        if (!result[i] || !BUF_MEM_grow(result[i], from[i]->length))
            return 0;
        memcpy(result[i]->data, from[i]->data, from[i]->length);
    }
    return 1;
}

static enum s_type kind(const char *name)
{
    return is(name, "mrz") ? PACE_MRZ : is(name, "can") ? PACE_CAN : is(name, "pin") ? PACE_PIN
        : is(name, "puk") ? PACE_PUK : PACE_SEC_UNDEF;
}

/* The public key of the terminal: libeac answers it compressed, Chip Authentication sends it whole. */
static int ca_ephemeral(void)
{
    result[0] = TA_STEP3_generate_ephemeral_key(ctx);
    result[1] = CA_STEP2_get_eph_pubkey(ctx);
    return result[0] && result[1];
}

static int run(char **word, BUF_MEM *a, BUF_MEM *b, BUF_MEM *c)
{
    const char *verb = word[0];
    if (is(verb, "new")) {
        fresh(is(word[1], "1") ? 1 : 2);
        return 1;
    }
    if (is(verb, "pace"))
        return EAC_CTX_init_pace(ctx, OBJ_txt2nid(word[1]), atoi(word[2]));
    if (is(verb, "ca")) {
        int ok = EAC_CTX_init_ca(ctx, OBJ_txt2nid(word[1]), atoi(word[2]));
        CA_disable_passive_authentication(ctx);
        return ok;
    }
    if (is(verb, "password")) {
        PACE_SEC_clear_free(password);
        password = PACE_SEC_new(b->data, b->length, kind(word[1]));
        return password != NULL;
    }
    if (is(verb, "nonce"))
        return give(PACE_STEP1_enc_nonce(ctx, password));
    if (is(verb, "take-nonce"))
        return PACE_STEP2_dec_nonce(ctx, password, a);
    if (is(verb, "mapping"))
        return give(PACE_STEP3A_generate_mapping_data(ctx));
    if (is(verb, "map"))
        return PACE_STEP3A_map_generator(ctx, a);
    if (is(verb, "ephemeral"))
        return give(PACE_STEP3B_generate_ephemeral_key(ctx));
    if (is(verb, "agree"))
        return PACE_STEP3B_compute_shared_secret(ctx, a) && PACE_STEP3C_derive_keys(ctx);
    if (is(verb, "token"))
        return give(PACE_STEP3D_compute_authentication_token(ctx, a));
    if (is(verb, "check-token"))
        return verdict(PACE_STEP3D_verify_authentication_token(ctx, a));
    if (is(verb, "keys"))
        return copy_keys(is(word[1], "ca") ? ctx->ca_ctx->ka_ctx : ctx->pace_ctx->ka_ctx);
    if (is(verb, "ca-key"))
        return CA_set_key(ctx, bytes_of(a), a->length, bytes_of(b), b->length);
    if (is(verb, "ca-ephemeral"))
        return ca_ephemeral();
    if (is(verb, "ca-agree"))
        return CA_STEP4_compute_shared_secret(ctx, a);
    if (is(verb, "ca-keys"))
        return KA_CTX_derive_keys(ctx->ca_ctx->ka_ctx, NULL, ctx->md_ctx);
    if (is(verb, "ca-prove"))
        return CA_STEP5_derive_keys(ctx, a, &result[0], &result[1]);
    if (is(verb, "ca-check"))
        return verdict(CA_STEP6_derive_keys(ctx, a, b));
    if (is(verb, "ta-anchor")) {
        TA_disable_checks(ctx);
        return EAC_CTX_init_ta(ctx, NULL, 0, bytes_of(a), a->length);
    }
    if (is(verb, "ta-terminal")) {
        TA_disable_checks(ctx);
        return EAC_CTX_init_ta(ctx, bytes_of(a), a->length, bytes_of(b), b->length);
    }
    if (is(verb, "ta-import"))
        return TA_STEP2_import_certificate(ctx, bytes_of(a), a->length);
    if (is(verb, "ta-challenge"))
        return give(TA_STEP4_get_nonce(ctx));
    if (is(verb, "ta-take"))
        return TA_STEP4_set_nonce(ctx, a);
    if (is(verb, "ta-sign"))
        return give(TA_STEP5_sign(ctx, a, b, NULL));
    if (is(verb, "ta-verify"))
        return verdict(TA_STEP6_verify(ctx, a, b, NULL, c));
    if (is(verb, "session"))
        return EAC_CTX_set_encryption_ctx(ctx, is(word[1], "ca") ? EAC_ID_CA : EAC_ID_PACE);
    if (is(verb, "count"))
        return EAC_increment_ssc(ctx);
    if (is(verb, "encrypt"))
        return give(EAC_encrypt(ctx, a));
    if (is(verb, "decrypt"))
        return give(EAC_decrypt(ctx, a));
    if (is(verb, "mac"))
        return give(EAC_authenticate(ctx, a));
    if (is(verb, "card-access"))
        return EAC_CTX_init_ef_cardaccess(bytes_of(a), a->length, ctx);
    if (is(verb, "card-security")) {
        CA_disable_passive_authentication(ctx);
        return give(CA_get_pubkey(ctx, bytes_of(a), a->length));
    }
    fprintf(stderr, "no such request: %s\n", verb);
    return 0;
}

/* Only octet strings are read as such: names and numbers come first and stay words. */
static BUF_MEM *argument(const char *word)
{
    for (const char *c = word; c && *c && strcmp(word, "-"); c++)
        if (digit(*c) < 0)
            return from_hex(NULL);
    return from_hex(word && strlen(word) % 2 == 0 ? word : NULL);
}

int main(void)
{
    static char line[LINE];
    /* libeac loads the provider of single DES for each retail MAC; alone, that would put the default one out. */
    if (!OSSL_PROVIDER_load(NULL, "default") || !OSSL_PROVIDER_load(NULL, "legacy"))
        return 3;
    EAC_init();
    fresh(2);
    while (fgets(line, sizeof line, stdin)) {
        char *word[WORDS] = { NULL };
        int words = 0;
        for (char *at = strtok(line, " \n"); at && words < WORDS; at = strtok(NULL, " \n"))
            word[words++] = at;
        if (!words)
            continue;
        BUF_MEM *a = argument(word[1]), *b = argument(word[2]), *c = argument(word[3]);
        if (run(word, a, b, c)) {
            printf("ok");
            if (yes >= 0)
                printf(" %d", yes);
            for (int i = 0; i < 3 && result[i]; i++)
                put(result[i]);
            putchar('\n');
        } else {
            unsigned long error = ERR_peek_error();
            printf("error %s: libeac refuses: %s\n", word[0], error ? ERR_error_string(error, NULL) : "no reason");
        }
        ERR_clear_error();
        fflush(stdout);
        for (int i = 0; i < 3; i++) {
            BUF_MEM_free(result[i]);
            result[i] = NULL;
        }
        yes = -1;
        BUF_MEM_free(a);
        BUF_MEM_free(b);
        BUF_MEM_free(c);
    }
    EAC_CTX_clear_free(ctx);
    PACE_SEC_clear_free(password);
    EAC_cleanup();
    return 0;
}
