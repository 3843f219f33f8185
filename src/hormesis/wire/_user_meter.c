/* UserMeter: what one user records, and which of its operations is due; see user_meter.py for the
 * same in Python.
 */
#include "_compiled.h"

static PyObject *checked_name, *passed_value, *not_passed_value;

int user_meter_write(UserMeter *self, long long label, int64_t due, int64_t sent, int64_t ended)
{
    if (PyObject_TypeCheck(self->meter, &RecorderType))
        return recorder_write(self->meter, label, self->number, due, sent, ended) == -1
                       && PyErr_Occurred()
                   ? -1 : 0;
    PyObject *done = PyObject_CallMethod(self->meter, "record", "LLLLL", label, self->number,
                                         (long long)due, (long long)sent, (long long)ended);
    Py_XDECREF(done);
    return done ? 0 : -1;
}

int64_t user_meter_take_due(UserMeter *self, int64_t sent)
{
    int64_t due = self->due;
    if (due < 0)
        return sent;
    self->due = -1;
    self->first = sent;
    return due;
}

static PyObject *user_meter_take_due_ns(UserMeter *self, PyObject *sent)
{
    long long sent_ns = PyLong_AsLongLong(sent);
    if (sent_ns == -1 && PyErr_Occurred())
        return NULL;
    return PyLong_FromLongLong(user_meter_take_due(self, sent_ns));
}

static PyObject *user_meter_due_at(UserMeter *self, PyObject *due)
{
    long long due_ns = PyLong_AsLongLong(due);
    if (due_ns == -1 && PyErr_Occurred())
        return NULL;
    self->due = due_ns;
    self->first = -1;
    Py_RETURN_NONE;
}

static PyObject *user_meter_check(UserMeter *self, PyObject *const *args, Py_ssize_t count,
                                  PyObject *names)
{
    PyObject *given = count == 2 ? args[1] : NULL;
    if (count == 1 && names && PyTuple_GET_SIZE(names) == 1) {
        if (!(given = keyword(args + count, names, "passed", NULL)))
            return NULL;
    }
    else if (count != 2 || names) {
        PyErr_SetString(PyExc_TypeError, "expected the check's name and whether it passed");
        return NULL;
    }
    int passed = PyObject_IsTrue(given);
    PyObject *add = passed < 0 ? NULL : PyDict_GetItemWithError(self->checks, args[0]);
    if (add)
        Py_INCREF(add);
    else if (PyErr_Occurred()
             || !(add = PyObject_CallMethodOneArg((PyObject *)self, checked_name, args[0])))
        return NULL;
    PyObject *done = PyObject_CallOneArg(add, passed ? passed_value : not_passed_value);
    Py_DECREF(add);
    if (!done)
        return NULL;
    Py_DECREF(done);
    return PyBool_FromLong(passed);
}

static int user_meter_init(UserMeter *self, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"meter", "number", NULL};
    PyObject *meter;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "OL", names, &meter, &self->number))
        return -1;
    PyObject *checks = PyDict_New();
    if (!checks)
        return -1;
    Py_XSETREF(self->meter, Py_NewRef(meter));
    Py_XSETREF(self->checks, checks);
    self->due = self->first = -1;
    return 0;
}

static int user_meter_traverse(UserMeter *self, visitproc visit, void *arg)
{
    Py_VISIT(self->meter);
    Py_VISIT(self->checks);
    return 0;
}

static void user_meter_dealloc(UserMeter *self)
{
    PyObject_GC_UnTrack(self);
    Py_CLEAR(self->meter);
    Py_CLEAR(self->checks);
    Py_TYPE(self)->tp_free((PyObject *)self);
}

static int user_meter_set_checks(UserMeter *self, PyObject *checks, void *Py_UNUSED(closure))
{
    if (!checks || !PyDict_Check(checks)) {
        PyErr_SetString(PyExc_TypeError, "expected a dict");
        return -1;
    }
    Py_XSETREF(self->checks, Py_NewRef(checks));
    return 0;
}

static PyObject *user_meter_get_checks(UserMeter *self, void *Py_UNUSED(closure))
{
    return Py_NewRef(self->checks);
}

static PyMethodDef user_meter_methods[] = {
    {"due_at", METHOD(user_meter_due_at), METH_O, "Set when the next operation is due."},
    {"take_due_ns", METHOD(user_meter_take_due_ns), METH_O,
     "Return when the operation that is sent then was due."},
    {"check", METHOD(user_meter_check), METH_FASTCALL | METH_KEYWORDS,
     "Count a check; return whether it passed."},
    {NULL},
};

static PyGetSetDef user_meter_getset[] = {
    {"checks", (getter)user_meter_get_checks, (setter)user_meter_set_checks,
     "What counts checks, by their names.", NULL},
    {NULL},
};

static PyMemberDef user_meter_members[] = {
    {"number", T_LONGLONG, offsetof(UserMeter, number), READONLY, NULL},
    {"tagging", T_LONGLONG, offsetof(UserMeter, tagging), 0, NULL},
    {"first_ns", T_LONGLONG, offsetof(UserMeter, first), 0, NULL},
    {NULL},
};

PyTypeObject UserMeterType = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "hormesis.wire._compiled.UserMeter",
    .tp_doc = "What one user records.",
    .tp_basicsize = sizeof(UserMeter),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC,
    .tp_new = PyType_GenericNew,
    .tp_init = (initproc)user_meter_init,
    .tp_dealloc = (destructor)user_meter_dealloc,
    .tp_traverse = (traverseproc)user_meter_traverse,
    .tp_methods = user_meter_methods,
    .tp_getset = user_meter_getset,
    .tp_members = user_meter_members,
};

int user_meter_prepare(void)
{
    checked_name = PyUnicode_InternFromString("checked");
    passed_value = PyFloat_FromDouble(1.0);
    not_passed_value = PyFloat_FromDouble(0.0);
    return checked_name && passed_value && not_passed_value ? PyType_Ready(&UserMeterType) : -1;
}
