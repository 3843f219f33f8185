/* Connection: one keep-alive connection, one request at a time; see connection.py for the same in
 * Python.
 */
#define _GNU_SOURCE
#include "_compiled.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { TOLD = EPOLLIN | EPOLLRDHUP };

static PyObject *late, *garbled, *disconnected; /* functions of troubles.py */

/* End the exchange under way, if any. Takes the reference to the outcome. */
static int settle(Connection *self, char state, PyObject *outcome, int now)
{
    Exchange *exchange = self->pending;
    self->pending = NULL;
    if (!exchange) {
        Py_XDECREF(outcome);
        return 0;
    }
    exchange->state = state;
    exchange->outcome = outcome;
    int result = exchange_wake(exchange, now);
    Py_DECREF(exchange);
    return result;
}

static void connection_release(Connection *self)
{
    Wire *wire = self->wire;
    if (self->slot == NO_SLOT)
        return;
    Slot *slot = &wire->slots[self->slot];
    slot->connection = NULL;
    slot->generation++;
    slot->next_free = wire->first_free;
    wire->first_free = self->slot;
    self->slot = NO_SLOT;
    Py_DECREF(self); /* never the last: whoever calls holds one */
}

void connection_drop(Connection *self)
{
    int fd = self->fd;
    PyObject *sock = self->sock;
    reader_free(self->reader);
    self->reader = NULL;
    Py_CLEAR(self->out);
    Py_CLEAR(self->secure);
    self->answered = 0;
    self->fd = -1;
    self->sock = NULL;
    if (fd < 0)
        return;
    if (self->wire->epoll >= 0)
        epoll_ctl(self->wire->epoll, EPOLL_CTL_DEL, fd, NULL);
    if (sock) {
        PyObject *type, *value, *trace;
        PyErr_Fetch(&type, &value, &trace);
        PyObject *done = PyObject_CallMethod(sock, "close", NULL);
        if (!done)
            PyErr_WriteUnraisable(sock);
        Py_XDECREF(done);
        Py_DECREF(sock);
        PyErr_Restore(type, value, trace);
    }
    else
        close(fd);
    connection_release(self);
}

/* Drop the connection; the exchange under way ends with the trouble. Takes the reference. */
static int connection_fail(Connection *self, PyObject *trouble, int now)
{
    if (!trouble)
        trouble = take_exception();
    connection_drop(self);
    return settle(self, FAILED, trouble, now);
}

static int connection_lost(Connection *self, const char *why, int sent, int stale,
                           int64_t moment, int now)
{
    return connection_fail(self,
                           PyObject_CallFunction(disconnected, "sOOLL", why,
                                                 sent ? Py_True : Py_False,
                                                 stale ? Py_True : Py_False, self->sent,
                                                 (long long)moment),
                           now);
}

static int connection_garbled(Connection *self, const char *why, int64_t moment)
{
    PyObject *trouble = PyObject_CallFunction(garbled, "sLL", why, self->sent,
                                              (long long)moment);
    return connection_fail(self, trouble, 1);
}

enum { AGAIN = -1, BROKEN = -2, RESET = -3 };

/* Why a call of the TLS socket failed: AGAIN, or BROKEN or RESET with *why a new text. */
static int secure_trouble(PyObject **why)
{
    if (PyErr_ExceptionMatches(PyExc_BlockingIOError)
        || PyErr_ExceptionMatches(PyExc_InterruptedError)) {
        PyErr_Clear();
        return AGAIN;
    }
    int reset = PyErr_ExceptionMatches(PyExc_ConnectionResetError)
                || PyErr_ExceptionMatches(PyExc_BrokenPipeError);
    PyObject *error = take_exception();
    PyObject *text = error ? PyObject_GetAttrString(error, "strerror") : NULL;
    if (!text || !PyUnicode_Check(text)) {
        PyErr_Clear();
        Py_XSETREF(text, PyObject_Str(error));
    }
    if (!text)
        PyErr_Clear();
    Py_XDECREF(error);
    *why = text;
    return reset ? RESET : BROKEN;
}

