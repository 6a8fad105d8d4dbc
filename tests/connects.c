/* Loaded before the C library by a test: writes down every address that a process connects to and every name that it looks up. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void note(const char *what, const char *name) {
    const char *file = getenv("CONNECTS");
    int out = file ? open(file, O_WRONLY | O_APPEND) : -1;
    char line[300];
    if (out < 0) return;
    int length = snprintf(line, sizeof line, "%s%s\n", what, name);
    if (write(out, line, (size_t)length) < 0) { /* nothing to be done */ }
    close(out);
}

static void note_address(const struct sockaddr *address) {
    char name[INET6_ADDRSTRLEN] = "";
    if (!address) return;
    if (address->sa_family == AF_UNIX) { note("unix:", "here"); return; }
    if (address->sa_family == AF_INET) inet_ntop(AF_INET, &((const struct sockaddr_in *)address)->sin_addr, name, sizeof name);
    else if (address->sa_family == AF_INET6) inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)address)->sin6_addr, name, sizeof name);
    else return;
    note("", name);
}

int connect(int fd, const struct sockaddr *address, socklen_t length) {
    int (*real)(int, const struct sockaddr *, socklen_t) = (int (*)(int, const struct sockaddr *, socklen_t))dlsym(RTLD_NEXT, "connect");
    note_address(address);
    return real(fd, address, length);
}

ssize_t sendto(int fd, const void *data, size_t size, int flags, const struct sockaddr *address, socklen_t length) {
    ssize_t (*real)(int, const void *, size_t, int, const struct sockaddr *, socklen_t) =
        (ssize_t (*)(int, const void *, size_t, int, const struct sockaddr *, socklen_t))dlsym(RTLD_NEXT, "sendto");
    note_address(address);
    return real(fd, data, size, flags, address, length);
}

int getaddrinfo(const char *host, const char *port, const struct addrinfo *hints, struct addrinfo **found) {
    int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **) =
        (int (*)(const char *, const char *, const struct addrinfo *, struct addrinfo **))dlsym(RTLD_NEXT, "getaddrinfo");
    if (host) note("asks:", host);
    return real(host, port, hints, found);
}
