/* The server that everybody is measured against: a canned answer of 216 bytes to every request,
 * keep-alive, one thread, epoll. GET /count answers how many requests were answered so far, this
 * one not included. Usage: target PORT
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { FDS = 1 << 16, HELD = 8192, EVENTS = 256 };

static const char HEAD[] =
    "HTTP/1.1 200 OK\r\nServer: target/1\r\nDate: Thu, 20 Nov 2025 10:00:00 GMT\r\n"
    "Content-Type: application/json\r\nContent-Length: 66\r\nConnection: keep-alive\r\n\r\n";
static const char BODY[] =
    "{\"ok\": true, \"id\": 12345, \"name\": \"widgets\", \"tags\": [\"a\",\"b\"]}   ";
_Static_assert(sizeof BODY == 67, "as long as the head says");

/* What has come of a request whose end has not. */
static char *held[FDS];
static int held_size[FDS];
static char answer[512];
static size_t answer_size;
static unsigned long long answered;

static void drop(int fd)
{
    free(held[fd]);
    held[fd] = NULL;
    held_size[fd] = 0;
    close(fd);
}

static size_t body_size(const char *head, size_t size)
{
    const char *line = memmem(head, size, "\r\nContent-Length:", 17);
    return line ? strtoul(line + 17, NULL, 10) : 0;
}

static int say(int fd, const char *data, size_t size)
{
    while (size > 0) {
        ssize_t done = send(fd, data, size, MSG_NOSIGNAL);
        if (done < 0 && errno != EAGAIN && errno != EINTR)
            return -1;
        if (done > 0) {
            data += done;
            size -= (size_t)done;
        }
    }
    return 0;
}

/* Answer the whole requests in data; return how many bytes they were, or -1. */
static ssize_t serve(int fd, const char *data, size_t size)
{
    size_t used = 0;
    while (used < size) {
        const char *head = data + used;
        const char *end = memmem(head, size - used, "\r\n\r\n", 4);
        if (!end)
            break;
        size_t whole = (size_t)(end - head) + 4;
        whole += body_size(head, whole);
        if (used + whole > size)
            break;
        used += whole;
        if (!strncmp(head, "GET /count ", 11)) {
            char number[32], text[256];
            int digits = sprintf(number, "%llu\n", answered);
            int length = sprintf(text, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", digits,
                                 number);
            if (say(fd, text, (size_t)length) < 0)
                return -1;
            continue;
        }
        answered++;
        if (say(fd, answer, answer_size) < 0)
            return -1;
    }
    return (ssize_t)used;
}

static void readable(int fd)
{
    static char buffer[HELD];
    int before = held_size[fd];
    char *data = buffer;
    if (before) {
        memcpy(buffer, held[fd], (size_t)before);
        held_size[fd] = 0;
    }
    ssize_t got = recv(fd, buffer + before, (size_t)(HELD - before), 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
        held_size[fd] = before;
        return;
    }
    ssize_t size = before + got;
    ssize_t used = got > 0 ? serve(fd, data, (size_t)size) : -1;
    if (used < 0 || (used == 0 && size == HELD)) {
        drop(fd);
        return;
    }
    if (used < size) {
        if (!held[fd])
            held[fd] = malloc(HELD);
        held_size[fd] = (int)(size - used);
        memcpy(held[fd], data + used, (size_t)held_size[fd]);
    }
}

static int listening(int port)
{
    int one = 1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port)};
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(fd, (struct sockaddr *)&at, sizeof at) < 0 || listen(fd, 4096) < 0) {
        perror("target");
        exit(1);
    }
    return fd;
}

int main(int argc, char **argv)
{
    struct epoll_event events[EVENTS], want = {.events = EPOLLIN};
    struct rlimit files;
    if (argc != 2) {
        fprintf(stderr, "usage: target PORT\n");
        return 2;
    }
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    memcpy(answer, HEAD, sizeof HEAD - 1);
    memcpy(answer + sizeof HEAD - 1, BODY, sizeof BODY - 1);
    answer_size = sizeof HEAD + sizeof BODY - 2;
    int door = listening(atoi(argv[1]));
    int set = epoll_create1(0);
    want.data.fd = door;
    epoll_ctl(set, EPOLL_CTL_ADD, door, &want);
    for (;;) {
        int count = epoll_wait(set, events, EVENTS, -1);
        for (int i = 0; i < count; i++) {
            int fd = events[i].data.fd;
            if (fd != door) {
                readable(fd);
                continue;
            }
            int one = 1;
            while ((fd = accept4(door, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
                if (fd >= FDS) {
                    close(fd);
                    continue;
                }
                setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
                want.data.fd = fd;
                epoll_ctl(set, EPOLL_CTL_ADD, fd, &want);
            }
        }
    }
}
