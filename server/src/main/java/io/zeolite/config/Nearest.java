package io.zeolite.config;

import java.util.Collection;
import org.jspecify.annotations.Nullable;

/** Guesses what a mistyped name was meant to be. */
final class Nearest {
    private Nearest() {}

    /** {@code , did you mean "x"?} or nothing. */
    static String question(String typed, Collection<String> known) {
        @Nullable String nearest = null;
        int least = Math.max(1, typed.length() / 3) + 1;
        for (String name : known) {
            int distance = distance(typed, name);
            if (distance < least) {
                least = distance;
                nearest = name;
            }
        }
        return nearest == null ? "" : ", did you mean \"" + nearest + "\"?";
    }

    /** How many characters have to be changed, added or removed to make one of the other. */
    private static int distance(String a, String b) {
        int[] row = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) {
            row[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int change = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(change, Math.min(row[j - 1], row[j]) + 1);
            }
        }
        return row[b.length()];
    }
}
