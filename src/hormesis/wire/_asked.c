/* Asked: a request that a script awaits. It is a coroutine as far as asyncio can tell: sent when it
 * is first awaited, and resolved with an answer that is recorded already. Whatever is not plain
 * goes on in a coroutine of the session, the long way, from where it stands.
 */
#include "_compiled.h"

enum { FRESH, SENT, LONG, OVER };

typedef struct {
    PyObject_HEAD
    Caller *caller;
    PyObject *method, *url, *name, *body, *kind; /* as it was asked for */
    PyObject *idle;                              /* where the connection came from */
    Connection *connection;
    Exchange *exchange;
    PyObject *inner; /* the coroutine of the long way */
    int64_t asked;
    Py_ssize_t size;
    char state;
} Asked;

static PyObject *idle_name, *waiting_name, *get_name, *make_name, *request_name, *name_name,
    *long_way_name, *throw_name, *close_name;

static PyObject *asked_words(Asked *self)
{
    return PyTuple_Pack(5, self->method, self->url, self->name, self->body, self->kind);
}

/* Find the prepared request to the URL among the heads, and keep it: 1; 0 when there is none. */
static int keep_head(Asked *self, PyObject *heads, Prepared *last)
{
    PyObject *get = PyObject_GetAttr(heads, get_name), *head;
    head = get ? PyObject_CallOneArg(get, self->url) : NULL;
    Py_XDECREF(get);
    if (head == Py_None)
        Py_SETREF(head, PyObject_CallMethodOneArg(heads, make_name, self->url));
    if (!head || head == Py_None) {
        Py_XDECREF(head);
        return head ? 0 : -1;
    }
    PyObject *request = PyObject_GetAttr(head, request_name);
    PyObject *name = request ? PyObject_GetAttr(head, name_name) : NULL;
    if (!name || !PyBytes_Check(request) || !PyUnicode_Check(name)) {
        if (name)
            PyErr_SetString(PyExc_TypeError, "expected the bytes of a request and its name");
        Py_DECREF(head);
        Py_XDECREF(request);
        Py_XDECREF(name);
        return -1;
    }
    Py_XSETREF(last->head, head);
    Py_XSETREF(last->heads, Py_NewRef(heads));
    Py_XSETREF(last->url, Py_NewRef(self->url));
    Py_XSETREF(last->request, request);
    Py_XSETREF(last->name, name);
    return 1;
}

/* Return the request's bytes; NULL when it has to be made the long way, or with an exception. */
static PyObject *request_of(Asked *self)
{
    Prepared *last = &self->caller->last;
    PyObject *heads = PyDict_GetItemWithError(self->caller->prepared, self->method);
    /* Nothing that was prepared ever changes: other headers make other heads. */
    if (!heads
        || ((last->heads != heads || last->url != self->url) && keep_head(self, heads, last) <= 0))
        return NULL;
    if (!PyUnicode_GET_LENGTH(self->name))
        Py_SETREF(self->name, Py_NewRef(last->name));
    if (self->body == Py_None)
        return Py_NewRef(last->request);
    PyObject *request = PyObject_CallMethod(last->head, "with_body", "OO", self->body, self->kind);
    if (request && !PyBytes_Check(request)) {
        PyErr_SetString(PyExc_TypeError, "expected the bytes of a request");
        Py_CLEAR(request);
    }
    return request;
}

/* Take the connection that was used last; NULL when there is none that can be used. */
static Connection *connection_of(PyObject *idle)
{
    Py_ssize_t count = PyList_GET_SIZE(idle);
    PyObject *last = count ? PyList_GET_ITEM(idle, count - 1) : NULL;
    if (!last || !PyObject_TypeCheck(last, &ConnectionType))
        return NULL;
    Connection *connection = (Connection *)Py_NewRef(last);
    /* One that the server closed meanwhile is left for whoever looks through all of them. */
    if (connection->fd < 0 || connection->pending
        || PyList_SetSlice(idle, count - 1, count, NULL) < 0)
        Py_CLEAR(connection);
    return connection;
}

