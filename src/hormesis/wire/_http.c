#define _GNU_SOURCE
#include "_http.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char BEGIN[] = "HTTP/1.";
enum { BEGIN_SIZE = sizeof BEGIN - 1, STATUS_END = 12 };

/* The characters of a header name: RFC 9110, token. */
static const unsigned char NAME[256] = {
    ['!'] = 1, ['#'] = 1, ['$'] = 1, ['%'] = 1, ['&'] = 1, ['\''] = 1, ['*'] = 1, ['+'] = 1,
    ['-'] = 1, ['.'] = 1, ['^'] = 1, ['_'] = 1, ['`'] = 1, ['|'] = 1, ['~'] = 1,
    ['0' ... '9'] = 1, ['A' ... 'Z'] = 1, ['a' ... 'z'] = 1,
};

static size_t least(size_t one, size_t other)
{
    return one < other ? one : other;
}

/* How many control characters there are, tabs aside. The compiler makes vectors of it. */
__attribute__((optimize("O3"))) static size_t controls(const char *data, size_t size)
{
    size_t count = 0;
    while (size > 0) {
        /* A byte's counter cannot overflow in 255 rounds, and bytes are added 16 at a time. */
        size_t part = least(size, 128);
        unsigned char few = 0;
        for (size_t i = 0; i < part; i++) {
            unsigned char c = (unsigned char)data[i];
            few = (unsigned char)(few + ((c < 0x20) & (c != '\t')));
        }
        count += few;
        data += part;
        size -= part;
    }
    return count;
}

static void trim(const char **begin, const char **end)
{
    while (*begin < *end && (**begin == ' ' || **begin == '\t'))
        (*begin)++;
    while (*end > *begin && ((*end)[-1] == ' ' || (*end)[-1] == '\t'))
        (*end)--;
}

static int is_word(const char *begin, const char *end, const char *word)
{
    size_t size = strlen(word);
    return (size_t)(end - begin) == size && !strncasecmp(begin, word, size);
}

static int digit_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : 16;
}

/* Return the number that the whole of the text is, or -1. */
static int64_t number(const char *begin, const char *end, int base, int digits_max)
{
    int64_t value = 0;
    if (begin == end || end - begin > digits_max)
        return -1;
    for (; begin < end; begin++) {
        int digit = digit_value(*begin);
        if (digit >= base)
            return -1;
        value = value * base + digit;
    }
    return value;
}

/* Whether it is the beginning of a header line; *colon is where its value's colon stands. */
static int is_field(const char *line, const char *end, const char **colon)
{
    const char *p = line;
    while (p < end && NAME[(unsigned char)*p])
        p++;
    *colon = p;
    return p > line && p < end && *p == ':';
}

typedef struct {
    int modern, close, alive;
} Keeping;

static void connection_words(const char *begin, const char *end, Keeping *keeping)
{
    while (begin <= end) {
        const char *comma = memchr(begin, ',', (size_t)(end - begin));
        const char *from = begin, *to = comma ? comma : end;
        begin = to + 1;
        trim(&from, &to);
        keeping->close |= is_word(from, to, "close");
        keeping->alive |= is_word(from, to, "keep-alive");
    }
}

static const char *field_read(const char *line, const char *end, Head *head, Keeping *keeping)
{
    const char *colon, *value;
    if (!is_field(line, end, &colon))
        return "a header line is wrong";
    value = colon + 1;
    switch (colon - line) {
    case 10:
        if (is_word(line, colon, "connection"))
            connection_words(value, end, keeping);
        else if (is_word(line, colon, "set-cookie"))
            head->special = 1;
        break;
    case 14:
        if (is_word(line, colon, "content-length")) {
            trim(&value, &end);
            int64_t length = number(value, end, 10, 18);
            if (length < 0)
                return "a wrong Content-Length";
            if (head->length >= 0 && head->length != length)
                return "two different Content-Lengths";
            head->length = length;
        }
        break;
    case 16:
        if (is_word(line, colon, "content-encoding"))
            head->special = 1;
        break;
    case 17:
        if (is_word(line, colon, "transfer-encoding")) {
            trim(&value, &end);
            if (head->chunked || !is_word(value, end, "chunked"))
                return "a transfer encoding other than chunked";
            head->chunked = 1;
        }
        break;
    default:
        break;
    }
    return NULL;
}

