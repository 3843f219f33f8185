/* A clock that can be set, for one process and its children: preloaded with LD_PRELOAD.
 *
 * Shifts only the wall clock, by what the file $HORMESIS_CLOCK holds at that moment; it is mapped,
 * so a change takes effect at the next call. Waits until a moment of the wall clock are shifted
 * back, so that they last as long as their caller meant. See clock_file.py for the layout. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define SLOTS 8
#define NS 1000000000LL
#define EPOCH_2001 1000000000LL

struct slot { int64_t active, id, offset_ns, rate_ppb, since_ns, unused[3]; };
struct face {
  char magic[8];
  int64_t any, unused[6];
  int64_t calls, applied_ns, unused_too[6];
  struct slot slots[SLOTS];
};

static volatile struct face *face;
static int writable;
static int (*real_gettime)(clockid_t, struct timespec *);

__attribute__((constructor)) static void hormesis_clock_start(void) {
  const char *path = getenv("HORMESIS_CLOCK");
  real_gettime = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
  if (!path) return;
  int fd = open(path, O_RDWR | O_CLOEXEC);
  writable = fd >= 0;
  if (fd < 0) fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return;
  void *map = mmap(0, sizeof *face, PROT_READ | (writable ? PROT_WRITE : 0), MAP_SHARED, fd, 0);
  close(fd);
  if (map != MAP_FAILED && !memcmp(map, "HORCLK1", 8)) face = map;
}

static int64_t shift_at(int64_t real_ns) {
  int64_t shift = 0;
  if (!face || !face->any) return 0;
  for (int i = 0; i < SLOTS; i++) {
    volatile struct slot *one = &face->slots[i];
    if (!one->active) continue;
    /* Parts first: a product of nanoseconds and a rate would overflow within hours. */
    int64_t gone = real_ns - one->since_ns;
    shift += one->offset_ns + gone / NS * one->rate_ppb + gone % NS * one->rate_ppb / NS;
  }
  return shift;
}

static int64_t real_now(void) {
  struct timespec t;
  if (real_gettime ? real_gettime(CLOCK_REALTIME, &t)
                   : (int)syscall(SYS_clock_gettime, CLOCK_REALTIME, &t)) return 0;
  return t.tv_sec * NS + t.tv_nsec;
}

static void add(struct timespec *t, int64_t ns) {
  int64_t sum = t->tv_sec * NS + t->tv_nsec + ns;
  t->tv_sec = sum / NS;
  t->tv_nsec = sum % NS;
  if (t->tv_nsec < 0) { t->tv_nsec += NS; t->tv_sec--; }
}

int clock_gettime(clockid_t which, struct timespec *t) {
  int failed = real_gettime ? real_gettime(which, t) : (int)syscall(SYS_clock_gettime, which, t);
  if (failed || !face || (which != CLOCK_REALTIME && which != CLOCK_REALTIME_COARSE)) return failed;
  int64_t shift = shift_at(t->tv_sec * NS + t->tv_nsec);
  if (shift) add(t, shift);
  if (writable) {
    __atomic_store_n(&face->applied_ns, shift, __ATOMIC_RELAXED);
    __atomic_add_fetch(&face->calls, 1, __ATOMIC_RELEASE);
  }
  return 0;
}

int gettimeofday(struct timeval *v, void *zone) {
  struct timespec t;
  (void)zone;
  if (clock_gettime(CLOCK_REALTIME, &t)) return -1;
  v->tv_sec = t.tv_sec;
  v->tv_usec = t.tv_nsec / 1000;
  return 0;
}

time_t time(time_t *out) {
  struct timespec t;
  if (clock_gettime(CLOCK_REALTIME, &t)) return (time_t)-1;
  if (out) *out = t.tv_sec;
  return t.tv_sec;
}

int timespec_get(struct timespec *t, int base) {
  if (base != TIME_UTC || clock_gettime(CLOCK_REALTIME, t)) return 0;
  return base;
}

/* A moment long before 2001 is one of the monotonic clock, which is not shifted. */
static const struct timespec *meant(const struct timespec *until, struct timespec *mine) {
  if (!until || until->tv_sec < EPOCH_2001) return until;
  int64_t shift = shift_at(real_now());
  if (!shift) return until;
  *mine = *until;
  add(mine, -shift);
  if (mine->tv_sec < 0) mine->tv_sec = mine->tv_nsec = 0;
  return mine;
}

int clock_nanosleep(clockid_t which, int flags, const struct timespec *t, struct timespec *left) {
  static int (*real)(clockid_t, int, const struct timespec *, struct timespec *);
  struct timespec mine;
  if (!real) real = dlsym(RTLD_NEXT, "clock_nanosleep");
  if (which == CLOCK_REALTIME && (flags & TIMER_ABSTIME)) t = meant(t, &mine);
  return real(which, flags, t, left);
}

int sem_timedwait(sem_t *sem, const struct timespec *until) {
  static int (*real)(sem_t *, const struct timespec *);
  struct timespec mine;
  if (!real) real = dlsym(RTLD_NEXT, "sem_timedwait");
  return real(sem, meant(until, &mine));
}

int pthread_mutex_timedlock(pthread_mutex_t *mutex, const struct timespec *until) {
  static int (*real)(pthread_mutex_t *, const struct timespec *);
  struct timespec mine;
  if (!real) real = dlsym(RTLD_NEXT, "pthread_mutex_timedlock");
  return real(mutex, meant(until, &mine));
}

int pthread_cond_timedwait(
    pthread_cond_t *cond, pthread_mutex_t *mutex, const struct timespec *until) {
  static int (*real)(pthread_cond_t *, pthread_mutex_t *, const struct timespec *);
  struct timespec mine;
  /* glibc keeps an older layout of condition variables under the first version of the name. */
  if (!real) real = dlvsym(RTLD_NEXT, "pthread_cond_timedwait", "GLIBC_2.3.2");
  if (!real) real = dlsym(RTLD_NEXT, "pthread_cond_timedwait");
  return real(cond, mutex, meant(until, &mine));
}