/* Send it: 1; 0 when it has to go the long way; -1 with an exception. */
static int asked_begin(Asked *self)
{
    Caller *caller = self->caller;
    if (!caller->session || PyList_GET_SIZE(caller->listeners))
        return 0;
    PyObject *request = request_of(self);
    self->idle = request ? PyObject_GetAttr(caller->transport, idle_name) : NULL;
    if (self->idle && PyList_Check(self->idle)
        && (self->connection = connection_of(self->idle))) {
        self->size = PyBytes_GET_SIZE(request);
        self->asked = monotonic_ns();
        self->exchange = connection_begin(self->connection, request, caller->timeout, 0);
    }
    Py_XDECREF(request);
    return self->exchange ? 1 : PyErr_Occurred() ? -1 : 0;
}

/* Record the answer and return what the script sees of it; NULL when it goes the long way, which
 * is an exception unless `inner` is set.
 */
static PyObject *asked_answer(Asked *self)
{
    Caller *caller = self->caller;
    Response *response = (Response *)self->exchange->outcome;
    PyObject *waiting = PyObject_GetAttr(caller->transport, waiting_name);
    int crowded = waiting ? PyObject_IsTrue(waiting) : -1;
    Py_XDECREF(waiting);
    if (crowded < 0)
        return NULL;
    if (response->status >= 300 || response->special || crowded) {
        PyObject *words = asked_words(self);
        if (words)
            self->inner = PyObject_CallMethod(caller->session, "got_special", "OOO",
                                              self->connection, words, response);
        Py_XDECREF(words);
        return NULL;
    }
    if (PyList_Append(self->idle, (PyObject *)self->connection) < 0
        || caller_record(caller, self->name, self->method, response, self->size) < 0)
        return NULL;
    return reply_new((PyTypeObject *)caller->answer, (PyObject *)response, response->status,
                     self->method, self->url);
}

/* Go the long way after an exception, which is taken, in place of an answer. */
static int asked_without_answer(Asked *self, PyObject *error)
{
    PyObject *words = asked_words(self);
    if (words)
        self->inner = PyObject_CallMethod(self->caller->session, "got_nothing", "OOOL",
                                          self->connection, words, error,
                                          (long long)(monotonic_ns() - self->asked));
    Py_XDECREF(words);
    self->state = self->inner ? LONG : OVER;
    return self->inner ? 0 : -1;
}

static PySendResult asked_go_on(Asked *self, PyObject *value, PyObject **result)
{
    PyObject *inner = Py_NewRef(self->inner);
    PySendResult how = PyIter_Send(inner, value, result);
    Py_DECREF(inner);
    if (how != PYGEN_NEXT) {
        self->state = OVER;
        Py_CLEAR(self->inner);
    }
    return how;
}

static PySendResult asked_over(Asked *self, PyObject *answer, PyObject **result)
{
    self->state = OVER;
    *result = answer;
    return answer ? PYGEN_RETURN : PYGEN_ERROR;
}

static PySendResult asked_resume(Asked *self, PyObject **result)
{
    if (self->exchange->state == PENDING) {
        self->exchange->blocking = 1;
        *result = Py_NewRef(self->exchange);
        return PYGEN_NEXT;
    }
    if (self->exchange->state == ANSWERED) {
        PyObject *answer = asked_answer(self);
        if (answer || !self->inner)
            return asked_over(self, answer, result);
        self->state = LONG;
        return asked_go_on(self, Py_None, result);
    }
    PyObject *none = PyObject_CallMethod((PyObject *)self->exchange, "result", NULL);
    Py_XDECREF(none);
    PyObject *error = take_exception();
    int failed = !error || asked_without_answer(self, error) < 0;
    Py_XDECREF(error);
    return failed ? asked_over(self, NULL, result) : asked_go_on(self, Py_None, result);
}

static PySendResult asked_start(Asked *self, PyObject **result)
{
    int sent = asked_begin(self);
    if (sent < 0)
        return asked_over(self, NULL, result);
    if (sent) {
        self->state = SENT;
        return asked_resume(self, result);
    }
    PyObject *words = asked_words(self);
    if (words && self->caller->session)
        self->inner = PyObject_CallMethodOneArg(self->caller->session, long_way_name, words);
    Py_XDECREF(words);
    if (!self->inner)
        return asked_over(self, NULL, result);
    self->state = LONG;
    return asked_go_on(self, Py_None, result);
}

