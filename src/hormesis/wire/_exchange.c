/* Exchange: a request under way. It is a future as far as asyncio can tell, so the waiting task
 * is a real one; but whoever waits is called at once, without a second turn of the event loop.
 */
#include "_compiled.h"

static PyObject *CancelledError, *InvalidStateError; /* of asyncio */
static PyObject *context_names;                      /* ("context",) */

/* Tell the loop of an exception in a callback, as it does itself; those that end it go on. */
static int tell(PyObject *loop)
{
    if (PyErr_ExceptionMatches(PyExc_SystemExit)
        || PyErr_ExceptionMatches(PyExc_KeyboardInterrupt))
        return -1;
    PyObject *error = take_exception();
    PyObject *context = Py_BuildValue("{s:s,s:O}", "message", "Exception in a wire's callback",
                                      "exception", error ? error : Py_None);
    PyObject *done = context ? PyObject_CallMethod(loop, "call_exception_handler", "O", context)
                             : NULL;
    Py_XDECREF(error);
    Py_XDECREF(context);
    if (!done)
        PyErr_WriteUnraisable(loop);
    Py_XDECREF(done);
    return 0;
}

static int call_soon(PyObject *loop, PyObject *callback, PyObject *argument, PyObject *context)
{
    static PyObject *name;
    if (!name && !(name = PyUnicode_InternFromString("call_soon")))
        return -1;
    PyObject *args[] = {loop, callback, argument, context};
    PyObject *handle = PyObject_VectorcallMethod(
        name, args, 3 | PY_VECTORCALL_ARGUMENTS_OFFSET, context ? context_names : NULL);
    Py_XDECREF(handle);
    return handle ? 0 : -1;
}

static int call_now(PyObject *loop, PyObject *callback, PyObject *argument, PyObject *context)
{
    if (context && PyContext_Enter(context) < 0) {
        /* It is entered already, by whoever runs the loop: later it will not be. */
        PyErr_Clear();
        return call_soon(loop, callback, argument, context);
    }
    PyObject *result = PyObject_CallOneArg(callback, argument);
    if (context) {
        PyObject *type, *value, *trace;
        PyErr_Fetch(&type, &value, &trace);
        if (PyContext_Exit(context) < 0)
            PyErr_WriteUnraisable(context);
        PyErr_Restore(type, value, trace);
    }
    Py_XDECREF(result);
    return result ? 0 : -1;
}

static int wake_one(Exchange *self, PyObject *callback, PyObject *context, int now)
{
    PyObject *loop = Py_NewRef(self->connection->wire->loop);
    if (context == Py_None)
        context = NULL;
    now = now && self->connection->wire->direct;
    int result = now ? call_now(loop, callback, (PyObject *)self, context)
                     : call_soon(loop, callback, (PyObject *)self, context);
    if (result < 0)
        result = tell(loop);
    Py_DECREF(loop);
    return result;
}

int exchange_wake(Exchange *self, int now)
{
    PyObject *callback = self->callback, *context = self->context, *more = self->more;
    int result = 0;
    self->callback = self->context = self->more = NULL;
    if (callback)
        result = wake_one(self, callback, context, now);
    for (Py_ssize_t i = 0; more && !result && i < PyList_GET_SIZE(more); i++) {
        PyObject *pair = Py_NewRef(PyList_GET_ITEM(more, i));
        result = wake_one(self, PyTuple_GET_ITEM(pair, 0), PyTuple_GET_ITEM(pair, 1), now);
        Py_DECREF(pair);
    }
    Py_XDECREF(callback);
    Py_XDECREF(context);
    Py_XDECREF(more);
    return result;
}

static PyObject *exchange_result(Exchange *self, PyObject *Py_UNUSED(none))
{
    switch (self->state) {
    case ANSWERED:
        return Py_NewRef(self->outcome);
    case FAILED:
        PyErr_SetObject((PyObject *)Py_TYPE(self->outcome), self->outcome);
        return NULL;
    case CANCELLED:
        PyErr_SetObject(CancelledError, self->outcome);
        return NULL;
    default:
        PyErr_SetString(InvalidStateError, "Result is not set.");
        return NULL;
    }
}

/* What gather() asks a cancelled future for, this and the next. */
static PyObject *exchange_cancel_message(Exchange *self, void *Py_UNUSED(closure))
{
    return Py_NewRef(self->state == CANCELLED && self->outcome ? self->outcome : Py_None);
}