static const char *lines_read(const char *data, const char *blank, Head *head)
{
    size_t size = (size_t)(blank - data) + 2;
    Keeping keeping = {.modern = data[BEGIN_SIZE] == '1'};
    if ((data[BEGIN_SIZE] != '0' && data[BEGIN_SIZE] != '1') || data[8] != ' ' || data[9] < '1'
        || data[9] > '9' || digit_value(data[10]) > 9 || digit_value(data[11]) > 9
        || (data[STATUS_END] != ' ' && data[STATUS_END] != '\r'))
        return "the status line is wrong";
    *head = (Head){.length = -1};
    head->status = (data[9] - '0') * 100 + (data[10] - '0') * 10 + (data[11] - '0');
    const char *line = memchr(data + STATUS_END, '\r', (size_t)(blank - data) + 1 - STATUS_END);
    size_t ends = 2; /* of the status line and of the blank one */
    if (!line || line[1] != '\n' || memchr(data, '\n', (size_t)(line - data)))
        return "the status line is wrong";
    const char *first = line + 2, *why = NULL;
    for (line = first; line < data + size; ends++) {
        const char *end = memmem(line, (size_t)(data + size - line), "\r\n", 2);
        if (!end)
            break;
        line = end + 2;
    }
    /* Line ends are the only control characters, so each must belong to a line seen here. */
    if (controls(data, size + 2) != 2 * ends)
        return "a control character in the head";
    for (line = first; line < data + size;) {
        const char *end = memchr(line, '\r', (size_t)(data + size - line));
        if ((why = field_read(line, end, head, &keeping)))
            return why;
        line = end + 2;
    }
    if (head->status == 101)
        return "it switches protocols, which nobody asked for";
    if (head->chunked && head->length >= 0)
        return "a Content-Length beside chunks";
    if (head->chunked && !keeping.modern)
        return "chunks in HTTP/1.0";
    head->keep = !keeping.close && (keeping.modern || keeping.alive);
    head->special |= !head->keep || (head->status >= 300 && head->status < 400);
    head->plain = head->status >= 200 && head->status != 204 && head->status != 304
                  && head->length >= 0;
    return NULL;
}

ssize_t head_read(const char *data, size_t size, size_t searched, Head *head, const char **why)
{
    size_t from = searched > 3 ? searched - 3 : 0;
    const char *blank = memmem(data + from, size - from, "\r\n\r\n", 4);
    size_t whole = blank ? (size_t)(blank - data) + 4 : 0;
    *why = NULL;
    if (memcmp(data, BEGIN, least(size, BEGIN_SIZE)))
        *why = "it does not begin with HTTP/1.";
    else if (!blank) {
        /* A server that ends its lines so would have us wait for a blank line for ever. */
        from = searched > 1 ? searched - 1 : 0;
        if (memmem(data + from, size - from, "\n\n", 2))
            *why = "a line of the head ends wrongly";
    }
    if (!*why && (whole ? whole : size) > HEAD_BYTES_MAX)
        *why = "the head exceeds 65536 bytes";
    if (!*why && blank)
        *why = blank - data < STATUS_END ? "the status line is wrong"
                                         : lines_read(data, blank, head);
    return *why ? -1 : (ssize_t)whole;
}

static int bytes_room(Bytes *bytes, size_t more)
{
    size_t need = bytes->size + more, room = bytes->room ? bytes->room : 1024;
    if (need <= bytes->room)
        return 0;
    while (room < need)
        room *= 2;
    char *data = realloc(bytes->data, room);
    if (!data)
        return -1;
    bytes->data = data;
    bytes->room = room;
    return 0;
}

static int bytes_add(Bytes *bytes, const char *data, size_t size)
{
    if (bytes_room(bytes, size) < 0)
        return -1;
    memcpy(bytes->data + bytes->size, data, size);
    bytes->size += size;
    return 0;
}

Reader *reader_new(int to_head)
{
    Reader *reader = calloc(1, sizeof *reader);
    if (reader)
        reader->to_head = to_head;
    return reader;
}

void reader_free(Reader *reader)
{
    if (reader) {
        free(reader->head_bytes.data);
        free(reader->line.data);
        free(reader->body.data);
        free(reader);
    }
}

static int malformed(Reader *reader, const char *why)
{
    reader->why = why;
    return READ_MALFORMED;
}

static const char TOO_LARGE[] = "the body exceeds 67108864 bytes";

static int begin_body(Reader *reader)
{
    const Head *head = &reader->head;
    if (head->status < 200) {
        reader->head_bytes.size = 0;
        return ++reader->interims > INTERIMS_MAX
                   ? malformed(reader, "more than 100 interim answers") : READ_MORE;
    }
    if (reader->to_head || head->status == 204 || head->status == 304 || head->length == 0)
        reader->stage = IN_WHOLE;
    else if (head->chunked)
        reader->stage = IN_CHUNK_LINE;
    else if (head->length > 0) {
        if (head->length > BODY_BYTES_MAX)
            return malformed(reader, TOO_LARGE);
        reader->left = head->length;
        reader->stage = IN_LENGTH;
        if (bytes_room(&reader->body, (size_t)head->length) < 0)
            return READ_NO_MEMORY;
    }
    else
        reader->stage = IN_CLOSE;
    return READ_MORE;
}