static PySendResult asked_send(Asked *self, PyObject *value, PyObject **result)
{
    PySendResult how;
    Py_INCREF(self);
    switch (self->state) {
    case FRESH:
        how = asked_start(self, result);
        break;
    case SENT:
        how = asked_resume(self, result);
        break;
    case LONG:
        how = asked_go_on(self, value, result);
        break;
    default:
        PyErr_SetString(PyExc_RuntimeError, "cannot await a request twice");
        how = asked_over(self, NULL, result);
    }
    Py_DECREF(self);
    return how;
}

static PyObject *as_iterator(PySendResult how, PyObject *result)
{
    if (how == PYGEN_RETURN) {
        PyErr_SetObject(PyExc_StopIteration, result);
        Py_CLEAR(result);
    }
    return how == PYGEN_NEXT ? result : NULL;
}

static PyObject *asked_next(Asked *self)
{
    PyObject *result = NULL;
    PySendResult how = asked_send(self, Py_None, &result);
    return as_iterator(how, result);
}

static PyObject *asked_send_method(Asked *self, PyObject *value)
{
    PyObject *result = NULL;
    PySendResult how = asked_send(self, value, &result);
    return as_iterator(how, result);
}

/* Return the exception that throw() was given in one of its forms. */
static PyObject *thrown(PyObject *const *args, Py_ssize_t count)
{
    PyObject *type = count ? Py_NewRef(args[0]) : NULL, *trace = NULL;
    PyObject *value = count > 1 && args[1] != Py_None ? Py_NewRef(args[1]) : NULL;
    if (type && PyExceptionInstance_Check(type)) {
        Py_XSETREF(value, type);
        type = Py_NewRef(PyExceptionInstance_Class(value));
        trace = PyException_GetTraceback(value);
    }
    if (!type || !PyExceptionClass_Check(type)) {
        Py_XDECREF(type);
        Py_XDECREF(value);
        PyErr_SetString(PyExc_TypeError, "exceptions must derive from BaseException");
        return NULL;
    }
    if (count > 2 && args[2] != Py_None)
        Py_XSETREF(trace, Py_NewRef(args[2]));
    PyErr_Restore(type, value, trace);
    return take_exception();
}

static PyObject *asked_throw(Asked *self, PyObject *const *args, Py_ssize_t count)
{
    PyObject *result = NULL, *error;
    if (self->state == LONG) {
        PyObject *inner = Py_NewRef(self->inner), *given[4] = {inner};
        for (Py_ssize_t i = 0; i < count && i < 3; i++)
            given[1 + i] = args[i];
        result = PyObject_VectorcallMethod(throw_name, given, (size_t)(1 + count), NULL);
        Py_DECREF(inner);
        if (!result) {
            self->state = OVER;
            Py_CLEAR(self->inner);
        }
        return result;
    }
    if (!(error = thrown(args, count)))
        return NULL;
    if (self->state != SENT) {
        self->state = OVER;
        PyErr_SetObject((PyObject *)Py_TYPE(error), error);
    }
    else if (asked_without_answer(self, error) == 0) {
        PySendResult how = asked_go_on(self, Py_None, &result);
        result = as_iterator(how, result);
    }
    Py_DECREF(error);
    return result;
}

static PyObject *asked_close(Asked *self, PyObject *Py_UNUSED(none))
{
    PyObject *result = NULL, *ends = PyExc_GeneratorExit;
    char state = self->state;
    if (state == FRESH || state == OVER) {
        self->state = OVER;
        Py_RETURN_NONE;
    }
    if (state == LONG)
        return PyObject_CallMethodNoArgs(self->inner, close_name);
    if ((result = asked_throw(self, &ends, 1))) {
        Py_DECREF(result);
        PyErr_SetString(PyExc_RuntimeError, "a request ignored GeneratorExit");
        return NULL;
    }
    if (!PyErr_ExceptionMatches(PyExc_GeneratorExit)
        && !PyErr_ExceptionMatches(PyExc_StopIteration))
        return NULL;
    PyErr_Clear();
    Py_RETURN_NONE;
}

