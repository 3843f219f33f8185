/* Recorder: writes down operations, 28 bytes each; see meter.py for the same in Python. */
#include "_compiled.h"

#include <string.h>

enum { OP_BYTES = 28 };

typedef struct {
    PyObject_HEAD
    PyObject *clock; /* stands for CLOCK_MONOTONIC, or NULL */
    char *ops;
    size_t size, room;
    long long zero, first, step, counted;
} Recorder;

static int64_t micro(int64_t ns)
{
    return ns >= 0 ? ns / 1000 : -((999 - ns) / 1000);
}

static uint32_t clipped(int64_t value)
{
    return value < 0 ? 0 : value > UINT32_MAX ? UINT32_MAX : (uint32_t)value;
}

long long recorder_write(PyObject *recorder, long long label, long long user, int64_t due_ns,
                         int64_t sent_ns, int64_t ended_ns)
{
    Recorder *self = (Recorder *)recorder;
    if (self->size + OP_BYTES > self->room) {
        size_t room = self->room ? self->room * 2 : 64 * OP_BYTES;
        char *ops = PyMem_Realloc(self->ops, room);
        if (!ops) {
            PyErr_NoMemory();
            return -1;
        }
        self->ops = ops;
        self->room = room;
    }
    /* Each moment is cut to a microsecond by itself, so that due + lag + took is the end. */
    int64_t due = micro(due_ns), sent = micro(sent_ns), ended = micro(ended_ns);
    long long number = self->first + self->counted * self->step;
    uint32_t number32 = clipped(number), user32 = clipped(user), lag = clipped(sent - due),
             took = clipped(ended - sent), label32 = clipped(label);
    char *op = self->ops + self->size;
    memcpy(op, &number32, 4);
    memcpy(op + 4, &user32, 4);
    memcpy(op + 8, &due, 8);
    memcpy(op + 16, &lag, 4);
    memcpy(op + 20, &took, 4);
    memcpy(op + 24, &label32, 4);
    self->size += OP_BYTES;
    self->counted++;
    return number;
}

static PyObject *recorder_record(Recorder *self, PyObject *const *args, Py_ssize_t count)
{
    long long given[5]; /* label, user, due, sent, ended */
    if (count != 5) {
        PyErr_SetString(PyExc_TypeError, "expected label, user, due_ns, sent_ns, ended_ns");
        return NULL;
    }
    for (int i = 0; i < 5; i++) {
        given[i] = PyLong_AsLongLong(args[i]);
        if (given[i] == -1 && PyErr_Occurred())
            return NULL;
    }
    long long number = recorder_write((PyObject *)self, given[0], given[1], given[2], given[3],
                                      given[4]);
    return number == -1 && PyErr_Occurred() ? NULL : PyLong_FromLongLong(number);
}

static PyObject *recorder_now_ns(Recorder *self, PyObject *Py_UNUSED(none))
{
    if (self->clock)
        return PyObject_CallNoArgs(self->clock);
    return PyLong_FromLongLong(monotonic_ns() - self->zero);
}

static PyObject *recorder_take_ops(Recorder *self, PyObject *Py_UNUSED(none))
{
    PyObject *ops = PyBytes_FromStringAndSize(self->ops, (Py_ssize_t)self->size);
    if (ops)
        self->size = 0;
    return ops;
}

static int recorder_init(Recorder *self, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"zero_ns", "first", "step", "now_ns", NULL};
    PyObject *clock = Py_None;
    self->zero = 0;
    self->first = self->step = 1;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "|$LLLO", names, &self->zero, &self->first,
                                     &self->step, &clock))
        return -1;
    Py_XSETREF(self->clock, clock == Py_None ? NULL : Py_NewRef(clock));
    return 0;
}

static int recorder_traverse(Recorder *self, visitproc visit, void *arg)
{
    Py_VISIT(self->clock);
    return 0;
}

static int recorder_clear(Recorder *self)
{
    Py_CLEAR(self->clock);
    return 0;
}

static void recorder_dealloc(Recorder *self)
{
    PyObject_GC_UnTrack(self);
    recorder_clear(self);
    PyMem_Free(self->ops);
    Py_TYPE(self)->tp_free((PyObject *)self);
}

static PyMethodDef recorder_methods[] = {
    {"record", (PyCFunction)(void (*)(void))recorder_record, METH_FASTCALL,
     "Write down one operation and return its number."},
    {"now_ns", (PyCFunction)recorder_now_ns, METH_NOARGS, "Return nanoseconds of the run."},
    {"take_ops", (PyCFunction)recorder_take_ops, METH_NOARGS,
     "Return the records made since the last call."},
    {NULL},
};

static PyMemberDef recorder_members[] = {
    {"counted", T_LONGLONG, offsetof(Recorder, counted), READONLY, "How many were recorded."},
    {NULL},
};

PyTypeObject RecorderType = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "hormesis.wire._compiled.Recorder",
    .tp_doc = "Records of operations until somebody takes them.",
    .tp_basicsize = sizeof(Recorder),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC,
    .tp_new = PyType_GenericNew,
    .tp_init = (initproc)recorder_init,
    .tp_dealloc = (destructor)recorder_dealloc,
    .tp_traverse = (traverseproc)recorder_traverse,
    .tp_clear = (inquiry)recorder_clear,
    .tp_methods = recorder_methods,
    .tp_members = recorder_members,
};
