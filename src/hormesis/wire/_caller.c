/* Caller: sends the requests of one session that need nothing special, and records their answers;
 * see caller.py for the same in Python. What is under way is an Asked.
 */
#include "_compiled.h"

static PyObject *tagging_name, *request_name, *empty, *get_text;

static int tagging_of(Caller *self, long long *tagging)
{
    if (PyObject_TypeCheck(self->user, &UserMeterType)) {
        *tagging = ((UserMeter *)self->user)->tagging;
        return 0;
    }
    PyObject *found = PyObject_GetAttr(self->user, tagging_name);
    *tagging = found ? PyLong_AsLongLong(found) : -1;
    Py_XDECREF(found);
    return *tagging == -1 && PyErr_Occurred() ? -1 : 0;
}

/* Let a user that is none of ours record, by its own methods. */
static int record_by_methods(Caller *self, long long label, const Response *response)
{
    PyObject *due = PyObject_CallMethod(self->user, "take_due_ns", "L", response->sent_ns);
    PyObject *done = due ? PyObject_CallMethod(self->user, "record", "LOLL", label, due,
                                               response->sent_ns, response->ended_ns)
                         : NULL;
    Py_XDECREF(due);
    Py_XDECREF(done);
    return done ? 0 : -1;
}

static void code_clear(Code *code)
{
    Py_CLEAR(code->name);
    Py_CLEAR(code->method);
    Py_CLEAR(code->wait);
}

/* Ask the session, which knows every code, and keep what it says in the place of the oldest. */
static Code *code_asked(Caller *self, PyObject *name, PyObject *method, int status,
                        long long tagging)
{
    PyObject *pair = PyObject_CallMethod(self->session, "coded", "OOi", method, name, status);
    long long label;
    PyObject *wait;
    if (!pair || !PyArg_ParseTuple(pair, "LO", &label, &wait)) {
        Py_XDECREF(pair);
        return NULL;
    }
    Code *code = &self->codes[self->next_code++ % CODES_KEPT];
    code_clear(code);
    *code = (Code){Py_NewRef(name), Py_NewRef(method), Py_NewRef(wait), tagging, label, status};
    Py_DECREF(pair);
    return code;
}

static Code *code_of(Caller *self, PyObject *name, PyObject *method, int status)
{
    long long tagging;
    if (tagging_of(self, &tagging) < 0)
        return NULL;
    for (int i = 0; i < CODES_KEPT; i++) {
        Code *code = &self->codes[i];
        if (code->name == name && code->status == status && code->tagging == tagging
            && code->method == method)
            return code;
    }
    return code_asked(self, name, method, status, tagging);
}

int caller_record(Caller *self, PyObject *name, PyObject *method, const Response *response,
                  Py_ssize_t size)
{
    Code *code = code_of(self, name, method, response->status);
    if (!code)
        return -1;
    PyObject *wait = Py_NewRef(code->wait);
    int result;
    if (PyObject_TypeCheck(self->user, &UserMeterType)) {
        UserMeter *meter = (UserMeter *)self->user;
        int64_t due = user_meter_take_due(meter, response->sent_ns);
        result = user_meter_write(meter, code->label, due, response->sent_ns,
                                  response->ended_ns);
    }
    else
        result = record_by_methods(self, code->label, response);
    PyObject *waited = PyFloat_FromDouble((double)(response->first_ns - response->sent_ns) / 1e9);
    PyObject *done = waited && !result ? PyObject_CallOneArg(wait, waited) : NULL;
    Py_DECREF(wait);
    Py_XDECREF(waited);
    if (!done)
        return -1;
    Py_DECREF(done);
    self->sent += size;
    self->received += response->received;
    if (response->ended_ns > self->next_flush) {
        self->next_flush = response->ended_ns + self->flush_every;
        done = PyObject_CallMethod(self->session, "flush", NULL);
        Py_XDECREF(done);
        return done ? 0 : -1;
    }
    return 0;
}

static PyObject *caller_ask(Caller *self, PyObject *const *args, Py_ssize_t count)
{
    if (count < 2 || count > 5) {
        PyErr_SetString(PyExc_TypeError, "expected a method, a URL, a name, a body and its type");
        return NULL;
    }
    return asked_new(self, args[0], args[1], count > 2 ? args[2] : empty,
                     count > 3 ? args[3] : Py_None, count > 4 ? args[4] : empty);
}

