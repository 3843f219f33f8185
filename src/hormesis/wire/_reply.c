/* Reply: an answer as a script sees it; see reply.py for the same in Python. One is made for every
 * request, so its making is what counts: no call into Python.
 */
#include "_compiled.h"

static PyObject *body_name;

PyObject *reply_new(PyTypeObject *type, PyObject *raw, int status, PyObject *method,
                    PyObject *url)
{
    Reply *self = (Reply *)type->tp_alloc(type, 0);
    if (!self)
        return NULL;
    self->raw = Py_NewRef(raw);
    self->method = Py_NewRef(method);
    self->url = Py_NewRef(url);
    if (!(self->status = PyLong_FromLong(status)))
        Py_CLEAR(self);
    return (PyObject *)self;
}

static int reply_init(Reply *self, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"raw", "status", "method", "url", NULL};
    PyObject *raw, *status, *method, *url;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "OO!OO", names, &raw, &PyLong_Type, &status,
                                     &method, &url))
        return -1;
    Py_XSETREF(self->raw, Py_NewRef(raw));
    Py_XSETREF(self->status, Py_NewRef(status));
    Py_XSETREF(self->method, Py_NewRef(method));
    Py_XSETREF(self->url, Py_NewRef(url));
    return 0;
}

static void reply_dealloc(Reply *self)
{
    Py_XDECREF(self->raw);
    Py_XDECREF(self->status);
    Py_XDECREF(self->method);
    Py_XDECREF(self->url);
    Py_TYPE(self)->tp_free((PyObject *)self);
}

static PyObject *reply_body(Reply *self, void *Py_UNUSED(closure))
{
    if (!self->raw) {
        PyErr_SetString(PyExc_AttributeError, "body");
        return NULL;
    }
    return PyObject_GetAttr(self->raw, body_name);
}

static PyGetSetDef reply_getset[] = {
    {"body", (getter)reply_body, NULL, "The body, without any content encoding.", NULL},
    {NULL},
};

/* T_OBJECT_EX is what slots of a Python class are: the interpreter reads them as fast. */
static PyMemberDef reply_members[] = {
    {"_raw", T_OBJECT_EX, offsetof(Reply, raw), READONLY, NULL},
    {"status", T_OBJECT_EX, offsetof(Reply, status), READONLY,
     "The status; 0 when there is no answer."},
    {"method", T_OBJECT_EX, offsetof(Reply, method), READONLY, NULL},
    {"_url", T_OBJECT_EX, offsetof(Reply, url), READONLY, NULL},
    {NULL},
};

PyTypeObject ReplyType = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "hormesis.wire._compiled.Reply",
    .tp_doc = "An answer as a script sees it.",
    .tp_basicsize = sizeof(Reply),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE,
    .tp_new = PyType_GenericNew,
    .tp_init = (initproc)reply_init,
    .tp_dealloc = (destructor)reply_dealloc,
    .tp_getset = reply_getset,
    .tp_members = reply_members,
};

int reply_prepare(void)
{
    body_name = PyUnicode_InternFromString("body");
    return body_name ? PyType_Ready(&ReplyType) : -1;
}
