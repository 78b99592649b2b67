/*
 * The least that a server of loads can cost: it answers every request with a canned reply of the same size, over plain
 * blocking sockets, one thread a connection, and looks nothing up. It speaks just enough Z5 for the load generator:
 *
 *     floor PORT RECORD_BYTES
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { IN_BYTES = 1 << 16, OUT_BYTES = 1 << 17, ID_OFFSET = 4 + 3, ID_BYTES = 21 };

/* The reply to a load; the 21 bytes of its id, oid and tid in a tuple, are those of the request at the same offset. */
static unsigned char reply[OUT_BYTES];
static size_t reply_bytes;

static size_t put(unsigned char *at, const char *bytes, size_t length) {
    memcpy(at, bytes, length);
    return length;
}

static void make_reply(uint32_t record_bytes) {
    unsigned char *at = reply + 4;
    at += put(at, "\x80\x03(", 3);
    at += ID_BYTES;
    at += put(at, "K\0X\6\0\0\0.replyB", 14);
    for (int i = 0; i < 4; i++) *at++ = (unsigned char)(record_bytes >> (8 * i));
    at += record_bytes;
    at += put(at, "C\10\0\0\0\0\0\0\0\1N\x87t.", 14);
    reply_bytes = (size_t)(at - reply);
    uint32_t size = htonl((uint32_t)reply_bytes - 4);
    memcpy(reply, &size, 4);
}

static int send_all(int fd, const void *bytes, size_t length) {
    for (size_t sent = 0; sent < length;) {
        ssize_t n = write(fd, (const char *)bytes + sent, length - sent);
        if (n <= 0) return -1;
        sent += (size_t)n;
    }
    return 0;
}

/* The first two frames are the answer to the announcement and the call of register; all others are loads. */
static void *serve(void *argument) {
    int fd = (int)(intptr_t)argument;
    static const char announcement[] = "\0\0\0\2Z5";
    static const char registered[] = "\0\0\0\41\x80\3(J\1\0\0\0K\0X\6\0\0\0.replyC\10\0\0\0\0\0\0\0\1t.";
    unsigned char *in = malloc(IN_BYTES), *out = malloc(OUT_BYTES);
    size_t held = 0;
    long frames = 0;
    if (in == NULL || out == NULL || send_all(fd, announcement, 6) < 0) goto end;
    for (;;) {
        ssize_t n = read(fd, in + held, IN_BYTES - held);
        if (n <= 0) break;
        held += (size_t)n;
        size_t from = 0, to = 0;
        while (held - from >= 4) {
            uint32_t size;
            memcpy(&size, in + from, 4);
            size = ntohl(size);
            if (size > IN_BYTES - 4) goto end;
            if (held - from - 4 < size) break;
            if (to + reply_bytes > OUT_BYTES) {
                if (send_all(fd, out, to) < 0) goto end;
                to = 0;
            }
            frames++;
            if (frames == 2) {
                to += put(out + to, registered, sizeof registered - 1);
            } else if (frames > 2) {
                memcpy(out + to, reply, reply_bytes);
                memcpy(out + to + ID_OFFSET, in + from + ID_OFFSET, ID_BYTES);
                to += reply_bytes;
            }
            from += 4 + size;
        }
        memmove(in, in + from, held - from);
        held -= from;
        if (to > 0 && send_all(fd, out, to) < 0) break;
    }
end:
    free(in);
    free(out);
    close(fd);
    return NULL;
}

int main(int argc, char **argv) {
    if (argc != 3 || atoi(argv[2]) <= 0 || atoi(argv[2]) > OUT_BYTES / 2) {
        fprintf(stderr, "usage: floor PORT RECORD_BYTES\n");
        return 2;
    }
    make_reply((uint32_t)atoi(argv[2]));
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[1]))};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int listener = socket(AF_INET, SOCK_STREAM, 0), one = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) < 0 || listen(listener, 16) < 0) {
        perror("floor");
        return 1;
    }
    for (;;) {
        int fd = accept(listener, NULL, NULL);
        if (fd < 0) continue;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        pthread_t thread;
        if (pthread_create(&thread, NULL, serve, (void *)(intptr_t)fd) == 0) pthread_detach(thread);
        else close(fd);
    }
}