/* Why a call of the kernel failed, by errno: as above. */
static int socket_trouble(PyObject **why)
{
    int number = errno;
    if (number == EAGAIN || number == EINTR)
        return AGAIN;
    *why = PyUnicode_FromString(strerror(number));
    return number == ECONNRESET || number == EPIPE ? RESET : BROKEN;
}

static const char *why_text(PyObject *why)
{
    const char *text = why ? PyUnicode_AsUTF8(why) : NULL;
    if (!text)
        PyErr_Clear();
    return text ? text : "failed";
}

/* Send what is left of data; how much, or AGAIN, or BROKEN or RESET with *why a new text. */
static Py_ssize_t connection_send(Connection *self, PyObject *data, Py_ssize_t from,
                                  PyObject **why)
{
    const char *begin = PyBytes_AS_STRING(data) + from;
    Py_ssize_t size = PyBytes_GET_SIZE(data) - from, done;
    if (self->secure) {
        PyObject *rest = PyBytes_FromStringAndSize(begin, size);
        PyObject *sent = rest ? PyObject_CallMethod(self->secure, "send", "O", rest) : NULL;
        Py_XDECREF(rest);
        done = sent ? PyLong_AsSsize_t(sent) : -1;
        Py_XDECREF(sent);
        return PyErr_Occurred() ? secure_trouble(why) : done;
    }
    done = send(self->fd, begin, (size_t)size, MSG_NOSIGNAL | MSG_DONTWAIT);
    return done >= 0 ? done : socket_trouble(why);
}

/* Read what has come: *data points into the wire's buffer, or into *owner. */
static Py_ssize_t connection_recv(Connection *self, const char **data, PyObject **owner,
                                  PyObject **why)
{
    *owner = NULL;
    if (self->secure) {
        PyObject *got = PyObject_CallMethod(self->secure, "recv", "i", 16 * 1024);
        if (!got || !PyBytes_Check(got)) {
            if (got)
                PyErr_SetString(PyExc_OSError, "no bytes");
            Py_XDECREF(got);
            return secure_trouble(why);
        }
        *owner = got;
        *data = PyBytes_AS_STRING(got);
        return PyBytes_GET_SIZE(got);
    }
    *data = self->wire->buffer;
    ssize_t got = recv(self->fd, self->wire->buffer, READ_BYTES, MSG_DONTWAIT);
    return got >= 0 ? got : socket_trouble(why);
}

static int connection_want(Connection *self, uint32_t events)
{
    struct epoll_event event = {.events = events};
    event.data.u64 = (uint64_t)self->wire->slots[self->slot].generation << 32 | self->slot;
    return epoll_ctl(self->wire->epoll, EPOLL_CTL_MOD, self->fd, &event);
}

/* Whether a server may have closed it as idle: then it resets what is sent meanwhile. */
static int is_stale(Connection *self, Py_ssize_t trouble)
{
    return trouble == RESET && self->answered && !self->received;
}

static int connection_flush(Connection *self)
{
    PyObject *why = NULL;
    Py_ssize_t done = connection_send(self, self->out, self->out_from, &why);
    if (done == AGAIN)
        return 0;
    if (done < 0) {
        int64_t moment = monotonic_ns() - self->wire->zero;
        int result = connection_lost(self, why_text(why), 1, is_stale(self, done), moment, 1);
        Py_XDECREF(why);
        return result;
    }
    self->out_from += done;
    if (self->out_from == PyBytes_GET_SIZE(self->out)) {
        Py_CLEAR(self->out);
        connection_want(self, TOLD);
    }
    return 0;
}

static int deliver(Connection *self, Response *response, const Head *head, int spoiled,
                   int64_t moment)
{
    response->status = head->status;
    response->special = (char)head->special;
    response->sent_ns = self->sent;
    response->first_ns = self->first;
    response->ended_ns = moment;
    response->received = self->received;
    if (spoiled || self->leaving || self->out || !head->keep)
        connection_drop(self);
    self->answered = self->fd >= 0;
    return settle(self, ANSWERED, (PyObject *)response, 1);
}

