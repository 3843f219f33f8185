/* The wire compiled: the epoll set that wakes connections, and the module. poller.py is the same
 * in Python; the same tests hold both.
 *
 * What makes it fast: an answer is read into one shared buffer, recognised by its head if the last
 * one was the same, and the waiting task is woken right here, in the turn in which the event loop
 * calls the poller.
 */
#define _GNU_SOURCE
#include "_compiled.h"

#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

enum {
    EVENTS_MAX = 64,      /* answers of one round bear its moment, so a round stays short */
    ROUNDS_MAX = 64,
    TURN_NS = 500 * 1000, /* how long answers are read before the loop's other work has its turn */
};
static const double SWEEP_S = 0.1;

static PyObject *current_task; /* of asyncio */

/* ------------------------------------------------------------------------------- Python */

PyObject *take_exception(void)
{
    PyObject *type, *value, *trace;
    PyErr_Fetch(&type, &value, &trace);
    PyErr_NormalizeException(&type, &value, &trace);
    if (trace && value)
        PyException_SetTraceback(value, trace);
    Py_XDECREF(type);
    Py_XDECREF(trace);
    return value;
}

int import_names(const char *module_name, const char *const *names, PyObject ***places)
{
    PyObject *module = PyImport_ImportModule(module_name);
    if (!module)
        return -1;
    for (; *names; names++, places++) {
        Py_XSETREF(**places, PyObject_GetAttrString(module, *names));
        if (!**places) {
            Py_DECREF(module);
            return -1;
        }
    }
    Py_DECREF(module);
    return 0;
}

PyObject *keyword(PyObject *const *values, PyObject *names, const char *name,
                  PyObject *otherwise)
{
    PyObject *found = otherwise;
    for (Py_ssize_t i = 0; names && i < PyTuple_GET_SIZE(names); i++) {
        if (PyUnicode_CompareWithASCIIString(PyTuple_GET_ITEM(names, i), name)) {
            PyErr_Format(PyExc_TypeError, "an unexpected keyword argument: %R",
                         PyTuple_GET_ITEM(names, i));
            return NULL;
        }
        found = values[i];
    }
    return found;
}

/* ------------------------------------------------------------------------------- Wire */

int wire_sweep_later(Wire *self)
{
    PyObject *sweep = PyObject_GetAttrString((PyObject *)self, "_sweep");
    PyObject *timer = sweep ? PyObject_CallMethod(self->loop, "call_later", "dO", SWEEP_S, sweep)
                            : NULL;
    Py_XDECREF(sweep);
    if (!timer)
        return -1;
    Py_XSETREF(self->timer, timer);
    self->sweeping = 1;
    return 0;
}

/* Note whether a task is running, as one may be where somebody runs the loop inside of it. */
static int wire_enter(Wire *self)
{
    PyObject *task = PyObject_CallOneArg(current_task, self->loop);
    if (!task)
        return -1;
    self->direct = task == Py_None;
    Py_DECREF(task);
    return 0;
}

static PyObject *wire_process(Wire *self, PyObject *Py_UNUSED(none))
{
    struct epoll_event events[EVENTS_MAX];
    int64_t until = 0;
    if (wire_enter(self) < 0)
        return NULL;
    for (int round = 0; round < ROUNDS_MAX && self->epoll >= 0; round++) {
        int count = epoll_wait(self->epoll, events, EVENTS_MAX, 0);
        if (count < 0 && errno != EINTR)
            return PyErr_SetFromErrno(PyExc_OSError);
        if (count <= 0)
            break;
        int64_t moment = monotonic_ns() - self->zero;
        if (!until)
            until = moment + TURN_NS;
        else if (moment > until)
            round = ROUNDS_MAX;
        for (int i = 0; i < count; i++) {
            uint32_t index = (uint32_t)events[i].data.u64;
            uint32_t generation = (uint32_t)(events[i].data.u64 >> 32);
            /* What ran for the events before this one may have closed its connection. */
            if (index >= self->slot_count || !self->slots[index].connection
                || self->slots[index].generation != generation)
                continue;
            if (connection_ready(self->slots[index].connection, events[i].events, moment) < 0)
                return NULL;
        }
    }
    Py_RETURN_NONE;
}

