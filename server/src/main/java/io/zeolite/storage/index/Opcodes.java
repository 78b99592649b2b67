package io.zeolite.storage.index;

/** The pickle opcodes of index files, by Python's names. */
final class Opcodes {
    static final int PROTO = 0x80;
    static final int STOP = '.';
    static final int NONE = 'N';
    static final int BININT1 = 'K';
    static final int BININT2 = 'M';
    static final int BININT = 'J';
    static final int LONG1 = 0x8a;
    static final int SHORT_BINBYTES = 'C';
    static final int BINBYTES = 'B';
    static final int TUPLE2 = 0x86;
    static final int BINPUT = 'q';
    static final int LONG_BINPUT = 'r';

    private Opcodes() {}
}