static PyObject *exchange_cancelled_error(Exchange *self, PyObject *Py_UNUSED(none))
{
    return self->state == CANCELLED && self->outcome
               ? PyObject_CallOneArg(CancelledError, self->outcome)
               : PyObject_CallNoArgs(CancelledError);
}

static PyObject *exchange_exception(Exchange *self, PyObject *none)
{
    if (self->state == FAILED)
        return Py_NewRef(self->outcome);
    if (self->state != ANSWERED)
        return exchange_result(self, none);
    Py_RETURN_NONE;
}

static PyObject *exchange_done(Exchange *self, PyObject *Py_UNUSED(none))
{
    return PyBool_FromLong(self->state != PENDING);
}

static PyObject *exchange_cancelled(Exchange *self, PyObject *Py_UNUSED(none))
{
    return PyBool_FromLong(self->state == CANCELLED);
}

static PyObject *exchange_get_loop(Exchange *self, PyObject *Py_UNUSED(none))
{
    return Py_NewRef(self->connection->wire->loop);
}

static PyObject *exchange_add_done_callback(Exchange *self, PyObject *const *args,
                                            Py_ssize_t count, PyObject *names)
{
    PyObject *context, *current = NULL;
    if (count != 1) {
        PyErr_SetString(PyExc_TypeError, "expected one callback");
        return NULL;
    }
    if (!(context = keyword(args + count, names, "context", Py_None)))
        return NULL;
    if (context == Py_None && !(context = current = PyContext_CopyCurrent()))
        return NULL;
    int result = 0;
    if (self->state != PENDING)
        result = call_soon(self->connection->wire->loop, args[0], (PyObject *)self, context);
    else if (!self->callback && !self->more) {
        self->callback = Py_NewRef(args[0]);
        self->context = Py_NewRef(context);
    }
    else {
        PyObject *pair = PyTuple_Pack(2, args[0], context);
        if (!self->more)
            self->more = PyList_New(0);
        result = pair && self->more ? PyList_Append(self->more, pair) : -1;
        Py_XDECREF(pair);
    }
    Py_XDECREF(current);
    if (result < 0)
        return NULL;
    Py_RETURN_NONE;
}

static PyObject *exchange_remove_done_callback(Exchange *self, PyObject *callback)
{
    long removed = 0;
    PyObject *kept = NULL;
    if (self->callback) {
        int same = PyObject_RichCompareBool(self->callback, callback, Py_EQ);
        if (same < 0)
            return NULL;
        if (same) {
            removed++;
            Py_CLEAR(self->callback);
            Py_CLEAR(self->context);
        }
    }
    if (self->more && !(kept = PyList_New(0)))
        return NULL;
    for (Py_ssize_t i = 0; self->more && i < PyList_GET_SIZE(self->more); i++) {
        PyObject *pair = Py_NewRef(PyList_GET_ITEM(self->more, i));
        int same = PyObject_RichCompareBool(PyTuple_GET_ITEM(pair, 0), callback, Py_EQ);
        if (same < 0 || (!same && PyList_Append(kept, pair) < 0)) {
            Py_DECREF(pair);
            Py_DECREF(kept);
            return NULL;
        }
        removed += same;
        Py_DECREF(pair);
    }
    Py_XSETREF(self->more, kept);
    return PyLong_FromLong(removed);
}

static PyObject *exchange_cancel(Exchange *self, PyObject *const *args, Py_ssize_t count,
                                 PyObject *names)
{
    PyObject *message = count == 1 ? args[0] : keyword(args + count, names, "msg", Py_None);
    Connection *connection = self->connection;
    if (!message)
        return NULL;
    if (self->state != PENDING)
        Py_RETURN_FALSE;
    self->state = CANCELLED;
    self->outcome = message == Py_None ? NULL : Py_NewRef(message);
    Py_INCREF(self);
    if (connection->pending == self) {
        /* The answer may still come, and must not be taken for the next request's. */
        Py_INCREF(connection);
        Py_CLEAR(connection->pending);
        connection_drop(connection);
        Py_DECREF(connection);
    }
    int result = exchange_wake(self, 0);
    Py_DECREF(self);
    if (result < 0)
        return NULL;
    Py_RETURN_TRUE;
}

