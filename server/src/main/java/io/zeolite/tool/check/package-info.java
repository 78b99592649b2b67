/**
 * {@code zeolite check}: whether a data file, its index and its blobs are as they must be. Reads only, and may be used
 * while a server writes: what it commits meanwhile is not looked at.
 *
 * <p>The file is read twice: once in its order, which builds the index anew and checks all positions against it, and once
 * for the references of the objects as they are now. Memory is needed for the two indexes, about 17 bytes an object, and
 * 17 to 34 bytes for each revision of a blob.
 *
 * <p>Starting points: {@link io.zeolite.tool.check.Check}, {@link io.zeolite.tool.check.Kind}.
 */
@NullMarked
package io.zeolite.tool.check;

import org.jspecify.annotations.NullMarked;
