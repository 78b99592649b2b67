/*
 * Copies a file through a TCP connection on 127.0.0.1: one process sends it with sendfile, this one reads it and writes a new file.
 *
 *     loopback FROM TO BUFFER_BYTES        prints how many MB there were in a second
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void check(int ok, const char *what) {
    if (!ok) {
        perror(what);
        exit(1);
    }
}

static void send_file(int listener, const char *path) {
    int socket = accept(listener, NULL, NULL);
    int file = open(path, O_RDONLY);
    check(socket >= 0 && file >= 0, path);
    ssize_t n;
    while ((n = sendfile(socket, file, NULL, 1 << 30)) > 0) {
    }
    check(n == 0, "sendfile");
    _exit(0);
}

int main(int argc, char **argv) {
    check(argc == 4, "usage: loopback FROM TO BUFFER_BYTES");
    size_t buffer_bytes = (size_t)atol(argv[3]);
    char *buffer = malloc(buffer_bytes);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    check(bind(listener, (struct sockaddr *)&address, length) == 0 && listen(listener, 1) == 0, "listen");
    check(getsockname(listener, (struct sockaddr *)&address, &length) == 0, "getsockname");
    if (fork() == 0) send_file(listener, argv[1]);

    struct timespec start, end;
    clock_gettime(CLOCK_MONOTONIC, &start);
    int from = socket(AF_INET, SOCK_STREAM, 0);
    check(connect(from, (struct sockaddr *)&address, length) == 0, "connect");
    int to = open(argv[2], O_WRONLY | O_CREAT | O_TRUNC, 0600);
    check(to >= 0, argv[2]);
    double bytes = 0;
    ssize_t n;
    while ((n = read(from, buffer, buffer_bytes)) > 0) {
        for (ssize_t at = 0, written; at < n; at += written) {
            written = write(to, buffer + at, (size_t)(n - at));
            check(written > 0, "write");
        }
        bytes += (double)n;
    }
    check(n == 0, "read");
    check(close(to) == 0, "close");
    clock_gettime(CLOCK_MONOTONIC, &end);
    int status;
    check(wait(&status) > 0 && status == 0, "the sender");
    double seconds = (double)(end.tv_sec - start.tv_sec) + (double)(end.tv_nsec - start.tv_nsec) / 1e9;
    printf("%.1f\n", bytes / seconds / 1e6);
    return 0;
}
