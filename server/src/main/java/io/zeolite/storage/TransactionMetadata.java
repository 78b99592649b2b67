package io.zeolite.storage;

/**
 * What a client says of a transaction when it begins it. The arrays are not changed by anybody.
 *
 * @param user the user's name, at most {@value #MAX_LENGTH} bytes, by convention UTF-8
 * @param description what the transaction does, likewise
 * @param extension a pickle of a dict, likewise, or nothing for an empty dict
 */
public record TransactionMetadata(byte[] user, byte[] description, byte[] extension) {
    /** The most that the file format holds of each. */
    public static final int MAX_LENGTH = 65535;
}
