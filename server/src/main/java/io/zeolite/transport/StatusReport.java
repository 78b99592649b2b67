package io.zeolite.transport;

/** What the server says of itself to a monitor that sends {@code ruok} instead of a handshake. */
interface StatusReport {
    /** JSON in ASCII. */
    String json();
}
