/* A disk that is full on demand: preloaded into a test's process, it refuses writes to a
 * phone's store for as long as the file that HOMEROUND_FULL_DISK names is there. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static int refused(int fd) {
    const char *flag = getenv("HOMEROUND_FULL_DISK");
    if (flag == NULL || access(flag, F_OK) != 0) return 0;
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length <= 0) return 0;
    path[length] = 0;
    return strstr(path, "/phone/homeround.sqlite") != NULL;
}

#define FIND(name, type) static type next; if (next == NULL) next = (type)dlsym(RTLD_NEXT, name)
#define REFUSE(fd) if (refused(fd)) { errno = ENOSPC; return -1; }

typedef ssize_t (*write_fn)(int, const void *, size_t);
typedef ssize_t (*pwrite_fn)(int, const void *, size_t, off_t);
typedef ssize_t (*pwrite64_fn)(int, const void *, size_t, off64_t);

ssize_t write(int fd, const void *bytes, size_t count) {
    FIND("write", write_fn);
    REFUSE(fd)
    return next(fd, bytes, count);
}

ssize_t pwrite(int fd, const void *bytes, size_t count, off_t at) {
    FIND("pwrite", pwrite_fn);
    REFUSE(fd)
    return next(fd, bytes, count, at);
}

ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t at) {
    FIND("pwrite64", pwrite64_fn);
    REFUSE(fd)
    return next(fd, bytes, count, at);
}