static int deliver_read(Connection *self, int spoiled, int64_t moment)
{
    Reader *reader = self->reader;
    Head head = reader->head;
    Response *response = response_new();
    if (response) {
        response->split = (Py_ssize_t)reader->head_bytes.size;
        response->raw = PyBytes_FromStringAndSize(reader->head_bytes.data, response->split);
        response->body = PyBytes_FromStringAndSize(reader->body.data,
                                                   (Py_ssize_t)reader->body.size);
    }
    if (!response || !response->raw || !response->body) {
        Py_XDECREF(response);
        return connection_fail(self, NULL, 1);
    }
    reader_free(reader);
    self->reader = NULL;
    return deliver(self, response, &head, spoiled, moment);
}

static int connection_feed(Connection *self, const char *data, Py_ssize_t size, int64_t moment)
{
    size_t used;
    if (!self->reader && !(self->reader = reader_new(self->to_head))) {
        PyErr_NoMemory();
        return connection_fail(self, NULL, 1);
    }
    int result = reader_feed(self->reader, data, (size_t)size, &used);
    self->received += (long long)used;
    if (result == READ_MALFORMED)
        return connection_garbled(self, self->reader->why, moment);
    if (result == READ_NO_MEMORY) {
        PyErr_NoMemory();
        return connection_fail(self, NULL, 1);
    }
    return result == READ_WHOLE ? deliver_read(self, used < (size_t)size, moment) : 0;
}

/* Read the head of what has come, by comparing it with the last one if that is enough. */
static ssize_t head_of(Wire *wire, const char *data, Py_ssize_t size, Head *head,
                       const char **why)
{
    if (wire->known_size && (size_t)size >= wire->known_size
        && !memcmp(data, wire->known_bytes, wire->known_size)) {
        *head = wire->known;
        return wire->known_size;
    }
    ssize_t split = head_read(data, (size_t)size, 0, head, why);
    if (split > 0 && split <= KNOWN_MAX && head->plain) {
        memcpy(wire->known_bytes, data, (size_t)split);
        wire->known_size = (uint32_t)split;
        wire->known = *head;
    }
    return split;
}

static int connection_take(Connection *self, const char *data, Py_ssize_t size, int64_t moment)
{
    if (self->received == 0) {
        Head head;
        const char *why;
        self->first = moment;
        ssize_t split = self->to_head ? 0 : head_of(self->wire, data, size, &head, &why);
        if (split < 0)
            return connection_garbled(self, why, moment);
        if (split > 0 && head.plain && size >= split + head.length) {
            Response *response = response_new();
            Py_ssize_t whole = split + (Py_ssize_t)head.length;
            if (response)
                response->raw = PyBytes_FromStringAndSize(data, whole);
            if (!response || !response->raw) {
                Py_XDECREF(response);
                return connection_fail(self, NULL, 1);
            }
            response->split = split;
            self->received = whole;
            return deliver(self, response, &head, size > whole, moment);
        }
    }
    return connection_feed(self, data, size, moment);
}

static int connection_readable(Connection *self, int64_t moment)
{
    const char *data = NULL;
    PyObject *owner, *why = NULL;
    Py_ssize_t size = connection_recv(self, &data, &owner, &why);
    int result = 0;
    if (size == AGAIN)
        return 0;
    if (self->sent > moment)
        moment = monotonic_ns() - self->wire->zero;
    if (!self->pending)
        /* The server closed an idle connection, or sent what nobody asked for. */
        connection_drop(self);
    else if (size == BROKEN || size == RESET)
        result = connection_lost(self, why_text(why), 1, is_stale(self, size), moment, 1);
    else if (size > 0)
        result = connection_take(self, data, size, moment);
    else if (self->reader && reader_end(self->reader))
        result = deliver_read(self, 1, moment);
    else
        result = connection_lost(self, "closed", 1, !self->received, moment, 1);
    Py_XDECREF(owner);
    Py_XDECREF(why);
    return result;
}