static int feed_head(Reader *reader, const char *data, size_t size, size_t *used)
{
    Bytes *bytes = &reader->head_bytes;
    size_t before = bytes->size;
    if (bytes_add(bytes, data, size) < 0)
        return READ_NO_MEMORY;
    ssize_t whole = head_read(bytes->data, bytes->size, reader->searched, &reader->head,
                              &reader->why);
    if (whole < 0)
        return READ_MALFORMED;
    if (!whole) {
        reader->searched = bytes->size;
        *used = size;
        return READ_MORE;
    }
    *used = (size_t)whole - before;
    bytes->size = (size_t)whole;
    reader->searched = 0;
    return begin_body(reader);
}

static int feed_body(Reader *reader, const char *data, size_t size, size_t *used)
{
    if (reader->stage != IN_CLOSE)
        size = least(size, (size_t)reader->left);
    if (reader->body.size + size > BODY_BYTES_MAX)
        return malformed(reader, TOO_LARGE);
    if (bytes_add(&reader->body, data, size) < 0)
        return READ_NO_MEMORY;
    *used = size;
    if (reader->stage != IN_CLOSE) {
        reader->left -= (int64_t)size;
        if (!reader->left)
            reader->stage = reader->stage == IN_LENGTH ? IN_WHOLE : IN_CHUNK_END;
    }
    return READ_MORE;
}

/* Digits, then nothing or, after blanks, an extension that starts with a semicolon. */
static int chunk_size(Reader *reader, const char *line, const char *end)
{
    const char *digits = line;
    while (digits < end && digit_value(*digits) < 16)
        digits++;
    const char *rest = digits;
    while (rest < end && (*rest == ' ' || *rest == '\t'))
        rest++;
    reader->left = number(line, digits, 16, 15);
    if (reader->left < 0 || (rest < end && *rest != ';')
        || controls(line, (size_t)(end - line)))
        return malformed(reader, "a wrong chunk size");
    reader->stage = reader->left ? IN_CHUNK : IN_TRAILER;
    return READ_MORE;
}

static int take_line(Reader *reader, const char *line, const char *end)
{
    const char *colon;
    if (reader->stage == IN_CHUNK_LINE)
        return chunk_size(reader, line, end);
    if (reader->stage == IN_CHUNK_END)
        reader->stage = IN_CHUNK_LINE;
    else if (line == end)
        reader->stage = IN_WHOLE;
    else if (!is_field(line, end, &colon) || controls(line, (size_t)(end - line)))
        return malformed(reader, "a trailer line is wrong");
    else
        reader->trailed += (size_t)(end - line) + 2;
    return READ_MORE;
}

static int feed_line(Reader *reader, const char *data, size_t size, size_t *used)
{
    Bytes *line = &reader->line;
    const char *end = memchr(data, '\n', size);
    size_t limit = reader->stage == IN_CHUNK_END ? 2
                   : reader->stage == IN_TRAILER ? HEAD_BYTES_MAX : LINE_BYTES_MAX;
    *used = end ? (size_t)(end - data) + 1 : size;
    if (line->size + *used + reader->trailed > limit)
        return malformed(reader, "a line between chunks is too long");
    if (bytes_add(line, data, *used) < 0)
        return READ_NO_MEMORY;
    if (!end)
        return READ_MORE;
    if (line->size < 2 || line->data[line->size - 2] != '\r')
        return malformed(reader, "a line between chunks ends wrongly");
    size_t length = line->size - 2;
    line->size = 0;
    return take_line(reader, line->data, line->data + length);
}

int reader_feed(Reader *reader, const char *data, size_t size, size_t *used)
{
    *used = 0;
    while (*used < size && reader->stage != IN_WHOLE) {
        size_t more = 0;
        int result;
        switch (reader->stage) {
        case IN_HEAD:
            result = feed_head(reader, data + *used, size - *used, &more);
            break;
        case IN_CHUNK_LINE:
        case IN_CHUNK_END:
        case IN_TRAILER:
            result = feed_line(reader, data + *used, size - *used, &more);
            break;
        default:
            result = feed_body(reader, data + *used, size - *used, &more);
        }
        if (result < 0)
            return result;
        *used += more;
    }
    return reader->stage == IN_WHOLE ? READ_WHOLE : READ_MORE;
}

int reader_end(Reader *reader)
{
    if (reader->stage == IN_CLOSE)
        reader->stage = IN_WHOLE;
    return reader->stage == IN_WHOLE;
}