static PySendResult exchange_send(Exchange *self, PyObject *Py_UNUSED(value), PyObject **result)
{
    if (self->state == PENDING) {
        self->blocking = 1;
        *result = Py_NewRef(self);
        return PYGEN_NEXT;
    }
    *result = exchange_result(self, NULL);
    return *result ? PYGEN_RETURN : PYGEN_ERROR;
}

static PyObject *exchange_next(Exchange *self)
{
    PyObject *result;
    switch (exchange_send(self, Py_None, &result)) {
    case PYGEN_NEXT:
        return result;
    case PYGEN_RETURN:
        PyErr_SetObject(PyExc_StopIteration, result);
        Py_DECREF(result);
        return NULL;
    default:
        return NULL;
    }
}

static int exchange_traverse(Exchange *self, visitproc visit, void *arg)
{
    Py_VISIT(self->connection);
    Py_VISIT(self->callback);
    Py_VISIT(self->context);
    Py_VISIT(self->more);
    Py_VISIT(self->outcome);
    return 0;
}

static int exchange_clear(Exchange *self)
{
    Py_CLEAR(self->callback);
    Py_CLEAR(self->context);
    Py_CLEAR(self->more);
    return 0;
}

static void exchange_dealloc(Exchange *self)
{
    PyObject_GC_UnTrack(self);
    exchange_clear(self);
    Py_CLEAR(self->outcome);
    Py_CLEAR(self->connection);
    PyObject_GC_Del(self);
}

Exchange *exchange_new(Connection *connection)
{
    Exchange *self = PyObject_GC_New(Exchange, &ExchangeType);
    if (!self)
        return NULL;
    self->connection = (Connection *)Py_NewRef(connection);
    self->callback = self->context = self->more = self->outcome = NULL;
    self->state = PENDING;
    self->blocking = 0;
    PyObject_GC_Track(self);
    return self;
}

static PyMethodDef exchange_methods[] = {
    {"result", METHOD(exchange_result), METH_NOARGS, "Return the response, or raise."},
    {"exception", METHOD(exchange_exception), METH_NOARGS, "Return the trouble, or None."},
    {"done", METHOD(exchange_done), METH_NOARGS, "Return whether it is over."},
    {"cancelled", METHOD(exchange_cancelled), METH_NOARGS, "Return whether it was cancelled."},
    {"cancel", METHOD(exchange_cancel), METH_FASTCALL | METH_KEYWORDS,
     "Give up, which closes the connection; return whether there was something to give up."},
    {"_make_cancelled_error", METHOD(exchange_cancelled_error), METH_NOARGS, NULL},
    {"get_loop", METHOD(exchange_get_loop), METH_NOARGS, "Return the event loop."},
    {"add_done_callback", METHOD(exchange_add_done_callback), METH_FASTCALL | METH_KEYWORDS,
     "Have the callback called when it is over."},
    {"remove_done_callback", METHOD(exchange_remove_done_callback), METH_O,
     "Do not call the callback; return how often it had been added."},
    {NULL},
};

static PyGetSetDef exchange_getset[] = {
    {"_cancel_message", (getter)exchange_cancel_message, NULL, NULL, NULL},
    {NULL},
};

static PyMemberDef exchange_members[] = {
    {"_asyncio_future_blocking", T_BOOL, offsetof(Exchange, blocking), 0, NULL},
    {NULL},
};

static PyAsyncMethods exchange_async = {
    .am_await = PyObject_SelfIter,
    .am_send = (sendfunc)exchange_send,
};

PyTypeObject ExchangeType = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "hormesis.wire._compiled.Exchange",
    .tp_doc = "A request under way; asyncio takes it for a future.",
    .tp_basicsize = sizeof(Exchange),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .tp_dealloc = (destructor)exchange_dealloc,
    .tp_traverse = (traverseproc)exchange_traverse,
    .tp_clear = (inquiry)exchange_clear,
    .tp_as_async = &exchange_async,
    .tp_iter = PyObject_SelfIter,
    .tp_iternext = (iternextfunc)exchange_next,
    .tp_methods = exchange_methods,
    .tp_members = exchange_members,
    .tp_getset = exchange_getset,
};

int exchange_prepare(void)
{
    static const char *const names[] = {"CancelledError", "InvalidStateError", NULL};
    static PyObject **places[] = {&CancelledError, &InvalidStateError};
    if (import_names("asyncio", names, places) < 0)
        return -1;
    Py_XSETREF(context_names, Py_BuildValue("(s)", "context"));
    return context_names ? PyType_Ready(&ExchangeType) : -1;
}
