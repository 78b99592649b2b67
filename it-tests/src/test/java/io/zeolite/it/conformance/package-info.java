/** ZEO's own tests, which are the measure of what clients may expect, against the server under test. */
@NullMarked
package io.zeolite.it.conformance;

import org.jspecify.annotations.NullMarked;
