package io.zeolite.message;

/** The names of ZEO 5's methods, by who calls them. */
public final class Methods {
    // Client to server.
    public static final String REGISTER = "register";
    public static final String GET_INFO = "get_info";
    public static final String LAST_TRANSACTION = "lastTransaction";
    public static final String GET_INVALIDATIONS = "getInvalidations";
    public static final String NEW_OIDS = "new_oids";
    public static final String NEW_OID = "new_oid";
    public static final String PACK = "pack";
    public static final String LOAD_BEFORE = "loadBefore";
    public static final String LOAD_SERIAL = "loadSerial";
    public static final String GET_TID = "getTid";
    public static final String STORE = "storea";
    public static final String CHECK_CURRENT = "checkCurrentSerialInTransaction";
    public static final String RESTORE = "restorea";
    public static final String DELETE_OBJECT = "deleteObject";
    public static final String UNDO = "undoa";
    public static final String STORE_BLOB_START = "storeBlobStart";
    public static final String STORE_BLOB_CHUNK = "storeBlobChunk";
    public static final String STORE_BLOB_END = "storeBlobEnd";
    public static final String STORE_BLOB_SHARED = "storeBlobShared";
    public static final String TPC_BEGIN = "tpc_begin";
    public static final String VOTE = "vote";
    public static final String TPC_FINISH = "tpc_finish";
    public static final String TPC_ABORT = "tpc_abort";
    public static final String HISTORY = "history";
    public static final String RECORD_ITERNEXT = "record_iternext";
    public static final String SEND_BLOB = "sendBlob";
    public static final String UNDO_LOG = "undoLog";
    public static final String UNDO_INFO = "undoInfo";
    public static final String ITERATOR_START = "iterator_start";
    public static final String ITERATOR_NEXT = "iterator_next";
    public static final String ITERATOR_RECORD_START = "iterator_record_start";
    public static final String ITERATOR_RECORD_NEXT = "iterator_record_next";
    public static final String ITERATOR_GC = "iterator_gc";
    public static final String SERVER_STATUS = "server_status";
    public static final String SET_CLIENT_LABEL = "set_client_label";
    public static final String PING = "ping";

    // Server to client, all one-way.
    public static final String INVALIDATE_TRANSACTION = "invalidateTransaction";
    public static final String INFO = "info";
    public static final String RECEIVE_BLOB_START = "receiveBlobStart";
    public static final String RECEIVE_BLOB_CHUNK = "receiveBlobChunk";
    public static final String RECEIVE_BLOB_STOP = "receiveBlobStop";

    /** What stands in the place of the method in replies and keep-alives. */
    public static final String REPLY = ".reply";

    private Methods() {}
}
