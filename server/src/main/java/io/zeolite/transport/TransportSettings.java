package io.zeolite.transport;

import java.time.Duration;

/**
 * How connections are carried.
 *
 * @param msgpack whether msgpack is announced instead of pickles; a client may answer with either
 * @param maxMessageBytes the longest message that is taken
 * @param clientBufferBytes the most that is kept for a client that does not read, beyond what one answer needs
 * @param clientStallTimeout how long a client may leave what is sent to it unread
 * @param handshakeTimeout how long a client may take to register
 * @param ioThreads how many event loops; 0 for two per core
 */
public record TransportSettings(
        boolean msgpack,
        int maxMessageBytes,
        long clientBufferBytes,
        Duration clientStallTimeout,
        Duration handshakeTimeout,
        int ioThreads) {}
