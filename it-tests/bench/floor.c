/*
 * About the least that a server can cost: it looks nothing up and speaks just enough Z5 for the load generator, over plain blocking sockets,
 * one thread a connection.
 *
 *     floor PORT RECORD_BYTES BLOB_BYTES FORCED
 *
 * A load is answered with a canned reply of the same size. A blob that comes up is written to a file of its own, which is forced to the
 * disk before the vote is answered, unless FORCED is 0. A transaction that finishes appends about as many bytes as one record takes, and
 * forces them. A blob that goes down is a file of so many bytes in the working directory, by sendfile between the bytes
 * that a message needs before and after. Nothing that it is sent is checked.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

enum { IN_BYTES = 1 << 18, OUT_BYTES = 1 << 17, ID_OFFSET = 4 + 3, ID_BYTES = 21, CALL_ID_BYTES = 5, CHUNK_BYTES = 59000, WRITE_BACK_BYTES = 1 << 18 };

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

static const char *const blob_down = "floor-down", *const blobs_up = "blobs", *const data_file = "floor-data";
static long blob_bytes;
static int forced, data_fd;
static atomic_int uploads;

/* A connection: what has been received and not been looked at, what is to be sent, and the blob that is coming up. */
struct connection {
    int fd, up;
    off_t up_bytes, up_begun;
    unsigned char *in, *out;
    size_t held, to;
};

static int flush(struct connection *c) {
    size_t length = c->to;
    c->to = 0;
    return length == 0 ? 0 : send_all(c->fd, c->out, length);
}

/* Each chunk begins with its own position, which the load generator looks for. */
static int make_blob(void) {
    int fd = open(blob_down, O_RDWR | O_CREAT | O_TRUNC, 0600);
    unsigned char *chunk = calloc(1, CHUNK_BYTES);
    if (fd < 0 || chunk == NULL) return -1;
    for (long position = 0; position < blob_bytes; position += CHUNK_BYTES) {
        for (int i = 0; i < 8; i++) chunk[i] = (unsigned char)(position >> (56 - 8 * i));
        long left = blob_bytes - position;
        if (send_all(fd, chunk, left < CHUNK_BYTES ? (size_t)left : CHUNK_BYTES) < 0) return -1;
    }
    free(chunk);
    return close(fd);
}

/* The reply to a call, whose id is that of the request. */
static void reply_to(struct connection *c, const unsigned char *frame, const char *value, size_t length) {
    unsigned char *start = c->out + c->to, *at = start + 4;
    at += put(at, "\x80\x03(", 3);
    at += put(at, (const char *)frame + ID_OFFSET, CALL_ID_BYTES);
    at += put(at, "K\0X\6\0\0\0.reply", 13);
    at += put(at, value, length);
    at += put(at, "t.", 2);
    uint32_t size = htonl((uint32_t)(at - start) - 4);
    memcpy(start, &size, 4);
    c->to += (size_t)(at - start);
}

static int send_blob(struct connection *c) {
    static const char before[] = "\x80\x03(K\0\x88X\x10\0\0\0receiveBlobChunkC\10\0\0\0\0\0\0\0\1C\10\0\0\0\0\0\0\0\1B";
    int file = open(blob_down, O_RDONLY), result = -1;
    if (file < 0 || flush(c) < 0) return -1;
    for (off_t position = 0; position < blob_bytes;) {
        long left = blob_bytes - position;
        uint32_t length = left < CHUNK_BYTES ? (uint32_t)left : CHUNK_BYTES;
        unsigned char head[4 + sizeof before - 1 + 4];
        uint32_t size = htonl((uint32_t)sizeof head - 4 + length + 3);
        memcpy(head, &size, 4);
        memcpy(head + 4, before, sizeof before - 1);
        memcpy(head + 4 + sizeof before - 1, &length, 4);
        if (send(c->fd, head, sizeof head, MSG_MORE) != (ssize_t)sizeof head) goto end;
        for (off_t until = position + length; position < until;) {
            if (sendfile(c->fd, file, &position, (size_t)(until - position)) <= 0) goto end;
        }
        if (send(c->fd, "\x87t.", 3, position < blob_bytes ? MSG_MORE : 0) != 3) goto end;
    }
    result = 0;
end:
    close(file);
    return result;
}

static int begin_upload(struct connection *c) {
    char path[64];
    snprintf(path, sizeof path, "%s/%016d.blob", blobs_up, atomic_fetch_add(&uploads, 1));
    c->up = open(path, O_RDWR | O_CREAT | O_EXCL, 0600);
    c->up_bytes = c->up_begun = 0;
    return c->up;
}

