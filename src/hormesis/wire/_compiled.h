/* What the parts of the compiled wire share. */
#ifndef HORMESIS_COMPILED_H
#define HORMESIS_COMPILED_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <structmember.h>
#include <stdint.h>
#include <time.h>

#include "_http.h"

#define METHOD(function) ((PyCFunction)(void (*)(void))(function))
#define NO_SLOT UINT32_MAX
#define UNDER_WAY "one connection carries one request at a time"
#define NOT_OPEN "the connection was closed"
#define WIRE_CLOSED "the wire was closed"

enum { READ_BYTES = 64 * 1024, KNOWN_MAX = 1024 };

static inline int64_t monotonic_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

typedef struct {
    PyObject_HEAD
    PyObject *raw;    /* bytes: the head, and the body unless that is apart */
    PyObject *body;   /* bytes, or NULL until it is asked for */
    Py_ssize_t split; /* size of the head */
    long long sent_ns, first_ns, ended_ns, received;
    int status;
    char special;
} Response;

typedef struct Connection Connection;

typedef struct {
    Connection *connection; /* strong while its socket is open */
    uint32_t generation;    /* tells an event for the one before from an event for this one */
    uint32_t next_free;
} Slot;

typedef struct {
    PyObject_HEAD
    PyObject *loop, *timer;
    Slot *slots;
    char *buffer;
    uint32_t slot_count, first_free;
    int epoll;
    char sweeping;
    char direct; /* no task is running: one that waits may be woken at once */
    long long zero;
    Head known; /* what the head in known_bytes says */
    uint32_t known_size;
    char known_bytes[KNOWN_MAX];
} Wire;

enum { PENDING, ANSWERED, FAILED, CANCELLED };

typedef struct {
    PyObject_HEAD
    Connection *connection;
    PyObject *callback, *context; /* the first to be called, nearly always the only one */
    PyObject *more;               /* list of (callback, context), or NULL */
    PyObject *outcome;            /* the response, the trouble, or what cancel() was told */
    char state, blocking;
} Exchange;

struct Connection {
    PyObject_HEAD
    Wire *wire;
    Exchange *pending;
    PyObject *sock;   /* of a TLS connection: its socket, and who reads and writes it */
    PyObject *secure;
    PyObject *out;    /* bytes that did not fit yet, from out_from on */
    Py_ssize_t out_from;
    Reader *reader;   /* NULL while all that came of an answer is a whole one */
    long long sent, first, deadline, received, connecting, handshaking;
    uint32_t slot;
    int fd;
    char to_head, leaving; /* leaving: the server sends no more than what has come */
    char answered; /* it has carried an answer before: its server may have found it idle */
};

typedef struct {
    PyObject_HEAD
    PyObject *meter;
    PyObject *checks; /* dict: what counts a check, by its name */
    long long number, tagging;
    long long due;   /* -1: what is sent next is due when it is sent */
    long long first;
} UserMeter;

typedef struct {
    PyObject_HEAD
    PyObject *raw, *status, *method, *url;
} Reply;

enum { CODES_KEPT = 4 };

/* What an operation is recorded as that has these four; the objects are told by their address. */
typedef struct {
    PyObject *name, *method, *wait; /* wait: what adds to the waiting times */
    long long tagging, label;
    int status;
} Code;

/* A request of these heads to this URL, both told by their address. */
typedef struct {
    PyObject *heads, *url, *head, *request, *name;
} Prepared;

typedef struct {
    PyObject_HEAD
    PyObject *session, *user, *transport, *prepared, *listeners, *answer;
    Prepared last; /* what was sent last, which most scripts send over and over */
    Code codes[CODES_KEPT];
    unsigned next_code;
    long long timeout, sent, received, next_flush, flush_every;
} Caller;

extern PyTypeObject UserMeterType, ReplyType, CallerType, AskedType;
extern PyTypeObject RecorderType, ResponseType, ExchangeType, ConnectionType, WireType;

/* Return an empty response; the caller fills it. */
Response *response_new(void);

Exchange *exchange_new(Connection *connection);
/* Call who waits: at once if no task is running, or in the loop's next turn. Returns -1 only for
 * what ends the loop. */
int exchange_wake(Exchange *exchange, int now);

/* Take what the kernel has for the connection; it told so at that moment. */
int connection_ready(Connection *connection, uint32_t events, int64_t moment);
/* End the connection and its exchange, whose answer is late. */
int connection_late(Connection *connection, int64_t moment);
/* Close the socket and forget what has come; the exchange under way is the caller's. The caller
 * holds a reference. */
void connection_drop(Connection *connection);
PyObject *connection_close(Connection *connection, PyObject *none);

/* Look at the deadlines soon. */
int wire_sweep_later(Wire *wire);

/* Write one operation down and return its number; -1 with an exception. */
long long recorder_write(PyObject *recorder, long long label, long long user, int64_t due_ns,
                         int64_t sent_ns, int64_t ended_ns);
int user_meter_write(UserMeter *meter, long long label, int64_t due, int64_t sent,
                     int64_t ended);
int64_t user_meter_take_due(UserMeter *meter, int64_t sent);

PyObject *reply_new(PyTypeObject *type, PyObject *raw, int status, PyObject *method,
                    PyObject *url);

/* Record a plainly ok answer; -1 with an exception. */
int caller_record(Caller *caller, PyObject *name, PyObject *method, const Response *response,
                  Py_ssize_t size);
PyObject *asked_new(Caller *caller, PyObject *method, PyObject *url, PyObject *name,
                    PyObject *body, PyObject *kind);
/* Send a request now, as Connection.exchange does. */
Exchange *connection_begin(Connection *connection, PyObject *request, int64_t timeout,
                           int to_head);

/* Fetch what each part needs of Python; -1 with an exception. */
int response_prepare(void);
int exchange_prepare(void);
int connection_prepare(void);
int reply_prepare(void);
int user_meter_prepare(void);
int caller_prepare(void);
int asked_prepare(void);

int import_names(const char *module_name, const char *const *names, PyObject ***places);
/* Take the exception that is set. */
PyObject *take_exception(void);
/* Return the one keyword argument called name, NULL with an exception if there is another. */
PyObject *keyword(PyObject *const *values, PyObject *names, const char *name,
                  PyObject *otherwise);

#endif
