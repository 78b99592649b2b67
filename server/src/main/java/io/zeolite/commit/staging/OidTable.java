package io.zeolite.commit.staging;

import io.zeolite.zodb.OidHash;

/**
 * Finds the number of an object's record among the oids of a transaction: a hash table with linear probing that holds
 * record numbers only, 8 to 16 bytes a record. The oids themselves stay in the caller's array.
 */
final class OidTable {
    /** Record number + 1, 0 where there is none. The length is a power of two, at least twice the number of records. */
    private int[] slots = new int[16];

    /** The number of the record of an oid, -1 if it has none. */
    int find(long oid, long[] oids) {
        for (int slot = start(oid); ; slot = next(slot)) {
            int number = slots[slot] - 1;
            if (number < 0 || oids[number] == oid) {
                return number;
            }
        }
    }

    /** Adds the record with the next number; its oid is in the array already and nowhere in the table. */
    void add(int number, long[] oids) {
        if (2 * (number + 1) > slots.length) {
            slots = new int[2 * slots.length];
            for (int other = 0; other < number; other++) {
                put(other, oids[other]);
            }
        }
        put(number, oids[number]);
    }

    private void put(int number, long oid) {
        int slot = start(oid);
        while (slots[slot] != 0) {
            slot = next(slot);
        }
        slots[slot] = number + 1;
    }

    private int start(long oid) {
        return (int) OidHash.of(oid) & slots.length - 1;
    }

    private int next(int slot) {
        return slot + 1 & slots.length - 1;
    }
}