static PyObject *wire_sweep(Wire *self, PyObject *Py_UNUSED(none))
{
    int64_t moment = monotonic_ns() - self->zero;
    int more = 0, result = 0;
    if (wire_enter(self) < 0)
        return NULL;
    self->sweeping = 0;
    for (uint32_t i = 0; i < self->slot_count && !result; i++) {
        Connection *connection = self->slots[i].connection;
        if (!connection || !connection->pending)
            continue;
        if (moment < connection->deadline) {
            more = 1;
            continue;
        }
        Py_INCREF(connection);
        result = connection_late(connection, moment);
        Py_DECREF(connection);
    }
    if (result < 0
        || (more && !self->sweeping && self->epoll >= 0 && wire_sweep_later(self) < 0))
        return NULL;
    Py_RETURN_NONE;
}

static PyObject *wire_check_open(Wire *self, PyObject *Py_UNUSED(none))
{
    if (self->epoll < 0) {
        PyErr_SetString(PyExc_RuntimeError, WIRE_CLOSED);
        return NULL;
    }
    Py_RETURN_NONE;
}

static PyObject *wire_now_ns(Wire *self, PyObject *Py_UNUSED(none))
{
    return PyLong_FromLongLong(monotonic_ns() - self->zero);
}

static int is_true(PyObject *value)
{
    int result = value ? PyObject_IsTrue(value) : -1;
    Py_XDECREF(value);
    return result;
}

static PyObject *wire_close(Wire *self, PyObject *Py_UNUSED(none))
{
    if (self->epoll < 0)
        Py_RETURN_NONE;
    for (uint32_t i = 0; i < self->slot_count; i++) {
        Connection *connection = self->slots[i].connection;
        if (!connection)
            continue;
        Py_INCREF(connection);
        PyObject *done = connection_close(connection, NULL);
        Py_DECREF(connection);
        if (!done)
            return NULL;
        Py_DECREF(done);
    }
    int epoll = self->epoll;
    self->epoll = -1;
    self->sweeping = 1; /* nobody arms it any more */
    PyObject *done = self->timer ? PyObject_CallMethod(self->timer, "cancel", NULL) : NULL;
    int failed = self->timer && !done;
    Py_XDECREF(done);
    Py_CLEAR(self->timer);
    int closed = failed ? -1 : is_true(PyObject_CallMethod(self->loop, "is_closed", NULL));
    if (closed == 0)
        closed = is_true(PyObject_CallMethod(self->loop, "remove_reader", "i", epoll));
    close(epoll);
    if (closed < 0)
        return NULL;
    Py_RETURN_NONE;
}

static int wire_init(Wire *self, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"loop", "zero_ns", NULL};
    PyObject *loop;
    if (self->epoll >= 0) {
        PyErr_SetString(PyExc_RuntimeError, "a wire is made once");
        return -1;
    }
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O$L", names, &loop, &self->zero))
        return -1;
    Py_XSETREF(self->loop, Py_NewRef(loop));
    if (!self->buffer && !(self->buffer = PyMem_Malloc(READ_BYTES))) {
        PyErr_NoMemory();
        return -1;
    }
    if ((self->epoll = epoll_create1(EPOLL_CLOEXEC)) < 0) {
        PyErr_SetFromErrno(PyExc_OSError);
        return -1;
    }
    PyObject *process = PyObject_GetAttrString((PyObject *)self, "_process");
    PyObject *done = process ? PyObject_CallMethod(loop, "add_reader", "iO", self->epoll, process)
                             : NULL;
    Py_XDECREF(process);
    Py_XDECREF(done);
    return done ? 0 : -1;
}

