/**
 * What the scenarios stand on: a Python with the real ZEO and ZODB packages, servers in processes of their own, and their
 * cleaning up.
 *
 * <p>Starting points: {@link io.zeolite.it.Scene} is what a test holds, {@link io.zeolite.it.ZeoServer} is the server under test,
 * {@link io.zeolite.it.PythonScript} a client. The scenarios themselves are Python scripts in {@code src/test/python}, since
 * it is the Python client that must not see a difference.
 *
 * <p>Each scenario also runs against Python's own {@code runzeo} ({@code -Dzeolite.it.server=python}), which proves that it asks
 * for what ZEO does and for nothing else.
 */
@NullMarked
package io.zeolite.it;

import org.jspecify.annotations.NullMarked;
