package io.zeolite.storage;

/**
 * The storage is on another machine, and there is no connection to it, or it broke before the answer; or it is being closed. The client's own
 * connection is to end, since it knows best what that means for what it has asked: it does what it would do if it had lost
 * the other machine itself.
 */
public final class StorageAwayException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public StorageAwayException(String message) {
        super(message);
    }
}
