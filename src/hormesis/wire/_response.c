/* Response: one whole answer; see response.py for the same in Python. */
#include "_compiled.h"

#include <string.h>
#include <strings.h>

static PyObject *json_of;

int response_prepare(void)
{
    PyObject *module = PyImport_ImportModule("hormesis.wire.response");
    if (!module)
        return -1;
    Py_XSETREF(json_of, PyObject_GetAttrString(module, "json_of"));
    Py_DECREF(module);
    return json_of ? PyType_Ready(&ResponseType) : -1;
}

Response *response_new(void)
{
    Response *self = PyObject_New(Response, &ResponseType);
    if (self)
        self->raw = self->body = NULL;
    return self;
}

static void response_dealloc(Response *self)
{
    Py_XDECREF(self->raw);
    Py_XDECREF(self->body);
    PyObject_Free(self);
}

static PyObject *response_body(Response *self, void *Py_UNUSED(closure))
{
    if (!self->body) {
        const char *raw = PyBytes_AS_STRING(self->raw);
        self->body = PyBytes_FromStringAndSize(raw + self->split,
                                               PyBytes_GET_SIZE(self->raw) - self->split);
    }
    return Py_XNewRef(self->body);
}

typedef struct {
    const char *name, *colon, *value, *end;
} Field;

/* Find the header line after *line, which moves on. The head was read before: it is well made. */
static int next_field(const char **line, const char *blank, Field *field)
{
    const char *end;
    if (*line >= blank || !(end = memchr(*line, '\r', (size_t)(blank - *line))))
        return 0;
    field->name = *line;
    field->colon = memchr(*line, ':', (size_t)(end - *line));
    field->value = field->colon + 1;
    *line = end + 2;
    while (field->value < end && (*field->value == ' ' || *field->value == '\t'))
        field->value++;
    while (end > field->value && (end[-1] == ' ' || end[-1] == '\t'))
        end--;
    field->end = end;
    return 1;
}

static const char *fields_begin(Response *self, const char **blank)
{
    const char *raw = PyBytes_AS_STRING(self->raw);
    *blank = raw + self->split - 2;
    return (const char *)memchr(raw, '\n', (size_t)self->split) + 1;
}

static PyObject *text_of(const char *begin, const char *end)
{
    return PyUnicode_DecodeLatin1(begin, end - begin, NULL);
}

static PyObject *response_headers(Response *self, void *Py_UNUSED(closure))
{
    PyObject *headers = PyList_New(0);
    const char *blank, *line = fields_begin(self, &blank);
    Field field;
    while (headers && next_field(&line, blank, &field)) {
        PyObject *one = Py_BuildValue("(NN)", text_of(field.name, field.colon),
                                      text_of(field.value, field.end));
        if (!one || PyList_Append(headers, one) < 0)
            Py_CLEAR(headers);
        Py_XDECREF(one);
    }
    return headers;
}

static PyObject *response_header(Response *self, PyObject *name)
{
    Py_ssize_t size;
    const char *wanted = PyUnicode_AsUTF8AndSize(name, &size);
    const char *blank, *line = fields_begin(self, &blank);
    Field field;
    if (!wanted)
        return NULL;
    while (next_field(&line, blank, &field))
        if (field.colon - field.name == size && !strncasecmp(field.name, wanted, (size_t)size))
            return text_of(field.value, field.end);
    Py_RETURN_NONE;
}

static PyObject *response_json(Response *self, PyObject *Py_UNUSED(none))
{
    PyObject *body = response_body(self, NULL);
    if (!body)
        return NULL;
    PyObject *value = PyObject_CallOneArg(json_of, body);
    Py_DECREF(body);
    return value;
}

static PyMethodDef response_methods[] = {
    {"header", (PyCFunction)response_header, METH_O,
     "Return the first header of that name, whatever its case, or None."},
    {"json", (PyCFunction)response_json, METH_NOARGS, "Return what the body says in JSON."},
    {NULL},
};

static PyGetSetDef response_getset[] = {
    {"body", (getter)response_body, NULL, "The whole body, as it was sent.", NULL},
    {"headers", (getter)response_headers, NULL, "The headers in the order they came.", NULL},
    {NULL},
};

static PyMemberDef response_members[] = {
    {"status", T_INT, offsetof(Response, status), READONLY, NULL},
    {"special", T_BOOL, offsetof(Response, special), READONLY, NULL},
    {"received", T_LONGLONG, offsetof(Response, received), READONLY, NULL},
    {"sent_ns", T_LONGLONG, offsetof(Response, sent_ns), READONLY, NULL},
    {"first_ns", T_LONGLONG, offsetof(Response, first_ns), READONLY, NULL},
    {"ended_ns", T_LONGLONG, offsetof(Response, ended_ns), READONLY, NULL},
    {NULL},
};

PyTypeObject ResponseType = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "hormesis.wire._compiled.Response",
    .tp_doc = "One whole HTTP/1.1 answer with its three moments.",
    .tp_basicsize = sizeof(Response),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .tp_dealloc = (destructor)response_dealloc,
    .tp_methods = response_methods,
    .tp_getset = response_getset,
    .tp_members = response_members,
};