static void asked_finalize(Asked *self)
{
    PyObject *type, *value, *trace, *done = NULL;
    if (self->state == LONG || self->state == OVER)
        return; /* a coroutine sees to itself */
    PyErr_Fetch(&type, &value, &trace);
    if (self->state == SENT)
        done = asked_close(self, NULL);
    else if (!PyErr_WarnFormat(PyExc_RuntimeWarning, 1, "request '%U %U' was never awaited",
                               self->method, self->url))
        done = Py_NewRef(Py_None);
    if (!done)
        PyErr_WriteUnraisable((PyObject *)self);
    Py_XDECREF(done);
    PyErr_Restore(type, value, trace);
}

static int asked_traverse(Asked *self, visitproc visit, void *arg)
{
    Py_VISIT(self->caller);
    Py_VISIT(self->url);
    Py_VISIT(self->body);
    Py_VISIT(self->idle);
    Py_VISIT(self->connection);
    Py_VISIT(self->exchange);
    Py_VISIT(self->inner);
    return 0;
}

static void asked_dealloc(Asked *self)
{
    if (self->state != OVER && PyObject_CallFinalizerFromDealloc((PyObject *)self) < 0)
        return;
    PyObject_GC_UnTrack(self);
    Py_CLEAR(self->inner);
    Py_CLEAR(self->exchange);
    Py_CLEAR(self->connection);
    Py_CLEAR(self->idle);
    Py_CLEAR(self->kind);
    Py_CLEAR(self->body);
    Py_CLEAR(self->name);
    Py_CLEAR(self->url);
    Py_CLEAR(self->method);
    Py_CLEAR(self->caller);
    PyObject_GC_Del(self);
}

PyObject *asked_new(Caller *caller, PyObject *method, PyObject *url, PyObject *name,
                    PyObject *body, PyObject *kind)
{
    if (!PyUnicode_Check(method) || !PyUnicode_Check(url) || !PyUnicode_Check(name)) {
        PyErr_SetString(PyExc_TypeError, "expected the URL and the name to be text");
        return NULL;
    }
    Asked *self = PyObject_GC_New(Asked, &AskedType);
    if (!self)
        return NULL;
    self->caller = (Caller *)Py_NewRef(caller);
    self->method = Py_NewRef(method);
    self->url = Py_NewRef(url);
    self->name = Py_NewRef(name);
    self->body = Py_NewRef(body);
    self->kind = Py_NewRef(kind);
    self->idle = self->inner = NULL;
    self->connection = NULL;
    self->exchange = NULL;
    self->state = FRESH;
    PyObject_GC_Track(self);
    return (PyObject *)self;
}

static PyMethodDef asked_methods[] = {
    {"send", METHOD(asked_send_method), METH_O, "Go on, as coroutines do."},
    {"throw", METHOD(asked_throw), METH_FASTCALL, "Go on with an exception, as coroutines do."},
    {"close", METHOD(asked_close), METH_NOARGS, "Give up, as coroutines do."},
    {NULL},
};

static PyAsyncMethods asked_async = {
    .am_await = PyObject_SelfIter,
    .am_send = (sendfunc)asked_send,
};

PyTypeObject AskedType = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "hormesis.wire._compiled.Asked",
    .tp_doc = "A request that a script awaits; asyncio takes it for a coroutine.",
    .tp_basicsize = sizeof(Asked),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .tp_dealloc = (destructor)asked_dealloc,
    .tp_finalize = (destructor)asked_finalize,
    .tp_traverse = (traverseproc)asked_traverse,
    .tp_as_async = &asked_async,
    .tp_iter = PyObject_SelfIter,
    .tp_iternext = (iternextfunc)asked_next,
    .tp_methods = asked_methods,
};

int asked_prepare(void)
{
    static const char *const texts[] = {"idle", "waiting", "get", "make", "request", "name",
                                        "go_the_long_way", "throw", "close", NULL};
    static PyObject **const places[] = {&idle_name, &waiting_name, &get_name, &make_name,
                                        &request_name, &name_name, &long_way_name, &throw_name,
                                        &close_name};
    for (int i = 0; texts[i]; i++)
        if (!(*places[i] = PyUnicode_InternFromString(texts[i])))
            return -1;
    return PyType_Ready(&AskedType);
}