/* Send a GET request; the session itself sees to one with other options than a name. */
static PyObject *caller_get(Caller *self, PyObject *const *args, Py_ssize_t count,
                            PyObject *names)
{
    Py_ssize_t named = names ? PyTuple_GET_SIZE(names) : 0;
    if (count == 1 && !named)
        return asked_new(self, get_text, args[0], empty, Py_None, empty);
    if (count == 1 && named == 1
        && !PyUnicode_CompareWithASCIIString(PyTuple_GET_ITEM(names, 0), "name"))
        return asked_new(self, get_text, args[0], args[1], Py_None, empty);
    if (!self->session) {
        PyErr_SetString(PyExc_RuntimeError, "the session is gone");
        return NULL;
    }
    PyObject **given = PyMem_New(PyObject *, (size_t)(2 + count + named));
    if (!given)
        return PyErr_NoMemory();
    given[0] = self->session;
    given[1] = get_text;
    for (Py_ssize_t i = 0; i < count + named; i++)
        given[2 + i] = args[i];
    PyObject *result = PyObject_VectorcallMethod(request_name, given, (size_t)(2 + count), names);
    PyMem_Free(given);
    return result;
}

static PyObject *caller_take(Caller *self, PyObject *Py_UNUSED(none))
{
    PyObject *taken = Py_BuildValue("LL", self->sent, self->received);
    self->sent = self->received = 0;
    return taken;
}

static int caller_init(Caller *self, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"session", "user", "transport", "listeners", "answer", "timeout_ns",
                            "flush_ns", NULL};
    PyObject *session, *user, *transport, *listeners, *answer;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O$OOO!O!LL", names, &session, &user,
                                     &transport, &PyList_Type, &listeners, &PyType_Type, &answer,
                                     &self->timeout, &self->flush_every))
        return -1;
    if (!PyType_IsSubtype((PyTypeObject *)answer, &ReplyType)) {
        PyErr_SetString(PyExc_TypeError, "expected a class of replies");
        return -1;
    }
    PyObject *prepared = PyObject_GetAttrString(transport, "prepared");
    if (!prepared || !PyDict_Check(prepared)) {
        if (prepared)
            PyErr_SetString(PyExc_TypeError, "expected a dict of prepared requests");
        Py_XDECREF(prepared);
        return -1;
    }
    Py_XSETREF(self->prepared, prepared);
    Py_XSETREF(self->session, Py_NewRef(session));
    Py_XSETREF(self->user, Py_NewRef(user));
    Py_XSETREF(self->transport, Py_NewRef(transport));
    Py_XSETREF(self->listeners, Py_NewRef(listeners));
    Py_XSETREF(self->answer, Py_NewRef(answer));
    return 0;
}

static int caller_traverse(Caller *self, visitproc visit, void *arg)
{
    Py_VISIT(self->session);
    Py_VISIT(self->user);
    Py_VISIT(self->transport);
    Py_VISIT(self->prepared);
    Py_VISIT(self->listeners);
    Py_VISIT(self->answer);
    Py_VISIT(self->last.heads);
    for (int i = 0; i < CODES_KEPT; i++)
        Py_VISIT(self->codes[i].wait);
    return 0;
}

static int caller_clear(Caller *self)
{
    /* The session is what makes a circle; the rest is needed as long as something is under way. */
    Py_CLEAR(self->session);
    return 0;
}

static void caller_dealloc(Caller *self)
{
    PyObject_GC_UnTrack(self);
    Py_CLEAR(self->session);
    Py_CLEAR(self->user);
    Py_CLEAR(self->transport);
    Py_CLEAR(self->prepared);
    Py_CLEAR(self->listeners);
    Py_CLEAR(self->answer);
    Py_CLEAR(self->last.heads);
    Py_CLEAR(self->last.url);
    Py_CLEAR(self->last.head);
    Py_CLEAR(self->last.request);
    Py_CLEAR(self->last.name);
    for (int i = 0; i < CODES_KEPT; i++)
        code_clear(&self->codes[i]);
    Py_TYPE(self)->tp_free((PyObject *)self);
}

static PyMethodDef caller_methods[] = {
    {"ask", METHOD(caller_ask), METH_FASTCALL, "Return a request, to be awaited."},
    {"get", METHOD(caller_get), METH_FASTCALL | METH_KEYWORDS, "Send a GET request."},
    {"take", METHOD(caller_take), METH_NOARGS,
     "Return the bytes sent and received since the last call."},
    {NULL},
};

PyTypeObject CallerType = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "hormesis.wire._compiled.Caller",
    .tp_doc = "Sends the requests of one session that need nothing special, and records them.",
    .tp_basicsize = sizeof(Caller),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
    .tp_new = PyType_GenericNew,
    .tp_init = (initproc)caller_init,
    .tp_dealloc = (destructor)caller_dealloc,
    .tp_traverse = (traverseproc)caller_traverse,
    .tp_clear = (inquiry)caller_clear,
    .tp_methods = caller_methods,
};

int caller_prepare(void)
{
    tagging_name = PyUnicode_InternFromString("tagging");
    request_name = PyUnicode_InternFromString("request");
    empty = PyUnicode_InternFromString("");
    get_text = PyUnicode_InternFromString("GET");
    return tagging_name && request_name && empty && get_text ? PyType_Ready(&CallerType) : -1;
}