int connection_ready(Connection *self, uint32_t events, int64_t moment)
{
    int result = 0;
    Py_INCREF(self);
    self->leaving |= (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
    if (events & EPOLLOUT && self->out)
        result = connection_flush(self);
    if (!result && events & ~(uint32_t)EPOLLOUT && self->fd >= 0)
        result = connection_readable(self, moment);
    Py_DECREF(self);
    return result;
}

int connection_late(Connection *self, int64_t moment)
{
    return connection_fail(self,
                           PyObject_CallFunction(late, "LL", self->sent, (long long)moment), 1);
}

Exchange *connection_begin(Connection *self, PyObject *request, int64_t timeout, int to_head)
{
    Wire *wire = self->wire;
    PyObject *why = NULL;
    if (self->pending) {
        PyErr_SetString(PyExc_RuntimeError, UNDER_WAY);
        return NULL;
    }
    if (!wire->sweeping && self->fd >= 0 && wire_sweep_later(wire) < 0)
        return NULL;
    Exchange *exchange = exchange_new(self);
    if (!exchange)
        return NULL;
    self->to_head = (char)to_head;
    self->received = 0;
    self->pending = (Exchange *)Py_NewRef(exchange);
    self->sent = monotonic_ns() - wire->zero;
    self->deadline = self->sent + timeout;
    Py_ssize_t size = PyBytes_GET_SIZE(request), done;
    if (self->fd < 0) {
        done = BROKEN;
        why = PyUnicode_FromString(NOT_OPEN);
    }
    else
        done = connection_send(self, request, 0, &why);
    if (done == BROKEN || done == RESET) {
        int64_t moment = self->fd < 0 ? self->sent : monotonic_ns() - wire->zero;
        connection_lost(self, why_text(why), 0, 0, moment, 0);
        Py_XDECREF(why);
    }
    else if (done < size) {
        self->out = Py_NewRef(request);
        self->out_from = done == AGAIN ? 0 : done;
        connection_want(self, TOLD | EPOLLOUT);
    }
    return exchange;
}

static PyObject *connection_exchange(Connection *self, PyObject *const *args, Py_ssize_t count,
                                     PyObject *names)
{
    PyObject *head = Py_False;
    if (count != 2 || !PyBytes_Check(args[0])) {
        PyErr_SetString(PyExc_TypeError, "expected the request's bytes and timeout_ns");
        return NULL;
    }
    if (names && !(head = keyword(args + count, names, "head", Py_False)))
        return NULL;
    int to_head = PyObject_IsTrue(head);
    long long timeout = PyLong_AsLongLong(args[1]);
    if (to_head < 0 || (timeout == -1 && PyErr_Occurred()))
        return NULL;
    return (PyObject *)connection_begin(self, args[0], timeout, to_head);
}

static PyObject *connection_take_socket(Connection *self, PyObject *args)
{
    Wire *wire = self->wire;
    int fd;
    PyObject *sock, *secure;
    if (!PyArg_ParseTuple(args, "iOO", &fd, &sock, &secure))
        return NULL;
    if (self->fd >= 0 || self->pending || wire->epoll < 0) {
        PyErr_SetString(PyExc_RuntimeError, wire->epoll < 0 ? WIRE_CLOSED : UNDER_WAY);
        return NULL;
    }
    if (wire->first_free == NO_SLOT) {
        uint32_t count = wire->slot_count ? wire->slot_count * 2 : 16;
        Slot *slots = PyMem_Realloc(wire->slots, count * sizeof *slots);
        if (!slots)
            return PyErr_NoMemory();
        for (uint32_t i = wire->slot_count; i < count; i++)
            slots[i] = (Slot){.next_free = i + 1 < count ? i + 1 : NO_SLOT};
        wire->first_free = wire->slot_count;
        wire->slots = slots;
        wire->slot_count = count;
    }
    Slot *slot = &wire->slots[wire->first_free];
    struct epoll_event event = {.events = TOLD};
    event.data.u64 = (uint64_t)slot->generation << 32 | wire->first_free;
    if (epoll_ctl(wire->epoll, EPOLL_CTL_ADD, fd, &event) < 0)
        return PyErr_SetFromErrno(PyExc_OSError);
    self->slot = wire->first_free;
    wire->first_free = slot->next_free;
    slot->connection = (Connection *)Py_NewRef(self);
    self->fd = fd;
    self->leaving = 0;
    self->sock = sock == Py_None ? NULL : Py_NewRef(sock);
    self->secure = secure == Py_None ? NULL : Py_NewRef(secure);
    Py_RETURN_NONE;
}

static PyObject *connection_give_socket(Connection *self, PyObject *Py_UNUSED(none))
{
    if (self->fd < 0 || self->pending) {
        PyErr_SetString(PyExc_RuntimeError, self->pending ? UNDER_WAY : NOT_OPEN);
        return NULL;
    }
    PyObject *given = self->sock ? Py_NewRef(self->sock) : PyLong_FromLong(self->fd);
    if (!given)
        return NULL;
    epoll_ctl(self->wire->epoll, EPOLL_CTL_DEL, self->fd, NULL);
    self->fd = -1;
    Py_CLEAR(self->sock);
    Py_CLEAR(self->secure);
    connection_release(self);
    return given;
}

PyObject *connection_close(Connection *self, PyObject *Py_UNUSED(none))
{
    int result = 0;
    if (self->pending)
        result = connection_lost(self, NOT_OPEN, 1, 0, monotonic_ns() - self->wire->zero, 0);
    else
        connection_drop(self);
    if (result < 0)
        return NULL;
    Py_RETURN_NONE;
}

static PyObject *connection_usable(Connection *self, void *Py_UNUSED(closure))
{
    return PyBool_FromLong(self->fd >= 0 && !self->pending);
}

static PyObject *connection_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"wire", NULL};
    PyObject *wire;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O!", names, &WireType, &wire))
        return NULL;
    Connection *self = (Connection *)type->tp_alloc(type, 0);
    if (self) {
        self->wire = (Wire *)Py_NewRef(wire);
        self->fd = -1;
        self->slot = NO_SLOT;
    }
    return (PyObject *)self;
}