/* What is to be forced is on its way to the disk while more comes in. */
static int write_upload(struct connection *c, const unsigned char *bytes, size_t length) {
    if (send_all(c->up, bytes, length) < 0) return -1;
    c->up_bytes += (off_t)length;
    if (!forced || c->up_bytes - c->up_begun < WRITE_BACK_BYTES) return 0;
    off_t begun = c->up_begun;
    c->up_begun = c->up_bytes;
    sync_file_range(c->up, begun, c->up_bytes - begun, SYNC_FILE_RANGE_WRITE); /* A hint. */
    return 0;
}

static int end_upload(struct connection *c) {
    int up = c->up;
    c->up = -1;
    if (forced && fsync(up) < 0) return -1;
    return close(up);
}

static int finish(void) {
    return send_all(data_fd, reply, reply_bytes) < 0 ? -1 : fdatasync(data_fd);
}

static int is(const unsigned char *name, const char *method) {
    return memcmp(name, method, strlen(method)) == 0;
}

/* A call that is not answered: of these only the pieces of a blob matter. */
static int one_way(struct connection *c, const unsigned char *frame, size_t size) {
    const unsigned char *name = frame + ID_OFFSET + 8;
    if (is(name, "storeBlobStart")) {
        return begin_upload(c);
    }
    if (is(name, "storeBlobChunk")) {
        const unsigned char *data = name + 14 + (name[14] == 'B' ? 5 : 2);
        return write_upload(c, data, (size_t)(frame + 4 + size - 3 - data));
    }
    return 0;
}

static int call(struct connection *c, const unsigned char *frame) {
    const unsigned char *name = frame + ID_OFFSET + CALL_ID_BYTES + 6;
    if (is(name, "sendBlob")) {
        if (send_blob(c) < 0) return -1;
        reply_to(c, frame, "N", 1);
    } else if (is(name, "vote")) {
        if (c->up >= 0 && end_upload(c) < 0) return -1;
        reply_to(c, frame, "]", 1);
    } else {
        if (is(name, "tpc_finish") && finish() < 0) return -1;
        reply_to(c, frame, "C\10\0\0\0\0\0\0\0\1", 10);
    }
    return 0;
}

static int answer(struct connection *c, const unsigned char *frame, size_t size) {
    if (c->to + reply_bytes > OUT_BYTES && flush(c) < 0) return -1;
    if (frame[4] != 0x80) return 0; /* The client's choice of the protocol. */
    switch (frame[ID_OFFSET]) {
        case 'C':
            memcpy(c->out + c->to, reply, reply_bytes);
            memcpy(c->out + c->to + ID_OFFSET, frame + ID_OFFSET, ID_BYTES);
            c->to += reply_bytes;
            return 0;
        case 'K':
            return one_way(c, frame, size);
        default:
            return call(c, frame);
    }
}

static void *serve(void *argument) {
    struct connection c = {.fd = (int)(intptr_t)argument, .up = -1, .in = malloc(IN_BYTES), .out = malloc(OUT_BYTES)};
    if (c.in == NULL || c.out == NULL || send_all(c.fd, "\0\0\0\2Z5", 6) < 0) goto end;
    for (;;) {
        ssize_t n = read(c.fd, c.in + c.held, IN_BYTES - c.held);
        if (n <= 0) break;
        c.held += (size_t)n;
        size_t from = 0;
        while (c.held - from >= 4) {
            uint32_t size;
            memcpy(&size, c.in + from, 4);
            size = ntohl(size);
            if (size > IN_BYTES - 4) goto end;
            if (c.held - from - 4 < size) break;
            if (answer(&c, c.in + from, size) < 0) goto end;
            from += 4 + size;
        }
        memmove(c.in, c.in + from, c.held - from);
        c.held -= from;
        if (flush(&c) < 0) break;
    }
end:
    free(c.in);
    free(c.out);
    close(c.fd);
    if (c.up >= 0) close(c.up);
    return NULL;
}

int main(int argc, char **argv) {
    if (argc != 5 || atoi(argv[2]) <= 0 || atoi(argv[2]) > OUT_BYTES / 2 || atol(argv[3]) < 0) {
        fprintf(stderr, "usage: floor PORT RECORD_BYTES BLOB_BYTES FORCED\n");
        return 2;
    }
    blob_bytes = atol(argv[3]);
    forced = atoi(argv[4]);
    data_fd = open(data_file, O_WRONLY | O_CREAT | O_APPEND, 0600);
    if (make_blob() < 0 || data_fd < 0) {
        perror("floor");
        return 1;
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
