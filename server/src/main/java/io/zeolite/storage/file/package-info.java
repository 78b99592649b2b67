/**
 * The file storage: a log of transactions in one file, {@code Data.fs}, in the format of Python's FileStorage.
 *
 * <p>Starting points: {@link io.zeolite.storage.file.FileLog}, which says what is on disk when; {@code FileFormat}, the
 * layout; {@code Recovery}, what happens when a file is opened; {@code RecordReader}, how an object is found.
 */
@NullMarked
package io.zeolite.storage.file;

import org.jspecify.annotations.NullMarked;