static PyObject *wire_new(PyTypeObject *type, PyObject *Py_UNUSED(args),
                          PyObject *Py_UNUSED(kwargs))
{
    Wire *self = (Wire *)type->tp_alloc(type, 0);
    if (self) {
        self->epoll = -1;
        self->first_free = NO_SLOT;
    }
    return (PyObject *)self;
}

static int wire_traverse(Wire *self, visitproc visit, void *arg)
{
    Py_VISIT(self->loop);
    Py_VISIT(self->timer);
    for (uint32_t i = 0; i < self->slot_count; i++)
        Py_VISIT(self->slots[i].connection);
    return 0;
}

static int wire_clear(Wire *self)
{
    for (uint32_t i = 0; i < self->slot_count; i++) {
        Connection *connection = self->slots[i].connection;
        if (connection) {
            Py_INCREF(connection);
            connection_drop(connection);
            Py_DECREF(connection);
        }
    }
    Py_CLEAR(self->timer);
    return 0;
}

static void wire_dealloc(Wire *self)
{
    PyObject_GC_UnTrack(self);
    wire_clear(self);
    Py_CLEAR(self->loop);
    if (self->epoll >= 0)
        close(self->epoll);
    PyMem_Free(self->slots);
    PyMem_Free(self->buffer);
    Py_TYPE(self)->tp_free((PyObject *)self);
}

static PyMethodDef wire_methods[] = {
    {"close", METHOD(wire_close), METH_NOARGS,
     "Close every connection; requests under way end as disconnected."},
    {"check_open", METHOD(wire_check_open), METH_NOARGS, "Raise RuntimeError if it was closed."},
    {"now_ns", METHOD(wire_now_ns), METH_NOARGS, "Return nanoseconds of the run."},
    {"_process", METHOD(wire_process), METH_NOARGS, "Take what the kernel has."},
    {"_sweep", METHOD(wire_sweep), METH_NOARGS, "End what is late."},
    {NULL},
};

static PyMemberDef wire_members[] = {
    {"loop", T_OBJECT, offsetof(Wire, loop), READONLY, NULL},
    {"zero_ns", T_LONGLONG, offsetof(Wire, zero), READONLY, NULL},
    {NULL},
};

PyTypeObject WireType = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "hormesis.wire._compiled.Wire",
    .tp_doc = "One epoll set for all connections of an event loop; see compiled.py.",
    .tp_basicsize = sizeof(Wire),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC,
    .tp_new = wire_new,
    .tp_init = (initproc)wire_init,
    .tp_dealloc = (destructor)wire_dealloc,
    .tp_traverse = (traverseproc)wire_traverse,
    .tp_clear = (inquiry)wire_clear,
    .tp_methods = wire_methods,
    .tp_members = wire_members,
};

/* ------------------------------------------------------------------------------- module */

static int add_type(PyObject *module, PyTypeObject *type)
{
    return PyType_Ready(type) < 0 ? -1 : PyModule_AddType(module, type);
}

static struct PyModuleDef module_definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "hormesis.wire._compiled",
    .m_doc = "The wire compiled; used through compiled.py.",
    .m_size = -1,
};

PyMODINIT_FUNC PyInit__compiled(void)
{
    static const char *const names[] = {"current_task", NULL};
    static PyObject **places[] = {&current_task};
    PyObject *module = PyModule_Create(&module_definition);
    if (!module || response_prepare() < 0 || exchange_prepare() < 0 || connection_prepare() < 0
        || import_names("asyncio", names, places) < 0 || add_type(module, &RecorderType) < 0
        || add_type(module, &ResponseType) < 0 || add_type(module, &ConnectionType) < 0
        || reply_prepare() < 0 || user_meter_prepare() < 0 || caller_prepare() < 0
        || asked_prepare() < 0 || add_type(module, &WireType) < 0
        || add_type(module, &ReplyType) < 0 || add_type(module, &UserMeterType) < 0
        || add_type(module, &CallerType) < 0)
        Py_CLEAR(module);
    return module;
}