static int connection_traverse(Connection *self, visitproc visit, void *arg)
{
    Py_VISIT(self->wire);
    Py_VISIT(self->pending);
    Py_VISIT(self->sock);
    Py_VISIT(self->secure);
    return 0;
}

static int connection_clear(Connection *self)
{
    Py_CLEAR(self->pending);
    return 0;
}

static void connection_dealloc(Connection *self)
{
    PyObject_GC_UnTrack(self);
    /* An open socket has a slot that holds a reference, so there is none here. */
    reader_free(self->reader);
    Py_CLEAR(self->pending);
    Py_CLEAR(self->out);
    Py_CLEAR(self->sock);
    Py_CLEAR(self->secure);
    Py_CLEAR(self->wire);
    Py_TYPE(self)->tp_free((PyObject *)self);
}

static PyMethodDef connection_methods[] = {
    {"exchange", METHOD(connection_exchange), METH_FASTCALL | METH_KEYWORDS,
     "Send the request now; await what is returned for its answer."},
    {"close", METHOD(connection_close), METH_NOARGS,
     "Close at once; a request under way ends as disconnected."},
    {"_take", METHOD(connection_take_socket), METH_VARARGS, "Use an open socket from now on."},
    {"_give", METHOD(connection_give_socket), METH_NOARGS, "Give the open socket away."},
    {NULL},
};

static PyGetSetDef connection_getset[] = {
    {"usable", (getter)connection_usable, NULL, "Whether a request may be sent now.", NULL},
    {NULL},
};

static PyMemberDef connection_members[] = {
    {"connecting_ns", T_LONGLONG, offsetof(Connection, connecting), 0, NULL},
    {"handshaking_ns", T_LONGLONG, offsetof(Connection, handshaking), 0, NULL},
    {"_wire", T_OBJECT, offsetof(Connection, wire), READONLY, NULL},
    {NULL},
};

PyTypeObject ConnectionType = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "hormesis.wire._compiled.Connection",
    .tp_doc = "One keep-alive connection; see compiled.py.",
    .tp_basicsize = sizeof(Connection),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC,
    .tp_new = connection_new,
    .tp_dealloc = (destructor)connection_dealloc,
    .tp_traverse = (traverseproc)connection_traverse,
    .tp_clear = (inquiry)connection_clear,
    .tp_methods = connection_methods,
    .tp_getset = connection_getset,
    .tp_members = connection_members,
};

int connection_prepare(void)
{
    static const char *const names[] = {"late", "garbled", "disconnected", NULL};
    static PyObject **places[] = {&late, &garbled, &disconnected};
    return import_names("hormesis.wire.troubles", names, places) < 0
               ? -1 : PyType_Ready(&ConnectionType);
}
