package io.zeolite.tool.check;

import io.zeolite.tool.ExitStatus;

/** What can be wrong, and how bad it is. The names are part of the JSON. */
enum Kind {
    /** A part of the file cannot be read at all. */
    DAMAGE(ExitStatus.CRITICAL),
    /** The rest of a transaction cannot be read. */
    RECORD(ExitStatus.CRITICAL),
    /** Tids do not rise. */
    TID_ORDER(ExitStatus.CRITICAL),
    /** A transaction is from the future. */
    FUTURE(ExitStatus.WARNING),
    /** A status that no version of ZODB writes. */
    STATUS(ExitStatus.WARNING),
    /** A record has another tid than its transaction, as only old imports have. */
    RECORD_TID(ExitStatus.WARNING),
    /** A record does not point to the one before it. */
    PREVIOUS(ExitStatus.CRITICAL),
    /** A record that no pack has written says that there is none before it, and there is; its object's history ends. */
    NO_PREVIOUS(ExitStatus.WARNING),
    /** A record without data does not point to one that has it. */
    BACK_POINTER(ExitStatus.CRITICAL),
    /** The file does not end with a committed transaction; the next start cuts that off. */
    TAIL(ExitStatus.WARNING),
    /** The same, because a transaction is under way, or was when the server was killed. */
    UNFINISHED(ExitStatus.OK),
    /** The index file cannot be used; the next start reads all of the data file. */
    INDEX_UNUSABLE(ExitStatus.WARNING),
    /** The index file has another position for an object than the data file. */
    INDEX(ExitStatus.CRITICAL),
    /** An object cannot be read. */
    PICKLE(ExitStatus.CRITICAL),
    /** An object refers to one that is not there. */
    MISSING_OBJECT(ExitStatus.CRITICAL),
    /** An object refers to one that was deleted, or whose creation was undone. */
    DELETED_OBJECT(ExitStatus.CRITICAL),
    /** A blob has no file. */
    MISSING_BLOB(ExitStatus.CRITICAL),
    /** A file belongs to no blob. */
    STRAY_BLOB(ExitStatus.WARNING);

    private final int level;

    Kind(int level) {
        this.level = level;
    }

    /** One of the statuses of monitors. */
    int level() {
        return level;
    }
}
