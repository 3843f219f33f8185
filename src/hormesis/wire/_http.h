/* Reading HTTP/1.1 answers, strictly; the same rules as head.py and parser.py. No Python here. */
#ifndef HORMESIS_HTTP_H
#define HORMESIS_HTTP_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum {
    HEAD_BYTES_MAX = 64 * 1024,
    BODY_BYTES_MAX = 64 * 1024 * 1024,
    LINE_BYTES_MAX = 4096,
    INTERIMS_MAX = 100,
};

typedef struct {
    int64_t length; /* of the body; -1 when it is not told */
    int status;
    unsigned char chunked, keep, special;
    unsigned char plain; /* the answer is exactly this head and `length` bytes, but to HEAD */
} Head;

/* Read the head at the start of data. Return its size with the blank line, 0 when it goes on,
 * -1 when it breaks the protocol (*why says how). `searched` bytes are known to hold no end. */
ssize_t head_read(const char *data, size_t size, size_t searched, Head *head, const char **why);

typedef struct {
    char *data;
    size_t size, room;
} Bytes;

typedef enum {
    IN_HEAD, IN_LENGTH, IN_CLOSE, IN_CHUNK_LINE, IN_CHUNK, IN_CHUNK_END, IN_TRAILER, IN_WHOLE
} Stage;

/* One answer that came in pieces, or framed other than by its length. */
typedef struct {
    Bytes head_bytes, line, body;
    Head head;
    Stage stage;
    int to_head, interims;
    size_t searched, trailed;
    int64_t left;
    const char *why;
} Reader;

enum { READ_MORE = 0, READ_WHOLE = 1, READ_MALFORMED = -1, READ_NO_MEMORY = -2 };

Reader *reader_new(int to_head);
void reader_free(Reader *reader);
/* Read on; *used is how many bytes belong to this answer. */
int reader_feed(Reader *reader, const char *data, size_t size, size_t *used);
/* The connection ended: return whether that completes the answer. */
int reader_end(Reader *reader);

#endif
