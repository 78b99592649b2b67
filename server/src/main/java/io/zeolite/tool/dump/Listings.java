package io.zeolite.tool.dump;

import io.zeolite.tool.file.Selection;
import java.io.IOException;
import java.io.PrintStream;
import org.jspecify.annotations.Nullable;

/** The forms of a listing. */
final class Listings {
    private Listings() {}

    /** @param records which records to show; null for none */
    static Listing of(PrintStream out, boolean json, @Nullable Selection records) throws IOException {
        return json ? new JsonListing(out, records) : new TextListing(out, records);
    }
}
